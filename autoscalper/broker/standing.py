"""How things stand, in the words of the links: what each trade has come to, and the whole. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from autoscalper.broker import foreign
from autoscalper.broker.book import Book
from autoscalper.broker.groups import covered_by
from autoscalper.broker.operator import is_offered
from autoscalper.broker.orders import Order, Trade, describe
from autoscalper.broker.records import Phase
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.instruction import AddToTrade, OpenTrade
from autoscalper.domain.order import WORKING, Side
from autoscalper.links import any_to_alert, broker_to_alert
from autoscalper.links.alert_to_broker import NamedPosition

#: How old a quote may be to be shown.
QUOTE_MAX_AGE = timedelta(seconds=60)
#: Shares of a contract whose details were never heard of.
_USUAL_MULTIPLIER = Decimal(100)


def tell_changed_trades(book: Book, now: datetime) -> None:
    """Tell of every trade that stands differently than it was last told."""
    for trade_id in sorted(book.at_hand.take_untold_trades() & book.trades.keys()):
        told = book.told.get(trade_id)
        stands = _changed(book, book.trades[trade_id], told.changed_at if told else now)
        if stands == told:
            continue
        stands = _changed(book, book.trades[trade_id], now)
        book.told[trade_id] = stands
        book.notify(f"trade {trade_id} {now.isoformat()}", stands)


def tell_changed_orders(book: Book, now: datetime) -> None:
    """Tell of every order that stands differently than it was last told."""
    for client_order_id in book.at_hand.take_untold_orders():
        order = book.orders.get(client_order_id)
        if order is None:
            continue
        told = book.told_orders.get(client_order_id)
        stands = _order_changed(order, told.changed_at if told else now)
        if stands == told:
            continue
        stands = _order_changed(order, now)
        book.told_orders[client_order_id] = stands
        book.notify(f"order {client_order_id} {now.isoformat()}", stands)


def status_of(book: Book, now: datetime) -> broker_to_alert.Status:
    """Return how the broker stands."""
    return broker_to_alert.Status(
        written_at=now,
        phase=book.phase.value if book.phase is not Phase.CONNECTING else Phase.DOWN.value,
        phase_since=book.phase_since or now,
        attempts=book.attempts,
        account=book.account,
        paused=book.paused,
        waiting=len(book.waiting),
        net_liquidation=book.net_liquidation,
        balance=book.balance(),
        reconciled_at=book.reconciled_at,
        trades=tuple(_open_trade(book, trade, now) for trade in book.open_trades()),
        orders=tuple(
            _live_order(order)
            for trade in book.open_trades()
            for order in book.orders_of(trade)
            if order.is_live
        ),
        missed=tuple(_missed(book, now)),
        foreign=tuple(
            NamedPosition(
                con_id=holding.con_id,
                name=holding.name,
                qty=qty,
                is_closable=holding.kind in foreign.CLOSABLE,
            )
            for holding, qty in foreign.positions(book, now)
        ),
    )


def _changed(book: Book, trade: Trade, changed_at: datetime) -> any_to_alert.TradeChanged:
    buys = [order for order in book.orders_of(trade) if order.side is Side.BUY]
    return any_to_alert.TradeChanged(
        trade_id=trade.trade_id,
        contract=trade.contract,
        message_id=trade.messages[0],
        author_name=trade.author_name,
        channel_name=trade.channel_name,
        posted_price=trade.posted_price,
        opened_at=trade.opened_at,
        limit_price=buys[0].terms.limit_price if buys else None,
        order_qty=sum(order.terms.order_qty for order in buys),
        bought_qty=sum(order.cum_qty for order in buys),
        held_qty=book.held(trade),
        hold_qty=trade.hold,
        avg_price=_avg_price(buys),
        stop_price=trade.stop_price,
        target_price=trade.target_price,
        changed_at=changed_at,
        multiplier=_multiplier(book, trade.contract),
    )


def _order_changed(order: Order, changed_at: datetime) -> any_to_alert.OrderChanged:
    return any_to_alert.OrderChanged(
        client_order_id=order.client_order_id,
        trade_id=order.trade_id,
        status=order.status,
        what=describe(order),
        cum_qty=order.cum_qty,
        error=order.error,
        changed_at=changed_at,
    )


def _open_trade(book: Book, trade: Trade, now: datetime) -> broker_to_alert.OpenTrade:
    orders = book.orders_of(trade)
    bid, ask = _market(book, trade.contract, now)
    return broker_to_alert.OpenTrade(
        trade_id=trade.trade_id,
        contract=trade.contract,
        opened_at=trade.opened_at,
        held_qty=book.held(trade),
        avg_price=_avg_price([order for order in orders if order.side is Side.BUY]),
        bid=bid,
        ask=ask,
        multiplier=_multiplier(book, trade.contract),
        protected_qty=covered_by(order for order in orders if order.status in WORKING),
        stop_price=trade.stop_price,
        target_price=trade.target_price,
        trail=trade.trail,
    )


def _live_order(order: Order) -> broker_to_alert.LiveOrder:
    terms = order.terms
    return broker_to_alert.LiveOrder(
        client_order_id=order.client_order_id,
        contract=order.contract,
        purpose=order.purpose,
        side=order.side,
        status=order.status,
        leaves_qty=order.leaves_qty,
        price=terms.limit_price if terms.limit_price is not None else terms.stop_price,
    )


def _missed(book: Book, now: datetime) -> list[broker_to_alert.MissedEntry]:
    missed = []
    for post_id, waiting in book.missed.items():
        instruction, post = waiting.signal.instruction, waiting.signal.post
        if not is_offered(waiting, now):
            continue
        assert isinstance(instruction, OpenTrade | AddToTrade)
        bid, ask = _market(book, waiting.contract, now)
        missed.append(
            broker_to_alert.MissedEntry(
                post_id=post_id,
                contract=waiting.contract,
                posted_price=instruction.price,
                posted_at=post.posted_at,
                bid=bid,
                ask=ask,
            )
        )
    return missed


def _market(
    book: Book, contract: OptionContract, now: datetime
) -> tuple[Decimal | None, Decimal | None]:
    quote = book.quotes.get(contract)
    if quote is None or now - quote.at > QUOTE_MAX_AGE:
        return None, None
    return quote.bid, quote.ask


def _multiplier(book: Book, contract: OptionContract) -> Decimal:
    details = book.contracts.get(contract)
    return details.multiplier if details else _USUAL_MULTIPLIER


def _avg_price(buys: list[Order]) -> Decimal | None:
    bought = sum(order.cum_qty for order in buys)
    if not bought:
        return None
    spent = sum((order.avg_price * order.cum_qty for order in buys), Decimal(0))
    return (spent / bought).quantize(Decimal("0.0001")).normalize()
