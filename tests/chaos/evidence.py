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
from autoscalper.links import alert_to_broker, any_to_alert
from autoscalper.links.any_to_alert import (
    CommandAnswered,
    OrderFilled,
    OutcomeDecided,
    Reported,
    TradeChanged,
)
from autoscalper.runtime.link import Link
from tests.chaos.chat import Chat
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
        """Return whether it can still fill. One that was never transmitted cannot."""
        ended = self.status in ("Filled", "Cancelled", "Inactive", "Staged")
        return not ended and self.anomaly != "lost"


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """An alert and the id under which ingest has it."""

    alert: Alert
    post_id: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What alert wants to stand in the chat."""

    slot: str
    html: str
    #: Whether it is still to be brought.
    is_due: bool
    message_id: int | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the user was told, and what should have been told. Empty without a chat."""

    #: What each message of the bot says, as HTML.
    shown: dict[int, str] = {}
    cards: tuple[Card, ...] = ()
    #: The number of each outcome, by post.
    numbers: dict[str, int] = {}
    reports: tuple[Reported, ...] = ()
    #: Trades that a sender told of.
    trades: frozenset[str] = frozenset()
    #: Ids of the messages with which the operator commanded.
    said: tuple[int, ...] = ()


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
    #: What the operator wanted, and the broker's answers in their order.
    commands: tuple[alert_to_broker.Message, ...] = ()
    answers: tuple[CommandAnswered, ...] = ()
    told: Told = Told()
    #: Processes that ended by a fault of their own, with the real second.
    crashes: tuple[tuple[float, str], ...] = ()


def gather(stack: Stack, handed_in: tuple[HandedIn, ...], chat: Chat | None = None) -> Evidence:
    """Collect the evidence; the simulator must run."""
    # What is shown now was due before: the cards come first.
    told = _told(stack, chat) if chat is not None else Told()
    ledger = stack.ask("ledger")["orders"]
    found = msgspec.convert(ledger, tuple[LedgerOrder, ...], strict=False)
    orders = tuple(msgspec.structs.replace(each, fills=_last_words(each.fills)) for each in found)
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
        commands=_commands(stack.data_dir / "alert.db"),
        answers=tuple(each for _, each in notices if isinstance(each, CommandAnswered)),
        told=told,
        crashes=tuple(_crashes(stack)),
    )


def states(stack: Stack) -> list[tuple[float, str]]:
    """Return what the broker's state became, and in which real second."""
    notices = _notices(stack.data_dir / "broker.db", any_to_alert.FROM_BROKER.name)
    return list(_states(stack, notices))


def gateway_starts(stack: Stack) -> int:
    """Return how often the gateway has opened its port."""
    return sum("listening" in message for _, message in log_lines(stack, "simulator"))


def faults_met(stack: Stack) -> dict[str, int]:
    """Return how often a message met which fault."""
    found = (_MET.search(message) for _, message in log_lines(stack, "simulator"))
    return dict(sorted(Counter(met[1] for met in found if met).items()))


def _last_words(fills: tuple[LedgerFill, ...]) -> tuple[LedgerFill, ...]:
    """Return the fills without those that a correction took the place of."""
    kept: dict[str, LedgerFill] = {}
    for fill in fills:
        execution = fill.exec_id.rpartition(".")[0] or fill.exec_id
        first = kept.get(execution)
        # It happened when it happened; only what it was is corrected.
        kept[execution] = (
            msgspec.structs.replace(fill, at=first.at, exec_id=first.exec_id) if first else fill
        )
    return tuple(kept.values())


def _commands(path: Path) -> tuple[alert_to_broker.Message, ...]:
    link = alert_to_broker.LINK
    statement = f"SELECT payload FROM entries WHERE log = '{link.name}' ORDER BY position"
    return tuple(link.decode(payload) for (payload,) in _rows(path, statement))


def _crashes(stack: Stack) -> Iterator[tuple[float, str]]:
    for process in ("ingest", "parser", "broker", "alert", "simulator", "watchdog"):
        for at, message in log_lines(stack, process):
            if message.startswith("process ends"):
                yield at, process


def _told(stack: Stack, chat: Chat) -> Told:
    path = stack.data_dir / "alert.db"
    cards = tuple(
        Card(slot=slot, html=json.loads(card)["html"], is_due=due is not None, message_id=shown_by)
        for slot, card, due, shown_by in _rows(
            path, "SELECT slot, card, due, message_id FROM cards"
        )
    )
    numbers = {post: number for number, post in _rows(path, "SELECT number, post_id FROM outcomes")}
    notices = [each for link in _SENDERS for _, each in _notices_of(stack.data_dir, link)]
    trades = [each.trade_id for each in notices if isinstance(each, TradeChanged | OrderFilled)]
    return Told(
        shown=chat.shown(),
        cards=cards,
        numbers=numbers,
        reports=tuple(each for each in notices if isinstance(each, Reported)),
        trades=frozenset(trades),
        said=tuple(chat.said),
    )


def away_spans(stack: Stack, known: Sequence[Span]) -> list[Span]:
    """Return when the gateway could not be reached.

    ``known`` is what whoever disturbed it knows; the rest is in the simulator's log: it restarted,
    or a connection was left open and dead. Once it listens again it counts as in reach, however
    long the broker takes to come back.
    """
    lines = list(log_lines(stack, "simulator"))
    listening = [at for at, message in lines if message.startswith("listening")]
    came = [at for at, message in lines if message.startswith("client came")]
    died = [at for at, process in stack.kills if process == "simulator"]
    restarted = [at for at, message in lines if message.startswith("gateway restarts")]
    end = stack.moment()
    spans = list(known)
    spans += [(at, _next(listening, at, end)) for at in (*died, *restarted)]
    for at, message in lines:
        silent = _SILENT.search(message)
        if silent is not None:
            longest = at + _SILENT_SECONDS.get(silent[1] or "", _LONGEST_SILENT_SECONDS)
            spans.append((at, min(_next(came, at, end), longest)))
    return merged(spans)


def _next(moments: Sequence[float], after: float, otherwise: float) -> float:
    return next((each for each in moments if each > after), otherwise)


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


_MET = re.compile(r"fault met on=\S+ action=(\S+)")
#: The gateway says nothing any more on a connection that stays open, or to one question.
_SILENT = re.compile(r"fault met on=(?:\S+ action=mute|(req\S+) action=no-answer)")
#: Seconds after which the broker must have noticed, by the question.
_SILENT_SECONDS = {"reqCompletedOrders": 5.0}
_LONGEST_SILENT_SECONDS = 20.0


def _states(
    stack: Stack, notices: Iterable[tuple[str, any_to_alert.Message]]
) -> Iterator[tuple[float, str]]:
    for _, notice in notices:
        if isinstance(notice, any_to_alert.GatewayChanged):
            yield stack.moment_of(notice.changed_at), notice.state


def _outcome_entries(data_dir: Path) -> Counter[str]:
    return Counter(
        notice.post_id
        for link in _SENDERS
        for _, notice in _notices_of(data_dir, link)
        if isinstance(notice, OutcomeDecided)
    )


_SENDERS = (any_to_alert.FROM_INGEST, any_to_alert.FROM_PARSER, any_to_alert.FROM_BROKER)


def _notices_of(
    data_dir: Path, link: Link[any_to_alert.Message]
) -> Iterator[tuple[str, any_to_alert.Message]]:
    return _notices(data_dir / f"{link.name.partition('_')[0]}.db", link.name)


def _notices(path: Path, log: str) -> Iterator[tuple[str, any_to_alert.Message]]:
    statement = f"SELECT key, payload FROM entries WHERE log = '{log}' ORDER BY position"
    for key, payload in _rows(path, statement):
        yield key, any_to_alert.FROM_BROKER.decode(payload)


def _rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()
