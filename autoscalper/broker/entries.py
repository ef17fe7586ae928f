"""Entries and adds: from a signal to a bracket, or to the reason why not.

A signal waits here until the broker trades and the contract and its quote are known. Its age is
looked at last thing before the order, so that nothing leaves late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from autoscalper.broker import (
    ahead,
    averages,
    correlate,
    entry_checks,
    flatten,
    market_data,
    pacing,
    stops,
)
from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, FindContract, PlaceOrders
from autoscalper.broker.levels import entry_ends_at
from autoscalper.broker.measures import decision_on
from autoscalper.broker.orders import Terms, Trade, trade_id_of
from autoscalper.broker.protection import bracket
from autoscalper.broker.records import Phase, Quote, Waiting
from autoscalper.broker.stops import first_stop, on_grid
from autoscalper.broker.targets import prices_above, with_targets
from autoscalper.broker.words import understood_as
from autoscalper.domain import limits, pricing
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.instruction import (
    AddToTrade,
    Instruction,
    OpenTrade,
    PriceBasis,
    Targets,
    TrailBy,
)
from autoscalper.domain.order import OrderType, Purpose
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.pricing import shown
from autoscalper.domain.restart import is_pausing, parse_time_of_day
from autoscalper.domain.settings import DefaultExpiry
from autoscalper.links.parser_to_broker import SignalIssued

#: Within this time the same alert of the same author is a repost.
REPOST_WINDOW = timedelta(minutes=10)
#: How long a quote is awaited; without one the posted price is the limit.
QUOTE_PATIENCE = timedelta(seconds=1)


def begin(book: Book, signal: SignalIssued, trade: Trade | None, now: datetime) -> list[Command]:
    """Take an entry or an add to ``trade`` in: deny it, or let it wait for what it needs."""
    instruction, settings = signal.instruction, book.settings_for(signal.post)
    closed = limits.check_channel(book.profiles.of(signal.post), settings)
    if closed:
        return _refuse(book, signal, OutcomeKind.DENIED, str(closed[0]), now)
    alert = correlate.entry_key(signal)
    if _is_repost(book, alert, signal.post.posted_at):
        return _refuse(book, signal, OutcomeKind.DUPLICATE, "the same alert again", now)
    if correlate.is_overtaken(book, signal):
        return _refuse(book, signal, OutcomeKind.DENIED, "the same author got out since", now)
    if isinstance(instruction, AddToTrade):
        if trade is None:
            return _refuse(book, signal, OutcomeKind.DENIED, "no open trade to add to", now)
        contract: OptionContract | None = trade.contract
    else:
        contract = contract_named(signal, settings.default_expiry)
    if contract is None:
        return _refuse(book, signal, OutcomeKind.DENIED, "the post names no expiry", now)
    is_nearest = (
        isinstance(instruction, OpenTrade)
        and instruction.contract.expiry is None
        and settings.default_expiry is DefaultExpiry.NEAREST
    )
    book.wait(Waiting(signal=signal, contract=contract, is_nearest=is_nearest))
    book.remember_alert(alert, signal.post.posted_at)
    return [look_up(book, contract, now, or_later=is_nearest)]


def take_late(book: Book, waiting: Waiting, now: datetime) -> list[Command]:
    """Let an entry that came too late wait once more, because the operator wants it now."""
    book.stop_missing(waiting.signal.post.post_id)
    book.wait(replace(waiting, taken_at=now, quote_asked_at=None))
    return [look_up(book, waiting.contract, now)]


def proceed(book: Book, now: datetime) -> list[Command]:
    """Order what has all that it needs; expire what waited too long."""
    commands: list[Command] = []
    for waiting in book.at_hand.undecided:
        commands += _proceed_one(book, waiting, now)
    return commands


def deny_contract(book: Book, contract: OptionContract, reason: str, now: datetime) -> None:
    """Deny every waiting entry in a contract that IBKR does not have."""
    for waiting in book.at_hand.undecided:
        if waiting.contract == contract:
            denial = str(limits.not_listed(contract, reason))
            refuse_waiting(book, waiting, OutcomeKind.DENIED, denial, now)


def settle_expiry(book: Book, asked: OptionContract, found: OptionContract) -> None:
    """Let the entries that want the nearest expiry from ``asked`` on mean ``found``."""
    for waiting in book.at_hand.undecided:
        if waiting.is_nearest and waiting.contract == asked:
            book.wait(replace(waiting, contract=found))


def refuse_waiting(
    book: Book, waiting: Waiting, kind: OutcomeKind, detail: str, now: datetime
) -> None:
    """End a waiting entry without a trade."""
    book.stop_waiting(waiting.signal.signal_id)
    book.settle(
        waiting.signal.post,
        Outcome(kind=kind, detail=detail),
        now,
        understood=understood_as(waiting.signal.instruction, waiting.contract),
        decision=waiting.decision,
    )


def contract_named(signal: SignalIssued, default: DefaultExpiry) -> OptionContract | None:
    """Return the contract of an entry, None where it names no expiry and none is assumed.

    Where the nearest expiry is assumed, it is the first that is listed from this contract's on.
    """
    terms = signal.instruction.contract
    if terms.underlying is None or terms.strike is None or terms.right is None:
        return None
    expiry = terms.expiry
    if expiry is None:
        if default is DefaultExpiry.REJECT:
            return None
        expiry = exchange_day(signal.post.posted_at)
    return OptionContract(
        underlying=terms.underlying, expiry=expiry, strike=terms.strike, right=terms.right
    )


def look_up(
    book: Book, contract: OptionContract, now: datetime, *, or_later: bool = False
) -> Command:
    """Return the question for what is not known of ``contract`` yet: its details or its quote."""
    ahead.need(book, contract, now)
    details = book.contracts.get(contract)
    if details is None or flatten.lacks_hours(book, contract, now):
        return FindContract(contract=contract, or_later=or_later and details is None)
    return market_data.watch(book, contract, details, now)


def _refuse(
    book: Book, signal: SignalIssued, kind: OutcomeKind, detail: str, now: datetime
) -> list[Command]:
    book.settle(
        signal.post,
        Outcome(kind=kind, detail=detail),
        now,
        understood=understood_as(signal.instruction),
    )
    return []


def _is_repost(book: Book, alert: str, posted_at: datetime) -> bool:
    before = book.recent_alerts.get(alert)
    return before is not None and abs(posted_at - before) <= REPOST_WINDOW


def _proceed_one(book: Book, waiting: Waiting, now: datetime) -> list[Command]:
    # Where our clock is behind Discord's, a post is as old as its reading at least.
    signal = waiting.signal
    age = now - (waiting.taken_at or min(signal.post.posted_at, signal.read_at))
    if limits.is_too_old(age, book.settings_for(waiting.signal.post)):
        book.miss(waiting)
        refuse_waiting(book, waiting, OutcomeKind.EXPIRED, _missed(book, waiting, age, now), now)
        return []
    if book.paused:
        detail = "new entries are paused by the operator"
        refuse_waiting(book, waiting, OutcomeKind.DENIED, detail, now)
        return []
    if book.phase is not Phase.TRADING or waiting.contract not in book.contracts:
        return []
    if _restarts_now(book, now):
        return []
    quote = _fresh_quote(book, waiting.contract, now)
    is_whole = quote is not None and quote.bid is not None and quote.ask is not None
    if not is_whole and not _waited_for_quote(book, waiting, now):
        return []
    # What could not leave at once is not decided yet: its age and its quote count when it leaves.
    if book.at_hand.room < pacing.BRACKET:
        return []
    return _order(book, waiting, quote, now)


def _missed(book: Book, waiting: Waiting, age: timedelta, now: datetime) -> str:
    most = book.settings_for(waiting.signal.post).entry_max_age_seconds
    detail = f"{age.total_seconds():.0f} s old, {most} s are allowed"
    instruction, quote = waiting.signal.instruction, _fresh_quote(book, waiting.contract, now)
    assert isinstance(instruction, OpenTrade | AddToTrade)
    if instruction.price is None or quote is None or quote.ask is None:
        return detail
    return f"{detail}; posted {shown(instruction.price)}, now {shown(quote.ask)}"


def _restarts_now(book: Book, now: datetime) -> bool:
    settings = book.settings
    restart = parse_time_of_day(settings.auto_restart_time)
    return is_pausing(now, restart, ZoneInfo(settings.time_zone), book.reconciled_at)


def _waited_for_quote(book: Book, waiting: Waiting, now: datetime) -> bool:
    if waiting.quote_asked_at is None:
        book.wait(replace(waiting, quote_asked_at=now))
        return False
    return now - waiting.quote_asked_at >= QUOTE_PATIENCE


def _fresh_quote(book: Book, contract: OptionContract, now: datetime) -> Quote | None:
    quote = book.quotes.get(contract)
    return None if quote is None or now - quote.at > market_data.QUOTE_MAX_AGE else quote


def _order(book: Book, waiting: Waiting, quote: Quote | None, now: datetime) -> list[Command]:
    instruction = waiting.signal.instruction
    assert isinstance(instruction, OpenTrade | AddToTrade)
    ask = quote.ask if quote else None
    posted = instruction.price if instruction.price is not None else ask
    if posted is None:
        detail = "the post names no price and there is no quote"
        refuse_waiting(book, waiting, OutcomeKind.DENIED, detail, now)
        return []
    settings = book.settings_for(waiting.signal.post)
    ticks = book.contracts[waiting.contract].ticks
    if settings.force_market_orders:
        # What it is expected to cost: size and stop need a price.
        limit = ticks.up(posted if ask is None else ask)
    else:
        limit = pricing.entry_limit(
            posted, ask, settings.entry_chase, settings.entry_chase_percent, ticks
        )
    if isinstance(instruction, AddToTrade):
        return _add(book, waiting, quote, limit, now)
    return _open(book, waiting, instruction, quote, limit, now)


def _open(
    book: Book,
    waiting: Waiting,
    instruction: OpenTrade,
    quote: Quote | None,
    limit: Decimal,
    now: datetime,
) -> list[Command]:
    settings = book.settings_for(waiting.signal.post)
    ticks = book.contracts[waiting.contract].ticks
    stop = first_stop(instruction.stop, limit, ticks)
    is_stop_default = stop is None
    if stop is None:
        stop = pricing.default_stop(limit, settings.auto_stop_loss_percent, ticks)
    size = entry_checks.size_of(book, waiting, limit, stop, settings.max_contracts, now)
    decision = decision_on(book, waiting, None, quote, limit, stop, size, now)
    waiting = replace(waiting, decision=decision)
    denials = entry_checks.denials_of_entry(book, waiting, quote, limit, stop, size, now)
    if denials:
        return _deny(book, waiting, denials, now)
    posted = _posted_targets(instruction.targets, limit, ticks)
    target = pricing.default_target(limit, stop, settings.risk_reward_ratio, ticks)
    post = waiting.signal.post
    trade = Trade(
        trade_id=trade_id_of(waiting.signal.signal_id),
        contract=waiting.contract,
        channel_id=post.channel_id,
        author_id=post.author_id,
        opened_by=waiting.signal.signal_id,
        opened_at=now,
        messages=(post.message_id,),
        hold=size.contracts,
        stop_price=stop,
        target_price=posted[0] if posted else target,
        trail=on_grid(instruction.stop, ticks) if isinstance(instruction.stop, TrailBy) else None,
        targets=posted or None,
        has_runner=instruction.targets is not None and instruction.targets.leaves_runner,
        is_stop_default=is_stop_default,
        is_target_default=not posted,
        trader_qty=instruction.quantity,
        risk_level=instruction.risk_level,
        author_name=post.author_name,
        channel_name=post.channel_name,
        posted_price=instruction.price,
    )
    return _bracket(book, waiting, trade, Purpose.ENTRY, limit, size.contracts, now)


def _add(
    book: Book, waiting: Waiting, quote: Quote | None, limit: Decimal, now: datetime
) -> list[Command]:
    trade = correlate.trade_in(book, waiting.contract)
    if trade is None or trade.hold == 0 or book.held(trade) + book.coming(trade) <= 0:
        refuse_waiting(book, waiting, OutcomeKind.DENIED, "no open trade to add to", now)
        return []
    if averages.must_settle(book, trade):
        return []
    held = book.held(trade) + book.coming(trade)
    room = book.settings_for(waiting.signal.post).max_contracts - held
    trade, moved = _with_posted_levels(book, trade, waiting.signal.instruction, limit, now)
    size = entry_checks.size_of(book, waiting, limit, trade.stop_price, room, now, adds_to=trade)
    decision = decision_on(book, waiting, trade, quote, limit, trade.stop_price, size, now)
    waiting = replace(waiting, decision=decision)
    denials = entry_checks.denials_of_add(book, waiting, trade, held, quote, limit, size, now)
    if denials:
        return _deny(book, waiting, denials, now, moved)
    if averages.is_in_the_way(book, trade):
        book.wait(replace(waiting, needs_way=True))
        return []
    grown = replace(
        trade,
        # A trim that is not carried out yet stays in force.
        hold=min(held, trade.hold) + size.contracts,
        adds=trade.adds + 1,
        trader_qty=averages.trader_has(trade, waiting.signal.instruction),
        is_enough=False,
        messages=(*trade.messages, waiting.signal.post.message_id),
    )
    return _bracket(book, waiting, grown, Purpose.ADD, limit, size.contracts, now)


def _with_posted_levels(
    book: Book, trade: Trade, add: Instruction, limit: Decimal, now: datetime
) -> tuple[Trade, str]:
    # What the post says of stop and targets is meant for all that is held, bought more or not.
    assert isinstance(add, AddToTrade)
    moved = ""
    if add.stop is not None:
        moved = stops.move(book, add.stop, trade, now).detail
    trade = book.trades[trade.trade_id]
    targets = _posted_targets(add.targets, limit, book.contracts[trade.contract].ticks)
    if add.targets is not None and targets:
        trade = with_targets(trade, targets, has_runner=add.targets.leaves_runner)
        book.put_trade(trade)
    return trade, moved


def _bracket(
    book: Book,
    waiting: Waiting,
    trade: Trade,
    purpose: Purpose,
    limit: Decimal,
    qty: int,
    now: datetime,
) -> list[Command]:
    book.put_trade(trade)
    at_market = book.settings_for(waiting.signal.post).force_market_orders
    entry = book.new_order(
        trade,
        purpose,
        OrderType.MARKET if at_market else OrderType.LIMIT,
        Terms(order_qty=qty, limit_price=None if at_market else limit),
        now,
        ordered_by=waiting.signal.signal_id,
        ends_at=None if at_market else entry_ends_at(book, trade, now),
    )
    command: PlaceOrders = bracket(book, trade, entry, now)
    book.at_hand.room -= len(command.orders)
    book.wait(replace(waiting, trade_id=trade.trade_id))
    return [command]


def _posted_targets(
    targets: Targets | None, limit: Decimal, ticks: pricing.Ticks
) -> tuple[Decimal, ...]:
    if targets is None or targets.basis is not PriceBasis.PREMIUM:
        return ()
    return prices_above(limit, targets, ticks)


def _deny(
    book: Book, waiting: Waiting, denials: list[limits.Denial], now: datetime, moved: str = ""
) -> list[Command]:
    detail = "; ".join([*map(str, denials), *([moved] if moved else [])])
    refuse_waiting(book, waiting, OutcomeKind.DENIED, detail, now)
    return []
