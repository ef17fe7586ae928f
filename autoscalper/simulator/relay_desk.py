"""Answers what is asked about contracts and quotes with what IBKR's gateway says of them.

Questions go on to it under ids of their own and its answers come back as they are, so that delayed
quotes stay delayed quotes. One stream of each contract is enough for all who want it, and for the
orders and positions here, whose owner may be away.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol, assert_never

import msgspec

from autoscalper.domain.identity import ConId
from autoscalper.simulator import requests, upstream_talk
from autoscalper.simulator.codec import Value, encode_texts
from autoscalper.simulator.followed_market import FollowedMarket
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.layouts import MAX_VERSION
from autoscalper.simulator.order_desk import NO_DEFINITION
from autoscalper.simulator.session import QuoteSubscription, Session
from autoscalper.simulator.upstream_talk import Answer, Question
from autoscalper.simulator.world import World

logger = logging.getLogger(__name__)

#: The prices that come with their size.
_SIZED = ("bid", "ask", "last")
_NOT_OFFERED = "on another gateway's market there are contracts and streams of quotes only"


class Ask(Protocol):
    """Says something to the other gateway, or nothing while it is away."""

    def __call__(self, question: Question, *fields: Value) -> None: ...


class Stream(msgspec.Struct):
    """The quotes of one contract."""

    req_id: int
    contract: Contract
    #: The newest of each kind of tick, for those who come later.
    latest: dict[tuple[str, str], list[str]] = {}


class RelayDesk:
    """Requests about contracts and quotes, while another gateway's market is followed."""

    def __init__(self, world: World) -> None:
        """Work on ``world``; nobody can be asked yet."""
        self._world = world
        self._last_id = 0
        self._asked: dict[int, tuple[Session, int]] = {}
        self._rules: dict[int, list[Session]] = {}
        self._streams: dict[ConId, Stream] = {}
        self._version = MAX_VERSION
        self._ask: Ask | None = None

    def begin(self, ask: Ask, version: int) -> None:
        """Have somebody to ask, who speaks ``version``."""
        self._ask, self._version = ask, version
        self.tend()

    def end(self) -> None:
        """Have nobody to ask, and forget what was said: it may not hold any more."""
        self._ask = None
        self._asked.clear()
        self._rules.clear()
        self._streams.clear()
        if self._world.followed is not None:
            self._world.followed.forget()

    def answer(
        self, session: Session, request: requests.QuoteRequest | requests.ReferenceRequest
    ) -> None:
        """Do what a client asks about contracts and quotes."""
        match request:
            case requests.RequestMarketData():
                self._subscribe(session, request)
            case requests.CancelMarketData(req_id=req_id):
                if session.quotes.pop(req_id, None) is None:
                    session.error(req_id, 300, f"Can't find EId with tickerId:{req_id}")
            case requests.RequestMarketDataType(data_type=data_type):
                self._say(Question.MARKET_DATA_TYPE, 1, data_type)
            case requests.RequestTickByTick() | requests.RequestHistoricalData():
                session.invalid(request.req_id, _NOT_OFFERED)
            case requests.CancelTickByTick() | requests.CancelHistoricalData():
                pass  # there was nothing to end
            case _:
                self._hand_on(session, request)

    def _hand_on(
        self,
        session: Session,
        request: requests.RequestContractDetails
        | requests.RequestOptionParameters
        | requests.RequestMatchingSymbols
        | requests.RequestMarketRule,
    ) -> None:
        if isinstance(request, requests.RequestMarketRule):
            self._rules.setdefault(request.rule, []).append(session)
            self._say(Question.MARKET_RULE, request.rule)
            return
        req_id = self._next_id()
        self._asked[req_id] = (session, request.req_id)
        match request:
            case requests.RequestContractDetails(contract=spec):
                fields = upstream_talk.contract_details(req_id, spec, self._version)
                self._say(Question.CONTRACT_DETAILS, *fields)
            case requests.RequestOptionParameters(symbol=symbol, con_id=con_id):
                sec_type = request.sec_type
                self._say(Question.OPTION_PARAMETERS, req_id, symbol, "", sec_type, con_id)
            case requests.RequestMatchingSymbols(pattern=pattern):
                self._say(Question.MATCHING_SYMBOLS, req_id, pattern)
            case _:
                assert_never(request)

    def tend(self) -> None:
        """Stream what is wanted, held or ordered, and nothing else."""
        if self._ask is None:
            return
        wanted = self._world.wanted_contracts()
        for con_id in self._streams.keys() - wanted:
            self._say(Question.CANCEL_MARKET_DATA, 1, self._streams.pop(con_id).req_id)
        for con_id in sorted(wanted - self._streams.keys()):
            self._begin_stream(self._world.contract(con_id))
        self._world.market.keep_only(wanted)

    def hear(self, fields: list[str]) -> None:
        """Take in what the other gateway says, and hand it on to those who asked.

        Raises:
            ProtocolError: the fields are not those of the message.
        """
        try:
            answer = Answer(int(fields[0]))
        except ValueError:
            return
        at = upstream_talk.id_at(answer, self._version)
        if at is None or len(fields) <= at:
            return
        if answer is Answer.CONTRACT:
            self._world.instruments.learn(upstream_talk.contract_in(fields, self._version))
        req_id = int(fields[at])
        if answer is Answer.MARKET_RULE:
            for session in self._rules.pop(req_id, []):
                session.send(encode_texts(fields))
            return
        self._hand_back(answer, req_id, at, fields)

    def _hand_back(self, answer: Answer, req_id: int, at: int, fields: list[str]) -> None:
        stream = next((each for each in self._streams.values() if each.req_id == req_id), None)
        if stream is not None:
            self._take_tick(stream, answer, fields)
            for session, asked in self._listeners(stream.contract.con_id):
                session.send(_named(fields, at, asked))
        elif req_id in self._asked:
            session, asked = self._asked[req_id]
            session.send(_named(fields, at, asked))
            if answer in upstream_talk.LAST:
                del self._asked[req_id]

    def _take_tick(self, stream: Stream, answer: Answer, fields: Sequence[str]) -> None:
        if answer not in upstream_talk.TICKS:
            return
        at = 2 if answer is Answer.TICK_OPTION else 3
        kind = fields[at] if len(fields) > at else ""
        if answer in (Answer.MARKET_DATA_TYPE, Answer.TICK_PARAMETERS, Answer.ERROR):
            kind = ""
        stream.latest[fields[0], kind] = list(fields)
        market = self._world.followed
        if market is None or not kind.isdigit():
            return
        if answer is Answer.TICK_PRICE and int(kind) in upstream_talk.PRICES:
            name = upstream_talk.PRICES[int(kind)]
            market.hear(stream.contract, name, upstream_talk.price_in(fields[4]))
            if name in _SIZED:
                _hear_size(market, stream.contract, f"{name}_size", fields[5])
        elif answer is Answer.TICK_SIZE and int(kind) in upstream_talk.SIZES:
            _hear_size(market, stream.contract, upstream_talk.SIZES[int(kind)], fields[4])

    def _subscribe(self, session: Session, request: requests.RequestMarketData) -> None:
        found = self._world.find_contracts(request.contract)
        if len(found) != 1:
            session.error(request.req_id, 200, NO_DEFINITION)
            return
        if request.snapshot:
            session.invalid(request.req_id, _NOT_OFFERED)
            return
        (contract,) = found
        session.quotes[request.req_id] = QuoteSubscription(req_id=request.req_id, contract=contract)
        stream = self._streams.get(contract.con_id)
        if stream is None:
            self._begin_stream(contract)
            return
        for fields in stream.latest.values():
            at = upstream_talk.id_at(Answer(int(fields[0])), self._version)
            if at is not None:
                session.send(_named(fields, at, request.req_id))

    def _begin_stream(self, contract: Contract) -> None:
        req_id = self._next_id()
        self._streams[contract.con_id] = Stream(req_id=req_id, contract=contract)
        self._say(Question.MARKET_DATA, *upstream_talk.market_data(req_id, contract))

    def _listeners(self, con_id: ConId) -> list[tuple[Session, int]]:
        return [
            (session, each.req_id)
            for session in self._world.sessions
            for each in session.quotes.values()
            if each.contract.con_id == con_id
        ]

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _say(self, question: Question, *fields: Value) -> None:
        if self._ask is not None:
            self._ask(question, *fields)


def _hear_size(market: FollowedMarket, contract: Contract, name: str, field: str) -> None:
    size = upstream_talk.price_in(field)
    if size is not None:
        market.hear(contract, name, size)


def _named(fields: Sequence[str], at: int, req_id: int) -> bytes:
    return encode_texts([*fields[:at], str(req_id), *fields[at + 1 :]])
