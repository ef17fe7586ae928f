"""Between IBKR's words and ours. Total: what IBKR says and we do not know is in doubt."""

from __future__ import annotations

import math
from datetime import UTC, date
from decimal import Decimal

import ib_async
from ib_async.util import UNSET_INTEGER
from msgspec.structs import replace

from autoscalper.broker.events import ContractDetails, Fill, Holding, OrderReport
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.broker.groups import PROTECTIVE
from autoscalper.broker.ib_hours import closes_at
from autoscalper.broker.orders import Order, Terms
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.identity import ClientOrderId, ConId, ExecId, IbOrderId, PermId
from autoscalper.domain.order import OrderStatus, OrderType, Side
from autoscalper.domain.pricing import COARSE_TICKS, TickBand, Ticks

#: IBKR's order states. ``Inactive`` can be a refusal or a pause, so it decides nothing by itself.
_STATUS = {
    "ApiPending": OrderStatus.PENDING_NEW,
    "PendingSubmit": OrderStatus.PENDING_NEW,
    "PreSubmitted": OrderStatus.NEW,
    "Submitted": OrderStatus.NEW,
    "PendingCancel": OrderStatus.PENDING_CANCEL,
    "Cancelled": OrderStatus.CANCELED,
    "ApiCancelled": OrderStatus.CANCELED,
    "Filled": OrderStatus.FILLED,
}
_ORDER_TYPES = {
    OrderType.LIMIT: "LMT",
    OrderType.MARKET: "MKT",
    OrderType.STOP: "STP",
    OrderType.TRAILING_STOP: "TRAIL",
}
#: Which field of an openOrder message says where the stop is.
_STOP_FIELDS = {"STP": "auxPrice", "TRAIL": "trailStopPrice"}

#: OCA type 2: what is left of the group is reduced by a fill, one order routed at a time, so that
#: a partly filled target leaves a stop for the rest and the two can never sell more together
#: (IBKR, "One-Cancels All").
_OCA_REDUCE_WITH_BLOCK = 2

_FRIDAY = 4
#: IBKR's name of the exchange's zone.
_EXCHANGE_ZONE_NAME = "US/Eastern"

#: How a time in UTC is written. A named zone shall be the instrument's own, which the index options
#: of Chicago do not share (IBKR, "Changes in the date/time field").
_UTC_FORM = "%Y%m%d-%H:%M:%S"

#: Trading classes of index options by root, the ones that settle in the afternoon first: an AM
#: settled contract stops trading a day before its expiry.
_CLASSES = {"SPX": ("SPXW", "SPX"), "NDX": ("NDXP", "NDX"), "RUT": ("RUTW", "RUT")}
_STANDARD_MULTIPLIER = "100"
#: Where the indices are quoted whose options are traded.
_INDICES = {
    **dict.fromkeys(("SPX", "XSP", "VIX", "DJX"), "CBOE"),
    **dict.fromkeys(("NDX", "XND"), "NASDAQ"),
    **dict.fromkeys(("RUT", "MRUT"), "RUSSELL"),
}


def status_of(word: str, cum_qty: float) -> OrderStatus:
    """Return our state for IBKR's ``word`` on an order that filled ``cum_qty``."""
    status = _STATUS.get(word, OrderStatus.IN_DOUBT)
    if status is OrderStatus.NEW and cum_qty > 0:
        return OrderStatus.PARTIALLY_FILLED
    return status


def price_of(number: float | Decimal | None) -> Decimal | None:
    """Return a price in dollars, None for IBKR's ways to say that there is none."""
    if number is None or not math.isfinite(number) or number >= 1e300 or number < 0:
        return None
    return Decimal(str(round(number, 6))).normalize()


def quote_side(number: float) -> Decimal | None:
    """Return one side of a quote; a missing one is NaN, -1 or 0 on the wire."""
    price = price_of(number)
    return price if price else None


def underlying_price(ticker: ib_async.Ticker) -> Decimal | None:
    """Return the underlying's price that IBKR's model priced the option with, None before that."""
    model = ticker.modelGreeks
    return None if model is None or model.undPrice is None else quote_side(model.undPrice)


def report_of_open(order: ib_async.Order, status: str, contract: ib_async.Contract) -> OrderReport:
    """Return what an openOrder message says."""
    kind = order.orderType
    traded = [contract.conId, *(leg.conId for leg in contract.comboLegs or ())]
    return OrderReport(
        ib_order_id=IbOrderId(order.orderId),
        client_order_id=ClientOrderId(order.orderRef) if order.orderRef else None,
        perm_id=PermId(order.permId) if order.permId else None,
        status=status_of(status, 0),
        order_qty=int(order.totalQuantity),
        limit_price=price_of(order.lmtPrice) if kind == "LMT" else None,
        stop_price=price_of(getattr(order, _STOP_FIELDS[kind])) if kind in _STOP_FIELDS else None,
        con_ids=tuple(map(ConId, traded)),
        side=Side.BUY if order.action == "BUY" else Side.SELL,
    )


def report_of_completed(order: ib_async.Order, word: str) -> OrderReport:
    """Return what a completedOrder message says. It has no order id, only permId and orderRef.

    An order that is listed as completed is done, so ``Inactive`` is a refusal here.
    """
    filled = order.filledQuantity
    known = math.isfinite(filled) and filled < 1e300
    return OrderReport(
        ib_order_id=IbOrderId(0),
        client_order_id=ClientOrderId(order.orderRef) if order.orderRef else None,
        perm_id=PermId(order.permId),
        status=OrderStatus.REJECTED if word == "Inactive" else status_of(word, 0),
        cum_qty=int(filled) if known else None,
    )


def fill_of(contract: ib_async.Contract, execution: ib_async.Execution) -> Fill:
    """Return one execution in our words."""
    price = price_of(execution.price)
    return Fill(
        exec_id=ExecId(execution.execId),
        client_order_id=ClientOrderId(execution.orderRef),
        # IBKR leaves it unset where an order was placed by hand.
        ib_order_id=IbOrderId(0 if execution.orderId == UNSET_INTEGER else execution.orderId),
        perm_id=PermId(execution.permId),
        con_id=ConId(contract.conId),
        side=Side.BUY if execution.side == "BOT" else Side.SELL,
        last_qty=int(execution.shares),
        last_price=price if price is not None else Decimal(0),
        executed_at=execution.time.astimezone(UTC),
    )


def query_of(contract: OptionContract, *, any_expiry: bool = False) -> ib_async.Contract:
    """Return the question for a contract's details."""
    return ib_async.Option(
        symbol=contract.underlying,
        lastTradeDateOrContractMonth="" if any_expiry else f"{contract.expiry:%Y%m%d}",
        strike=float(contract.strike),
        right=contract.right.value,
        exchange="SMART",
        currency="USD",
    )


def underlying_of(symbol: str) -> ib_async.Contract:
    """Return the question for the stock, fund or index that ``symbol`` names."""
    if symbol in _INDICES:
        return ib_async.Index(symbol=symbol, exchange=_INDICES[symbol], currency="USD")
    return ib_async.Stock(symbol=symbol, exchange="SMART", currency="USD")


def choose(
    contract: OptionContract, found: list[ib_async.ContractDetails]
) -> ib_async.ContractDetails | str:
    """Return the one standard contract among ``found``, or why there is none."""
    standard = [
        each
        for each in found
        if each.contract is not None
        and each.contract.multiplier == _STANDARD_MULTIPLIER
        and _expiry_of(each.contract) == contract.expiry
        and each.contract.right in (contract.right.value, contract.right.name)
    ]
    if not found:
        return "IBKR lists no such contract"
    if not standard:
        return "only adjusted contracts are listed"
    for trading_class in _CLASSES.get(contract.underlying, (contract.underlying,)):
        for each in standard:
            if each.contract is not None and each.contract.tradingClass == trading_class:
                return each
    if len(standard) == 1:
        return standard[0]
    return f"{len(standard)} contracts fit and none is the standard class"


def around(
    symbol: str, chains: list[ib_async.OptionChain], price: Decimal, today: date
) -> list[list[OptionContract]]:
    """Return what is listed of ``symbol`` by expiry, each the nearest to ``price`` first.

    The expiries are those that alerts mean: the first from ``today`` on, and the first Friday's.
    """
    classes = _CLASSES.get(symbol, (symbol,))
    listed: dict[date, set[Decimal]] = {}
    for chain in chains:
        if chain.exchange == "SMART" and chain.tradingClass in classes:
            strikes = {Decimal(repr(each)).normalize() for each in chain.strikes}
            for text in chain.expirations:
                listed.setdefault(_date_of(text), set()).update(strikes)
    coming = sorted(day for day in listed if day >= today)
    fridays = [day for day in coming if day.weekday() == _FRIDAY]
    return [
        [
            OptionContract(underlying=symbol, expiry=day, strike=strike, right=right)
            for strike in sorted(listed[day], key=lambda each: (abs(each - price), each))
            for right in Right
        ]
        for day in dict.fromkeys([*coming[:1], *fridays[:1]])
    ]


def nearest(contract: OptionContract, found: list[ib_async.ContractDetails]) -> OptionContract:
    """Return ``contract`` with the first expiry among ``found`` that is not before its own."""
    listed = [_expiry_of(each.contract) for each in found if each.contract is not None]
    later = [expiry for expiry in listed if expiry >= contract.expiry]
    return replace(contract, expiry=min(later)) if later else contract


def market_rule_of(details: ib_async.ContractDetails) -> int | None:
    """Return the market rule of SMART routing; the two lists are index-aligned (IBKR)."""
    exchanges = details.validExchanges.split(",")
    rules = details.marketRuleIds.split(",")
    if "SMART" in exchanges and len(rules) == len(exchanges):
        return int(rules[exchanges.index("SMART")])
    return int(rules[0]) if rules and rules[0] else None


def details_of(
    details: ib_async.ContractDetails, rule: list[ib_async.PriceIncrement] | None
) -> ContractDetails:
    """Return a contract's details; without its market rule on the coarsest grid, valid in all."""
    contract = details.contract
    assert contract is not None
    bands = tuple(
        TickBand(low_edge=Decimal(repr(each.lowEdge)), increment=Decimal(repr(each.increment)))
        for each in rule or ()
    )
    return ContractDetails(
        con_id=ConId(contract.conId),
        trading_class=contract.tradingClass,
        multiplier=Decimal(contract.multiplier),
        ticks=Ticks(bands=bands or COARSE_TICKS),
        closes_at=closes_at(details.liquidHours, details.timeZoneId, _expiry_of(contract)),
    )


def contract_of(contract: OptionContract, details: ContractDetails) -> ib_async.Contract:
    """Return the contract as an order names it."""
    named = query_of(contract)
    named.conId = details.con_id
    named.tradingClass = details.trading_class
    named.multiplier = f"{details.multiplier.normalize():f}"
    return named


def order_of(order: Order, terms: Terms, account: str, *, transmit: bool) -> ib_async.Order:
    """Return an intent as IBKR wants it, with ``terms`` that may differ from its own in a change.

    The time in force is always said: an order preset that changed it would answer with 10349,
    which reads like a cancel. What protects a position outlives the day; an entry ends by itself
    soon after it should have been canceled, with or without us.
    """
    sent = ib_async.Order(
        orderId=order.ib_order_id,
        action="BUY" if order.side is Side.BUY else "SELL",
        totalQuantity=terms.order_qty,
        orderType=_ORDER_TYPES[order.order_type],
        tif=_time_in_force(order),
        orderRef=order.client_order_id,
        account=account,
        transmit=transmit,
        outsideRth=False,
    )
    if terms.limit_price is not None:
        sent.lmtPrice = float(terms.limit_price)
    _set_stop(sent, order, terms)
    if order.ends_at is not None:
        sent.goodTillDate = f"{order.ends_at.astimezone(UTC):{_UTC_FORM}}"
    if order.active_at is not None:
        at = f"{order.active_at.astimezone(EXCHANGE_ZONE):%Y%m%d %H:%M:%S} {_EXCHANGE_ZONE_NAME}"
        sent.conditions = [ib_async.TimeCondition(isMore=True, time=at)]
    if order.oca_group:
        sent.ocaGroup = order.oca_group
        sent.ocaType = _OCA_REDUCE_WITH_BLOCK
    if order.parent_ib_order_id is not None:
        sent.parentId = order.parent_ib_order_id
    return sent


def holding_of(contract: ib_async.Contract, qty: float) -> Holding:
    """Return what a position message says."""
    is_pair = contract.secType == "CASH"
    parts = [f"{contract.symbol}.{contract.currency}" if is_pair else contract.symbol]
    if contract.secType in ("OPT", "FOP"):
        parts.append(f"{contract.strike:g}{contract.right[:1]}")
    if contract.lastTradeDateOrContractMonth:
        parts.append(_day_of(contract.lastTradeDateOrContractMonth))
    return Holding(
        con_id=ConId(contract.conId),
        kind=contract.secType,
        name=" ".join(parts),
        symbol=contract.symbol,
        currency=contract.currency,
        qty=Decimal(str(qty)),
    )


def _day_of(text: str) -> str:
    # A future can be named by its month alone.
    day = text[:8]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdigit() else text


def foreign_contract_of(holding: Holding) -> ib_async.Contract:
    """Return the contract of a holding as an order names it: the id says which."""
    return ib_async.Contract(
        conId=holding.con_id,
        symbol=holding.symbol,
        secType=holding.kind,
        currency=holding.currency,
        exchange="SMART",
    )


def foreign_order_of(order: ForeignOrder, account: str) -> ib_async.Order:
    """Return the order that closes a holding as IBKR wants it."""
    return ib_async.Order(
        orderId=order.ib_order_id,
        action="BUY" if order.side is Side.BUY else "SELL",
        totalQuantity=order.order_qty,
        orderType=_ORDER_TYPES[OrderType.MARKET],
        tif="DAY",
        orderRef=order.client_order_id,
        account=account,
        transmit=True,
        outsideRth=False,
    )


def _time_in_force(order: Order) -> str:
    if order.purpose in PROTECTIVE:
        return "GTC"
    return "DAY" if order.ends_at is None else "GTD"


def _set_stop(sent: ib_async.Order, order: Order, terms: Terms) -> None:
    price = terms.stop_price
    if order.trail is None:
        if price is not None:
            sent.auxPrice = float(price)
        return
    # Of a trailing stop IBKR takes the distance, in dollars or per cent, and where it starts.
    if price is not None:
        sent.trailStopPrice = float(price)
    if order.trail.percent is not None:
        sent.trailingPercent = float(order.trail.percent)
    elif order.trail.amount is not None:
        sent.auxPrice = float(order.trail.amount)


def _expiry_of(contract: ib_async.Contract) -> date:
    return _date_of(contract.lastTradeDateOrContractMonth)


def _date_of(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
