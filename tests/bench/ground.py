"""The supervised product with its simulated gateway, and the ways in that a measurement uses."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import msgspec
import zmq

from autoscalper.cli.simulator_control import SimulatorControl, SimulatorSilent
from autoscalper.cli.stage import Stage, make_environment, usable_port
from autoscalper.links import broker_to_alert, cli_to_ingest
from autoscalper.links.cli_to_ingest import LineRefused, TakePost
from autoscalper.runtime.link import address_of

#: 10:00 in New York on a Wednesday: hours before anything that the time of day brings about.
MORNING = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
EXPIRY = "2026-03-20"
#: Limits so wide that every entry is taken: what is measured is the way, not the rules' answer.
SETTINGS = {
    "SIMULATOR_CASH": "10000000",
    "SIMULATOR_MAX_MESSAGES": "0",
    "IBKR_MAX_MESSAGES": "0",
    "ACCOUNT_BALANCE": "1000000",
    "RISK_PER_TRADE_PERCENT": "50",
    "DAILY_MAX_LOSS_PERCENT": "100",
    "MAX_LOSS_STREAK": "1000000",
    "MAX_CONTRACTS": "1",
    "MAX_OPEN_TRADES": "100000",
    "MAX_BID_ASK_SPREAD_PERCENT": "100",
}
ASK, BIDS = "1.00", ("0.98", "0.97")
#: Seconds between two quotes of a contract: what moves slower would not be a market.
_QUOTE_SECONDS = 1.0
#: Seconds that anything may take.
_PATIENCE_SECONDS = 120.0


class Contract(msgspec.Struct, frozen=True):
    """One option; all expire on the same day."""

    underlying: str
    strike: int

    def __str__(self) -> str:
        return f"{self.underlying} {self.strike}c"

    @property
    def named(self) -> dict[str, str]:
        """What the simulator's commands call it."""
        return {
            "underlying": self.underlying,
            "expiry": EXPIRY,
            "strike": str(self.strike),
            "right": "C",
        }


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A post to hand in: an entry, or the exit of an earlier entry."""

    message_id: str
    author: str
    text: str
    channel: str = "101"


class Ground:
    """AutoScalper as it runs, in a directory of its own."""

    def __init__(self, stage: Stage, port: int) -> None:
        self.stage = stage
        self.port = port
        self.clock = stage.clock
        self.run_dir, self.data_dir = stage.run_dir, stage.data_dir
        self.market = SimulatorControl(stage.run_dir)
        self._quoted: list[Contract] = []
        self._lock = threading.Lock()
        #: When each post was handed over, by the shared clock.
        self.handed: dict[str, datetime] = {}
        self._replies = 0
        self._line: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._line.setsockopt(zmq.LINGER, 0)
        # ingest throws a reply away for which there is no room, and they are read at the end only.
        self._line.setsockopt(zmq.RCVHWM, 0)
        self._line.connect(address_of(cli_to_ingest.NAME, stage.run_dir, {}))

    def close(self) -> None:
        """Let go of the line to ingest."""
        self._line.close()

    def hand_in(self, posts: Sequence[Written]) -> None:
        """Hand posts in, all at once, without waiting for what becomes of them."""
        for post in posts:
            now = self.clock.now()
            request = TakePost(line=_line_of(post, now), number=1)
            self.handed[f"{post.message_id}.1"] = now
            # The empty frame is what a REQ socket would send before its request.
            self._line.send_multipart([b"", cli_to_ingest.encode(request)])

    def await_taken(self) -> None:
        """Return when ingest has every post that was handed in."""
        while self._replies < len(self.handed):
            if not self._line.poll(int(_PATIENCE_SECONDS * 1000)):
                raise AssertionError("ingest does not answer")
            reply = cli_to_ingest.decode_reply(self._line.recv_multipart()[1])
            self._replies += 1
            assert not isinstance(reply, LineRefused), reply

    def quote(self, contracts: Sequence[Contract], bid: str = BIDS[0]) -> None:
        """Let the market of ``contracts`` move from now on: a new bid every second."""
        for contract in contracts:
            self.market.ask("quote", bid=bid, ask=ASK, **contract.named)
        with self._lock:
            self._quoted += [each for each in contracts if each not in self._quoted]

    def keep_quoting(self, over: threading.Event) -> None:
        """Move the quotes, one contract after the other, until ``over`` or the market's end."""
        with suppress(SimulatorSilent):
            self._keep_quoting(over)

    def _keep_quoting(self, over: threading.Event) -> None:
        turn = 0
        while not over.is_set():
            with self._lock:
                quoted = tuple(self._quoted)
            turn += 1
            for contract in quoted:
                self.market.ask("quote", bid=BIDS[turn % 2], ask=ASK, **contract.named)
                if over.wait(_QUOTE_SECONDS / len(quoted)):
                    return
            if not quoted:
                over.wait(_QUOTE_SECONDS)

    def hold(self, contracts: Sequence[Contract], prefix: str) -> None:
        """Open a trade in each of ``contracts`` and return when each has its stop."""
        before = self.protected()
        self.quote(contracts)
        for number, contract in enumerate(contracts):
            self.hand_in([entry(f"{prefix}{number}", contract)])
            time.sleep(0.05)
        self.await_taken()
        self.until(lambda: self.protected() >= before + len(contracts), "protected trades")

    def protected(self) -> int:
        """Return how many positions the broker holds and has a stop for."""
        status = broker_to_alert.read(self.run_dir)
        trades = status.trades if status else ()
        return sum(each.held_qty > 0 and each.protected_qty >= each.held_qty for each in trades)

    def until(self, condition: object, what: str) -> None:
        """Return when ``condition`` holds."""
        assert callable(condition)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.05)

    def pids(self) -> dict[str, int]:
        """Return the process ids by name, supervisord's among them."""
        found = {each.name: each.pid for each in self.stage.supervisor.processes() if each.pid}
        pid_file = self.run_dir / "supervisord.pid"
        return {**found, "supervisord": int(pid_file.read_text())}


def entry(message_id: str, contract: Contract, channel: str = "101") -> Written:
    """Return a post that buys ``contract`` at what the market asks; each has its own author."""
    return Written(
        message_id=message_id,
        author=f"a{message_id}",
        text=f"BTO {contract} 3/20 @ {ASK}",
        channel=channel,
    )


def exit_of(post: Written, contract: Contract) -> Written:
    """Return the post that ends the trade of ``post``."""
    return Written(
        message_id=f"{post.message_id}x",
        author=post.author,
        text=f"STC {contract} 3/20",
        channel=post.channel,
    )


def _line_of(post: Written, now: datetime) -> str:
    return json.dumps(
        {
            "message_id": post.message_id,
            "channel_id": post.channel,
            "author_id": post.author,
            "author_name": f"trader {post.author}",
            "text": post.text,
            "posted_at": now.isoformat(),
        }
    )


@contextmanager
def a_ground(
    settings: Mapping[str, str] = MappingProxyType({}), *, data_from: Path | None = None
) -> Iterator[Ground]:
    """Start everything in a directory of its own, on copies of the files in ``data_from``."""
    # The path of a unix socket must be short.
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        port = usable_port(0)
        chosen = {**SETTINGS, **settings}
        environment = make_environment(directory, port, chosen, dict(os.environ))
        stage = Stage(directory, environment)
        if data_from is not None:
            shutil.copytree(data_from, stage.data_dir, dirs_exist_ok=True)
        with stage:
            stage.clock.move_to(MORNING)
            stage.start()
            with _quoting(Ground(stage, port)) as ground:
                yield ground
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _quoting(ground: Ground) -> Iterator[Ground]:
    over = threading.Event()
    mover = threading.Thread(target=ground.keep_quoting, args=(over,))
    mover.start()
    try:
        yield ground
    finally:
        over.set()
        mover.join()
        ground.close()
