"""Sends quotes to those who subscribed to them.

Tick types from the TWS API ("Available Tick Types"): 1 bid, 2 ask, 4 last, 6 high, 7 low, 9 close
with sizes 0, 3 and 5, 8 volume, 13 the model's view; delayed quotes use 66 and up.
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import assert_never

import msgspec

from autoscalper.simulator import replies, requests
from autoscalper.simulator.codec import Value
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.market import Quote
from autoscalper.simulator.order_desk import NO_DEFINITION
from autoscalper.simulator.requests import RequestMarketData, RequestTickByTick
from autoscalper.simulator.session import QuoteSubscription, Session, TickSubscription
from autoscalper.simulator.world import World

_NO_PRICE = -1
_DELAYED = 3


class Feed(enum.Enum):
    """What is wrong with market data, if anything."""

    LIVE = "live"
    #: Not subscribed: delayed quotes for those who ask for them (10167), an error otherwise (354).
    DELAYED = "delayed"
    #: Subscriptions are accepted and nothing comes.
    MISSING = "missing"
    #: The bid stands above the ask.
    CROSSED = "crossed"
    #: One quote comes and no other after it.
    STALE = "stale"
    #: Prices are no numbers.
    NAN = "nan"
    #: Another login of the same user has the data (10197).
    COMPETING = "competing"


class QuoteDesk:
    """Requests about quotes."""

    def __init__(self, world: World) -> None:
        """Work on ``world``."""
        self._world = world
        self.feed = Feed.LIVE

    def answer(self, session: Session, request: requests.QuoteRequest) -> None:
        """Do what a client asks about quotes."""
        match request:
            case requests.RequestMarketData():
                self._subscribe(session, request)
            case requests.CancelMarketData(req_id=req_id):
                self._unsubscribe(session, req_id)
            case requests.RequestMarketDataType(data_type=data_type):
                session.market_data_type = data_type
            case requests.RequestTickByTick():
                self._subscribe_ticks(session, request)
            case requests.CancelTickByTick(req_id=req_id):
                session.ticks.pop(req_id, None)
            case _:
                assert_never(request)

    def push(self) -> None:
        """Send what changed since each subscriber was last told."""
        if self.feed in (Feed.STALE, Feed.MISSING, Feed.COMPETING):
            return
        for session in self._world.sessions:
            for quotes in session.quotes.values():
                self._send_quote(session, quotes)
            for ticks in session.ticks.values():
                self._send_tick(session, ticks)

    def lose_subscriptions(self) -> None:
        """Forget every subscription without a word, as after error 1101."""
        for session in self._world.sessions:
            session.quotes.clear()
            session.ticks.clear()

    def _subscribe(self, session: Session, request: RequestMarketData) -> None:
        contract = self._contract(session, request.req_id, request)
        if contract is None or self._is_refused(session, request.req_id):
            return
        subscription = QuoteSubscription(req_id=request.req_id, contract=contract)
        session.quotes[request.req_id] = subscription
        data_type = _DELAYED if self.feed is Feed.DELAYED else 1
        session.send(
            replies.tick_parameters(request.req_id, contract),
            replies.market_data_type(request.req_id, data_type),
        )
        self._send_quote(session, subscription)
        if request.snapshot:
            del session.quotes[request.req_id]
            session.send(replies.tick_snapshot_end(request.req_id))

    def _unsubscribe(self, session: Session, req_id: int) -> None:
        if session.quotes.pop(req_id, None) is None:
            session.error(req_id, 300, f"Can't find EId with tickerId:{req_id}")

    def _subscribe_ticks(self, session: Session, request: RequestTickByTick) -> None:
        contract = self._contract(session, request.req_id, request)
        if contract is None or self._is_refused(session, request.req_id):
            return
        subscription = TickSubscription(
            req_id=request.req_id, contract=contract, kind=request.tick_type
        )
        session.ticks[request.req_id] = subscription
        self._send_tick(session, subscription)

    def _contract(
        self, session: Session, req_id: int, request: RequestMarketData | RequestTickByTick
    ) -> Contract | None:
        found = self._world.find_contracts(request.contract)
        if len(found) != 1:
            session.error(req_id, 200, NO_DEFINITION)
            return None
        return found[0]

    def _is_refused(self, session: Session, req_id: int) -> bool:
        if self.feed is Feed.COMPETING:
            text = "No market data during competing live session"
            session.error(req_id, 10197, text)
        elif self.feed is Feed.DELAYED and session.market_data_type < _DELAYED:
            session.error(req_id, 354, "Requested market data is not subscribed.")
        elif self.feed is Feed.DELAYED:
            text = "Requested market data is not subscribed. Displaying delayed market data."
            session.error(req_id, 10167, text)
            return False
        else:
            return False
        return True

    def _seen(self, contract: Contract) -> Quote:
        quote = self._world.quote(contract)
        if self.feed is Feed.CROSSED:
            return msgspec.structs.replace(quote, bid=quote.ask, ask=quote.bid)
        return quote

    def _send_quote(self, session: Session, subscription: QuoteSubscription) -> None:
        quote, told = self._seen(subscription.contract), subscription.told
        if quote == told or self.feed is Feed.MISSING:
            return
        subscription.told = quote
        delayed = self.feed is Feed.DELAYED
        req_id = subscription.req_id
        for frame in _price_frames(req_id, quote, told or Quote(), delayed, self.feed is Feed.NAN):
            session.send(frame)
        greeks = self._world.market.greeks(subscription.contract, self._world.now())
        if greeks is not None:
            session.send(replies.tick_option(req_id, 83 if delayed else 13, greeks))

    def _send_tick(self, session: Session, subscription: TickSubscription) -> None:
        quote, now = self._seen(subscription.contract), self._world.now()
        if quote == subscription.told:
            return
        subscription.told = quote
        req_id = subscription.req_id
        match subscription.kind:
            case "BidAsk":
                prices = (_shown(quote.bid), _shown(quote.ask), quote.bid_size, quote.ask_size)
                session.send(replies.by_tick_bid_ask(req_id, now, prices))
            case "MidPoint":
                session.send(replies.by_tick_mid(req_id, now, _shown(quote.mid)))
            case _:
                kind = 1 if subscription.kind == "Last" else 2
                last, size = _shown(quote.last), quote.last_size
                session.send(replies.by_tick_last(req_id, kind, now, last, size))


def _shown(price: Decimal | None) -> Value:
    return _NO_PRICE if price is None else price


def _price_frames(
    req_id: int, quote: Quote, told: Quote, delayed: bool, broken: bool
) -> list[bytes]:
    # (tick type, type of its size if it has one, delayed type, price, size, and what was told)
    rows = (
        (1, 0, 66, quote.bid, quote.bid_size, told.bid, told.bid_size),
        (2, 3, 67, quote.ask, quote.ask_size, told.ask, told.ask_size),
        (4, 5, 68, quote.last, quote.last_size, told.last, told.last_size),
        (6, None, 72, quote.high, Decimal(0), told.high, Decimal(0)),
        (7, None, 73, quote.low, Decimal(0), told.low, Decimal(0)),
        (9, None, 75, quote.close, Decimal(0), told.close, Decimal(0)),
    )
    frames = []
    for kind, size_kind, delayed_kind, price, size, told_price, told_size in rows:
        if (price, size) == (told_price, told_size):
            continue
        shown: Value = "NaN" if broken else _shown(price)
        frames.append(replies.tick_price(req_id, delayed_kind if delayed else kind, shown, size))
        if size_kind is not None:
            delayed_size = {0: 69, 3: 70, 5: 71}[size_kind]
            frames.append(replies.tick_size(req_id, delayed_size if delayed else size_kind, size))
    if quote.volume != told.volume:
        frames.append(replies.tick_size(req_id, 74 if delayed else 8, quote.volume))
    return frames
