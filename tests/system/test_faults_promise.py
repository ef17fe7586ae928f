"""A day of alerts goes on while processes die: the same orders as if nothing had happened."""

from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.broker.orders import digest
from autoscalper.domain.outcome import OutcomeKind
from tests.chaos.disturbances import Disturbance, Kill, KillAtLabel, Planned
from tests.chaos.floor import a_stack
from tests.chaos.play import Play, Played
from tests.chaos.stack import Stack
from tests.chaos.story import story
from tests.chaos.trader import Alert, Contract, Day, Kind, Move
from tests.chaos.weather import Weather

TRADES = 12
#: Seconds between two entries.
PACE = 0.9
#: Seconds from an entry to what is said of it: longer than anything is away, so that a trader who
#: gets out does not call off an entry that was not ordered yet.
LATER = 8.0
PRICE = Decimal("1.20")
#: What is said of a trade some seconds after its entry: each of them in turn.
SAID = ((Kind.TRIM, "trimmed 1"), (Kind.EXIT, "all out"), (Kind.STOP, "stop to 1.00 on"))


def a_day() -> Day:
    """Return entries that fill at once, each with one thing said of it, and chatter between."""
    opening, alerts = [], []
    for number in range(TRADES):
        contract = Contract(underlying="SPY", strike=600 + number, right="C")
        opening.append(Move(at=0.0, contract=contract, bid=PRICE - Decimal("0.01"), ask=PRICE))
        begins = number * PACE
        alerts.append(entry(number, contract, begins))
        kind, words = SAID[number % len(SAID)]
        alerts.append(
            Alert(
                at=begins + LATER,
                kind=kind,
                message_id=f"s{number}",
                text=f"{words} {contract}",
                contract=contract,
                reply_to=f"e{number}",
            )
        )
        chatter = Alert(at=begins, kind=Kind.CHATTER, message_id=f"c{number}", text="nice one all")
        alerts.append(chatter)
    alerts.sort(key=lambda each: each.at)
    return Day(opening=tuple(opening), alerts=tuple(alerts), moves=())


def entry(number: int, contract: Contract, at: float) -> Alert:
    text = f"BTO {contract} 3/20 @ {PRICE}"
    return Alert(at=at, kind=Kind.ENTRY, message_id=f"e{number}", text=text, contract=contract)


def play(stack: Stack, *disturbances: tuple[float, Disturbance]) -> Played:
    planned = tuple(Planned(at=at, what=what) for at, what in disturbances)
    played = Play(stack, a_day(), Weather(stack, planned)).run()
    findings = played.verdict.findings
    assert not findings, "\n".join(story(stack, played.evidence, each) for each in findings)
    assert len(stack.kills) == len(disturbances)
    return played


def bought(played: Played) -> set[str]:
    """Return the trades that were bought, each of which was bought once and whole."""
    entries = [order for order in played.evidence.orders if order.purpose == "E"]
    filled = [order for order in entries if order.cum_qty]
    assert all(order.cum_qty == 3 for order in filled)
    trades = {order.trade for order in filled}
    assert len(trades) == len(filled)
    return trades


def too_old(played: Played) -> set[str]:
    """Return the trades whose alerts were told to have come to nothing because time ran out."""
    return {
        digest(post_id)
        for post_id, decided in played.evidence.outcomes.items()
        if post_id.startswith("e") and decided.outcome.kind is OutcomeKind.EXPIRED
    }


ALL = {digest(f"e{number}.1") for number in range(TRADES)}


def test_without_faults_every_entry_is_bought() -> None:
    with a_stack() as stack:
        played = play(stack)
        assert bought(played) == ALL
        assert played.figures["naked_seconds_max"] < 0.5
        assert stack.stage.restarted() == ()


def test_three_restarts_of_the_gateway_with_the_broker_dying_in_each() -> None:
    with a_stack() as stack:
        gateway, broker = Kill(process="simulator"), Kill(process="broker")
        played = play(
            stack,
            *((2.0, gateway), (2.2, broker)),
            *((6.0, gateway), (7.0, broker)),
            *((10.0, gateway), (10.5, broker)),
        )
        assert bought(played) | too_old(played) == ALL
        assert bought(played).isdisjoint(too_old(played))
        assert len(bought(played)) >= TRADES / 2
        assert played.figures["gateway_restarts"] == 3
        assert set(stack.stage.restarted()) == {"broker", "simulator"}


@pytest.mark.parametrize("process", ["ingest", "parser", "alert"])
def test_deaths_of_a_process_at_several_moments_change_no_order(process: str) -> None:
    with a_stack() as stack:
        played = play(
            stack,
            (1.5, Kill(process=process)),
            (4.0, KillAtLabel(label=f"{process}-before-commit")),
            (6.5, KillAtLabel(label=f"{process}-after-commit")),
            (9.0, Kill(process=process)),
        )
        assert bought(played) == ALL
        assert stack.stage.restarted() == (process,)
