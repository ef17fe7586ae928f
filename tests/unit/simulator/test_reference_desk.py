import ib_async
import pytest

from tests.unit.simulator.stand import EXPIRY, Stand, connected, spy_option
from tests.unit.simulator.test_order_desk import call
from tests.unit.simulator.wire import errors, wired


async def matching(ib: ib_async.IB, pattern: str) -> list[ib_async.Contract]:
    found = await ib.reqMatchingSymbolsAsync(pattern) or []
    return [each.contract for each in found if each.contract is not None]


async def test_a_client_finds_its_way_from_symbol_to_price_step(gateway: Stand) -> None:
    async with connected(gateway) as ib:
        (found,) = await matching(ib, "SPY")
        chains = await ib.reqSecDefOptParamsAsync("SPY", "", "STK", found.conId)
        smart = next(chain for chain in chains if chain.exchange == "SMART")
        assert f"{EXPIRY:%Y%m%d}" in smart.expirations
        assert 685.0 in smart.strikes
        (details,) = await ib.reqContractDetailsAsync(spy_option())
        rule = details.marketRuleIds.split(",")[details.validExchanges.split(",").index("SMART")]
        assert await ib.reqMarketRuleAsync(int(rule)) == [ib_async.PriceIncrement(0.0, 0.01)]
        assert details.timeZoneId == "US/Eastern"
        assert details.contract is not None
        assert details.contract.conId > 0


async def test_a_chain_is_the_answer_to_half_a_description(gateway: Stand) -> None:
    async with connected(gateway) as ib:
        half = ib_async.Option("SPY", f"{EXPIRY:%Y%m%d}", 0, "C", "SMART", currency="USD")
        assert len(await ib.reqContractDetailsAsync(half)) == 81


async def test_an_index_lists_two_classes(gateway: Stand) -> None:
    async with connected(gateway) as ib:
        chains = await ib.reqSecDefOptParamsAsync("SPX", "", "IND", 0)
        assert {chain.tradingClass for chain in chains} == {"SPX", "SPXW"}
        details = await ib.reqContractDetailsAsync(
            ib_async.Option("SPX", f"{EXPIRY:%Y%m%d}", 6850, "P", "SMART", currency="USD")
        )
        assert len(details) == 2
        assert {each.minTick for each in details} == {0.05}


async def test_a_symbol_that_is_not_known_can_still_be_traded(gateway: Stand) -> None:
    async with connected(gateway) as ib:
        assert [each.symbol for each in await matching(ib, "ZZQ")] == ["ZZQ"]
        option = ib_async.Option("ZZQ", f"{EXPIRY:%Y%m%d}", 50, "C", "SMART", currency="USD")
        (contract,) = await ib.qualifyContractsAsync(option)
        assert contract is not None


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (["78", "3", "no symbol", "", "STK", "0"], ("3", "321")),
        (["78", "3", "SPY", "", "STK", "5"], ("3", "321")),
        (["91", "5"], ("-1", "321")),
        (["9", "8", "3", "0", "SPY", "OPT", "20260321", *[""] * 8, "0", "", "", ""], ("3", "200")),
        (
            ["20", "3", "0", "SPY", "STK", *[""] * 9, "0", "", "1 eon", "1 D", "1", "TRADES", "1"],
            ("3", "321"),
        ),
        (
            ["20", "3", "0", "???", "STK", *[""] * 9, "0", "", "1 min", "1 D", "1", "TRADES", "1"],
            ("3", "200"),
        ),
    ],
)
async def test_what_does_not_exist_is_an_error(
    gateway: Stand, message: list[str], error: tuple[str, str]
) -> None:
    async with wired(gateway) as wire:
        wire.send(*message)
        assert errors(await wire.answers()) == [error]


async def test_history_is_bars_and_schedules(gateway: Stand) -> None:
    gateway.quote("0.40", "0.42")
    async with connected(gateway) as ib:
        contract = await call(ib)
        bars = await ib.reqHistoricalDataAsync(contract, "", "3600 S", "5 mins", "TRADES", True)
        assert len(bars) == 12
        assert bars[-1].close == 0.41
        schedule = await ib.reqHistoricalScheduleAsync(contract, 5)
        assert schedule.sessions[-1].refDate == "20260318"
