"""The operator's commands: taken into the book, and answered until they are done. No I/O.

A command is a level, too: closing everything means that nothing shall be held, and how far that
is gets told whenever it changes, over restarts and while the gateway is away.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from msgspec.structs import replace

from autoscalper.broker import correlate, endings, entries, foreign, questions
from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, TakeSnapshot
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Phase, Request, Waiting
from autoscalper.domain.order import Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.pricing import shown, signed
from autoscalper.links import alert_to_broker
from autoscalper.links.alert_to_broker import (
    ChooseTrade,
    CloseTrades,
    PauseEntries,
    ResumeEntries,
    Scope,
    TakeEntry,
    ToOne,
)
from autoscalper.links.any_to_alert import CommandState

#: How long after its post an entry that came too late can still be taken by hand.
TAKEN_WITHIN = timedelta(minutes=15)
#: How old a command may be to be refused with a word on paper: who was put beside the real one
#: today finds all that was ever said to that one, and has nothing to say to it.
ANSWERED_ON_PAPER = timedelta(hours=1)
#: What the operator said or pressed.
_SAID: dict[type[alert_to_broker.Message], str] = {
    PauseEntries: "/pause",
    ResumeEntries: "/resume",
    CloseTrades: "/closeall",
    TakeEntry: "Take it",
    ChooseTrade: "The answer",
}


def take(book: Book, command: alert_to_broker.Message, now: datetime) -> list[Command]:
    """Take a command into ``book``, once, and return what it calls for."""
    if command.command_id in book.requests or not _is_meant(book, command):
        return []
    age = now - command.given_at
    if book.is_paper and age > ANSWERED_ON_PAPER:
        return []
    if age > alert_to_broker.MAX_AGE:
        allowed = alert_to_broker.MAX_AGE.total_seconds()
        what = _SAID[type(command)]
        line = f"{what} is {age.total_seconds():.0f} s old, {allowed:.0f} s are allowed"
        _answer(book, command, CommandState.REFUSED, (line,), now)
        return []
    match command:
        case PauseEntries():
            book.pause(True)
            _answer(book, command, CommandState.DONE, _paused_lines(book), now)
        case ResumeEntries():
            book.pause(False)
            _answer(book, command, CommandState.DONE, ("Entries are taken again.",), now)
        case CloseTrades():
            return _close(book, command, now)
        case TakeEntry():
            return _take_entry(book, command, now)
        case ChooseTrade():
            return questions.choose(book, command, now)
        case _:
            assert_never(command)
    return []


def _is_meant(book: Book, command: alert_to_broker.Message) -> bool:
    return not isinstance(command, ToOne) or command.is_paper == book.is_paper


def is_offered(waiting: Waiting, now: datetime) -> bool:
    """Return whether an entry that came too late can still be taken by hand."""
    return now - waiting.signal.post.posted_at <= TAKEN_WITHIN


def report(book: Book, now: datetime) -> None:
    """Tell how far the commands are that are not done; let offers expire."""
    for waiting in [each for each in book.missed.values() if not is_offered(each, now)]:
        book.stop_missing(waiting.signal.post.post_id)
    for request in [each for each in book.requests.values() if _is_closing(each)]:
        trades = [book.trades[each] for each in request.closing if each in book.trades]
        lines = tuple(_line_of(book, trade) for trade in trades) + foreign.lines_of(request)
        lines = lines or ("Nothing is open.",)
        is_done = not any(trade.is_open for trade in trades) and foreign.is_done(request)
        ended = CommandState.DONE if foreign.is_whole(request) else CommandState.PARTLY
        state = ended if is_done else CommandState.UNDER_WAY
        if (state, lines) != (request.state, request.lines):
            book.answer(replace(request, state=state, lines=lines), now)


def _answer(
    book: Book,
    command: alert_to_broker.Message,
    state: CommandState,
    lines: tuple[str, ...],
    now: datetime,
) -> None:
    book.answer(Request(command=command, state=state, lines=lines), now)


def _paused_lines(book: Book) -> tuple[str, ...]:
    lines = ["No new entries and no adds until /resume. Stops and exits go on."]
    resting = sum(
        order.is_live and order.side is Side.BUY
        for trade in book.open_trades()
        for order in book.orders_of(trade)
    )
    if resting:
        lines.append(f"Ordered before and possibly filling yet: {resting}.")
    return tuple(lines)


def _is_closing(request: Request) -> bool:
    if request.state is CommandState.UNDER_WAY:
        return isinstance(request.command, CloseTrades)
    # An order that was given up and shows up after all is told.
    return not foreign.is_done(request)


def _close(book: Book, command: CloseTrades, now: datetime) -> list[Command]:
    for waiting in [each for each in book.waiting.values() if each.trade_id is None]:
        entries.refuse_waiting(
            book, waiting, OutcomeKind.DENIED, "the operator closed everything", now
        )
    trades = book.open_trades()
    for trade in trades:
        book.put_trade(replace(trade, hold=0))
    # What the operator was shown and confirmed is in the real account.
    wants_account = command.scope is Scope.ACCOUNT and not book.is_paper
    if not trades and not wants_account:
        _answer(book, command, CommandState.DONE, ("Nothing is open.",), now)
        return []
    closing = tuple(trade.trade_id for trade in trades)
    lines = tuple(_line_of(book, book.trades[each]) for each in closing)
    request = Request(
        command=command,
        state=CommandState.UNDER_WAY,
        closing=closing,
        wants_account=wants_account,
    )
    book.answer(replace(request, lines=lines + foreign.lines_of(request)), now)
    if not wants_account or book.phase is not Phase.TRADING:
        return []
    number = book.ask_for_snapshot(now)
    return [TakeSnapshot(number=number, reason="the operator closes the account")]


def _line_of(book: Book, trade: Trade) -> str:
    if not trade.is_open:
        closed = endings.result_of(book, trade, trade.closed_at or trade.opened_at)
        if closed is None:
            return f"{trade.contract}: entry called off, nothing was bought"
        return (
            f"{trade.contract}: flat, {closed.bought_qty} bought at"
            f" {_price(closed.avg_entry_price)}, sold at {_price(closed.avg_exit_price)},"
            f" {signed(closed.realized)}"
        )
    held = book.held(trade)
    what = f"selling {held}" if held else "calling off the entry"
    if book.phase is Phase.TRADING and not book.degraded:
        return f"{trade.contract}: {what}"
    return f"{trade.contract}: {what} as soon as the gateway is back"


def _price(average: Decimal) -> str:
    return shown(average.quantize(Decimal("0.0001")))


def _take_entry(book: Book, command: TakeEntry, now: datetime) -> list[Command]:
    waiting = book.missed.get(command.post_id)
    is_over = waiting is not None and correlate.is_overtaken(book, waiting.signal)
    if waiting is None or is_over or not is_offered(waiting, now):
        line = "Its author got out since." if is_over else "That alert cannot be taken any more."
        _answer(book, command, CommandState.REFUSED, (line,), now)
        return []
    line = f"{waiting.contract}: ordering within the limits"
    _answer(book, command, CommandState.UNDER_WAY, (line,), now)
    return entries.take_late(book, waiting, now)
