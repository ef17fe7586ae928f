"""Simulator, broker and alert as real processes, with the stand-in's chat; the test is the parser.

For tests and benchmarks of what the operator sees and does while there is trading.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.domain.contract import ContractTerms, OptionContract, Right
from autoscalper.domain.identity import AuthorId, ChannelId, MessageId, SignalId
from autoscalper.domain.instruction import Instruction, OpenTrade
from autoscalper.domain.post import Post
from autoscalper.domain.reading import Reader
from autoscalper.links import broker_to_alert, parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.parser_to_broker import SignalIssued
from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import ShiftedClock
from autoscalper.runtime.log import Log
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home, until
from tests.fakes.telegram_server.chat import CHAT, TOKEN, Message
from tests.fakes.telegram_server.server import TelegramServer

#: A Wednesday, ten in the morning in New York, and a day on which contracts expire.
MORNING = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
EXPIRY = date(2026, 3, 20)
#: Limits so wide that they are in nobody's way.
SETTINGS = {
    "DRY_RUN": "true",
    "SIMULATOR_CASH": "10000000",
    "ACCOUNT_BALANCE": "1000000",
    "RISK_PER_TRADE_PERCENT": "50",
    "DAILY_MAX_LOSS_PERCENT": "100",
    "MAX_LOSS_STREAK": "1000",
    "MAX_CONTRACTS": "2",
    "MAX_OPEN_TRADES": "1000",
    # Prices move when the test says so.
    "SIMULATOR_STEP_SECONDS": "0.05",
}


def contract(number: int) -> OptionContract:
    """Return one of many contracts."""
    return OptionContract(
        underlying="SPY", expiry=EXPIRY, strike=Decimal(540 + number), right=Right.CALL
    )


def terms_of(wanted: OptionContract) -> ContractTerms:
    """Return a contract as a post names it in full."""
    return ContractTerms(
        underlying=wanted.underlying,
        expiry=wanted.expiry,
        strike=wanted.strike,
        right=wanted.right,
    )


class Stack:
    """What runs, and what can be done to it."""

    def __init__(self, home: Home, server: TelegramServer) -> None:
        self.home = home
        self.server = server
        self.clock = ShiftedClock(home.run_dir / "clock")
        self.clock.move_to(MORNING)
        self.market = SimulatorControl(home.run_dir)
        self.outcomes = Outcomes(home.data_dir / "alert.db")
        store = Store(home.data_dir / "parser.db", durable=False)
        self.signals = Log(store, parser_to_broker.LINK, self.clock)
        address = f"ipc://{home.run_dir}/{parser_to_broker.LINK.name}.ipc"
        self.publisher = Publisher(self.signals, address, self.clock)
        self._posts = 0

    def signal(self, instruction: Instruction, age: timedelta = timedelta(0)) -> str:
        """Have a trader post ``instruction``, ``age`` ago, and return the message's id."""
        self._posts += 1
        now = self.clock.now() - age
        post = Post(
            message_id=MessageId(f"m{self._posts}"),
            channel_id=ChannelId("7"),
            channel_name="spy-room",
            author_id=AuthorId("8"),
            author_name="Dana",
            text=f"post {self._posts}",
            posted_at=now,
            received_at=now,
        )
        issued = SignalIssued(
            signal_id=SignalId(post.post_id),
            post=post,
            instruction=instruction,
            read_by=Reader.GRAMMAR,
            read_at=now,
        )
        with self.signals.store.transaction():
            self.signals.append(post.post_id, issued)
        return post.message_id

    def quote(self, wanted: OptionContract, bid: str, ask: str) -> None:
        """Set what the market shows of a contract."""
        self.market.ask("quote", bid=bid, ask=ask, **_named(wanted))

    def enter(self, number: int, price: str = "1.00") -> str:
        """Have an entry posted that fills at once, and return the message's id."""
        wanted = contract(number)
        self.quote(wanted, str(Decimal(price) - Decimal("0.02")), price)
        return self.signal(OpenTrade(contract=terms_of(wanted), price=Decimal(price)))

    def positions(self) -> dict[str, int]:
        """Return what the account holds, by contract, as the simulator has it."""
        held = self.market.ask("positions")["positions"]
        return {str(each["contract"]): int(Decimal(str(each["qty"]))) for each in held}

    async def hold(self, count: int, first: int = 0) -> None:
        """Open ``count`` positions and wait until each is protected."""
        for number in range(first, first + count):
            self.enter(number)
        await until(lambda: self.protected() >= count, f"{count} protected positions")

    def protected(self) -> int:
        """Return how many positions the broker holds and has a stop for."""
        status = broker_to_alert.read(self.home.run_dir)
        trades = status.trades if status else ()
        return sum(each.held_qty > 0 and each.protected_qty >= each.held_qty for each in trades)

    def phase(self) -> str:
        """Return where the broker stands with the gateway."""
        beat = heartbeat.read(self.home.run_dir, "broker")
        return beat.details["state"] if beat else ""

    async def message(self, part: str, *, after: int = 0) -> Message:
        """Return the bot's first message newer than ``after`` with ``part`` in it."""

        def found() -> list[Message]:
            return [
                each
                for each in self.server.shown()
                if each.message_id > after and part in each.text
            ]

        await until(found, f"{part!r} in the chat")
        return found()[0]

    async def question(self, command: str = "/closeall") -> Message:
        """Give a command that asks back, and return its message once its buttons work."""
        before = max((each.message_id for each in self.server.shown()), default=0)
        self.server.chats.say(command)
        message = await self.message("The button works once", after=before)
        await self.buttons_work(message)
        return message

    async def buttons_work(self, question: Message) -> None:
        """Wait until alert knows that its question stands in the chat."""

        def is_bound() -> bool:
            with closing(sqlite3.connect(self.home.data_dir / "alert.db")) as reader:
                query = "SELECT COUNT(*) FROM confirmations WHERE message_id = ?"
                (count,) = reader.execute(query, (question.message_id,)).fetchone()
            return bool(count)

        await until(is_bound, "buttons that work")

    def outcome_of(self, message_id: str) -> OutcomeDecided | None:
        """Return how a post ended, None while it did not."""
        found = self.outcomes.named(message_id)
        return found[0].decided if found else None

    def freeze(self, process: str) -> None:
        """Stop a process in its tracks."""
        os.kill(self.home.running[process].pid, signal.SIGSTOP)

    async def start(self, process: str, **settings: str) -> None:
        """Start a process without holding up the stand-in."""
        await asyncio.to_thread(self.home.start, process, **settings)


@asynccontextmanager
async def a_stack(
    *, start_alert: bool = True, on_shown: Callable[[Message], None] | None = None, **settings: str
) -> AsyncIterator[Stack]:
    """Start everything and return when the broker trades; take it down at the end."""
    server = await TelegramServer(on_shown=on_shown).start()
    with a_home() as home:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        home.environment |= {
            **SETTINGS,
            "SIMULATOR_PORT": str(port),
            "CLOCK_FILE": str(home.run_dir / "clock"),
            "TELEGRAM_ENABLED": "true",
            "TELEGRAM_API_URL": server.url,
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_CHAT_ID": str(CHAT),
            **settings,
        }
        stack = Stack(home, server)
        publishing = asyncio.ensure_future(stack.publisher.publish())
        try:
            await stack.start("simulator")
            if start_alert:
                await stack.start("alert")
            await stack.start("broker")
            await until(lambda: stack.phase() == "trading", "a broker that trades")
            yield stack
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            stack.outcomes.close()
            stack.signals.store.close()
            await asyncio.to_thread(home.end)
            await server.stop()


def _named(wanted: OptionContract) -> dict[str, Any]:
    return {
        "underlying": wanted.underlying,
        "expiry": wanted.expiry.isoformat(),
        "strike": str(wanted.strike),
        "right": wanted.right.value,
    }
