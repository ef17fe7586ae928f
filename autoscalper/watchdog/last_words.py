"""What a process wrote last into its log, for whoever hears of its death."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

#: Bytes at the end of a log that are looked at, and lines of a traceback that are shown.
_LOOKED_AT_BYTES = 20_000
_SHOWN_LINES = 8
_SHOWN_RECORDS = 3
#: Longest line that is shown, in characters.
_WIDTH = 200


def last_words(log_dir: Path, process: str) -> str:
    """Return the last lines of ``process``, with the end of a traceback; empty without a log.

    The log has no secrets in it: whoever wrote it replaced them.
    """
    try:
        with (log_dir / f"{process}.jsonl").open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - _LOOKED_AT_BYTES))
            end = log.read()
    except OSError:
        return ""
    records = [record for line in end.splitlines() if (record := _record(line)) is not None]
    lines = [line for record in records[-_SHOWN_RECORDS:] for line in _lines_of(record)]
    return "\n".join(line[:_WIDTH] for line in lines)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        # The first line is cut, and a process that is killed can leave half a line.
        return None


def _lines_of(record: dict[str, Any]) -> list[str]:
    trace = str(record.get("trace", "")).splitlines()[-_SHOWN_LINES:]
    return [f"{record.get('level', '')} {record.get('message', '')}", *trace]
