"""What parser keeps, read while parser runs: the signals that it gave. Never written from here."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from autoscalper.domain.identity import PostId
from autoscalper.links import parser_to_broker
from autoscalper.links.parser_to_broker import LINK, TickerMentioned


def signal_of(path: Path, post_id: PostId) -> parser_to_broker.Signal | None:
    """Return the signal that a version of a post gave, None if it gave none or nobody knows."""
    if not path.exists():
        return None
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            row = connection.execute(
                "SELECT payload FROM entries WHERE log = ? AND key = ?", (LINK.name, post_id)
            ).fetchone()
        except sqlite3.OperationalError:
            # Parser has made the file and not yet its tables.
            return None
    message = None if row is None else LINK.decode(bytes(row[0]))
    return None if isinstance(message, TickerMentioned) else message
