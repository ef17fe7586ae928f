"""What a client sees of each fault, on the wire."""

import asyncio

import pytest

from autoscalper.simulator.faults import Action, Fault
from tests.unit.simulator.stand import Stand, until
from tests.unit.simulator.wire import Wire, errors, ids, order_fields, wired


def arm(gateway: Stand, action: Action, on: str = "placeOrder", **more: object) -> None:
    gateway.execute(Fault(on=on, action=action, **more))  # type: ignore[arg-type]  # by their names


def refs(gateway: Stand) -> list[tuple[str, str]]:
    return [(each.terms.order_ref, each.status.value) for each in gateway.state.all_orders()]


async def place(wire: Wire, order_id: int = 1, **changes: str) -> None:
    wire.send(*order_fields(order_id, lmtPrice="0.20", **changes))


async def test_dropped_before_it_is_read_an_order_never_was(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.DROP_BEFORE)
        await place(wire)
        assert await wire.ending() == b""
    assert refs(gateway) == []


async def test_dropped_after_it_is_accepted_an_order_lives_unsaid(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.DROP_AFTER_ACCEPT)
        await place(wire)
        assert await wire.ending() == b""
    assert refs(gateway) == [("ref", "Submitted")]


async def test_a_connection_can_end_with_a_reset(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.DROP_BEFORE, reset=True)
        await place(wire)
        with pytest.raises(ConnectionResetError):
            await wire.ending()


async def test_dropped_after_the_acknowledgement_an_order_has_no_status(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.DROP_AFTER_ACK)
        await place(wire)
        assert (await wire.read())[0] == "5"
        assert await wire.ending() == b""


async def test_dropped_in_the_middle_a_frame_is_half_there(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.DROP_MID_FRAME)
        await place(wire)
        rest = await wire.ending()
        assert 0 < len(rest) - 4 < int.from_bytes(rest[:4], "big")


async def test_an_order_can_stay_unanswered(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.NO_ANSWER)
        await place(wire)
        assert await wire.answers() == []
    assert refs(gateway) == [("ref", "Submitted")]


async def test_a_late_answer_is_overtaken(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.LATE_ANSWER, seconds=0.05)
        await place(wire)
        assert await wire.answers() == []
        assert ids(await wire.read_until("3")) == ["5", "3"]


async def test_an_order_can_be_accepted_after_its_connection_died(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.LATE_ACCEPT, seconds=0.05)
        await place(wire)
        assert await wire.ending() == b""
        assert refs(gateway) == []
    await until(lambda: refs(gateway) == [("ref", "Submitted")])


async def test_an_order_can_vanish(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.VANISH)
        await place(wire)
        assert await wire.answers() == []
    assert refs(gateway) == []


async def test_a_half_open_connection_takes_bytes_and_says_nothing(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.MUTE, on="any")
        wire.send("49", "1")
        await place(wire)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await wire.read()
    assert refs(gateway) == []


@pytest.mark.parametrize("code", [103, 201, 321, 10141])
async def test_a_message_can_be_refused_with_any_code(gateway: Stand, code: int) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.REFUSE, code=code, text="no")
        await place(wire)
        assert errors(await wire.answers()) == [("1", str(code))]
        arm(gateway, Action.REFUSE, on="reqCompletedOrders", code=code, text="no")
        wire.send("99", "0")
        assert errors(await wire.answers()) == [("-1", str(code))]
    assert refs(gateway) == []


async def test_an_order_can_be_rejected_after_it_was_accepted(gateway: Stand) -> None:
    gateway.quote("0.10", "0.20")
    async with wired(gateway) as wire:
        arm(gateway, Action.REJECT, code=201, text="no")
        await place(wire)
        answer = await wire.answers()
        assert [message[2] for message in answer if message[0] == "3"] == ["Submitted", "Inactive"]
        assert errors(answer) == [("1", "201")]
    assert refs(gateway) == [("ref", "Inactive")]


@pytest.mark.parametrize("code", [399, 404, 10349])
async def test_a_notice_leaves_the_order_alive(gateway: Stand, code: int) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.NOTICE, code=code, text="by the way")
        await place(wire)
        answer = await wire.answers()
        assert ids(answer) == ["5", "3", "4"]
        assert errors(answer) == [("1", str(code))]
    assert refs(gateway) == [("ref", "Submitted")]


async def test_answers_can_come_twice_or_backwards(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.DUPLICATE)
        arm(gateway, Action.REORDER)
        await place(wire, 1)
        await place(wire, 2)
        assert ids(await wire.answers()) == ["5", "3", "5", "3", "3", "5"]


async def test_an_order_can_fill_in_parts(gateway: Stand) -> None:
    gateway.quote("0.10", "0.20")
    async with wired(gateway) as wire:
        arm(gateway, Action.PARTIAL, parts=3)
        await place(wire, totalQuantity="5")
        assert ids(await wire.answers()) == ["5", "3"]
        filled = []
        for _ in range(3):
            gateway.step()
            answer = await wire.answers()
            filled.append(next(message[19] for message in answer if message[0] == "11"))
        assert filled == ["2", "2", "1"]


async def test_a_fill_can_beat_the_cancel(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        await place(wire)
        await wire.answers()
        arm(gateway, Action.FILL_FIRST, on="cancelOrder")
        wire.send("4", "1", "1", "")
        answer = await wire.answers()
        assert ids(answer)[0] == "11"
        assert errors(answer) == [("1", "10148")]
    assert refs(gateway) == [("ref", "Filled")]


async def test_a_fill_can_come_after_the_cancel(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        await place(wire)
        await wire.answers()
        arm(gateway, Action.FILL_AFTER, on="cancelOrder", qty=1)
        wire.send("4", "1", "1", "")
        answer = await wire.answers()
        assert ids(answer)[:3] == ["3", "4", "11"]
    (order,) = gateway.state.all_orders()
    assert order.status.value == "Cancelled"
    assert order.cum_qty == 1


async def test_the_gateway_can_restart_in_the_middle_of_a_bracket(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        arm(gateway, Action.RESTART, nth=2)
        wire.send(*order_fields(1, transmit="0"))
        wire.send(*order_fields(2, parentId="1", transmit="0", orderRef="child"))
        with pytest.raises((ConnectionResetError, EOFError)):
            await wire.read_until("nothing")
    assert refs(gateway) == [("ref", "Cancelled"), ("child", "Cancelled")]
    assert list(gateway.world.book.live) == []


class TestReplies:
    async def test_what_the_gateway_says_can_be_left_out(self, gateway: Stand) -> None:
        gateway.quote("0.10", "0.20")
        async with wired(gateway) as wire:
            arm(gateway, Action.OMIT, on="commissionReport")
            arm(gateway, Action.DUPLICATE, on="execDetails")
            await place(wire)
            answer = ids(await wire.answers())
            assert answer.count("11") == 2
            assert "59" not in answer

    async def test_what_the_gateway_says_can_come_late(self, gateway: Stand) -> None:
        gateway.quote("0.10", "0.20")
        async with wired(gateway) as wire:
            arm(gateway, Action.DELAY, on="execDetails", seconds=0.05)
            await place(wire)
            answer = await wire.answers()
            assert "Filled" in {message[2] for message in answer if message[0] == "3"}
            assert "11" not in ids(answer)
            assert (await wire.read())[0] == "11"

    async def test_a_list_can_lack_its_end(self, gateway: Stand) -> None:
        async with wired(gateway) as wire:
            arm(gateway, Action.OMIT, on="completedOrdersEnd", times=0)
            wire.send("99", "0")
            wire.send("99", "0")
            assert await wire.answers() == []


async def test_what_was_never_transmitted_fills_nowhere(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, transmit="0"))
        arm(gateway, Action.FILL_FIRST, on="cancelOrder")
        wire.send("4", "1", "1", "")
        answer = await wire.answers()
        assert "11" not in ids(answer)
    assert refs(gateway) == [("ref", "Cancelled")]
