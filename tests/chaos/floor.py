"""A trading floor for tests of one fault at a time: alerts by hand on the real stack."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

from autoscalper.broker.orders import digest
from autoscalper.cli.outcomes import Outcomes
from autoscalper.domain.identity import PostId
from autoscalper.domain.outcome import Outcome
from tests.chaos import evidence
from tests.chaos.evidence import HandedIn, LedgerOrder
from tests.chaos.play import Played, hand_in, settled, show_quote
from tests.chaos.stack import Stack
from tests.chaos.story import story
from tests.chaos.trader import Alert, Contract, Kind, Move

#: Seconds that anything may take.
PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.02
CENT = Decimal("0.01")


class Floor:
    """One stack, one trader."""

    def __init__(self, stack: Stack, number: int = 0) -> None:
        """Trade on ``stack``, in contracts and messages that no floor of another number has."""
        self.stack = stack
        self.call = Contract(underlying="SPY", strike=610 + number, right="C")
        self.put = Contract(underlying="QQQ", strike=590 + number, right="P")
        self._prefix = f"f{number}."
        self._door = stack.door()
        #: What every floor of this stack handed in: the stack is judged as one.
        self._handed_in = stack.handed_in
        self._lines: dict[str, str] = {}

    def close(self) -> None:
        self._door.close()

    def show(self, contract: Contract, ask: str) -> None:
        """Let the market offer ``contract`` at ``ask``, and bid a cent less."""
        price = Decimal(ask)
        show_quote(self.stack, Move(at=0.0, contract=contract, bid=price - CENT, ask=price))

    def enter(self, contract: Contract, price: str) -> HandedIn:
        """Hand an entry in."""
        return self._say(Kind.ENTRY, f"BTO {contract} 3/20 @ {price}", contract)

    def say(self, kind: Kind, text: str, reply_to: HandedIn) -> HandedIn:
        """Hand in what is said of an entry, about its contract."""
        entry = reply_to.alert
        return self._say(kind, f"{text} {entry.contract}", entry.contract, entry.message_id)

    def fault(self, on: str, action: str, **fields: object) -> None:
        """Let something go wrong with a message to come; see the simulator's ``faults``."""
        self.stack.ask("fault", on=on, action=action, **fields)

    def outcome(self, handed_in: HandedIn) -> Outcome:
        """Return the outcome of an alert, as soon as it has one."""
        with closing(Outcomes(self.stack.data_dir / "alert.db")) as outcomes:
            post_id = PostId(handed_in.post_id)
            decided = outcomes.wait_for(post_id, patience_seconds=PATIENCE_SECONDS)
        assert decided is not None, f"{handed_in.post_id} has no outcome"
        return decided.outcome

    def orders(self, entry: HandedIn, purpose: str = "") -> list[LedgerOrder]:
        """Return what the gateway has of an entry's trade; ``purpose`` is a letter as in E0."""
        found = evidence.gather(self.stack, ()).orders
        ours = [order for order in found if order.trade == digest(entry.post_id)]
        return [order for order in ours if order.purpose.startswith(purpose)]

    def await_orders(self, entry: HandedIn, purpose: str, count: int = 1) -> list[LedgerOrder]:
        """Return the orders as soon as there are ``count`` of them."""
        self.until(lambda: len(self.orders(entry, purpose)) >= count, f"order {purpose}")
        return self.orders(entry, purpose)

    def await_trading(self) -> None:
        """Return when the broker trades."""
        self.until(lambda: self.stack.state() == "trading", "the broker to trade")

    def die_at(self, label: str) -> Callable[[], None]:
        """Arm a point; the function that is returned waits until a process has died there."""
        armed = self.stack.arm(label)

        def wait() -> None:
            self.until(lambda: not armed.exists(), f"a death at {label}")
            self.stack.note_death(label.partition("-")[0])

        return wait

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Return when ``condition`` holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(_LOOK_SECONDS)

    def settled(self, *, patience_seconds: float = PATIENCE_SECONDS) -> Played:
        """Let everything come to rest and return what the judge says, good or bad."""
        return settled(self.stack, self._handed_in, patience_seconds=patience_seconds)

    def settle(self) -> Played:
        """Let everything come to rest, and require that the judge finds nothing."""
        played = self.settled()
        findings = played.verdict.findings
        told = "\n".join(story(self.stack, played.evidence, finding) for finding in findings)
        assert not findings, told
        return played

    def _say(
        self,
        kind: Kind,
        text: str,
        contract: Contract | None,
        reply_to: str | None = None,
    ) -> HandedIn:
        alert = Alert(
            at=self.stack.moment(),
            kind=kind,
            message_id=f"{self._prefix}{len(self._handed_in)}",
            text=text,
            contract=contract,
            reply_to=reply_to,
        )
        handed_in = hand_in(self.stack, self._door, alert, self._lines)
        self._handed_in.append(handed_in)
        return handed_in


@contextmanager
def a_stack(settings: Mapping[str, str] | None = None, *, sabotage: str = "") -> Iterator[Stack]:
    """Start everything in a directory of its own, and take it down again."""
    # Not pytest's own directory: the path of a unix socket must be short.
    directory = Path(tempfile.mkdtemp(prefix="floor-"))
    try:
        with Stack(directory, settings=settings, sabotage=sabotage) as stack:
            yield stack
    finally:
        shutil.rmtree(directory)


@contextmanager
def a_floor(stack: Stack, number: int = 0) -> Iterator[Floor]:
    """Open a floor on ``stack`` where the broker trades, with offers of 1.20 and 0.80."""
    with closing(Floor(stack, number)) as floor:
        floor.await_trading()
        floor.show(floor.call, "1.20")
        floor.show(floor.put, "0.80")
        yield floor
