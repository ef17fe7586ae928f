from __future__ import annotations

from datetime import timedelta

import pytest

from autoscalper.domain.identity import CommandId
from autoscalper.links.alert_to_broker import LINK, MAX_AGE, CloseTrades, Scope
from tests.fakes.posts import NINE_FORTY_FIVE
from tests.links.examples import ALERT_TO_BROKER


@pytest.mark.parametrize("name", ALERT_TO_BROKER)
def test_every_command_comes_out_as_it_went_in(name: str) -> None:
    command = ALERT_TO_BROKER[name]
    decoded = LINK.decode(LINK.encode(command))
    assert decoded == command
    assert type(decoded) is type(command)


def test_closing_means_our_trades_unless_the_account_is_named() -> None:
    command = CloseTrades(command_id=CommandId("1"), given_at=NINE_FORTY_FIVE)
    assert command.scope is Scope.OURS


def test_a_command_grows_old_within_a_minute() -> None:
    assert timedelta(seconds=60) == MAX_AGE
