from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from autoscalper.domain.identity import CommandId
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.alert_to_broker import CloseTrades, Message, PauseEntries, ResumeEntries
from autoscalper.links.any_to_alert import CommandAnswered, CommandState, Level, Reported
from tests.chaos.evidence import Card, Evidence, Told
from tests.chaos.judge import Verdict
from tests.chaos.operating import operating
from tests.chaos.test_judge import (
    BOUGHT,
    ORIGIN,
    STOP,
    TRADED,
    a_reply,
    at,
    filled,
    judged,
    kinds,
)
from tests.chaos.trader import Kind

PAUSE = PauseEntries(command_id=CommandId("message 1.5"), given_at=ORIGIN)
RESUME = ResumeEntries(command_id=CommandId("message 1.6"), given_at=ORIGIN)
CLOSE = CloseTrades(command_id=CommandId("button x"), given_at=ORIGIN)
PAUSED = "new entries are paused by the operator"


def answer(
    command: Message, seconds: float, state: CommandState = CommandState.DONE
) -> CommandAnswered:
    return CommandAnswered(
        command_id=command.command_id, state=state, lines=(), answered_at=at(seconds)
    )


def commanded(
    *given: tuple[Message, float], entry_ordered_at: float | None = None, **fields: Any
) -> Verdict:
    """Judge a trade as it should be, with commands that were answered at so many seconds."""
    verdict_fields: dict[str, Any] = {
        "commands": tuple(command for command, _ in given),
        "answers": tuple(answer(command, seconds) for command, seconds in given),
    }
    return judged([BOUGHT, STOP], ordered_at=entry_ordered_at, **(verdict_fields | fields))


def moment_of(shown: datetime) -> float:
    return (shown - ORIGIN).total_seconds()


def test_a_command_without_an_answer_is_found() -> None:
    assert kinds(commanded(commands=(PAUSE,))) == ["command"]
    under_way = (answer(CLOSE, 2, CommandState.UNDER_WAY),)
    assert "command" in kinds(commanded(commands=(CLOSE,), answers=under_way))


def test_a_message_of_the_operator_that_became_no_command_is_found() -> None:
    assert kinds(commanded((PAUSE, 20.0), chat=Told(said=(5,)))) == []
    assert kinds(commanded((PAUSE, 20.0), chat=Told(said=(5, 7)))) == ["command"]


def test_an_entry_during_a_pause_is_found() -> None:
    assert kinds(commanded((PAUSE, 2.0), (RESUME, 20.0), entry_ordered_at=10.0)) == ["command"]
    assert kinds(commanded((PAUSE, 2.0), (RESUME, 9.0), entry_ordered_at=10.0)) == []


def test_an_entry_that_is_denied_by_a_pause_is_fair_during_one_alone() -> None:
    told = [("m1.1", OutcomeKind.DENIED, PAUSED)]
    paused: dict[str, Any] = {"commands": (PAUSE,), "answers": (answer(PAUSE, 0),)}
    assert kinds(judged([], told, **paused)) == []
    assert kinds(judged([], told)) == ["lost"]


def test_an_exit_that_is_denied_by_a_pause_is_found() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.DENIED, PAUSED)]
    found = judged([BOUGHT, STOP], told, [a_reply(Kind.STOP)])
    assert kinds(found) == ["command"]


def test_what_is_held_after_everything_was_closed_is_found() -> None:
    assert kinds(commanded((CLOSE, 9.0), entry_ordered_at=1.0)) == ["lost"]
    assert kinds(commanded((CLOSE, 9.0), entry_ordered_at=11.0)) == []


def test_an_order_within_the_clocks_error_of_a_closing_may_be_sold_or_not() -> None:
    sold = filled("X0", 4)
    closed: dict[str, Any] = {"commands": (CLOSE,), "answers": (answer(CLOSE, 4),)}
    assert kinds(judged([BOUGHT, sold], ordered_at=3.0, **closed)) == []
    assert kinds(judged([BOUGHT, STOP], ordered_at=3.0, **closed)) == []
    assert kinds(judged([BOUGHT, sold], ordered_at=3.0)) == ["duplicate"]


def test_a_pause_that_nobody_ended_lasts() -> None:
    evidence = Evidence(
        handed_in=(),
        outcomes={},
        outcome_entries=Counter(),
        orders=(),
        fill_order=(),
        known_refs=frozenset(),
        late_refs=frozenset(),
        states=(),
        commands=(PAUSE,),
        answers=(answer(PAUSE, 3),),
    )
    assert operating(evidence, moment_of, 60.0).pauses == ((3.0, 60.0),)


def told_of(cards: Sequence[Card], shown: dict[int, str], **fields: Any) -> list[str]:
    return kinds(judged([BOUGHT, STOP], chat=Told(cards=tuple(cards), shown=shown, **fields)))


def test_a_card_that_the_chat_does_not_show_is_a_lost_notice() -> None:
    card = Card(slot="trade t", html="<b>holding 2</b>", is_due=False, message_id=4)
    assert told_of([card], {4: "<b>holding 2</b>"}) == []
    assert told_of([card], {4: "<b>ordered</b>"}) == ["notice"]
    assert told_of([card], {}) == ["notice"]
    assert told_of([replace(card, is_due=True)], {}) == []


def test_a_trade_without_a_card_is_a_lost_notice() -> None:
    card = Card(slot="trade t", html="x", is_due=False, message_id=4)
    assert told_of([card], {4: "x"}, trades=frozenset({"t"})) == []
    assert told_of([card], {4: "x"}, trades=frozenset({"t", "u"})) == ["notice"]


def test_a_denial_that_nobody_read_is_a_lost_notice() -> None:
    told = [("m1.1", OutcomeKind.EXPIRED, "16 s old, 15 s are allowed")]

    def found(html: str) -> list[str]:
        chat = Told(shown={4: html}, numbers={"m1.1": 1})
        return kinds(judged([], told, chat=chat))

    assert found("expired\n/why_1") == []
    assert found("expired\n/why_12") == ["notice"]


def test_a_report_that_nobody_read_is_a_lost_notice() -> None:
    report = Reported(level=Level.WARNING, text="a < b", reported_at=ORIGIN)
    assert told_of([], {4: "WARNING a &lt; b"}, reports=(report,)) == []
    assert told_of([], {4: "nothing"}, reports=(report,)) == ["notice"]
