"""When a post passed which point of its way, from what the processes keep anyway. Reads only.

The post's own stamps travel with it: when ingest was handed it, when parser had read it. The logs
add when they kept it, the broker's memory when it had it, the gateway's ledger when it had read
what came of it.

The whole order of an entry is its bracket: nothing of it is worked before its last leg is there.
That of an exit is its sale, and its first message takes back what rests, which may not sell, too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.broker.orders import Order, digest
from autoscalper.domain.order import Purpose
from autoscalper.links import any_to_alert, ingest_to_parser, parser_to_broker
from autoscalper.links.parser_to_broker import SignalIssued

#: The points in their order: who passes them and what is over then.
POINTS = (
    "handed over",
    "ingest has it",
    "ingest keeps it",
    "parser has read it",
    "parser keeps it",
    "broker has it",
    "gateway has read the first message",
    "gateway has read the whole order",
)
FIRST, WHOLE = POINTS[-2], POINTS[-1]
HEARD = POINTS[1]

_order = msgspec.msgpack.Decoder(Order).decode

#: Moments by point.
Way = dict[str, datetime]


def ways(
    data_dir: Path,
    ledger: Sequence[Mapping[str, Any]],
    handed: Mapping[str, datetime],
    trade_of: Mapping[str, str],
) -> dict[str, Way]:
    """Return the way of each post in ``handed`` to its whole order, as far as it got.

    ``trade_of`` names the post that opened the trade which an exit is about; a post that is not in
    it opens one.
    """
    found: dict[str, Way] = {each: {POINTS[0]: at} for each, at in handed.items()}
    _add_posts(data_dir, found)
    _add_signals(data_dir, found)
    _add_heard(data_dir, found)
    _add_orders(data_dir, ledger, found, trade_of)
    return found


def outcomes(data_dir: Path) -> dict[str, any_to_alert.OutcomeDecided]:
    """Return the outcomes of all posts, by post, whoever decided them."""
    found = {}
    for process, link in (
        ("parser", any_to_alert.FROM_PARSER),
        ("broker", any_to_alert.FROM_BROKER),
    ):
        for _, _, payload in rows(data_dir / f"{process}.db", link.name):
            message = link.decode(payload)
            if isinstance(message, any_to_alert.OutcomeDecided):
                found[str(message.post_id)] = message
    return found


def _add_posts(data_dir: Path, found: dict[str, Way]) -> None:
    for key, logged_at, payload in rows(data_dir / "ingest.db", ingest_to_parser.LINK.name):
        message = ingest_to_parser.LINK.decode(payload)
        if key in found and isinstance(message, ingest_to_parser.PostPublished):
            found[key]["ingest has it"] = message.post.received_at
            found[key]["ingest keeps it"] = datetime.fromisoformat(logged_at)


def _add_signals(data_dir: Path, found: dict[str, Way]) -> None:
    for key, logged_at, payload in rows(data_dir / "parser.db", parser_to_broker.LINK.name):
        message = parser_to_broker.LINK.decode(payload)
        if key in found and isinstance(message, SignalIssued):
            found[key]["parser has read it"] = message.read_at
            found[key]["parser keeps it"] = datetime.fromisoformat(logged_at)


def _add_heard(data_dir: Path, found: dict[str, Way]) -> None:
    with _reading(data_dir / "broker.db") as reader:
        for post_id, heard_at in reader.execute("SELECT post_id, heard_at FROM heard"):
            if post_id in found:
                found[post_id]["broker has it"] = datetime.fromisoformat(heard_at)


def _add_orders(
    data_dir: Path,
    ledger: Sequence[Mapping[str, Any]],
    found: dict[str, Way],
    trade_of: Mapping[str, str],
) -> None:
    trades: dict[str, list[Order]] = {}
    for order in _orders(data_dir / "broker.db"):
        trades.setdefault(order.trade_id, []).append(order)
    known = {each["order_ref"]: each for each in ledger}
    for post_id, way in found.items():
        of_trade = trades.get(digest(trade_of.get(post_id, post_id)), [])
        is_exit = post_id in trade_of
        legs = _legs(order for order in of_trade if (order.purpose is Purpose.EXIT) == is_exit)
        if legs and all(order.client_order_id in known for order in legs):
            moments = [_moment(known[order.client_order_id]["accepted_at"]) for order in legs]
            resting = [known.get(order.client_order_id, {}) for order in of_trade]
            way[FIRST] = min(moments + (canceled_at(resting) if is_exit else []))
            way[WHOLE] = max(moments)


def canceled_at(ledger: Iterable[Mapping[str, Any]]) -> list[datetime]:
    """Return when the gateway read that orders shall be canceled; it ends them in that moment.

    What it ends by itself has a reason.
    """
    return [
        _moment(each["done_at"])
        for each in ledger
        if each.get("status") == "Cancelled" and not each["reason"]
    ]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _legs(orders: Iterable[Order]) -> list[Order]:
    # What was decided together with the first: later ones replace these.
    chosen = sorted(orders, key=lambda order: order.ib_order_id)
    return [order for order in chosen if order.created_at == chosen[0].created_at]


def _orders(path: Path) -> Iterator[Order]:
    with _reading(path) as reader:
        for (payload,) in reader.execute("SELECT payload FROM orders"):
            yield _order(payload)


def rows(path: Path, log: str) -> list[tuple[str, str, bytes]]:
    """Return key, time and message of each entry of a log, in its order."""
    with _reading(path) as reader:
        return reader.execute(
            "SELECT key, logged_at, payload FROM entries WHERE log = ? ORDER BY position", (log,)
        ).fetchall()


def _reading(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))
