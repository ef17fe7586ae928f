"""What is said to IBKR's gateway whose market is followed, and what its answers mean. Pure.

``Question`` names every message that can ever be sent there. None of them places, changes or
cancels an order, and there is no other way to say anything (IBKR's TWS API, EClient, EDecoder).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from autoscalper.domain.contract import Right
from autoscalper.domain.identity import ConId
from autoscalper.simulator import market_rules
from autoscalper.simulator.codec import ProtocolError, Value, decimal, encode
from autoscalper.simulator.instruments import Contract, ContractSpec, underlying_of
from autoscalper.simulator.layouts import MAX_VERSION, MIN_VERSION

_VERSIONS = f"v{MIN_VERSION}..{MAX_VERSION}".encode()
#: What is said first; an answer of two fields comes back, the version and the time.
GREETING = b"API\0" + len(_VERSIONS).to_bytes(4, "big") + _VERSIONS

#: Since which version a request for contracts names a bond's issuer.
_ISSUER_VERSION = 176
#: Since which version an answer about a contract begins with the request's id.
_PLAIN_VERSION = 164
#: The parts of a quote by tick type; delayed ones beside those that are live ("Tick Types").
PRICES = {
    1: "bid", 2: "ask", 4: "last", 6: "high", 7: "low", 9: "close",
    66: "bid", 67: "ask", 68: "last", 72: "high", 73: "low", 75: "close",
}  # fmt: skip
SIZES = {
    0: "bid_size", 3: "ask_size", 5: "last_size", 8: "volume",
    69: "bid_size", 70: "ask_size", 71: "last_size", 74: "volume",
}  # fmt: skip


class Question(enum.IntEnum):
    """Everything that can be said, by the id of its message."""

    MARKET_DATA = 1
    CANCEL_MARKET_DATA = 2
    CONTRACT_DETAILS = 9
    CURRENT_TIME = 49
    MARKET_DATA_TYPE = 59
    START_API = 71
    OPTION_PARAMETERS = 78
    MATCHING_SYMBOLS = 81
    MARKET_RULE = 91


class Answer(enum.IntEnum):
    """What comes back, by the id of its message, as far as it means something here."""

    TICK_PRICE = 1
    TICK_SIZE = 2
    ERROR = 4
    CONTRACT = 10
    TICK_OPTION = 21
    TICK_GENERIC = 45
    TICK_STRING = 46
    CURRENT_TIME = 49
    CONTRACTS_END = 52
    TICK_SNAPSHOT_END = 57
    MARKET_DATA_TYPE = 58
    CHAIN = 75
    CHAINS_END = 76
    SYMBOLS = 79
    TICK_PARAMETERS = 81
    MARKET_RULE = 93


#: Where the request's id stands in an answer; one about a contract has it by the version.
ID_AT = {
    Answer.TICK_PRICE: 2,
    Answer.TICK_SIZE: 2,
    Answer.ERROR: 2,
    Answer.TICK_OPTION: 1,
    Answer.TICK_GENERIC: 2,
    Answer.TICK_STRING: 2,
    Answer.CONTRACTS_END: 2,
    Answer.TICK_SNAPSHOT_END: 2,
    Answer.MARKET_DATA_TYPE: 2,
    Answer.CHAIN: 1,
    Answer.CHAINS_END: 1,
    Answer.SYMBOLS: 1,
    Answer.TICK_PARAMETERS: 1,
    Answer.MARKET_RULE: 1,
}
#: Which of the answers about a subscription to quotes hold until the next one of their kind.
TICKS = frozenset(
    {
        Answer.ERROR,
        Answer.TICK_PRICE,
        Answer.TICK_SIZE,
        Answer.TICK_OPTION,
        Answer.TICK_GENERIC,
        Answer.TICK_STRING,
        Answer.MARKET_DATA_TYPE,
        Answer.TICK_PARAMETERS,
    }
)
#: The answers after which no other one to the same request comes.
LAST = frozenset({Answer.CONTRACTS_END, Answer.CHAINS_END, Answer.SYMBOLS, Answer.ERROR})


def said(question: Question, *fields: Value) -> bytes:
    """Return the bytes of a question."""
    return encode(question.value, *fields)


def contract_details(req_id: int, spec: ContractSpec, version: int) -> tuple[Value, ...]:
    """Return the fields of ``Question.CONTRACT_DETAILS``."""
    issuer = ("",) if version >= _ISSUER_VERSION else ()
    return (8, req_id, *_described(spec), False, "", "", *issuer)


def market_data(req_id: int, contract: Contract) -> tuple[Value, ...]:
    """Return the fields of ``Question.MARKET_DATA``: a stream of the usual ticks."""
    spec = ContractSpec(con_id=contract.con_id, sec_type=contract.sec_type, exchange="SMART")
    return (11, req_id, *_described(spec), False, "", False, False, "")


def _described(spec: ContractSpec) -> tuple[Value, ...]:
    return (
        spec.con_id,
        spec.symbol,
        spec.sec_type,
        spec.expiry,
        spec.strike or 0,
        spec.right,
        "",
        spec.exchange,
        "",
        spec.currency,
        spec.local_symbol,
        spec.trading_class,
    )


def id_at(answer: Answer, version: int) -> int | None:
    """Return where an answer has the request's id, None for one that answers no request."""
    if answer is Answer.CONTRACT:
        return 1 if version >= _PLAIN_VERSION else 2
    return ID_AT.get(answer)


def contract_in(fields: Sequence[str], version: int) -> Contract:
    """Return the contract that ``Answer.CONTRACT`` tells of.

    Its price step is the smallest of its market rule: what the rest of that rule refuses is not
    refused here.

    Raises:
        ProtocolError: the fields are not those of a contract.
    """
    start = 2 if version >= _PLAIN_VERSION else 3
    more = 0 if version >= _PLAIN_VERSION else 1
    try:
        symbol, sec_type, expiry, strike, right = fields[start : start + 5]
        exchange, _, local_symbol, _, trading_class, con_id, min_tick = fields[
            start + 5 : start + 12
        ]
        under_con_id, name = fields[start + 16 + more], fields[start + 17 + more]
        listed = _day(expiry)
        return Contract(
            con_id=ConId(int(con_id)),
            symbol=symbol,
            sec_type=sec_type,
            expiry=listed,
            strike=decimal(strike) if listed else None,
            right=Right(right) if listed and right in ("C", "P") else None,
            exchange=exchange,
            local_symbol=local_symbol,
            trading_class=trading_class,
            rule=_rule(decimal(min_tick)),
            under_con_id=ConId(int(under_con_id or 0)),
            name=name,
            late=_trades_late(symbol),
        )
    except (ValueError, IndexError) as error:
        raise ProtocolError(f"expected a contract, was {fields[:14]!r} ({error})") from error


def price_in(field: str) -> Decimal | None:
    """Return a tick's price or size; None for a number that is none, or below zero."""
    try:
        number = decimal(field)
    except ProtocolError:
        return None
    return None if number is None or number < 0 else number


def _day(text: str) -> date | None:
    # A time may follow: 20261127 16:00:00 US/Eastern.
    return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if text else None


def _rule(min_tick: Decimal | None) -> int:
    return market_rules.NICKEL if min_tick == Decimal("0.05") else market_rules.PENNY


def _trades_late(symbol: str) -> bool:
    known = underlying_of(symbol)
    return known is not None and known.late
