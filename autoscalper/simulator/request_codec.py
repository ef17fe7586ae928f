"""Reads what clients say: from the fields of a frame to a struct of ``requests``.

Field order from IBKR's TWS API (EClient). The versions of single messages are skipped: no client
of server version 157 or later sends another one.
"""

from __future__ import annotations

from collections.abc import Callable

from autoscalper.domain.identity import ConId, IbOrderId
from autoscalper.simulator.codec import FieldReader
from autoscalper.simulator.contract_codec import read_contract
from autoscalper.simulator.place_order import read_place_order
from autoscalper.simulator.requests import (
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelHistoricalData,
    CancelMarketData,
    CancelOrder,
    CancelPnl,
    CancelPositions,
    CancelTickByTick,
    GlobalCancel,
    Request,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
    RequestContractDetails,
    RequestCurrentTime,
    RequestExecutions,
    RequestHistoricalData,
    RequestIds,
    RequestManagedAccounts,
    RequestMarketData,
    RequestMarketDataType,
    RequestMarketRule,
    RequestMatchingSymbols,
    RequestOpenOrders,
    RequestOptionParameters,
    RequestPnl,
    RequestPositions,
    RequestTickByTick,
    StartApi,
    Unknown,
)


def read(payload: bytes, version: int) -> Request:
    """Return what a message says, for a client of that server version.

    Raises:
        ProtocolError: the fields are not those of the message.
    """
    fields = FieldReader(payload)
    message_id = fields.integer()
    if message_id not in _READERS:
        return Unknown(message_id=message_id)
    return _READERS[message_id][1](fields, version)


def name_of(payload: bytes) -> str:
    """Return the name of the method of IBKR's EClient that sends a message, or ``unknown``."""
    head = payload.partition(b"\0")[0]
    message_id = int(head) if head.isdigit() else -1
    return _READERS[message_id][0] if message_id in _READERS else "unknown"


def _start_api(fields: FieldReader, _: int) -> Request:
    fields.text()
    return StartApi(client_id=fields.integer())


def _cancel_order(fields: FieldReader, _: int) -> Request:
    fields.text()
    return CancelOrder(order_id=IbOrderId(fields.integer()))


def _executions(fields: FieldReader, _: int) -> Request:
    fields.text()
    return RequestExecutions(
        req_id=fields.integer(),
        client_id=fields.integer(),
        account=fields.text(),
        time=fields.text(),
        symbol=fields.text(),
        sec_type=fields.text(),
        exchange=fields.text(),
        side=fields.text(),
    )


def _contract_details(fields: FieldReader, _: int) -> Request:
    fields.text()
    return RequestContractDetails(req_id=fields.integer(), contract=read_contract(fields))


def _market_data(fields: FieldReader, _: int) -> Request:
    fields.text()
    req_id = fields.integer()
    contract = read_contract(fields)
    if contract.sec_type == "BAG":
        fields.texts(4 * fields.integer())
    if fields.flag():
        fields.texts(3)  # a delta-neutral contract: id, delta, price
    return RequestMarketData(
        req_id=req_id, contract=contract, generic_ticks=fields.text(), snapshot=fields.flag()
    )


def _market_data_type(fields: FieldReader, _: int) -> Request:
    fields.text()
    return RequestMarketDataType(data_type=fields.integer())


def _tick_by_tick(fields: FieldReader, _: int) -> Request:
    return RequestTickByTick(
        req_id=fields.integer(), contract=read_contract(fields), tick_type=fields.text()
    )


def _account_updates(fields: FieldReader, _: int) -> Request:
    fields.text()
    return RequestAccountUpdates(subscribe=fields.flag(), account=fields.text())


def _account_updates_multi(fields: FieldReader, _: int) -> Request:
    fields.text()
    return RequestAccountUpdatesMulti(
        req_id=fields.integer(), account=fields.text(), model=fields.text()
    )


def _account_summary(fields: FieldReader, _: int) -> Request:
    fields.text()
    req_id = fields.integer()
    fields.text()  # the group of accounts; there is one account
    return RequestAccountSummary(req_id=req_id, tags=tuple(fields.text().split(",")))


def _pnl(fields: FieldReader, _: int) -> Request:
    return RequestPnl(req_id=fields.integer(), account=fields.text())


def _pnl_single(fields: FieldReader, _: int) -> Request:
    req_id, account = fields.integer(), fields.text()
    fields.text()  # the model
    return RequestPnl(req_id=req_id, account=account, con_id=ConId(fields.integer()))


def _option_parameters(fields: FieldReader, _: int) -> Request:
    req_id, symbol = fields.integer(), fields.text()
    sec_type = fields.texts(2)[1]  # before it the exchange of futures options
    con_id = ConId(fields.integer())
    return RequestOptionParameters(req_id=req_id, symbol=symbol, con_id=con_id, sec_type=sec_type)


def _matching_symbols(fields: FieldReader, _: int) -> Request:
    return RequestMatchingSymbols(req_id=fields.integer(), pattern=fields.text())


def _market_rule(fields: FieldReader, _: int) -> Request:
    return RequestMarketRule(rule=fields.integer())


def _historical_data(fields: FieldReader, _: int) -> Request:
    req_id = fields.integer()
    contract = read_contract(fields)
    fields.text()  # whether expired contracts count
    return RequestHistoricalData(
        req_id=req_id,
        contract=contract,
        end=fields.text(),
        bar_size=fields.text(),
        duration=fields.text(),
        regular_hours=fields.flag(),
        what=fields.text(),
    )


_Reader = Callable[[FieldReader, int], Request]


def _bare(request: Request) -> _Reader:
    return lambda fields, version: request


def _cancel(build: Callable[[int], Request], *, versioned: bool = True) -> _Reader:
    def reader(fields: FieldReader, _: int) -> Request:
        if versioned:
            fields.text()
        return build(fields.integer())

    return reader


_READERS: dict[int, tuple[str, _Reader]] = {
    1: ("reqMktData", _market_data),
    2: ("cancelMktData", _cancel(lambda req_id: CancelMarketData(req_id=req_id))),
    3: ("placeOrder", read_place_order),
    4: ("cancelOrder", _cancel_order),
    5: ("reqOpenOrders", _bare(RequestOpenOrders())),
    6: ("reqAccountUpdates", _account_updates),
    7: ("reqExecutions", _executions),
    8: ("reqIds", _bare(RequestIds())),
    9: ("reqContractDetails", _contract_details),
    15: ("reqAutoOpenOrders", _bare(RequestAutoOpenOrders())),
    16: ("reqAllOpenOrders", _bare(RequestAllOpenOrders())),
    17: ("reqManagedAccts", _bare(RequestManagedAccounts())),
    20: ("reqHistoricalData", _historical_data),
    25: ("cancelHistoricalData", _cancel(lambda req_id: CancelHistoricalData(req_id=req_id))),
    49: ("reqCurrentTime", _bare(RequestCurrentTime())),
    58: ("reqGlobalCancel", _bare(GlobalCancel())),
    59: ("reqMarketDataType", _market_data_type),
    61: ("reqPositions", _bare(RequestPositions())),
    62: ("reqAccountSummary", _account_summary),
    63: ("cancelAccountSummary", _cancel(lambda req_id: CancelAccountSummary(req_id=req_id))),
    64: ("cancelPositions", _bare(CancelPositions())),
    71: ("startApi", _start_api),
    76: ("reqAccountUpdatesMulti", _account_updates_multi),
    77: (
        "cancelAccountUpdatesMulti",
        _cancel(lambda req_id: CancelAccountUpdatesMulti(req_id=req_id)),
    ),
    78: ("reqSecDefOptParams", _option_parameters),
    81: ("reqMatchingSymbols", _matching_symbols),
    91: ("reqMarketRule", _market_rule),
    92: ("reqPnL", _pnl),
    93: ("cancelPnL", _cancel(lambda req_id: CancelPnl(req_id=req_id), versioned=False)),
    94: ("reqPnLSingle", _pnl_single),
    95: ("cancelPnLSingle", _cancel(lambda req_id: CancelPnl(req_id=req_id), versioned=False)),
    97: ("reqTickByTickData", _tick_by_tick),
    98: (
        "cancelTickByTickData",
        _cancel(lambda req_id: CancelTickByTick(req_id=req_id), versioned=False),
    ),
    99: ("reqCompletedOrders", _bare(RequestCompletedOrders())),
}
