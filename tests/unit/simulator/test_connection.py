import pytest

from autoscalper.simulator import codec
from tests.unit.simulator.stand import Stand, StandingClock, connected, until
from tests.unit.simulator.wire import Wire, errors, ids, wired


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [("v157..178", "178"), ("v100..157", "157"), ("v100..193", "178"), ("v176 +PACEAPI", "176")],
)
async def test_the_highest_version_that_both_know_is_spoken(
    gateway: Stand, offered: str, agreed: str
) -> None:
    async with wired(gateway, greets=False) as wire:
        hello = await wire.greet(offered)
        assert len(hello) == 2
        assert hello[0] == agreed


@pytest.mark.parametrize(
    "greeting",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"API\0\0\0\0\x04junk",
        b"API\0\0\0\0\x09v100..110",
        b"API\0\0\0\0\x09v201..225",
        b"API\0\xff\xff\xff\xff",
    ],
)
async def test_what_is_no_client_is_shown_the_door(gateway: Stand, greeting: bytes) -> None:
    async with wired(gateway, greets=False) as wire:
        wire.send_bytes(greeting)
        assert await wire.ending() == b""


async def test_bytes_may_come_one_by_one(gateway: Stand) -> None:
    stream = b"API\0\0\0\0\x09v157..178" + codec.encode("71", "2", "5", "")
    async with wired(gateway, greets=False) as wire:
        for byte in stream:
            wire.send_bytes(bytes([byte]))
        assert "9" in ids(await wire.read_until("9"))


async def test_a_client_that_does_not_name_itself_gets_nothing(gateway: Stand) -> None:
    async with wired(gateway, greets=False) as wire:
        wire.send_bytes(b"API\0\0\0\0\x09v157..178")
        await wire.read()
        wire.send("8", "1", "1")
        assert errors([await wire.read()]) == [("-1", "504")]


async def test_a_message_that_cannot_be_read_is_an_error_and_no_end(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("3", "1", "0", "SPY")
        wire.send("9", "8", "not a number")
        wire.send_bytes(b"\0\0\0\x02\xff\0")
        wire.send("1234", "1")
        assert [code for _, code in errors(await wire.answers())] == ["320", "320", "320", "505"]
    assert gateway.gateway.received["unknown"] == 2


async def test_an_empty_frame_is_an_unknown_message(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send_bytes(b"\0\0\0\0")
        assert [code for _, code in errors(await wire.answers())] == ["320"]


async def ask_often(wire: Wire, count: int) -> None:
    for _ in range(count):
        wire.send("8", "1", "1")


async def test_too_many_messages_are_an_error_and_the_third_time_the_end(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        gateway.clock.pass_by(seconds=3)
        await ask_often(wire, 101)
        answer = await wire.answers()
        assert ids(answer).count("9") == 101
        assert errors(answer) == [("-1", "100")]
        await ask_often(wire, 101)
        await wire.read_until("4")
        await ask_often(wire, 101)
        await wire.read_until("4")
        assert await wire.ending() == b""


async def test_a_second_later_there_is_room_again(gateway: Stand, clock: StandingClock) -> None:
    async with wired(gateway) as wire:
        for _ in range(4):
            clock.pass_by(seconds=1.1)
            await ask_often(wire, 45)
            assert errors(await wire.answers()) == []


async def test_a_client_can_ask_to_be_paced(gateway: Stand) -> None:
    async with wired(gateway, greets=False) as wire:
        await wire.greet("v157..178 +PACEAPI")
        await ask_often(wire, 200)
        answer = await wire.answers()
        assert ids(answer).count("9") == 200
        assert "100" not in {code for _, code in errors(answer)}
        assert gateway.gateway.received["reqIds"] == 200


async def test_orders_stay_when_their_client_goes(gateway: Stand) -> None:
    async with connected(gateway):
        assert len(gateway.world.sessions) == 1
    await until(lambda: not gateway.server.connections)
    assert gateway.world.sessions == []
