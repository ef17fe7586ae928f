from __future__ import annotations

import pytest

from tests.chaos.disturbances import (
    ChatAway,
    Disturbance,
    Drop,
    Fault,
    Kill,
    KillAtLabel,
    Restart,
)
from tests.chaos.truce import LONGEST_SECONDS, TRADING_SECONDS, Truce, is_blow


class Broker:
    """Says of itself what a test wants."""

    state = "trading"


def passes(truce: Truce, first: float, last: float) -> None:
    """Look four times a second from ``first`` until ``last``."""
    for quarter in range(int(first * 4), int(last * 4) + 1):
        truce.look(quarter / 4)


def test_a_truce_ends_once_the_broker_has_traded_for_long_enough() -> None:
    truce = Truce(lambda: Broker.state)
    truce.strike(10.0)
    passes(truce, 10.25, 10.0 + TRADING_SECONDS)
    assert truce.holds(10.0 + TRADING_SECONDS)
    assert not truce.holds(10.25 + TRADING_SECONDS)


def test_time_in_which_the_broker_does_not_trade_does_not_count() -> None:
    broker = Broker()
    truce = Truce(lambda: broker.state)
    truce.strike(0.0)
    passes(truce, 0.25, 3.0)
    broker.state = "reconciling"
    passes(truce, 3.25, 4.0)
    broker.state = "trading"
    passes(truce, 4.25, 8.0)
    assert truce.holds(8.0)
    assert not truce.holds(4.25 + TRADING_SECONDS)


def test_what_the_broker_said_before_it_could_notice_does_not_count() -> None:
    truce = Truce(lambda: Broker.state)
    truce.strike(0.0, 3.0)
    passes(truce, 0.25, 6.0)
    assert truce.holds(3.0 + TRADING_SECONDS - 0.25)
    assert not truce.holds(3.0 + TRADING_SECONDS)


def test_a_broker_that_never_trades_is_struck_again_after_all() -> None:
    truce = Truce(lambda: "down")
    truce.strike(0.0)
    passes(truce, 0.0, LONGEST_SECONDS)
    assert truce.holds(LONGEST_SECONDS - 0.1)
    assert not truce.holds(LONGEST_SECONDS)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (Drop(reset=True), True),
        (Restart(down_seconds=1.0, disclaimer_seconds=0.0, lose_orders=0), True),
        (Kill(process="broker"), True),
        (Kill(process="simulator"), True),
        (Kill(process="parser"), False),
        (KillAtLabel(label="parser-after-commit"), False),
        (Fault(on="placeOrder", action="drop-after-ack"), True),
        (Fault(on="placeOrder", action="no-answer"), False),
        (ChatAway(seconds=1.0), False),
    ],
)
def test_what_costs_the_connection_or_one_of_its_ends_is_a_blow(
    what: Disturbance, expected: bool
) -> None:
    assert is_blow(what) is expected
