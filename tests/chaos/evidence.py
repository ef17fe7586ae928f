"""What is left after a storm: the gateway's ledger, the processes' files and logs."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.cli.outcomes import Outcomes
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import OutcomeDecided
from tests.chaos.naked import Span, merged
from tests.chaos.stack import Stack
from tests.chaos.trader import Alert


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order's life at the gateway."""

    at: datetime
    status: str
    cum_qty: Decimal
    order_qty: Decimal


class LedgerFill(msgspec.Struct, frozen=True, kw_only=True):
    """One fill at the gateway."""

    exec_id: str
    qty: Decimal
    price: Decimal
    at: datetime


class LedgerOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order that the gateway accepted. See the simulator's ``ledger``."""

    client_id: int
    order_id: int
    perm_id: int
    order_ref: str
    parent_id: int
    contract: dict[str, str | int]
    side: str
    order_type: str
    cum_qty: Decimal
    order_qty: Decimal
    stop_price: Decimal | None
    status: str
    reason: str
    anomaly: str
    accepted_at: datetime
    history: tuple[HistoryLine, ...]
    fills: tuple[LedgerFill, ...]

    @property
    def trade(self) -> str:
        """Return the id of the trade in the order reference, empty if it is none of ours."""
        parts = self.order_ref.split("|")
        return parts[1] if len(parts) == 3 else ""

    @property
    def purpose(self) -> str:
        """Return the letter for the purpose in the order reference."""
        return self.order_ref.rpartition("|")[2][:1]

    @property
    def is_live(self) -> bool:
        """Return whether it can still fill."""
        return self.status not in ("Filled", "Cancelled", "Inactive") and self.anomaly != "lost"


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """An alert and the id under which ingest has it."""

    alert: Alert
    post_id: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that the judge sees. Times of the ledger are the shared clock's."""

    handed_in: tuple[HandedIn, ...]
    outcomes: dict[str, OutcomeDecided]
    #: How many outcomes of each post are in the logs of all processes together.
    outcome_entries: Counter[str]
    #: Every order that the gateway ever accepted.
    orders: tuple[LedgerOrder, ...]
    #: Exec ids of all fills in the order in which they happened.
    fill_order: tuple[str, ...]
    #: Client order ids that the broker has on disk.
    known_refs: frozenset[str]
    #: Client order ids that were given up and reported as found after all.
    late_refs: frozenset[str]
    #: When the broker's state became what, in real seconds.
    states: tuple[tuple[float, str], ...]


def gather(stack: Stack, handed_in: tuple[HandedIn, ...]) -> Evidence:
    """Collect the evidence; the simulator must run."""
    ledger = stack.ask("ledger")["orders"]
    orders = msgspec.convert(ledger, tuple[LedgerOrder, ...], strict=False)
    notices = list(_notices(stack.data_dir / "broker.db", any_to_alert.FROM_BROKER.name))
    outcomes = Outcomes(stack.data_dir / "alert.db")
    with closing(outcomes):
        decided = {each.decided.post_id: each.decided for each in outcomes.all()}
    return Evidence(
        handed_in=handed_in,
        outcomes={str(post_id): each for post_id, each in decided.items()},
        outcome_entries=_outcome_entries(stack.data_dir),
        orders=orders,
        fill_order=tuple(
            exec_id
            for (exec_id,) in _rows(
                stack.data_dir / "simulator.db", "SELECT exec_id FROM executions ORDER BY sequence"
            )
        ),
        known_refs=frozenset(
            ref
            for (ref,) in _rows(stack.data_dir / "broker.db", "SELECT client_order_id FROM orders")
        ),
        late_refs=frozenset(key.split(" ")[1] for key, _ in notices if key.startswith("late ")),
        states=tuple(_states(stack, notices)),
    )


def states(stack: Stack) -> list[tuple[float, str]]:
    """Return what the broker's state became, and in which real second."""
    notices = _notices(stack.data_dir / "broker.db", any_to_alert.FROM_BROKER.name)
    return list(_states(stack, notices))


def gateway_starts(stack: Stack) -> int:
    """Return how often the gateway has opened its port."""
    return sum("listening" in message for _, message in log_lines(stack, "simulator"))


def away_spans(stack: Stack, known: Sequence[Span]) -> list[Span]:
    """Return when the gateway could not be reached.

    ``known`` is what whoever disturbed it knows; the rest is in the simulator's log: it restarted,
    or a connection was left open and dead.
    """
    spans = list(known)
    gone_at: float | None = None
    for at, message in log_lines(stack, "simulator"):
        if _GOES.search(message) and gone_at is None:
            gone_at = at
        elif gone_at is not None and _COMES.search(message):
            spans.append((gone_at, at))
            gone_at = None
    died = [at for at, process in stack.kills if process == "simulator"]
    listening = [at for at, message in log_lines(stack, "simulator") if "listening" in message]
    spans += [(at, next((each for each in listening if each > at), at)) for at in died]
    if gone_at is not None:
        spans.append((gone_at, stack.moment()))
    return merged(spans)


def log_lines(stack: Stack, process: str) -> Iterator[tuple[float, str]]:
    """Yield what a process logged, with the real second of each line."""
    for path in sorted(stack.log_dir.glob(f"{process}.jsonl*"), reverse=True):
        for line in path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                # A process that dies can leave half a line.
                continue
            yield stack.moment_of(datetime.fromisoformat(entry["at"])), entry["message"]


#: The gateway restarts, or says nothing any more on a connection that stays open.
_GOES = re.compile(
    r"gateway restarts|fault met on=\S+ action=mute|fault met on=req\S+ action=no-answer"
)
_COMES = re.compile(r"client came")


def _states(
    stack: Stack, notices: Iterable[tuple[str, any_to_alert.Message]]
) -> Iterator[tuple[float, str]]:
    for _, notice in notices:
        if isinstance(notice, any_to_alert.GatewayChanged):
            yield stack.moment_of(notice.changed_at), notice.state


def _outcome_entries(data_dir: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for link in (any_to_alert.FROM_INGEST, any_to_alert.FROM_PARSER, any_to_alert.FROM_BROKER):
        path = data_dir / f"{link.name.partition('_')[0]}.db"
        for _, message in _notices(path, link.name):
            if isinstance(message, OutcomeDecided):
                counts[message.post_id] += 1
    return counts


def _notices(path: Path, log: str) -> Iterator[tuple[str, any_to_alert.Message]]:
    statement = f"SELECT key, payload FROM entries WHERE log = '{log}' ORDER BY position"
    for key, payload in _rows(path, statement):
        yield key, any_to_alert.FROM_BROKER.decode(payload)


def _rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()
