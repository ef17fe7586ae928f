"""What every test starts from: an environment without a single setting in it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import msgspec
import pytest

from autoscalper.domain.settings import BY_PROCESS


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for struct in BY_PROCESS.values():
        for field in msgspec.structs.fields(struct):
            if field.name.upper() in os.environ:
                monkeypatch.delenv(field.name.upper())


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture(autouse=True)
def no_decoder_complains() -> Iterator[None]:
    """Fail a test in which ib_async or ib_insync could not decode what it was sent."""
    complaints = _Complaints()
    decoders = [logging.getLogger(f"{library}.Decoder") for library in ("ib_async", "ib_insync")]
    for decoder in decoders:
        decoder.addHandler(complaints)
    yield
    for decoder in decoders:
        decoder.removeHandler(complaints)
    assert complaints.said == []
