"""Everything that is known of an alert: how it was read, decided and traded. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.cli.showing import facts_of, told_in_lines
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.order import Side
from autoscalper.domain.pricing import shown, signed
from autoscalper.domain.reading import Reader
from autoscalper.links import any_to_alert, parser_to_broker
from autoscalper.links.any_to_alert import (
    Decision,
    OrderChanged,
    OrderFilled,
    OutcomeDecided,
    TradeChanged,
    TradeClosed,
)
from autoscalper.links.parser_to_broker import SignalWithdrawn

_READ_BY = {
    Reader.GRAMMAR: "the grammar, which is certain of it",
    Reader.MODEL: "the model, checked against the words of the post",
}


class WholeStory(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome, what it was read from, and what was told of its trade."""

    number: int
    decided: OutcomeDecided
    signal: parser_to_broker.Signal | None = None
    told: tuple[any_to_alert.Message, ...] = ()


def as_json(story: WholeStory) -> str:
    """Return the story as one line of JSON: the outcome, with what else is known beside it."""
    rest = {"number": story.number, "signal": story.signal, "story": story.told}
    return msgspec.json.encode({**msgspec.to_builtins(story.decided), **rest}).decode()


def text(story: WholeStory) -> str:
    """Return the story for people, one fact to a line."""
    decided = story.decided
    facts = facts_of(decided, story.number)
    at = [name for name, _ in facts].index("understood")
    facts[at:at] = _reading(story)
    if decided.decision is not None:
        at = [name for name, _ in facts].index("understood") + 1
        facts[at:at] = list(_decision(decided.decision))
    return told_in_lines([*facts, *_trade(story)])


def _reading(story: WholeStory) -> list[tuple[str, str]]:
    signal = story.signal
    if signal is None or isinstance(signal, SignalWithdrawn):
        return []
    took = (signal.read_at - story.decided.received_at).total_seconds() * 1000
    return [("read by", f"{_READ_BY[signal.read_by]}, {took:.1f} ms after hearing")]


def _decision(decision: Decision) -> Iterator[tuple[str, str]]:
    quote = "not known"
    if decision.bid is not None and decision.ask is not None:
        quote = f"{shown(decision.bid)} bid, {shown(decision.ask)} ask"
    if decision.quoted_at is not None:
        age = (decision.decided_at - decision.quoted_at).total_seconds()
        quote += f", {age:.1f} s old"
    if decision.underlying is not None:
        quote += f"; the underlying at {shown(decision.underlying)}"
    yield "quote", quote
    yield "price", f"limit {shown(decision.limit_price)}, stop {shown(decision.stop_price)}"
    for measured in decision.measured:
        yield "limit", measured


def _trade(story: WholeStory) -> Iterator[tuple[str, str]]:
    changes = [each for each in story.told if isinstance(each, TradeChanged)]
    if changes:
        yield "trade", _standing(changes[-1])
    # In the order in which the broker told them: IBKR's times of fills know no less than a second.
    for at, line in _events(story.told):
        yield f"{at.astimezone(EXCHANGE_ZONE):%H:%M:%S}", line
    fills = [each for each in story.told if isinstance(each, OrderFilled)]
    if changes and changes[-1].posted_price is not None and fills:
        yield "cost", _cost(changes[-1].posted_price, changes[-1].multiplier, fills)
    for closed in (each for each in story.told if isinstance(each, TradeClosed)):
        yield "closed", _end(closed)


def _standing(trade: TradeChanged) -> str:
    price = "" if trade.avg_price is None else f" at {shown(trade.avg_price)}"
    return (
        f"{trade.trade_id} {trade.contract}: bought {trade.bought_qty} of {trade.order_qty}{price},"
        f" holding {trade.held_qty}, stop {shown(trade.stop_price)},"
        f" target {shown(trade.target_price)}"
    )


def _events(told: tuple[any_to_alert.Message, ...]) -> Iterator[tuple[datetime, str]]:
    for each in told:
        if isinstance(each, OrderChanged):
            filled = f", {each.cum_qty} filled" if each.cum_qty else ""
            error = f" ({each.error})" if each.error else ""
            yield each.changed_at, f"{each.what}: {each.status.value}{filled}{error}"
        elif isinstance(each, OrderFilled):
            verb = "bought" if each.side is Side.BUY else "sold"
            what = f"{verb} {each.last_qty} at {shown(each.last_price)} ({each.purpose.value})"
            yield each.executed_at, what


def _cost(posted: Decimal, multiplier: Decimal, fills: list[OrderFilled]) -> str:
    paid = sum(
        (
            (fill.last_price - posted) * fill.last_qty * multiplier
            for fill in fills
            if fill.side is Side.BUY
        ),
        Decimal(0),
    )
    if not paid:
        return f"as posted, {shown(posted)}"
    direction = "more" if paid > 0 else "less"
    return f"${abs(paid):.2f} {direction} than at the posted {shown(posted)}"


def _end(closed: TradeClosed) -> str:
    cents = Decimal("0.0001")
    return (
        f"{closed.bought_qty} bought at {shown(closed.avg_entry_price.quantize(cents))}, sold at"
        f" {shown(closed.avg_exit_price.quantize(cents))}: {signed(closed.realized)}"
        " before commissions"
    )
