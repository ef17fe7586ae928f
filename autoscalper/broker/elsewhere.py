"""What the other broker's posts mean for trades that are here still.

A channel that is put on paper, or taken off, may have trades open with the broker that had it
before. New posts are the other one's to answer, and nothing is opened or added here for them; but
an exit, a trim, a stop or an edit that means a trade of that channel here is carried out here, too.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from autoscalper.broker import correlate, followups
from autoscalper.broker.book import Book
from autoscalper.broker.orders import Trade
from autoscalper.domain.instruction import (
    CancelEntry,
    CloseTrade,
    MoveStop,
    SetTargets,
    TrimTrade,
)
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import Level, Reported
from autoscalper.links.parser_to_broker import (
    Signal,
    SignalIssued,
    SignalRevised,
    SignalWithdrawn,
)


def heed(book: Book, message: Signal, now: datetime) -> None:
    """Carry out what a post that is not ours to answer means for what is here of its channel.

    It gets no outcome here; what was done is told beside it.
    """
    if not _has_any(book, message):
        return
    match message:
        case SignalIssued():
            done = _follow(book, message, now)
        case SignalRevised():
            outcome = followups.apply_edit(book, message, now)
            done = outcome.detail if outcome.kind is OutcomeKind.TRADED else ""
        case SignalWithdrawn():
            done = followups.take_back(book, message, now)
        case _:
            assert_never(message)
    if not done:
        return
    then, since = ("on paper", "not on paper") if book.is_paper else ("real", "on paper")
    channel = message.post.channel_name or message.post.channel_id
    text = f"{channel} is {since} now, its trade from before is {then}: {done}"
    book.notify(
        f"elsewhere {message.post.post_id}",
        Reported(level=Level.INFO, text=text, reported_at=now),
    )


def _follow(book: Book, signal: SignalIssued, now: datetime) -> str:
    instruction = signal.instruction
    if not isinstance(instruction, CloseTrade | CancelEntry | TrimTrade | MoveStop | SetTargets):
        return ""
    is_exit = isinstance(instruction, CloseTrade | CancelEntry)
    trades = [
        trade
        for trade in correlate.trades_meant(book, signal)
        if trade.channel_id == signal.post.channel_id
    ]
    called_off = is_exit and followups.call_off_waiting(book, signal, now)
    if len(trades) > 1 and not is_exit:
        return _unclear(trades)
    outcome = followups.apply(book, signal, trades, now, called_off=called_off)
    return outcome.detail if outcome.kind is OutcomeKind.TRADED else ""


def _unclear(trades: list[Trade]) -> str:
    return f"not clear which is meant of {', '.join(str(trade.contract) for trade in trades)}"


def _has_any(book: Book, message: Signal) -> bool:
    channel_id = message.post.channel_id
    return any(each.channel_id == channel_id for each in book.open_trades()) or any(
        each.signal.post.channel_id == channel_id for each in book.waiting.values()
    )
