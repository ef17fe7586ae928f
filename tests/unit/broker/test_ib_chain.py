"""What is learned of an underlying, from a simulated gateway in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from autoscalper.broker import ib_chain, ib_mapping
from autoscalper.broker.commands import LearnChain
from autoscalper.broker.events import ContractLearned, Event
from autoscalper.broker.ib_connection import FIRST_REQUEST_ID, IbConnection
from autoscalper.simulator.commands import Feeds
from autoscalper.simulator.faults import Action, Fault
from autoscalper.simulator.quote_desk import Feed
from tests.fakes.home import until
from tests.unit.simulator.stand import Stand

WEDNESDAY, FRIDAY = date(2026, 3, 18), date(2026, 3, 20)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANSWER_SECONDS", "PRICE_SECONDS"):
        monkeypatch.setattr(ib_chain, name, 0.3)
    monkeypatch.setattr(ib_chain, "PAUSE_SECONDS", 0.001)


class Learning:
    """A connection that learns, and what it told."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.heard: list[Event] = []
        self.wanted: asyncio.Queue[LearnChain] = asyncio.Queue()
        self.ib = IbConnection(1, 0, self.heard.append)

    def want(self, underlying: str, today: date = WEDNESDAY) -> None:
        self.wanted.put_nowait(LearnChain(underlying=underlying, today=today))

    @property
    def learned(self) -> list[ContractLearned]:
        return [each for each in self.heard if isinstance(each, ContractLearned)]

    def asked(self, message: str) -> int:
        return self.stand.gateway.received[message]


@asynccontextmanager
async def learning(directory: Path) -> AsyncIterator[Learning]:
    stand = Stand(directory, simulator_max_messages=0)
    await stand.server.listen()
    found = Learning(stand)
    await found.ib.connectAsync("127.0.0.1", stand.server.port, 1, timeout=5)
    found.ib.client.updateReqId(FIRST_REQUEST_ID)  # type: ignore[no-untyped-call]
    running = asyncio.ensure_future(ib_chain.learn(found.ib, found.wanted, found.heard.append))
    try:
        yield found
        assert not running.done(), running.exception()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        found.ib.disconnect()
        stand.close()


async def test_around_the_price_today_and_friday_are_learned_and_the_nearest_are_to_be_quoted(
    tmp_path: Path,
) -> None:
    async with learning(tmp_path) as found:
        found.want("SPY")
        await until(lambda: len(found.learned) == 48, "all contracts")

        assert [each.contract.expiry for each in found.learned] == [WEDNESDAY] * 24 + [FRIDAY] * 24
        near = {each.contract.strike for each in found.learned if each.is_near}
        assert near == {Decimal(strike) for strike in (670, 675, 680, 685, 690, 695)}
        assert sum(each.is_near for each in found.learned) == 12
        assert all(each.details.closes_at is not None for each in found.learned)
        assert found.asked("reqMarketRule") == 1
        # The line that the price took is given back.
        await until(lambda: found.asked("cancelMktData") == 1, "the end of the stream")


async def test_what_is_known_of_this_connection_is_not_asked_again(tmp_path: Path) -> None:
    async with learning(tmp_path) as found:
        found.want("SPY")
        await until(lambda: len(found.learned) == 48, "all contracts")
        asked = found.asked("reqContractDetails")
        found.want("SPY")
        await until(lambda: len(found.learned) == 96, "all of them again")
        assert found.asked("reqContractDetails") == asked + 1


async def test_an_index_is_learned_under_the_class_that_settles_in_the_afternoon(
    tmp_path: Path,
) -> None:
    async with learning(tmp_path) as found:
        found.want("SPX")
        await until(lambda: len(found.learned) == 48, "all contracts")
        assert {each.details.trading_class for each in found.learned} == {"SPXW"}


async def test_a_strike_that_is_not_listed_that_day_is_left_out(tmp_path: Path) -> None:
    async with learning(tmp_path) as found:
        refused = Fault(
            on="reqContractDetails", action=Action.REFUSE, nth=3, code=200, text="No security"
        )
        found.stand.execute(refused)
        found.want("SPY")
        await until(lambda: len(found.learned) == 47, "the others")
        asked = found.asked("reqContractDetails")
        found.want("SPY")
        await until(lambda: len(found.learned) == 94, "the others again")
        assert found.asked("reqContractDetails") == asked + 1


@pytest.mark.parametrize("cause", ["nobody knows it", "no price", "no chain", "no answer"])
async def test_what_cannot_be_learned_is_left_and_the_next_is_learned(
    tmp_path: Path, cause: str
) -> None:
    async with learning(tmp_path) as found:
        if cause == "no price":
            found.stand.execute(Feeds(feed=Feed.MISSING))
        elif cause == "no chain":
            found.stand.execute(
                Fault(on="reqSecDefOptParams", action=Action.REFUSE, code=321, text="no")
            )
        elif cause == "no answer":
            found.stand.execute(Fault(on="reqContractDetails", action=Action.NO_ANSWER, nth=4))
        found.want("NOSUCH" if cause == "nobody knows it" else "SPY")
        if cause == "no price":
            await until(lambda: found.asked("cancelMktData") == 1, "the end of patience")
            found.stand.execute(Feeds(feed=Feed.LIVE))
        found.want("QQQ")
        await until(
            lambda: sum(each.contract.underlying == "QQQ" for each in found.learned) == 48,
            "the next",
        )
        assert sum(each.contract.underlying == "SPY" for each in found.learned) in (0, 2)


async def test_nothing_is_asked_while_others_have_something_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with learning(tmp_path) as found:
        monkeypatch.setattr(found.ib.client, "is_quiet", lambda: False)
        found.want("SPY")
        await until(found.wanted.empty, "its turn")
        await asyncio.sleep(0.05)
        assert found.asked("reqContractDetails") == 0
        monkeypatch.setattr(found.ib.client, "is_quiet", lambda: True)
        await until(lambda: len(found.learned) == 48, "all contracts")


async def test_of_another_day_nothing_is_known(tmp_path: Path) -> None:
    async with learning(tmp_path) as found:
        found.want("SPY")
        await until(lambda: len(found.learned) == 48, "all contracts")
        asked, rules = found.asked("reqContractDetails"), found.asked("reqMarketRule")
        found.want("SPY", WEDNESDAY + timedelta(days=2))
        await until(lambda: found.wanted.empty() and len(found.learned) >= 72, "the other day's")
        assert found.asked("reqContractDetails") >= asked + 25
        assert found.asked("reqMarketRule") == rules + 1


async def test_a_market_rule_that_does_not_come_leaves_the_chain_to_who_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with learning(tmp_path) as found:
        asked: list[int] = []

        async def nothing(rule_id: int) -> None:
            asked.append(rule_id)

        with monkeypatch.context() as patched:
            patched.setattr(found.ib, "reqMarketRuleAsync", nothing)
            found.want("SPY")
            await until(lambda: asked, "the question for the rule")
        found.want("QQQ")
        await until(lambda: found.learned, "the next")
        assert found.learned[0].contract.underlying == "QQQ"


async def test_a_list_that_makes_no_sense_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def stumble(*listed: object) -> None:
        read.append(listed)
        raise ValueError("invalid literal for int() with base 10: 'MAR'")

    async with learning(tmp_path) as found:
        with monkeypatch.context() as patched:
            patched.setattr(ib_mapping, "around", stumble)
            found.want("SPY")
            await until(lambda: read, "the list")
        found.want("QQQ")
        await until(lambda: found.learned, "the next")


async def test_a_quote_is_wished_for_only_when_it_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with learning(tmp_path) as found:
        found.want("SPY")
        await until(lambda: len(found.learned) == 48, "all contracts")
        looks = 0

        def is_quiet() -> bool:
            nonlocal looks
            looks += 1
            return True

        monkeypatch.setattr(found.ib.client, "is_quiet", is_quiet)
        found.want("SPY")
        await until(lambda: len(found.learned) == 96, "all of them again")
        # The underlying, its price, the end of that, the list, and one for each quote.
        assert looks == 4 + ib_chain.NEAR
