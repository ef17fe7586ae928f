from datetime import timedelta

import pytest

from autoscalper.domain.identity import CommandId, PostId
from autoscalper.links.alert_to_broker import (
    LINK,
    MAX_AGE,
    CloseTrades,
    Message,
    PauseEntries,
    ResumeEntries,
    Scope,
    TakeEntry,
)
from tests.fakes.posts import NINE_FORTY_FIVE


@pytest.mark.parametrize(
    "command",
    [
        PauseEntries(command_id=CommandId("button x"), given_at=NINE_FORTY_FIVE),
        ResumeEntries(command_id=CommandId("button x"), given_at=NINE_FORTY_FIVE),
        CloseTrades(
            command_id=CommandId("button x"), given_at=NINE_FORTY_FIVE, scope=Scope.ACCOUNT
        ),
        TakeEntry(
            command_id=CommandId("button x"), given_at=NINE_FORTY_FIVE, post_id=PostId("101.1")
        ),
    ],
    ids=lambda command: type(command).__name__,
)
def test_every_command_arrives_as_it_was_given(command: Message) -> None:
    assert LINK.decode(LINK.encode(command)) == command


def test_closing_means_our_own_positions_unless_it_says_otherwise() -> None:
    command = CloseTrades(command_id=CommandId("button x"), given_at=NINE_FORTY_FIVE)
    assert command.scope is Scope.OURS


def test_a_command_is_old_after_a_minute() -> None:
    assert timedelta(minutes=1) == MAX_AGE
