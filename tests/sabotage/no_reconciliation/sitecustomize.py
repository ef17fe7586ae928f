"""What the gateway has is never compared with what the broker remembers."""

from __future__ import annotations

import sys
from typing import Any


def sabotage() -> None:
    from autoscalper.broker import reconcile

    def believe(book: Any, snapshot: Any, now: Any) -> list[Any]:
        book.snapshot, book.snapshot_awaited = snapshot, False
        book.filled_since_snapshot = {}
        return []

    module: Any = reconcile
    module.reconcile = believe


if "autoscalper.broker" in sys.orig_argv:
    sabotage()
