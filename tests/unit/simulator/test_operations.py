from decimal import Decimal
from typing import Any

import pytest

from autoscalper.domain.contract import Right
from autoscalper.simulator import commands
from autoscalper.simulator.faults import Action, Fault
from autoscalper.simulator.operations import CommandFailed
from autoscalper.simulator.orders import Status
from autoscalper.simulator.quote_desk import Feed
from tests.unit.simulator.stand import EXPIRY, Stand, submission, terms
from tests.unit.simulator.wire import errors, wired


def place(stand: Stand, order_id: int = 1, *, ref: str = "ref", qty: int = 2) -> None:
    stand.quote("0.40", "0.50")
    con_id = next(iter(stand.world.market._own))
    wanted = terms(qty=qty, con_id=con_id, order_ref=ref)
    orders = stand.gateway.orders
    orders.publish(stand.world.book.place(submission(order_id, wanted), stand.clock.now()))


def shown(stand: Stand, command: commands.Command) -> Any:
    return stand.execute(command)


def quote_of(strike: str, expiry: object = EXPIRY) -> commands.SetQuote:
    return commands.SetQuote(
        underlying="SPX",
        expiry=expiry,  # type: ignore[arg-type]  # the tests' own choice
        strike=Decimal(strike),
        right=Right.PUT,
    )


def test_a_quote_without_prices_only_shows(stand: Stand) -> None:
    first = shown(stand, quote_of("6850"))["quote"]
    assert first.bid > 0
    assert shown(stand, quote_of("6850"))["quote"] == first


def test_of_two_classes_the_weekly_one_is_meant(stand: Stand) -> None:
    shown(stand, quote_of("6850"))
    (contract,) = [
        each for each in stand.state.contracts() if each.con_id in stand.world.market._contracts
    ]
    assert contract.trading_class == "SPXW"


def test_a_contract_that_is_not_listed_is_an_error(stand: Stand) -> None:
    with pytest.raises(CommandFailed, match="SPX 6851P"):
        stand.execute(quote_of("6851"))


def test_an_order_fills_in_part_and_at_any_price(stand: Stand) -> None:
    place(stand)
    price = Decimal("0.07")
    stand.execute(commands.Fill(order_ref="ref", qty=Decimal(1), price=price))
    (order,) = stand.world.book.live
    assert order.cum_qty == 1
    assert order.avg_price == price
    stand.execute(commands.Fill(perm_id=order.perm_id))
    with pytest.raises(CommandFailed, match="live order"):
        stand.execute(commands.Fill(perm_id=order.perm_id))


def test_no_order_fills_more_than_it_has(stand: Stand) -> None:
    place(stand)
    with pytest.raises(CommandFailed, match="at most 2"):
        stand.execute(commands.Fill(order_ref="ref", qty=Decimal(3)))


@pytest.mark.parametrize(("code", "status"), [(None, Status.CANCELLED), (201, Status.INACTIVE)])
def test_the_exchange_can_end_an_order(stand: Stand, code: int | None, status: Status) -> None:
    place(stand)
    stand.execute(commands.Kill(order_ref="ref", code=code))
    (order,) = stand.state.all_orders()
    assert order.status is status


def test_a_fill_can_be_corrected(stand: Stand) -> None:
    place(stand)
    stand.execute(commands.Fill(order_ref="ref"))
    (fill,) = shown(stand, commands.ShowLedger())["orders"][0].fills
    correction = commands.Correct(exec_id=fill.exec_id, qty=Decimal(1), price=Decimal("0.43"))
    assert shown(stand, correction)["exec_id"] == fill.exec_id[:-2] + "02"
    (held,) = shown(stand, commands.ShowPositions())["positions"]
    assert held["qty"] == 1
    with pytest.raises(CommandFailed, match="exec id"):
        stand.execute(commands.Correct(exec_id="x", qty=Decimal(1), price=Decimal(1)))


def test_a_correction_can_be_corrected_by_the_name_of_its_fill(stand: Stand) -> None:
    place(stand)
    stand.execute(commands.Fill(order_ref="ref"))
    (fill,) = shown(stand, commands.ShowLedger())["orders"][0].fills
    for number, qty in (("02", 1), ("03", 2), ("04", 1)):
        again = commands.Correct(exec_id=fill.exec_id, qty=Decimal(qty), price=Decimal("0.43"))
        assert shown(stand, again)["exec_id"] == fill.exec_id[:-2] + number
        (held,) = shown(stand, commands.ShowPositions())["positions"]
        assert held["qty"] == qty


def test_positions_come_with_the_account(stand: Stand) -> None:
    place(stand)
    stand.execute(commands.Fill(order_ref="ref"))
    found = shown(stand, commands.ShowPositions())
    assert found["positions"][0]["contract"]["underlying"] == "SPY"
    assert found["account"]["TotalCashValue"] == Decimal("99912.70")


def test_stats_count(stand: Stand) -> None:
    place(stand)
    stats = shown(stand, commands.ShowStats())
    assert (stats["live_orders"], stats["connections"], stats["unknown"]) == (1, 0, 0)
    assert stats["next_order_ids"] == {1: 2}


def test_a_spot_moves_the_options_at_the_next_step(stand: Stand) -> None:
    before = shown(stand, quote_of("6850"))["quote"]
    stand.execute(commands.SetSpot(underlying="SPX", price=Decimal(6500)))
    stand.execute(commands.Step(count=2))
    assert shown(stand, quote_of("6850"))["quote"].bid > before.bid + 200


async def test_connections_feeds_and_words_are_commands_too(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        gateway.execute(commands.Say(code=2105, text="broken", client=5))
        gateway.execute(commands.Say(code=2106, text="for another", client=6))
        gateway.execute(commands.Feeds(feed=Feed.COMPETING))
        gateway.execute(Fault(on="reqIds", action=Action.NO_ANSWER))
        assert errors(await wire.answers()) == [("-1", "2105")]
        assert list(shown(gateway, commands.ShowFaults())["faults"]) == [1]
        gateway.execute(commands.Clear())
        assert gateway.gateway.quotes.feed is Feed.LIVE
        assert shown(gateway, commands.ShowFaults()) == {"faults": {}}
        assert shown(gateway, commands.Drop(client=5)) == {"dropped": 1}
        assert await wire.ending() == b""
