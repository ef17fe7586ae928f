"""One connection after the other, to gateways that behave and to such that do not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from autoscalper.broker import events, ib_client
from autoscalper.broker.book import Book
from autoscalper.broker.commands import (
    CancelOrder,
    Command,
    FindContract,
    ModifyOrder,
    PlaceOrders,
    StopWatching,
    TakeSnapshot,
    WatchQuote,
)
from autoscalper.broker.core import decide
from autoscalper.broker.events import ContractDetails, Event
from autoscalper.broker.ib_client import IbClient
from autoscalper.broker.orders import Terms
from autoscalper.domain.identity import ConId, IbOrderId
from autoscalper.domain.order import Purpose
from autoscalper.domain.settings import BrokerSettings, TradingMode
from tests.fakes.home import until
from tests.fakes.scripted_gateway import (
    COMPLETED,
    CONTRACT_DETAILS,
    CURRENT_TIME,
    EXECUTIONS,
    NOTHING,
    PLACE_ORDER,
    Peer,
    ScriptedGateway,
    a_gateway,
)
from tests.unit.broker.model_gateway import PENNIES
from tests.unit.broker.story import CALL, MORNING, Story, entry

DETAILS = ContractDetails(
    con_id=ConId(7), trading_class="IWM", multiplier=Decimal(100), ticks=PENNIES
)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {
        "GREETING_SECONDS": 0.2,
        "CONNECT_SECONDS": 0.3,
        "SNAPSHOT_SECONDS": 0.3,
        "COMPLETED_SECONDS": 0.1,
        "LOOKUP_SECONDS": 0.1 * ib_client.LOOKUP_SECONDS / ib_client.HEARTBEAT_SECONDS,
        "HEARTBEAT_SECONDS": 0.1,
        "ABSENT_SECONDS": 0.02,
        "NOT_READY_SECONDS": 0.1,
        "SOON_READY_SECONDS": 0.1,
        "REFUSED_SECONDS": 0.05,
    }.items():
        monkeypatch.setattr(ib_client, name, seconds)


def orders_of(peer: Peer) -> list[list[str]]:
    return [fields for fields in peer.heard if fields[0] == PLACE_ORDER]


def said(gateway: ScriptedGateway, message: str) -> int:
    return sum(fields[0] == message for peer in gateway.peers for fields in peer.heard)


class Listener:
    """Hears what the client tells, and asks for snapshots as the core does."""

    def __init__(self, port: int, settings: BrokerSettings | None = None) -> None:
        self.heard: list[Event] = []
        self.client = IbClient(settings or BrokerSettings(simulator_port=port), self.hear)
        self.asks = True
        self._number = 0

    def hear(self, event: Event) -> None:
        self.heard.append(event)
        if isinstance(event, events.GatewayConnected) and self.asks:
            self.ask()

    def ask(self) -> None:
        self._number += 1
        self.client.carry_out([TakeSnapshot(number=self._number, reason="test")])

    def reasons(self) -> list[str]:
        return [each.reason for each in self.heard if isinstance(each, events.GatewayLost)]

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(each, kind) for each in self.heard)

    def quotes(self) -> list[tuple[Decimal | None, Decimal | None]]:
        return [(e.bid, e.ask) for e in self.heard if isinstance(e, events.QuoteChanged)]

    def snapshots(self) -> list[events.Snapshot]:
        return [each.snapshot for each in self.heard if isinstance(each, events.SnapshotTaken)]


@asynccontextmanager
async def listening(port: int, settings: BrokerSettings | None = None) -> AsyncIterator[Listener]:
    listener = Listener(port, settings)
    running = asyncio.ensure_future(listener.client.connect_for_ever())
    try:
        yield listener
        assert not running.done(), running.exception()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def six_attempts(listener: Listener) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await until(lambda: len(listener.reasons()) >= 6, "six attempts")
    # 0.02, 0.04, 0.08, 0.1, 0.1 seconds, each a fifth less at most.
    assert loop.time() - began >= 0.27


async def well(peer: Peer) -> None:
    await peer.log_in()
    await peer.answer()


async def test_a_gateway_that_behaves_is_asked_for_everything_and_told_of() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in(next_order_id=42)
        await peer.answer()

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")

        (snapshot,) = listener.snapshots()
        assert (snapshot.number, snapshot.next_order_id) == (1, 42)
        assert snapshot.completed == ()
        asked = [fields[0] for fields in gateway.peers[0].heard]
        assert [each for each in asked if each in ("5", "16", "7", "99", "61")] == [
            "5",
            "16",
            "7",
            "99",
            "61",
        ]


async def test_a_closed_port_is_tried_for_ever() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        async with listening(port) as listener:
            await until(lambda: len(listener.reasons()) >= 5, "five attempts")
            assert "refused" in listener.reasons()[0]


async def test_a_relay_that_accepts_and_hangs_up_is_no_gateway() -> None:
    async def script(peer: Peer) -> None:
        peer.hang_up()

    async with a_gateway(script, script, well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        assert len(listener.reasons()) == 2


@pytest.mark.parametrize(
    ("greets", "reason"),
    [
        (False, "the gateway accepts connections and does not greet"),
        (True, "the gateway does not finish the handshake"),
    ],
)
async def test_a_gateway_that_falls_silent_in_the_handshake_is_left_and_tried_again(
    greets: bool, reason: str
) -> None:
    async def script(peer: Peer) -> None:
        if greets:
            await peer.greet()
        await peer.gone()

    async with a_gateway(script, well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        assert listener.reasons() == [reason]


async def test_a_relay_without_a_gateway_is_not_waited_for_as_long_as_a_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(peer: Peer) -> None:
        await peer.gone()

    monkeypatch.setattr(ib_client, "CONNECT_SECONDS", 60.0)
    async with a_gateway(script, well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")


@pytest.mark.parametrize("code", [326, 10141])
async def test_a_gateway_that_cannot_be_used_yet_is_tried_again_with_the_same_client_id(
    code: int,
) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.hear()
        peer.error(code, "not now")
        peer.hang_up()

    async with a_gateway(script, script, well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        assert listener.reasons() == [f"{code} not now"] * 2
        client_ids = {peer.heard[0][2] for peer in gateway.peers}
        assert client_ids == {"1"}


@pytest.mark.parametrize("code", [326, 10141])
async def test_a_gateway_that_cannot_be_used_yet_is_given_more_and_more_time(code: int) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.hear()
        peer.error(code, "not now")
        peer.hang_up()

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await six_attempts(listener)


async def test_a_read_only_gateway_is_tried_at_longer_and_longer_intervals() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        await peer.hear()
        peer.error(321, "The API interface is currently in Read-Only mode.")
        await peer.gone()

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await six_attempts(listener)
        assert "Read-Only" in listener.reasons()[0]


@pytest.mark.parametrize(
    ("accounts", "settings", "why"),
    [
        ("DU7654321", BrokerSettings(), "expected DU1234567"),
        (
            "DU1,DU2",
            BrokerSettings(dry_run=False, ibkr_host="127.0.0.1"),
            "several accounts",
        ),
        (
            "U1234567",
            BrokerSettings(dry_run=False, ibkr_host="127.0.0.1"),
            "is a live account",
        ),
        (
            "DU1",
            BrokerSettings(dry_run=False, trading_mode=TradingMode.LIVE, ibkr_account="DU1"),
            "is a paper account",
        ),
    ],
)
async def test_an_account_that_must_not_be_traded_is_refused(
    accounts: str, settings: BrokerSettings, why: str
) -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in(accounts=accounts)
        await peer.answer()

    async with a_gateway(script) as gateway:
        chosen = replace(settings, simulator_port=gateway.port, ibkr_port=gateway.port)
        async with listening(gateway.port, chosen) as listener:
            await until(lambda: listener.count(events.GatewayRefused) >= 2, "two refusals")
            refused = [each for each in listener.heard if isinstance(each, events.GatewayRefused)]
            assert why in refused[0].reason
            assert listener.count(events.GatewayConnected) == 0


async def test_a_heartbeat_that_stays_unanswered_twice_ends_the_connection() -> None:
    async def mute(peer: Peer) -> None:
        await peer.log_in()
        await peer.answer({key: NOTHING[key] for key in NOTHING if key != CURRENT_TIME})

    async with a_gateway(mute, well) as gateway, listening(gateway.port) as listener:
        await until(lambda: len(listener.snapshots()) == 2, "the second connection")
        assert listener.reasons() == ["the gateway does not answer"]


async def test_a_gateway_that_falls_silent_is_left_before_a_contract_counts_as_missing() -> None:
    async def mute(peer: Peer) -> None:
        await peer.log_in()
        while True:
            fields = await peer.hear()
            if said(gateway, CURRENT_TIME) < 2:
                peer.answer_one(fields, NOTHING)

    async with a_gateway(mute, well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        listener.client.carry_out([FindContract(contract=CALL)])
        await until(lambda: len(listener.snapshots()) == 2, "the second connection")
        assert listener.count(events.ContractMissing) == 0


async def test_it_ends_when_told_to_even_as_the_connection_does() -> None:
    async with a_gateway(well) as gateway:
        listener = Listener(gateway.port)
        running = asyncio.ensure_future(listener.client.connect_for_ever())
        await until(listener.snapshots, "a snapshot")
        assert listener.client._ib is not None
        listener.client._ib.ended.set_result("gone")
        running.cancel()
        await asyncio.wait([running], timeout=10)
        assert running.cancelled()


async def test_a_heartbeat_that_is_late_once_ends_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        skipped = False
        while True:
            fields = await peer.hear()
            if fields[0] == CURRENT_TIME and not skipped:
                skipped = True
                continue
            peer.answer_one(fields, NOTHING)

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await until(lambda: said(gateway, CURRENT_TIME) >= 5, "five heartbeats")
        assert listener.reasons() == []


async def test_completed_orders_that_never_come_are_done_without() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        await peer.answer({key: NOTHING[key] for key in NOTHING if key != COMPLETED})

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        assert listener.snapshots()[0].completed is None


@pytest.mark.parametrize("part", ["5", "16", "7", "61"])
async def test_a_part_of_a_snapshot_that_never_comes_is_unknown_and_ends_the_connection(
    part: str,
) -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        await peer.answer({key: NOTHING[key] for key in NOTHING if key != part})

    async with a_gateway(script, well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot of the second connection")
        assert len(gateway.peers) == 2
        assert len(listener.reasons()) == 1


async def test_a_part_of_a_snapshot_that_is_answered_with_an_error_is_unknown() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        while True:
            fields = await peer.hear()
            if fields[0] == EXECUTIONS:
                peer.error(322, "Error processing request", request=fields[2])
            else:
                peer.answer_one(fields, NOTHING)

    async with a_gateway(script, well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot of the second connection")
        assert len(gateway.peers) == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1100, events.LinkDegraded),
        (2110, events.LinkDegraded),
        (1101, events.LinkRestored),
        (1102, events.LinkRestored),
    ],
)
async def test_notices_of_the_link_to_ibkr_are_told(code: int, kind: type[Event]) -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        peer.error(code)
        await peer.answer()

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await until(lambda: listener.count(kind), str(code))
        await until(listener.snapshots, "a snapshot")
        assert listener.reasons() == []


async def test_quotes_are_asked_for_once_and_again_after_they_were_lost() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        await peer.answer()

    def asked(peer: Peer) -> list[str]:
        return [fields[0] for fields in peer.heard if fields[0] in ("1", "2")]

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        (peer,) = gateway.peers
        watch = WatchQuote(contract=CALL, details=DETAILS)
        listener.client.carry_out([watch])
        listener.client.carry_out([watch])
        await until(lambda: asked(peer) == ["1"], "one request")

        peer.error(1102)
        peer.error(1101)
        await until(lambda: listener.count(events.LinkRestored) == 2, "both notices")
        listener.client.carry_out([watch])
        listener.client.carry_out([watch])
        await until(lambda: asked(peer) == ["1", "2", "1"], "one more request")

        request_id = [fields[2] for fields in peer.heard if fields[0] == "1"][-1]
        peer.say(1, 6, request_id, 1, "0.42", 10, 0)
        peer.say(1, 6, request_id, 2, "0.43", 10, 0)
        await until(lambda: listener.count(events.QuoteChanged), "a quote")
        await asyncio.sleep(0)
        last = [each for each in listener.heard if isinstance(each, events.QuoteChanged)][-1]
        assert (last.bid, last.ask) == (Decimal("0.42"), Decimal("0.43"))

        listener.client.carry_out([StopWatching(contract=CALL)])
        listener.client.carry_out([StopWatching(contract=CALL)])
        listener.client.carry_out([watch])
        await until(lambda: asked(peer) == ["1", "2", "1", "2", "1"], "the end and a new one")
        listener.client.carry_out([replace(watch, anew=True)])
        await until(lambda: asked(peer)[-2:] == ["2", "1"] and len(asked(peer)) == 7, "anew")
        request_id = [fields[2] for fields in peer.heard if fields[0] == "1"][-1]
        peer.say(1, 6, request_id, 2, "0.39", 10, 0)
        # Nothing of the stream before is taken for the present quote.
        await until(lambda: listener.quotes()[-1] == (None, Decimal("0.39")), "half a quote")


async def test_a_contract_that_the_gateway_does_not_know_is_missing() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        while True:
            fields = await peer.hear()
            if fields[0] == CONTRACT_DETAILS:
                peer.error(200, "No security definition has been found", request=fields[2])
            else:
                peer.answer_one(fields, NOTHING)

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        listener.client.carry_out([FindContract(contract=CALL)])
        await until(lambda: listener.count(events.ContractMissing), "the answer")
        (missing,) = [each for each in listener.heard if isinstance(each, events.ContractMissing)]
        assert missing.reason.startswith("200 No security definition")
        assert listener.reasons() == []


async def test_a_contract_that_is_never_answered_is_missing_and_holds_nothing_up() -> None:
    async with a_gateway(well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        listener.client.carry_out([FindContract(contract=CALL)])
        listener.ask()
        await until(lambda: len(listener.snapshots()) == 2, "a second snapshot")
        assert listener.count(events.ContractMissing) == 0
        await until(lambda: listener.count(events.ContractMissing), "the end of patience")


async def test_a_request_that_is_invalid_does_not_end_the_connection() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        while True:
            fields = await peer.hear()
            if fields[0] == CONTRACT_DETAILS:
                peer.error(321, "Error validating request", request=fields[2])
            else:
                peer.answer_one(fields, NOTHING)

    async with a_gateway(script) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        listener.client.carry_out([FindContract(contract=CALL)])
        await until(lambda: listener.count(events.ContractMissing), "the answer")
        assert listener.reasons() == []


def bracket() -> PlaceOrders:
    story = Story()
    story.connect()
    story.post(entry())
    (placed,) = [each for each in story.commands if isinstance(each, PlaceOrders)]
    return placed


async def test_what_was_decided_together_leaves_in_one_write_and_is_logged_after_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    async with a_gateway(well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        assert listener.client._ib is not None
        line: Any = listener.client._ib.client.conn
        written, logged = line.numMsgSent, len(caplog.records)
        lines_before: list[int] = []
        usual = line.sendMsg

        def send(message: bytes) -> None:
            lines_before.append(len(caplog.records) - logged)
            usual(message)

        monkeypatch.setattr(line, "sendMsg", send)
        cancels = [CancelOrder(ib_order_id=IbOrderId(number)) for number in (7, 8)]
        listener.client.carry_out([bracket(), *cancels])
        assert line.numMsgSent == written + 1
        assert lines_before == [0]
        await until(lambda: caplog.text.count("order sent") == 4, "a line for each order")
        (peer,) = gateway.peers
        await until(lambda: len(orders_of(peer)) == 4, "four orders")
        assert [fields[0] for fields in peer.heard[-6:-4]] == ["4", "4"]


async def test_a_bracket_leaves_in_order_and_its_last_leg_transmits_it() -> None:
    async with a_gateway(well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        (peer,) = gateway.peers
        placed = bracket()
        listener.client.carry_out([placed])
        await until(lambda: len(orders_of(peer)) == 4, "four orders")

        assert [fields[1] for fields in orders_of(peer)] == ["1", "2", "3", "4"]
        refs = [order.client_order_id for order in placed.orders]
        assert all(ref in fields for ref, fields in zip(refs, orders_of(peer), strict=True))

        stop = placed.orders[3]
        listener.client.carry_out(
            [
                ModifyOrder(
                    order=stop, details=DETAILS, terms=Terms(order_qty=1, stop_price=Decimal(1))
                )
            ]
        )
        listener.client.carry_out([CancelOrder(ib_order_id=IbOrderId(4))])
        await until(lambda: peer.heard[-1][0] == "4", "the cancel")
        assert len(orders_of(peer)) == 5
        assert orders_of(peer)[4][1] == "4"


async def test_what_was_decided_before_a_connection_does_not_go_over_it() -> None:
    async with a_gateway(well) as gateway:
        listener = Listener(gateway.port)
        listener.asks = False
        running = asyncio.ensure_future(listener.client.connect_for_ever())
        await until(lambda: listener.count(events.GatewayConnected), "a connection")

        listener.client.carry_out([bracket()])
        listener.ask()
        await until(listener.snapshots, "a snapshot")

        assert orders_of(gateway.peers[0]) == []
        listener.client.carry_out([bracket()])
        await until(lambda: gateway.peers[0].heard[-1][0] == PLACE_ORDER, "the orders")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_without_a_connection_nothing_is_sent_and_nothing_breaks() -> None:
    client = IbClient(BrokerSettings(simulator_port=1), lambda event: None)
    commands: list[Command] = [
        bracket(),
        CancelOrder(ib_order_id=IbOrderId(1)),
        FindContract(contract=CALL),
        TakeSnapshot(number=1, reason="test"),
    ]
    for command in commands:
        client.carry_out([command])


async def test_only_the_newest_question_is_answered_when_several_wait() -> None:
    async with a_gateway(well) as gateway, listening(gateway.port) as listener:
        await until(listener.snapshots, "a snapshot")
        for _ in range(5):
            listener.ask()
        await until(lambda: listener.snapshots()[-1].number == 6, "the newest")
        assert len(listener.snapshots()) <= 3


async def test_the_core_and_the_client_reconcile_over_a_real_socket() -> None:
    async def script(peer: Peer) -> None:
        await peer.log_in()
        peer.error(1100)
        await peer.answer()

    async with a_gateway(script) as gateway:
        book = Book(BrokerSettings())
        told: list[Event] = []

        def hear(event: Event) -> None:
            told.append(event)
            for command in decide(book, event, MORNING):
                client.carry_out([command])

        client = IbClient(BrokerSettings(simulator_port=gateway.port), hear)
        running = asyncio.ensure_future(client.connect_for_ever())
        await until(lambda: any(isinstance(each, events.SnapshotTaken) for each in told), "all")
        assert book.degraded
        assert book.phase.value == "reconciling"

        gateway.peers[0].error(1102)
        await until(lambda: book.phase.value == "trading", "trading")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_no_more_messages_a_second_leave_than_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A heartbeat goes before all that waits, but not within a second that cancels used up.
    monkeypatch.setattr(ib_client, "HEARTBEAT_SECONDS", 5.0)

    async def script(peer: Peer) -> None:
        await peer.log_in()
        await peer.answer()

    async with a_gateway(script) as gateway:
        settings = BrokerSettings(simulator_port=gateway.port, ibkr_max_messages=20)
        async with listening(gateway.port, settings) as listener:
            await until(listener.snapshots, "a snapshot")
            for _ in range(60):
                listener.client.carry_out([CancelOrder(ib_order_id=IbOrderId(4))])
            began = asyncio.get_running_loop().time()
            await until(lambda: said(gateway, "4") == 60, "all of them")
            # Twenty a second, and some may leave at once: the last ones need two seconds more.
            assert asyncio.get_running_loop().time() - began > 1.5


async def test_an_exit_and_the_heartbeats_go_before_the_entries_that_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ib_client, "HEARTBEAT_SECONDS", 0.5)
    async with a_gateway(well) as gateway:
        settings = BrokerSettings(simulator_port=gateway.port, ibkr_max_messages=40)
        async with listening(gateway.port, settings) as listener:
            await until(listener.snapshots, "a snapshot")
            (peer,) = gateway.peers
            for number in range(20):
                listener.client.carry_out([numbered(bracket(), 10 * number)])
            assert listener.client.room() == 0
            listener.client.carry_out([an_exit()])
            listener.client.carry_out([CancelOrder(ib_order_id=IbOrderId(901))])
            listener.client.carry_out([CancelOrder(ib_order_id=IbOrderId(194))])
            await until(lambda: len(orders_of(peer)) == 81, "all orders")
            await until(lambda: said(gateway, "4") == 2, "both cancels")

            ids = [int(fields[1]) for fields in orders_of(peer)]
            entries = [each for each in ids if each < 900]
            assert entries == sorted(entries)
            assert ids.index(900) < 30
            of_orders = [fields for fields in peer.heard if fields[0] in (PLACE_ORDER, "4")]
            about = [fields[1 if fields[0] == PLACE_ORDER else 2] for fields in of_orders]
            assert about.index("901") == about.index("900") + 1
            # What takes back an order that waits itself stays behind it.
            assert [each for each in about if each == "194"] == ["194", "194"]
            assert of_orders[about.index("194")][0] == PLACE_ORDER
            assert listener.reasons() == []


def numbered(placed: PlaceOrders, more: int) -> PlaceOrders:
    orders = tuple(
        replace(each, ib_order_id=IbOrderId(each.ib_order_id + more)) for each in placed.orders
    )
    return replace(placed, orders=orders)


def an_exit() -> PlaceOrders:
    placed = bracket()
    leaving = replace(placed.orders[-1], ib_order_id=IbOrderId(900), purpose=Purpose.EXIT)
    return replace(placed, orders=(leaving,))
