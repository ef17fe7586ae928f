"""What every test starts from: an environment without a single setting in it."""

from __future__ import annotations

import os

import msgspec
import pytest

from autoscalper.domain.settings import BY_PROCESS


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for struct in BY_PROCESS.values():
        for field in msgspec.structs.fields(struct):
            if field.name.upper() in os.environ:
                monkeypatch.delenv(field.name.upper())
