"""When an order would trade against a quote, and at what price. Pure.

A simplification throughout: one quote is enough where IBKR waits for two in a row ("double
bid/ask", the default trigger of stops on US options: TWS API, "Trigger Methods").
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from autoscalper.domain.identity import PermId
from autoscalper.simulator.market import Quote
from autoscalper.simulator.orders import Order, OrderType, Side

_BID_ASK = frozenset({0, 1, 4})
_LAST = frozenset({2, 3})
_LAST_OR_BID_ASK = 7


class Depth(msgspec.Struct):
    """What one quote can still fill: by side, and of the orders that fill in parts."""

    shown: dict[Side, Decimal]
    slices: dict[PermId, Decimal]

    def of(self, order: Order) -> Decimal:
        """Return how much of ``order`` the quote can fill."""
        shown = self.shown[order.terms.side]
        return min(shown, self.slices.get(order.perm_id, shown))

    def take(self, order: Order, qty: Decimal) -> None:
        """Take what ``order`` filled out of the quote."""
        self.shown[order.terms.side] -= qty
        if order.perm_id in self.slices:
            self.slices[order.perm_id] -= qty


def follow(order: Order, quote: Quote) -> Order:
    """Return a trailing order with its stop moved behind ``quote``; the stop never moves back.

    The trail starts at the client's trailStopPrice if it gave one. It follows the bid for a sale
    and the ask for a purchase.
    """
    if not order.terms.order_type.trails or order.triggered:
        return order
    price = quote.bid if order.terms.side is Side.SELL else quote.ask
    if price is None or price <= 0:
        return order
    best = min if order.terms.side is Side.BUY else max
    extreme = price if order.extreme_price is None else best(order.extreme_price, price)
    # A sale's stop lies below the market, a purchase's above.
    stop = extreme + order.terms.side.sign * _distance(order, extreme)
    started = order.stop_price if order.stop_price is not None else order.terms.trail_stop_price
    if started is not None:
        closest = min if order.terms.side is Side.BUY else max
        stop = closest(started, stop)
    return msgspec.structs.replace(order, extreme_price=extreme, stop_price=stop)


def _distance(order: Order, price: Decimal) -> Decimal:
    if order.terms.trailing_percent is not None:
        return price * order.terms.trailing_percent / 100
    return order.terms.aux_price or Decimal(0)


def is_triggered(order: Order, quote: Quote) -> bool:
    """Return whether ``quote`` sets off the order's stop.

    By bid and ask a sale goes off when the ask has come down to the stop, a purchase when the bid
    has come up to it, so that a wide spread alone sets nothing off.
    """
    stop = order.stop_price
    if stop is None:
        return False
    sale = order.terms.side is Side.SELL
    far = quote.ask if sale else quote.bid
    seen: list[Decimal | None] = []
    method = order.terms.trigger_method
    if method in _BID_ASK or method == _LAST_OR_BID_ASK:
        seen.append(far)
    if method in _LAST or method == _LAST_OR_BID_ASK:
        seen.append(quote.last)
    if not seen:
        seen.append(quote.mid)
    prices = [price for price in seen if price is not None and price > 0]
    return any(price <= stop if sale else price >= stop for price in prices)


def fill_price(order: Order, quote: Quote) -> Decimal | None:
    """Return the price at which the order trades now, or None if it rests.

    A purchase trades at the ask and a sale at the bid, however far a gap has carried them.
    """
    buys = order.terms.side is Side.BUY
    price = quote.ask if buys else quote.bid
    if price is None or price <= 0:
        return None
    limit = limit_of(order)
    if limit is None:
        return price
    return price if (price <= limit if buys else price >= limit) else None


def limit_of(order: Order) -> Decimal | None:
    """Return the worst price at which the order may trade; None for any price."""
    if not order.terms.order_type.has_limit:
        return None
    offset = order.terms.limit_price_offset
    if order.terms.order_type is OrderType.TRAIL_LIMIT and offset is not None:
        return None if order.stop_price is None else order.stop_price - offset
    return order.terms.limit_price
