"""What a gateway says, in short messages: a function for each, which returns its frame.

Field lists from IBKR's TWS API (EDecoder); ``version`` is the client's server version where the
message depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from autoscalper.simulator import market_rules, sessions, times
from autoscalper.simulator.account import Position, cents
from autoscalper.simulator.codec import UNSET_DOUBLE, Value, encode
from autoscalper.simulator.contract_codec import written
from autoscalper.simulator.instruments import Contract, Underlying, con_id_of
from autoscalper.simulator.model import Greeks
from autoscalper.simulator.orders import Execution, Order, Side

_HOURS_DAYS = 7
_ORDER_TYPES = "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,AON,COND,DAY,FOK,GAT,GTC,GTD,IOC,LMT,MKT,STP,TRAIL"


def hello(version: int, now: datetime) -> bytes:
    """Return the answer to the greeting: two fields and no message id."""
    return encode(version, times.render(now))


def error(req_id: int, code: int, text: str, version: int) -> bytes:
    """Return an error or a notice; ``req_id`` is a request, an order id, or -1."""
    advanced = ("",) if version >= 166 else ()
    return encode(4, 2, req_id, code, text, *advanced)


def next_valid_id(order_id: int) -> bytes:
    """Return the next order id that the client may use."""
    return encode(9, 1, order_id)


def managed_accounts(account: str) -> bytes:
    """Return the accounts of the login."""
    return encode(15, 1, account)


def current_time(now: datetime) -> bytes:
    """Return the gateway's time, in whole seconds since 1970."""
    return encode(49, 1, int(now.timestamp()))


def open_order_end() -> bytes:
    """Return the end of a list of open orders."""
    return encode(53, 1)


def completed_orders_end() -> bytes:
    """Return the end of a list of completed orders."""
    return encode(102)


def order_status(order: Order) -> bytes:
    """Return where an order stands."""
    return encode(
        3,
        order.order_id,
        order.status.value,
        order.cum_qty,
        order.leaves_qty,
        order.avg_price,
        order.perm_id,
        order.terms.parent_id,
        order.last_price,
        order.client_id,
        order.why_held,
        0,
    )


def execution(req_id: int, fill: Execution, contract: Contract, version: int) -> bytes:
    """Return one fill; ``req_id`` is -1 for one that just happened."""
    pending_price_revision = (False,) if version >= 178 else ()
    return encode(
        11,
        req_id,
        fill.order_id,
        *written(contract),
        fill.exec_id,
        times.render(fill.executed_at),
        fill.account,
        contract.exchanges[1],
        "BOT" if fill.side is Side.BUY else "SLD",
        fill.last_qty,
        fill.last_price,
        fill.perm_id,
        fill.client_id,
        0,
        fill.cum_qty,
        fill.avg_price,
        fill.order_ref,
        "",
        "",
        "",
        2,
        *pending_price_revision,
    )


def execution_end(req_id: int) -> bytes:
    """Return the end of a list of fills."""
    return encode(55, 1, req_id)


def commission_report(fill: Execution) -> bytes:
    """Return what a fill cost, and the profit of what it closed."""
    realized: Value = UNSET_DOUBLE if fill.realized_pnl is None else cents(fill.realized_pnl)
    return encode(59, 1, fill.exec_id, fill.commission, "USD", realized, UNSET_DOUBLE, "")


def contract_details(req_id: int, contract: Contract, today: date, version: int) -> bytes:
    """Return everything about one contract."""
    expiry = "" if contract.expiry is None else f"{contract.expiry:%Y%m%d}"
    hours = sessions.hours_text(today, _HOURS_DAYS, late=contract.late)
    rules = ",".join(str(contract.rule) for _ in contract.exchanges)
    return encode(
        10,
        *((8,) if version < 164 else ()),
        req_id,
        contract.symbol,
        contract.sec_type,
        expiry,
        0 if contract.strike is None else contract.strike,
        "0" if contract.right is None else contract.right.value,
        "SMART" if contract.strike is not None else contract.exchange,
        "USD",
        contract.local_symbol,
        contract.trading_class,
        contract.trading_class,
        contract.con_id,
        market_rules.BANDS[contract.rule][0][1],
        *((1,) if version < 164 else ()),
        contract.multiplier if contract.strike is not None else "",
        _ORDER_TYPES,
        ",".join(contract.exchanges),
        1,
        contract.under_con_id,
        contract.name,
        contract.primary_exchange,
        expiry[:6],
        "",
        "",
        "",
        sessions.ZONE_NAME,
        hours,
        hours,
        "",
        0,
        0,
        2 if contract.strike is not None else 1,
        contract.symbol if contract.strike is not None else "",
        "" if contract.strike is None else _under_sec_type(contract),
        rules,
        expiry,
        "" if contract.strike is not None or contract.sec_type == "IND" else "ETF",
        *_size_fields(version),
    )


def _under_sec_type(contract: Contract) -> str:
    return "IND" if contract.rule == market_rules.NICKEL else "STK"


def _size_fields(version: int) -> tuple[Value, ...]:
    # minSize, sizeIncrement, suggestedSizeIncrement; 163 knew only the last of them.
    if version >= 164:
        return 1, 1, 1
    return (1,) if version >= 163 else ()


def contract_details_end(req_id: int) -> bytes:
    """Return the end of a list of contracts."""
    return encode(52, 1, req_id)


def option_parameters(
    req_id: int,
    exchange: str,
    underlying: Underlying,
    trading_class: str,
    expiries: Sequence[date],
    strikes: Sequence[Decimal],
) -> bytes:
    """Return the expiries and strikes of one trading class at one exchange."""
    return encode(
        75,
        req_id,
        exchange,
        con_id_of(underlying.symbol),
        trading_class,
        100,
        len(expiries),
        *(f"{day:%Y%m%d}" for day in expiries),
        len(strikes),
        *strikes,
    )


def option_parameters_end(req_id: int) -> bytes:
    """Return the end of a list of chains."""
    return encode(76, req_id)


def symbol_samples(req_id: int, found: Sequence[Underlying], version: int) -> bytes:
    """Return the underlyings that a pattern could mean."""
    row: list[Value] = [79, req_id, len(found)]
    for each in found:
        row += [con_id_of(each.symbol), each.symbol, each.sec_type, each.exchange, "USD", 1, "OPT"]
        row += [each.name, ""] if version >= 176 else []
    return encode(*row)


def market_rule(rule: int) -> bytes:
    """Return the price steps of a market rule."""
    bands = market_rules.BANDS[rule]
    return encode(93, rule, len(bands), *(value for band in bands for value in band))


def position(account: str, held: Position, contract: Contract) -> bytes:
    """Return one position; its cost is per contract, multiplier included."""
    row = written(contract, exchange="")
    return encode(61, 3, account, *row, held.qty, cents(held.avg_cost))


def position_end() -> bytes:
    """Return the end of a list of positions."""
    return encode(62, 1)


def portfolio(account: str, held: Position, contract: Contract, price: Decimal) -> bytes:
    """Return one position with what it is worth."""
    value = held.qty * price * held.multiplier
    row = list(written(contract))
    # The eighth field is the primary exchange here, and there is no other one.
    row[7] = contract.primary_exchange
    return encode(
        7,
        8,
        *row,
        held.qty,
        price,
        cents(value),
        cents(held.avg_cost),
        cents(value - held.qty * held.avg_cost),
        cents(held.realized_pnl),
        account,
    )


def account_value(tag: str, value: Value, account: str) -> bytes:
    """Return one account value; words have no currency."""
    return encode(6, 2, tag, value, _currency_of(value), account)


def account_time(now: datetime) -> bytes:
    """Return when the account values were computed."""
    return encode(8, 1, f"{now.astimezone(sessions.ZONE):%H:%M}")


def account_download_end(account: str) -> bytes:
    """Return the end of the first batch of account values."""
    return encode(54, 1, account)


def account_multi(req_id: int, account: str, model: str, tag: str, value: Value) -> bytes:
    """Return one value of an account or model."""
    return encode(73, 1, req_id, account, model, tag, value, _currency_of(value))


def account_multi_end(req_id: int) -> bytes:
    """Return the end of the first batch of values of an account or model."""
    return encode(74, 1, req_id)


def account_summary(req_id: int, account: str, tag: str, value: Value) -> bytes:
    """Return one chosen account value."""
    return encode(63, 1, req_id, account, tag, value, _currency_of(value))


def account_summary_end(req_id: int) -> bytes:
    """Return the end of the chosen account values."""
    return encode(64, 1, req_id)


def _currency_of(value: Value) -> str:
    return "USD" if isinstance(value, Decimal) else ""


def pnl(req_id: int, unrealized: Decimal, realized: Decimal) -> bytes:
    """Return the profit of the account today."""
    return encode(94, req_id, cents(unrealized + realized), cents(unrealized), cents(realized))


def pnl_single(req_id: int, held: Position, price: Decimal) -> bytes:
    """Return the profit of one position today."""
    value = held.qty * price * held.multiplier
    unrealized = cents(value - held.qty * held.avg_cost)
    realized = cents(held.realized_pnl)
    return encode(95, req_id, held.qty, unrealized + realized, unrealized, realized, cents(value))


def market_data_type(req_id: int, data_type: int) -> bytes:
    """Return whether quotes are live (1) or delayed (3)."""
    return encode(58, 1, req_id, data_type)


def tick_parameters(req_id: int, contract: Contract) -> bytes:
    """Return the price step, the exchanges behind the quote, and the snapshot permissions."""
    return encode(81, req_id, market_rules.BANDS[contract.rule][0][1], "9c0001", 3)


def tick_price(req_id: int, tick_type: int, price: Value, size: Value) -> bytes:
    """Return one price; bid and ask carry their size."""
    return encode(1, 6, req_id, tick_type, price, size, 1)


def tick_size(req_id: int, tick_type: int, size: Value) -> bytes:
    """Return one size."""
    return encode(2, 6, req_id, tick_type, size)


def tick_option(req_id: int, tick_type: int, greeks: Greeks) -> bytes:
    """Return the model's view of an option."""
    numbers = (
        greeks.volatility,
        greeks.delta,
        greeks.value,
        0.0,
        greeks.gamma,
        greeks.vega,
        greeks.theta,
        greeks.spot,
    )
    return encode(21, req_id, tick_type, 0, *(f"{number:.8f}" for number in numbers))


def tick_snapshot_end(req_id: int) -> bytes:
    """Return the end of a snapshot of quotes."""
    return encode(57, 1, req_id)


def by_tick_bid_ask(req_id: int, now: datetime, prices: tuple[Value, Value, Value, Value]) -> bytes:
    """Return one change of the quote: bid, ask, and their sizes."""
    return encode(99, req_id, 3, int(now.timestamp()), *prices, 0)


def by_tick_last(req_id: int, kind: int, now: datetime, price: Value, size: Value) -> bytes:
    """Return one trade; kind 1 for Last, 2 for AllLast."""
    return encode(99, req_id, kind, int(now.timestamp()), price, size, 0, "CBOE", "")


def by_tick_mid(req_id: int, now: datetime, price: Value) -> bytes:
    """Return one change of the middle of the quote."""
    return encode(99, req_id, 4, int(now.timestamp()), price)
