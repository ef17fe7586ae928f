"""What clients say: one struct for each message that is understood."""

from __future__ import annotations

import msgspec

from autoscalper.domain.identity import ConId, IbOrderId
from autoscalper.simulator.instruments import ContractSpec


class StartApi(msgspec.Struct, frozen=True, kw_only=True):
    """Names the client; nothing else is answered before it."""

    client_id: int


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Places an order, or amends the live one of the same id.

    Attributes:
        fields: every field that is not part of the contract, as sent, by its IBKR name.
        blocks: the fields of each block, as sent.
    """

    order_id: IbOrderId
    contract: ContractSpec
    fields: dict[str, str]
    blocks: dict[str, tuple[str, ...]]


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to cancel one order of this client."""

    order_id: IbOrderId


class GlobalCancel(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to cancel every order of every client."""


class RequestOpenOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for this client's open orders."""


class RequestAllOpenOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the open orders of all clients."""


class RequestAutoOpenOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to bind orders placed by hand; there are none here."""


class RequestCompletedOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the orders that ended today."""


class RequestExecutions(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for today's fills; empty parts of the filter match everything."""

    req_id: int
    client_id: int
    account: str
    #: Not before this, in any of IBKR's spellings.
    time: str
    symbol: str
    sec_type: str
    exchange: str
    side: str


class RequestIds(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the next order id."""


class RequestContractDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the contracts that a description means."""

    req_id: int
    contract: ContractSpec


class RequestMarketData(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribes to quotes, or asks for one snapshot of them."""

    req_id: int
    contract: ContractSpec
    generic_ticks: str
    snapshot: bool


class CancelMarketData(msgspec.Struct, frozen=True, kw_only=True):
    """Ends a subscription to quotes."""

    req_id: int


class RequestMarketDataType(msgspec.Struct, frozen=True, kw_only=True):
    """Chooses live (1), frozen (2), delayed (3) or delayed-frozen (4) quotes."""

    data_type: int


class RequestTickByTick(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribes to single ticks: Last, AllLast, BidAsk or MidPoint."""

    req_id: int
    contract: ContractSpec
    tick_type: str


class CancelTickByTick(msgspec.Struct, frozen=True, kw_only=True):
    """Ends a subscription to single ticks."""

    req_id: int


class RequestManagedAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the accounts of the login."""


class RequestAccountUpdates(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribes to account values and positions, or ends that."""

    subscribe: bool
    account: str


class RequestAccountUpdatesMulti(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribes to the values of one account or model."""

    req_id: int
    account: str
    model: str


class CancelAccountUpdatesMulti(msgspec.Struct, frozen=True, kw_only=True):
    """Ends the subscription to values of one account or model."""

    req_id: int


class RequestAccountSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribes to chosen account values."""

    req_id: int
    tags: tuple[str, ...]


class CancelAccountSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Ends the subscription to chosen account values."""

    req_id: int


class RequestPositions(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribes to positions."""


class CancelPositions(msgspec.Struct, frozen=True, kw_only=True):
    """Ends the subscription to positions."""


class RequestPnl(msgspec.Struct, frozen=True, kw_only=True):
    """Subscribes to the profit of the account, or of one position in it."""

    req_id: int
    account: str
    #: None for the whole account.
    con_id: ConId | None = None


class CancelPnl(msgspec.Struct, frozen=True, kw_only=True):
    """Ends a subscription to profit."""

    req_id: int


class RequestOptionParameters(msgspec.Struct, frozen=True, kw_only=True):
    """Asks which expiries and strikes the options on an underlying have."""

    req_id: int
    symbol: str
    con_id: ConId
    #: Of the underlying.
    sec_type: str = ""


class RequestMatchingSymbols(msgspec.Struct, frozen=True, kw_only=True):
    """Asks which underlyings a pattern could mean."""

    req_id: int
    pattern: str


class RequestMarketRule(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the price steps of a market rule."""

    rule: int


class RequestHistoricalData(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for bars, or for the trading schedule."""

    req_id: int
    contract: ContractSpec
    end: str
    bar_size: str
    duration: str
    regular_hours: bool
    what: str


class CancelHistoricalData(msgspec.Struct, frozen=True, kw_only=True):
    """Ends a request for bars."""

    req_id: int


class RequestCurrentTime(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the gateway's time."""


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A message id that nobody here knows."""

    message_id: int


OrderRequest = (
    PlaceOrder
    | CancelOrder
    | GlobalCancel
    | RequestOpenOrders
    | RequestAllOpenOrders
    | RequestAutoOpenOrders
    | RequestCompletedOrders
    | RequestExecutions
)
AccountRequest = (
    RequestAccountUpdates
    | RequestAccountUpdatesMulti
    | CancelAccountUpdatesMulti
    | RequestAccountSummary
    | CancelAccountSummary
    | RequestPositions
    | CancelPositions
    | RequestPnl
    | CancelPnl
)
QuoteRequest = (
    RequestMarketData
    | CancelMarketData
    | RequestMarketDataType
    | RequestTickByTick
    | CancelTickByTick
)
ReferenceRequest = (
    RequestContractDetails
    | RequestOptionParameters
    | RequestMatchingSymbols
    | RequestMarketRule
    | RequestHistoricalData
    | CancelHistoricalData
)
PlainRequest = StartApi | RequestIds | RequestManagedAccounts | RequestCurrentTime | Unknown
Request = OrderRequest | AccountRequest | QuoteRequest | ReferenceRequest | PlainRequest
