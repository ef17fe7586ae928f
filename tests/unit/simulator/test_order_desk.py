"""Orders as ib_async sees them, over a real socket."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import ib_async
import pytest

from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.identity import ExecId
from tests.unit.simulator.stand import EXPIRY, Stand, connected, spy_option, until
from tests.unit.simulator.wire import errors, ids, order_fields, wired


async def call(ib: ib_async.IB, strike: float = 685) -> ib_async.Contract:
    (contract,) = await ib.qualifyContractsAsync(spy_option(strike))
    assert isinstance(contract, ib_async.Contract)
    return contract


def limit(price: float, qty: int = 2, action: str = "BUY", **more: object) -> ib_async.Order:
    return ib_async.LimitOrder(action, qty, price, tif="DAY", **more)


async def test_an_order_is_accepted_filled_and_reported(gateway: Stand) -> None:
    gateway.quote("0.42", "0.45")
    async with connected(gateway) as ib:
        trade = ib.placeOrder(await call(ib), limit(0.43, orderRef="AS1|one"))
        await until(lambda: trade.orderStatus.status == "Submitted")
        assert trade.order.permId > 0
        gateway.quote("0.42", "0.43")
        await until(lambda: trade.isDone() and trade.fills and trade.fills[0].commissionReport)

        (fill,) = trade.fills
        assert trade.orderStatus.status == "Filled"
        assert (fill.execution.price, fill.execution.orderRef) == (0.43, "AS1|one")
        assert fill.commissionReport.commission == 1.3
        assert [each.position for each in ib.positions()] == [2]


async def test_a_bracket_lives_as_one_and_its_exits_cancel_each_other(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        contract = await call(ib)
        trades = [
            ib.placeOrder(contract, each) for each in ib.bracketOrder("BUY", 2, 0.43, 0.86, 0.32)
        ]
        entry, target, stop = trades
        await until(lambda: target.orderStatus.status == "Submitted")
        assert entry.orderStatus.status == "Filled"
        assert stop.orderStatus.status == "PreSubmitted"
        assert stop.orderStatus.whyHeld == "trigger"
        gateway.quote("0.30", "0.31")
        await until(lambda: stop.isDone() and target.isDone())
        assert (stop.orderStatus.status, target.orderStatus.status) == ("Filled", "Cancelled")
        assert stop.fills[0].execution.price == 0.30


async def test_an_amended_order_keeps_its_permanent_id(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        contract = await call(ib)
        trade = ib.placeOrder(contract, limit(0.20))
        await until(lambda: trade.orderStatus.status == "Submitted")
        perm_id = trade.order.permId
        trade.order.lmtPrice = 0.25
        ib.placeOrder(contract, trade.order)
        await until(lambda: any(line.message == "Modified" for line in trade.log))
        (again,) = await ib.reqAllOpenOrdersAsync()
        assert (again.order.permId, again.order.lmtPrice) == (perm_id, 0.25)


async def test_orders_are_found_again_after_a_reconnect(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        contract = await call(ib)
        ib.placeOrder(contract, limit(0.20, orderRef="rests"))
        done = ib.placeOrder(contract, limit(0.41, orderRef="filled"))
        gone = ib.placeOrder(contract, limit(0.21, orderRef="cancelled"))
        await until(lambda: done.isDone() and gone.orderStatus.status == "Submitted")
        ib.cancelOrder(gone.order)
        await until(gone.isDone)
    async with connected(gateway) as ib:
        statuses = {each.order.orderRef: each.orderStatus.status for each in ib.trades()}
        assert statuses == {"rests": "Submitted", "filled": "Filled", "cancelled": "Cancelled"}
        (fill,) = ib.fills()
        assert (fill.execution.orderRef, fill.commissionReport.commission) == ("filled", 1.3)
        completed = await ib.reqCompletedOrdersAsync(False)
        assert [each.order.filledQuantity for each in completed] == [2, 0]


async def test_another_client_sees_all_orders_and_can_touch_none(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway, 7) as owner, connected(gateway, 8) as other:
        trade = owner.placeOrder(await call(owner), limit(0.20))
        await until(lambda: trade.orderStatus.status == "Submitted")
        assert await other.reqOpenOrdersAsync() == []
        (seen,) = await other.reqAllOpenOrdersAsync()
        assert seen.order.clientId == 7
    async with wired(gateway, client_id=9) as wire:
        wire.send("4", "1", str(trade.order.orderId), "")
        assert errors(await wire.answers()) == [(str(trade.order.orderId), "10147")]


async def test_client_zero_hears_about_everybody(gateway: Stand) -> None:
    async with wired(gateway, client_id=0) as zero, wired(gateway, client_id=9) as other:
        async with connected(gateway, 7) as ib:
            trade = ib.placeOrder(await call(ib), limit(0.20))
            await until(lambda: trade.orderStatus.status == "Submitted")
            assert ids(await zero.answers()) == ["5", "3"]
            assert ids(await other.answers()) == []


async def test_executions_are_those_since_midnight(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, lmtPrice="0.41"))
        await wire.answers()
        wire.send("7", "3", "9", *[""] * 7)
        assert ids(await wire.read_until("55")) == ["11", "59", "55"]
        gateway.clock.pass_by(hours=15)
        wire.send("7", "3", "9", *[""] * 7)
        assert ids(await wire.read_until("55")) == ["55"]
        wire.send("99", "0")
        assert ids(await wire.read_until("102")) == ["102"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["5", "", "", "", "", "", ""], True),
        (["6", "", "", "", "", "", ""], False),
        (["", "DU1234567", "", "SPY", "OPT", "", "BUY"], True),
        (["", "", "", "QQQ", "", "", ""], False),
        (["", "", "", "", "", "", "SELL"], False),
        (["", "", "20260318 09:59:00 US/Eastern", "", "", "", ""], True),
        (["", "", "20260318 10:01:00 US/Eastern", "", "", "", ""], False),
    ],
)
async def test_executions_can_be_filtered(gateway: Stand, given: list[str], found: bool) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, lmtPrice="0.41"))
        await wire.answers()
        wire.send("7", "3", "9", *given)
        assert ("11" in ids(await wire.read_until("55"))) is found


async def test_what_if_answers_with_margins_and_places_nothing(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        state = await ib.whatIfOrderAsync(await call(ib), limit(0.41))
        assert (float(state.initMarginChange), state.commission) == (82.0, 1.3)
        assert await ib.reqAllOpenOrdersAsync() == []
    assert list(gateway.state.all_orders()) == []


async def test_an_order_that_the_account_cannot_pay_is_inactive(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, lmtPrice="0.41", totalQuantity="5000"))
        answer = await wire.answers()
        assert ids(answer) == ["3", "4"]
        assert answer[0][2] == "Inactive"
        assert errors(answer) == [("1", "201")]
        wire.send(*order_fields(2, lmtPrice="0.41", totalQuantity="5000", whatIf="1"))
        assert errors(await wire.answers()) == [("2", "201")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lmtPrice": "0.415"}, "110"),
        ({"strike": "685.3"}, "200"),
        ({"totalQuantity": "0"}, "434"),
        ({"parentId": "77"}, "135"),
    ],
)
async def test_a_refused_order_leaves_nothing_behind(
    gateway: Stand, changes: dict[str, str], code: str
) -> None:
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, **changes))
        assert errors(await wire.answers()) == [("1", code)]
    assert list(gateway.state.all_orders()) == []


async def test_ids_are_judged_by_what_happened_in_the_same_breath(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        wire.send(*order_fields(3, lmtPrice="0.41"))
        wire.send(*order_fields(3, lmtPrice="0.41"))
        wire.send(*order_fields(2, lmtPrice="0.20"))
        wire.send("4", "1", "3", "")
        assert errors(await wire.answers()) == [("3", "104"), ("2", "103"), ("3", "10148")]


async def test_an_order_outside_the_hours_waits_with_a_word(gateway: Stand) -> None:
    gateway.clock.pass_by(hours=10)
    async with wired(gateway) as wire:
        gateway.world.hours._always_open = False
        wire.send(*order_fields(1))
        answer = await wire.answers()
        assert answer[1][2] == "PreSubmitted"
        assert errors(answer) == [("1", "399")]
        assert "20260319 09:30:00 US/Eastern" in answer[-1][4]


async def test_the_end_of_an_order_is_told_twice(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, lmtPrice="0.41"))
        assert ids(await wire.answers()) == ["5", "3", "11", "5", "3", "59", "5", "3"]


async def test_a_correction_has_the_next_exec_id_and_moves_the_position(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        trade = ib.placeOrder(await call(ib), limit(0.41))
        await until(lambda: trade.isDone() and trade.fills)
        exec_id = trade.fills[0].execution.execId
        execution = gateway.state.execution(ExecId(exec_id))
        assert execution is not None
        gateway.gateway.orders.correct(execution, Decimal(1), Decimal("0.40"))
        gateway.server.flush()
        await until(lambda: len(trade.fills) == 2)
        assert trade.fills[1].execution.execId == exec_id[:-2] + "02"
        await until(lambda: [each.position for each in ib.positions()] == [1])


async def test_staged_orders_are_shown_to_nobody(gateway: Stand) -> None:
    async with connected(gateway) as ib:
        ib.placeOrder(await call(ib), limit(0.20, transmit=False))
        assert await ib.reqAllOpenOrdersAsync() == []
    (staged,) = gateway.state.all_orders()
    assert staged.status.value == "Staged"


async def test_an_expired_contract_cannot_be_ordered(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        gateway.clock.pass_by(days=3)
        wire.send(*order_fields(1))
        assert errors(await wire.answers()) == [("1", "200")]
    assert EXPIRY < gateway.clock.now().date()


async def test_a_global_cancel_ends_the_orders_of_all_clients(gateway: Stand) -> None:
    async with wired(gateway, client_id=5) as five, wired(gateway, client_id=6) as six:
        five.send(*order_fields(1, lmtPrice="0.20"))
        await five.answers()
        six.send("58", "1")
        await six.answers()
        assert ids(await five.answers()) == ["3", "4"]


async def test_a_request_that_fails_validation_says_why(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, tif="OPG"))
        (answer,) = await wire.answers()
        assert answer[2:4] == ["1", "321"]
        assert "Invalid time in force" in answer[4]


async def test_a_sale_that_waits_for_its_time_takes_the_stops_of_its_group_with_it(
    gateway: Stand,
) -> None:
    gateway.quote("0.45", "0.50")
    async with connected(gateway) as ib:
        contract = await call(ib)
        bought = ib.placeOrder(contract, ib_async.MarketOrder("BUY", 2))
        await until(bought.isDone)
        at = gateway.clock.moment.astimezone(EXCHANGE_ZONE) + timedelta(minutes=5)
        time = ib_async.TimeCondition(isMore=True, time=f"{at:%Y%m%d %H:%M:%S} US/Eastern")
        group: dict[str, Any] = {"ocaGroup": "one", "ocaType": 2, "tif": "GTC"}
        last_sale = ib_async.MarketOrder("SELL", 2, conditions=[time], **group)
        trail = ib_async.Order(
            action="SELL",
            orderType="TRAIL",
            totalQuantity=2,
            trailingPercent=20,
            trailStopPrice=0.33,
            **group,
        )
        stop = ib_async.StopOrder("SELL", 2, 0.30, **group)
        resting = [ib.placeOrder(contract, each) for each in (last_sale, trail, stop)]
        await until(lambda: {each.orderStatus.status for each in resting} == {"PreSubmitted"})
        gateway.clock.pass_by(minutes=6)
        gateway.step()
        await until(lambda: all(each.isDone() for each in resting))
        ended = [each.orderStatus.status for each in resting]
        assert ended == ["Filled", "Cancelled", "Cancelled"]
        assert ib.positions() == []
