"""Learns ahead of need what is listed of an underlying around its price.

One question at a time, and none while others have something to say: what is learned here saves a
wait and is never worth one. What does not come is left; who needs it asks again.
"""

from __future__ import annotations

import asyncio
import logging
import math
from datetime import date
from decimal import Decimal

import ib_async
from ib_async.wrapper import RequestError

from autoscalper.broker import ib_mapping
from autoscalper.broker.commands import LearnChain
from autoscalper.broker.events import ContractDetails, ContractLearned
from autoscalper.broker.ib_connection import Emit, IbConnection
from autoscalper.domain.contract import OptionContract

logger = logging.getLogger(__name__)

#: Contracts that are asked about at each expiry, and those of the first that are quoted as well:
#: each strike is two, a call and a put.
AROUND, NEAR = 24, 12
#: Seconds between two looks whether it is quiet.
PAUSE_SECONDS = 0.05
#: Seconds for an answer and for the underlying's first price.
ANSWER_SECONDS, PRICE_SECONDS = 10.0, 4.0
#: Contracts that are remembered at most.
MOST_KNOWN = 2000
#: What comes of an answer that cannot be read: nothing that is odd in a list may end what trades.
_MAKES_NO_SENSE = (ValueError, TypeError, LookupError, ArithmeticError, AssertionError)


async def learn(ib: IbConnection, wanted: asyncio.Queue[LearnChain], emit: Emit) -> None:
    """Learn chain after chain, for as long as the connection lasts."""
    learner = _Learner(ib, date.min)
    while True:
        command = await wanted.get()
        if command.today != learner.today or len(learner.known) > MOST_KNOWN:
            learner = _Learner(ib, command.today)
        try:
            learned = await learner.learn(command.underlying, emit)
        except (TimeoutError, RequestError, *_MAKES_NO_SENSE) as error:
            logger.info("not learned ahead underlying=%s error=%r", command.underlying, error)
        else:
            logger.info("learned ahead underlying=%s contracts=%s", command.underlying, learned)


class _Learner:
    # Knows what was learned on one day over one connection.

    def __init__(self, ib: IbConnection, today: date) -> None:
        self.today = today
        # None: it is not listed. Strikes are listed for all expiries together, not each is there
        # each day.
        self.known: dict[OptionContract, ContractDetails | None] = {}
        self._rules: dict[int, list[ib_async.PriceIncrement]] = {}
        self._ib = ib

    async def learn(self, symbol: str, emit: Emit) -> int:
        found = await self._asked(ib_mapping.underlying_of(symbol))
        if not found or found[0].contract is None:
            return 0
        underlying = found[0].contract
        price = await self._price(underlying)
        await self._quiet()
        async with asyncio.timeout(ANSWER_SECONDS):
            chains = await self._ib.reqSecDefOptParamsAsync(
                symbol, "", underlying.secType, underlying.conId
            )
        learned = 0
        for place, listed in enumerate(ib_mapping.around(symbol, chains, price, self.today)):
            for rank, contract in enumerate(listed[:AROUND]):
                is_near = place == 0 and rank < NEAR
                learned += await self._learn_one(contract, emit, is_near=is_near)
        return learned

    async def _learn_one(self, contract: OptionContract, emit: Emit, *, is_near: bool) -> bool:
        if contract not in self.known:
            try:
                self.known[contract] = await self._details(contract)
            except RequestError:
                self.known[contract] = None
        details = self.known[contract]
        if details is None:
            return False
        if is_near:
            # Its quote is asked for next.
            await self._quiet()
        emit(ContractLearned(contract=contract, details=details, is_near=is_near))
        return True

    async def _details(self, contract: OptionContract) -> ContractDetails | None:
        found = await self._asked(ib_mapping.query_of(contract))
        chosen = ib_mapping.choose(contract, found)
        if isinstance(chosen, str):
            return None
        rule_id = ib_mapping.market_rule_of(chosen)
        if rule_id is None:
            return ib_mapping.details_of(chosen, None)
        if rule_id not in self._rules:
            await self._quiet()
            rule = await self._ib.rule(rule_id)
            if not rule:
                raise TimeoutError(f"market rule {rule_id} did not come")
            self._rules[rule_id] = rule
        return ib_mapping.details_of(chosen, self._rules[rule_id])

    async def _asked(self, query: ib_async.Contract) -> list[ib_async.ContractDetails]:
        await self._quiet()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._ib.reqContractDetailsAsync(query)

    async def _price(self, underlying: ib_async.Contract) -> Decimal:
        await self._quiet()
        ticker = self._ib.reqMktData(underlying, "", False, False)
        try:
            async with asyncio.timeout(PRICE_SECONDS):
                while (price := _price_in(ticker)) is None:
                    await ticker.updateEvent
            await self._quiet()
        finally:
            self._ib.cancelMktData(underlying)
        return price

    async def _quiet(self) -> None:
        is_quiet = False
        while not is_quiet:
            await asyncio.sleep(PAUSE_SECONDS)
            is_quiet = self._ib.client.is_quiet()


def _price_in(ticker: ib_async.Ticker) -> Decimal | None:
    # Before the open and without trades there is the close of the day before.
    for number in (ticker.marketPrice(), ticker.close):
        price = None if math.isnan(number) else ib_mapping.quote_side(number)
        if price is not None:
            return price
    return None
