"""Learns ahead of need what is listed of an underlying around its price.

One question at a time, with pauses, and none while others have something to say: what is learned
here saves a wait and is never worth one. What does not come is left; who needs it asks again.
"""

from __future__ import annotations

import asyncio
import logging
import math
from decimal import Decimal

import ib_async
from ib_async.wrapper import RequestError

from autoscalper.broker import ib_mapping
from autoscalper.broker.commands import LearnChain
from autoscalper.broker.events import ContractDetails, ContractLearned
from autoscalper.broker.ib_connection import Emit, IbConnection
from autoscalper.broker.pacing import BRACKET
from autoscalper.domain.contract import OptionContract

logger = logging.getLogger(__name__)

#: Contracts that are asked about at each expiry, and those of the first that are quoted as well:
#: each strike is two, a call and a put.
AROUND, NEAR = 24, 12
#: Seconds between two questions: a few of IBKR's fifty messages a second.
PAUSE_SECONDS = 0.1
#: Messages that others could send at once, or nothing is asked here.
ROOM = 2 * BRACKET
#: Seconds for an answer and for the underlying's first price.
ANSWER_SECONDS, PRICE_SECONDS = 10.0, 4.0

Known = dict[OptionContract, ContractDetails]


async def learn(ib: IbConnection, wanted: asyncio.Queue[LearnChain], emit: Emit) -> None:
    """Learn chain after chain, for as long as the connection lasts."""
    known: Known = {}
    while True:
        command = await wanted.get()
        try:
            learned = await _learn_one(ib, command, known, emit)
        except (TimeoutError, RequestError) as error:
            logger.info("not learned ahead underlying=%s error=%s", command.underlying, error)
        else:
            logger.info("learned ahead underlying=%s contracts=%s", command.underlying, learned)


async def _learn_one(ib: IbConnection, wanted: LearnChain, known: Known, emit: Emit) -> int:
    symbol = wanted.underlying
    found = await _asked(ib, ib_mapping.underlying_of(symbol))
    if not found or found[0].contract is None:
        return 0
    underlying = found[0].contract
    price = await _price(ib, underlying)
    await _pause(ib)
    async with asyncio.timeout(ANSWER_SECONDS):
        chains = await ib.reqSecDefOptParamsAsync(symbol, "", underlying.secType, underlying.conId)
    learned = 0
    for place, listed in enumerate(ib_mapping.around(symbol, chains, price, wanted.today)):
        for rank, contract in enumerate(listed[:AROUND]):
            details = known.get(contract) or await _details(ib, contract)
            if details is not None:
                known[contract] = details
                is_near = place == 0 and rank < NEAR
                emit(ContractLearned(contract=contract, details=details, is_near=is_near))
                learned += 1
    return learned


async def _details(ib: IbConnection, contract: OptionContract) -> ContractDetails | None:
    try:
        found = await _asked(ib, ib_mapping.query_of(contract))
    except RequestError:
        # Strikes are listed for all expiries together: not each is there on each day.
        return None
    chosen = ib_mapping.choose(contract, found)
    return None if isinstance(chosen, str) else await ib.details_of(chosen)


async def _asked(ib: IbConnection, query: ib_async.Contract) -> list[ib_async.ContractDetails]:
    await _pause(ib)
    async with asyncio.timeout(ANSWER_SECONDS):
        return await ib.reqContractDetailsAsync(query)


async def _price(ib: IbConnection, underlying: ib_async.Contract) -> Decimal:
    await _pause(ib)
    ticker = ib.reqMktData(underlying, "", False, False)
    try:
        async with asyncio.timeout(PRICE_SECONDS):
            while (price := _price_in(ticker)) is None:
                await ticker.updateEvent
    finally:
        ib.cancelMktData(underlying)
    return price


def _price_in(ticker: ib_async.Ticker) -> Decimal | None:
    # Before the open and without trades there is the close of the day before.
    for number in (ticker.marketPrice(), ticker.close):
        price = None if math.isnan(number) else ib_mapping.quote_side(number)
        if price is not None:
            return price
    return None


async def _pause(ib: IbConnection) -> None:
    has_room = False
    while not has_room:
        await asyncio.sleep(PAUSE_SECONDS)
        has_room = ib.client.room() >= ROOM
