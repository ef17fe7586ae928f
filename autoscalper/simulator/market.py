"""Prices: quotes for every contract that somebody looks at, and what moves them.

Underlyings walk at random from a seed, and options follow them by a model. A quote that was set by
hand (or by a script) takes its contract out of the walk. An anchored market, for replays of posts
whose true prices nobody has, takes a contract's price from the first limit order that arrives.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import Right
from autoscalper.domain.identity import ConId
from autoscalper.simulator import instruments, market_rules, model, sessions
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.orders import Side

_VOLATILITY = 0.22
_SPREAD = Decimal("0.02")
_STEP_DEVIATION = 0.0004
_GRAIN = Decimal("0.0001")


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What the market shows of one contract. None where there is no such price."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal = Decimal(100)
    ask_size: Decimal = Decimal(100)
    last: Decimal | None = None
    last_size: Decimal = Decimal(1)
    volume: Decimal = Decimal(0)
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None

    @property
    def mid(self) -> Decimal | None:
        """Return the middle of bid and ask, or the last price where one of them is missing."""
        if self.bid is None or self.ask is None:
            return self.last
        return (self.bid + self.ask) / 2


class OwnPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a contract that left the model: it walks on its own, or stands still."""

    con_id: ConId
    quote: Quote
    price: Decimal
    moves: bool


class Market:
    """Quotes by contract. Deterministic: the same seed and calls give the same prices."""

    def __init__(
        self,
        seed: int,
        *,
        anchored: bool = False,
        spots: dict[str, Decimal] | None = None,
        own_prices: Iterable[tuple[Contract, OwnPrice]] = (),
    ) -> None:
        """Go on with the prices of an earlier run; ``anchored`` markets believe limit orders."""
        self._anchored = anchored
        self._random = random.Random(seed)
        self._spots = dict(spots or {})
        self._quotes: dict[ConId, Quote] = {}
        self._own: dict[ConId, OwnPrice] = {}
        self._contracts: dict[ConId, Contract] = {}
        self._changed: set[ConId] = set()
        for contract, own in own_prices:
            self._contracts[contract.con_id] = contract
            self._quotes[contract.con_id] = own.quote
            self._own[contract.con_id] = own

    def spot(self, symbol: str) -> Decimal:
        """Return the price of an underlying."""
        if symbol not in self._spots:
            underlying = instruments.underlying_of(symbol)
            self._spots[symbol] = underlying.spot if underlying else Decimal(100)
        return self._spots[symbol]

    def centre(self, contract: Contract) -> None:
        """Move a made-up spot near the strike of the first option that is asked for.

        Well-known symbols are moved in an anchored market only. Once a spot was used it stays.
        """
        symbol, strike = contract.symbol, contract.strike
        if symbol in self._spots or strike is None:
            return
        known = any(symbol == each.symbol for each in instruments.known_symbols())
        if self._anchored or not known:
            self._spots[symbol] = (strike * Decimal("1.002")).quantize(Decimal("0.01"))

    def quote(self, contract: Contract, now: datetime) -> Quote:
        """Return the quote of ``contract``; asking for it makes the contract followed."""
        known = self._quotes.get(contract.con_id)
        if known is not None:
            return known
        self._contracts[contract.con_id] = contract
        return self._refresh(contract, now)

    def keep_only(self, con_ids: set[ConId]) -> None:
        """Stop following all contracts but these, and those whose price was set by hand."""
        for con_id in self._contracts.keys() - con_ids - self._own.keys():
            del self._contracts[con_id], self._quotes[con_id]

    def set_spot(self, symbol: str, price: Decimal) -> None:
        """Set the price of an underlying."""
        self._spots[symbol] = price

    def set_quote(self, contract: Contract, quote: Quote, *, moves: bool) -> Quote:
        """Set what the market shows and return it with its day.

        From here on the contract stands still unless it ``moves``.
        """
        con_id = contract.con_id
        self._contracts[con_id] = contract
        quote = _with_day(quote, self._quotes.get(con_id))
        self._quotes[con_id] = quote
        self._keep(OwnPrice(con_id=con_id, quote=quote, price=quote.mid or Decimal(0), moves=moves))
        return quote

    def take_changes(self) -> tuple[dict[ConId, OwnPrice], dict[str, Decimal]]:
        """Return the own prices that changed since the last call, and all spots."""
        changed = {con_id: self._own[con_id] for con_id in self._changed}
        self._changed.clear()
        return changed, self._spots

    def anchor(self, contract: Contract, side: Side, limit_price: Decimal, now: datetime) -> bool:
        """Believe a limit order in an anchored market; return whether the quote changed.

        Only the first one for a contract counts. The order is marketable afterwards: the far side
        stands at its limit, a tick better where that is a price.
        """
        if not self._anchored or contract.con_id in self._own or limit_price <= 0:
            return False
        tick = market_rules.tick_at(contract.rule, limit_price)
        if side is Side.BUY:
            quote = Quote(bid=max(limit_price - 2 * tick, tick), ask=max(limit_price - tick, tick))
        else:
            quote = Quote(bid=limit_price, ask=limit_price + tick)
        self.set_quote(contract, msgspec.structs.replace(quote, last=quote.bid), moves=True)
        return True

    def step(self, now: datetime) -> list[tuple[Contract, Quote]]:
        """Let a moment pass; return the quotes that changed."""
        for symbol in sorted(self._spots):
            move = Decimal(self._random.gauss(0, _STEP_DEVIATION))
            self._spots[symbol] = (self._spots[symbol] * (1 + move)).quantize(Decimal("0.01"))
        changed = []
        for con_id, contract in list(self._contracts.items()):
            before = self._quotes.get(con_id)
            after = self._refresh(contract, now)
            if after != before:
                changed.append((contract, after))
        return changed

    def greeks(self, contract: Contract, now: datetime) -> model.Greeks | None:
        """Return the model's view of an option; None for anything else."""
        if contract.strike is None or contract.expiry is None:
            return None
        expires = datetime.combine(contract.expiry, time(16), sessions.ZONE)
        return model.evaluate(
            spot=float(self.spot(contract.symbol)),
            strike=float(contract.strike),
            seconds=(expires - now).total_seconds(),
            is_call=contract.right is Right.CALL,
            volatility=_VOLATILITY,
        )

    def _refresh(self, contract: Contract, now: datetime) -> Quote:
        own = self._own.get(contract.con_id)
        if own is not None and not own.moves:
            return self._quotes[contract.con_id]
        if own is None and self._anchored and contract.strike is not None:
            # A made-up price would be taken for the market that the post was written in.
            return self._quotes.setdefault(contract.con_id, Quote())
        price = self._model_price(contract, now) if own is None else self._walked(own)
        before = self._quotes.get(contract.con_id)
        quote = _with_day(self._around(contract, price), before)
        self._quotes[contract.con_id] = quote
        if own is not None:
            self._keep(msgspec.structs.replace(own, quote=quote, price=price))
        return quote

    def _walked(self, own: OwnPrice) -> Decimal:
        move = Decimal(self._random.gauss(0, 20 * _STEP_DEVIATION))
        return max((own.price * (1 + move)).quantize(_GRAIN), _GRAIN)

    def _keep(self, own: OwnPrice) -> None:
        self._own[own.con_id] = own
        self._changed.add(own.con_id)

    def _model_price(self, contract: Contract, now: datetime) -> Decimal:
        greeks = self.greeks(contract, now)
        if greeks is None:
            return self.spot(contract.symbol)
        return Decimal(max(greeks.value, 0.0)).quantize(_GRAIN)

    def _around(self, contract: Contract, price: Decimal) -> Quote:
        tick = market_rules.tick_at(contract.rule, price)
        half = max(tick, price * _SPREAD) / 2 if contract.strike is not None else tick / 2
        bid = market_rules.round_down(contract.rule, max(price - half, Decimal(0)))
        ask = max(market_rules.round_up(contract.rule, price + half), bid + tick)
        return Quote(
            bid=bid,
            ask=ask,
            bid_size=Decimal(self._random.randint(10, 200)),
            ask_size=Decimal(self._random.randint(10, 200)),
            last=self._random.choice((bid or tick, ask)),
            last_size=Decimal(self._random.randint(1, 20)),
        )


def _with_day(quote: Quote, before: Quote | None) -> Quote:
    if before is None:
        before = Quote(close=quote.mid)
    last = quote.last if quote.last is not None else before.last
    prices = [price for price in (before.high, before.low, last) if price is not None]
    return msgspec.structs.replace(
        quote,
        last=last,
        volume=max(quote.volume, before.volume + quote.last_size),
        high=max(prices, default=None),
        low=min(prices, default=None),
        close=before.close,
    )
