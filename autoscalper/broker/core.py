"""Decides: what happened comes in, what shall be done goes out. No I/O.

``decide`` is the only entry. The caller keeps the book's changes first and carries out the
commands after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from autoscalper.broker import (
    ahead,
    elsewhere,
    entries,
    flatten,
    followups,
    foreign,
    forgetting,
    gaps,
    levels,
    market_data,
    operator,
    orderbook,
    overdue,
    questions,
    reconcile,
    set_back,
    standing,
    trading_day,
    trailing,
)
from autoscalper.broker.book import Book
from autoscalper.broker.commands import (
    Command,
    FindContract,
    LearnChain,
    StopWatching,
    TakeSnapshot,
    WatchQuote,
    places,
)
from autoscalper.broker.events import (
    BalanceReported,
    ClockTicked,
    CommandArrived,
    ContractFound,
    ContractLearned,
    ContractMissing,
    Event,
    FillReported,
    FundsReported,
    GatewayConnected,
    GatewayConnecting,
    GatewayLost,
    GatewayRefused,
    LinkDegraded,
    LinkRestored,
    OrderErrored,
    OrderReported,
    PositionReported,
    QuoteChanged,
    QuoteRefused,
    SignalArrived,
    Snapshot,
    SnapshotTaken,
)
from autoscalper.broker.records import Phase, Quote
from autoscalper.links import any_to_alert
from autoscalper.links.parser_to_broker import (
    Message,
    SignalIssued,
    SignalRevised,
    SignalWithdrawn,
    TickerMentioned,
)

#: What changes the trade that it tells of at most. All are looked at when the clock ticks.
OF_ONE_TRADE = (
    OrderReported
    | OrderErrored
    | FillReported
    | QuoteChanged
    | BalanceReported
    | FundsReported
    | ContractLearned
)

#: What an order need not wait for.
QUESTION = FindContract | LearnChain | WatchQuote | StopWatching | TakeSnapshot


def decide(book: Book, event: Event, now: datetime) -> list[Command]:
    """Take ``event`` into ``book`` and return what shall be done about it, in order."""
    return decide_all(book, [event], now)


def decide_all(book: Book, events: Sequence[Event], now: datetime) -> list[Command]:
    """Take events that came together into ``book`` and return what shall be done, in order.

    What is told waits while an order does: whoever calls lets the clock tick next.
    """
    commands = [command for event in events for command in _hear(book, event, now)]
    if not book.at_hand.undecided and all(isinstance(event, QuoteChanged) for event in events):
        return commands
    commands += entries.proceed(book, now)
    changed = book.at_hand.take_unsettled()
    is_of_one = all(isinstance(event, OF_ONE_TRADE) for event in events)
    commands += levels.converge(book, changed if is_of_one else book.open_trades(), now)
    if not places(commands):
        _tell(book, now)
    return commands


def decide_signals(book: Book, signals: Sequence[SignalArrived], now: datetime) -> list[Command]:
    """Take signals into ``book`` and return what cannot wait: exits, entries, and then questions.

    Only the trades that the signals are about are looked at. Whoever calls lets the clock tick
    next, for all others, and for what is told of an order that leaves: what the gateway says of
    it would tell it, too.
    """
    book.at_hand.take_unsettled()
    commands = [command for signal in signals for command in _hear(book, signal, now)]
    commands += levels.converge(book, book.at_hand.take_unsettled(), now)
    commands += entries.proceed(book, now)
    if all(isinstance(command, QUESTION) for command in commands):
        _tell(book, now)
    return sorted(commands, key=lambda command: isinstance(command, QUESTION))


def _tell(book: Book, now: datetime) -> None:
    operator.report(book, now)
    standing.tell_changed_orders(book, now)
    standing.tell_changed_trades(book, now)


def _hear(book: Book, event: Event, now: datetime) -> list[Command]:
    match event:
        case SignalArrived():
            return _signal(book, event.message, now)
        case CommandArrived():
            return operator.take(book, event.command, now)
        case OrderReported() | OrderErrored() | FillReported():
            foreign.hear(book, event, now)
            _order(book, event, now)
        case QuoteChanged():
            book.quotes[event.contract] = Quote(
                bid=event.bid, ask=event.ask, at=now, underlying=event.underlying
            )
        case BalanceReported() | FundsReported() | PositionReported():
            _account(book, event, now)
        case ContractFound() | ContractLearned() | ContractMissing() | QuoteRefused():
            return _contract(book, event, now)
        case ClockTicked():
            return _let_time_pass(book, now)
        case _:
            return _gateway(book, event, now)
    return []


def _let_time_pass(book: Book, now: datetime) -> list[Command]:
    set_back.notice(book, now)
    forgetting.forget_daily(book, now)
    trading_day.watch(book, now)
    trailing.follow(book, now)
    gaps.close_what_fell_through(book, now)
    questions.run_out(book, now)
    flatten.flatten_what_expires(book, now)
    overdue.tell(book, now)
    return [
        *_ask_about_doubts(book, now),
        *market_data.let_go(book, now),
        *ahead.look(book, now),
    ]


def _contract(
    book: Book,
    event: ContractFound | ContractLearned | ContractMissing | QuoteRefused,
    now: datetime,
) -> list[Command]:
    match event:
        case ContractFound():
            ahead.keep(book, event.contract, event.details)
            if event.instead_of is not None:
                entries.settle_expiry(book, event.instead_of, event.contract)
            return [market_data.watch(book, event.contract, event.details, now)]
        case ContractLearned():
            return ahead.learn(book, event, now)
        case ContractMissing():
            entries.deny_contract(book, event.contract, event.reason, now)
            return []
        case QuoteRefused():
            return market_data.refuse(book, event.contract, now)
        case _:
            assert_never(event)


def _account(
    book: Book, event: BalanceReported | FundsReported | PositionReported, now: datetime
) -> None:
    match event:
        case BalanceReported():
            book.net_liquidation = event.net_liquidation
        case FundsReported():
            book.available_funds = event.available
        case PositionReported():
            foreign.hear_position(book, event)
            reconcile.hear_position(book, event, now)
        case _:
            assert_never(event)


def _order(book: Book, event: OrderReported | OrderErrored | FillReported, now: datetime) -> None:
    match event:
        case OrderReported():
            orderbook.apply_report(book, event.report, now)
        case OrderErrored():
            orderbook.apply_error(book, event.ib_order_id, event.code, event.text, now)
        case FillReported():
            orderbook.apply_fill(book, event.fill, now)
        case _:
            assert_never(event)


def _gateway(
    book: Book,
    event: GatewayConnecting
    | GatewayConnected
    | GatewayLost
    | GatewayRefused
    | LinkDegraded
    | LinkRestored
    | SnapshotTaken,
    now: datetime,
) -> list[Command]:
    match event:
        case GatewayConnecting():
            book.attempts += 1
            # 1100 can come before the login is complete: only a new connection forgets it.
            book.degraded = False
            _enter(book, Phase.CONNECTING, event.reason, now)
        case GatewayConnected():
            book.account, book.attempts = event.account, 0
            book.sent_before = book.high_water_mark
            ahead.begin_anew(book)
            _enter(book, Phase.RECONCILING, f"account {event.account}", now)
            return [_snapshot(book, "connected", now), *_look_up_again(book, now)]
        case GatewayLost():
            orderbook.doubt_unconfirmed(book, now)
            foreign.doubt_unconfirmed(book, now)
            _enter(book, Phase.DOWN, event.reason, now)
        case GatewayRefused():
            _enter(book, Phase.HALTED, event.reason, now)
        case LinkDegraded():
            book.degraded = True
            orderbook.doubt_unconfirmed(book, now)
            foreign.doubt_unconfirmed(book, now)
            _enter(book, Phase.RECONCILING, "the gateway lost IBKR's servers", now)
        case LinkRestored():
            book.degraded = False
            if event.quotes_lost:
                ahead.begin_anew(book)
            _enter(book, Phase.RECONCILING, "the gateway has IBKR's servers back", now)
            return [_snapshot(book, "link restored", now), *_look_up_again(book, now)]
        case SnapshotTaken():
            return _reconcile(book, event.snapshot, now)
        case _:
            assert_never(event)
    return []


def _signal(book: Book, message: Message, now: datetime) -> list[Command]:
    if isinstance(message, TickerMentioned):
        ahead.mention(book, message.underlying, message.mentioned_at, now)
        return []
    # Heard by both brokers, so that no change of a channel's mark brings it back.
    if not book.hear(message.post.post_id, now):
        return []
    if message.is_paper != book.is_paper:
        elsewhere.heed(book, message, now)
        return []
    match message:
        case SignalIssued():
            underlying = message.instruction.contract.underlying
            ahead.mention(book, underlying, message.post.posted_at, now)
            return questions.take(book, message, now)
        case SignalRevised():
            commands = questions.revise(book, message, now)
            if commands is not None:
                return commands
            followups.revise(book, message, now)
        case SignalWithdrawn():
            if not questions.withdraw(book, message, now):
                followups.withdraw(book, message, now)
        case _:
            assert_never(message)
    return []


def _ask_about_doubts(book: Book, now: datetime) -> list[Command]:
    is_due = reconcile.is_due(book, now) or foreign.is_due(book, now)
    if book.phase is not Phase.TRADING or not is_due:
        return []
    return [_snapshot(book, "an order is in doubt", now)]


def _snapshot(book: Book, reason: str, now: datetime) -> Command:
    return TakeSnapshot(number=book.ask_for_snapshot(now), reason=reason)


def _reconcile(book: Book, snapshot: Snapshot, now: datetime) -> list[Command]:
    if book.degraded or snapshot.number != book.snapshot_number:
        return []
    book.reconciled_at = now
    commands = reconcile.reconcile(book, snapshot, now) + foreign.reconcile(book, snapshot, now)
    _enter(book, Phase.TRADING, "reconciled", now)
    return commands


def _look_up_again(book: Book, now: datetime) -> list[Command]:
    contracts = {trade.contract: False for trade in book.open_trades()}
    # Of what was missed the present price is shown.
    for waiting in (*book.missed.values(), *book.waiting.values()):
        contracts[waiting.contract] = waiting.is_nearest
    return [
        entries.look_up(book, contract, now, or_later=contracts[contract])
        for contract in sorted(contracts, key=str)
    ]


def _enter(book: Book, phase: Phase, reason: str, now: datetime) -> None:
    book.phase = phase
    # Trying to connect is being down: only what comes of it is news.
    told = Phase.DOWN if phase is Phase.CONNECTING else phase
    if told is book.phase_told:
        return
    book.phase_told, book.phase_since = told, now
    book.notify(
        f"gateway {told.value} {now.isoformat()}",
        any_to_alert.GatewayChanged(state=told.value, reason=reason, changed_at=now),
    )
