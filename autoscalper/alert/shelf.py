"""What alert keeps: the one outcome of each post, and every other notice, each once."""

from __future__ import annotations

import logging
from typing import TypeVar, assert_never

import msgspec

from autoscalper.alert.render import render
from autoscalper.domain.identity import PostId
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import (
    CommandAnswered,
    GatewayChanged,
    Level,
    OrderChanged,
    OrderFilled,
    OutcomeDecided,
    QuestionAsked,
    Reported,
    TradeChanged,
    TradeClosed,
)
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

N = TypeVar("N")

#: What alert's store must hold beside its cursors. ``decided`` and ``notice`` are the messages as
#: JSON; ``number`` is how a person names an alert.
SCHEMA = """
CREATE TABLE IF NOT EXISTS outcomes (
    number INTEGER PRIMARY KEY, post_id TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL,
    decided TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS outcomes_by_message ON outcomes (message_id);
CREATE TABLE IF NOT EXISTS notices (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, notice TEXT NOT NULL);
"""

_LEVELS = {
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.CRITICAL: logging.CRITICAL,
}


class Shelf:
    """Keeps notices and says each on the log when it is new."""

    def __init__(self, store: Store) -> None:
        """Write into ``store``, which was opened with ``SCHEMA``."""
        self._store = store

    def take(self, notice: any_to_alert.Message) -> bool:
        """Keep ``notice`` inside the caller's transaction; return whether it is new."""
        is_new = (
            self._keep_outcome(notice)
            if isinstance(notice, OutcomeDecided)
            else self._keep_notice(notice)
        )
        if is_new:
            logger.log(level_of(notice), "%s", render(notice))
        return is_new

    def outcome(self, number: int) -> OutcomeDecided | None:
        """Return the outcome that people know under ``number``, None if there is none."""
        row = self._store.execute(
            "SELECT decided FROM outcomes WHERE number = ?", (number,)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=OutcomeDecided)

    def number_of(self, post_id: PostId) -> int:
        """Return the number of a post's outcome, 0 if it has none."""
        row = self._store.execute(
            "SELECT number FROM outcomes WHERE post_id = ?", (post_id,)
        ).fetchone()
        return int(row[0]) if row else 0

    def latest(self, count: int) -> list[tuple[int, OutcomeDecided]]:
        """Return the last ``count`` outcomes with their numbers, newest first."""
        rows = self._store.execute(
            "SELECT number, decided FROM outcomes ORDER BY number DESC LIMIT ?", (count,)
        )
        return [
            (int(number), msgspec.json.decode(decided, type=OutcomeDecided))
            for number, decided in rows
        ]

    def gateway(self) -> GatewayChanged | None:
        """Return how the gateway stood last, None if nothing was heard of it."""
        found = self._newest("gateway %", 1, GatewayChanged)
        return found[0] if found else None

    def latest_fills(self, count: int) -> list[OrderFilled]:
        """Return the last ``count`` fills, newest first."""
        return self._newest("fill %", count, OrderFilled)

    def _newest(self, keys: str, count: int, kind: type[N]) -> list[N]:
        rows = self._store.execute(
            "SELECT notice FROM notices WHERE key LIKE ? ORDER BY number DESC LIMIT ?",
            (keys, count),
        )
        return [msgspec.json.decode(text, type=kind) for (text,) in rows]

    @property
    def outcomes(self) -> int:
        """Return how many posts have their outcome."""
        (count,) = self._store.execute("SELECT COUNT(*) FROM outcomes").fetchone()
        return int(count)

    def _keep_outcome(self, decided: OutcomeDecided) -> bool:
        shown = msgspec.json.encode(decided).decode()
        row = self._store.execute(
            "SELECT decided FROM outcomes WHERE post_id = ?", (decided.post_id,)
        ).fetchone()
        if row is None:
            self._store.execute(
                "INSERT INTO outcomes (post_id, message_id, decided) VALUES (?, ?, ?)",
                (decided.post_id, decided.message_id, shown),
            )
        elif row[0] != shown:
            logger.error(
                "second outcome for one post, keeping the first post_id=%s second=%s",
                decided.post_id,
                decided.outcome,
            )
        return row is None

    def _keep_notice(self, notice: any_to_alert.Message) -> bool:
        cursor = self._store.execute(
            "INSERT OR IGNORE INTO notices (key, notice) VALUES (?, ?)",
            (key_of(notice), msgspec.json.encode(notice).decode()),
        )
        return cursor.rowcount == 1


def key_of(notice: any_to_alert.Message) -> str:
    """Return what makes ``notice`` one, whichever way and however often it comes."""
    return f"paper {_key_of(notice)}" if notice.is_paper else _key_of(notice)


def _key_of(notice: any_to_alert.Message) -> str:
    match notice:
        case OutcomeDecided():
            return f"outcome {notice.post_id}"
        case OrderChanged():
            return f"order {notice.client_order_id} {notice.changed_at.isoformat()}"
        case OrderFilled():
            return f"fill {notice.exec_id}"
        case TradeClosed():
            return f"closed {notice.trade_id}"
        case TradeChanged():
            return f"trade {notice.trade_id} {notice.changed_at.isoformat()}"
        case CommandAnswered():
            return (
                f"command {notice.command_id} {notice.state.value} {notice.answered_at.isoformat()}"
            )
        case QuestionAsked():
            return f"question {notice.question_id} {notice.asked_at.isoformat()}"
        case GatewayChanged():
            return f"gateway {notice.changed_at.isoformat()} {notice.state}"
        case Reported():
            return f"report {notice.reported_at.isoformat()} {notice.text}"
        case _:
            assert_never(notice)


def level_of(notice: any_to_alert.Message) -> int:
    """Return the level of the log that ``notice`` is worth."""
    match notice:
        case Reported():
            return _LEVELS[notice.level]
        case TradeChanged() | OrderChanged():
            return logging.DEBUG
        case (
            GatewayChanged()
            | OutcomeDecided()
            | OrderFilled()
            | TradeClosed()
            | QuestionAsked()
            | CommandAnswered()
        ):
            return logging.INFO
        case _:
            assert_never(notice)
