"""The file beside the environment: tables for channels, and every problem at once."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from autoscalper.runtime import config_file
from autoscalper.runtime.errors import SettingsInvalid


class Settings(msgspec.Struct, frozen=True):
    """Two settings and the file."""

    config_file: str = "nowhere/autoscalper.toml"
    most: int = 2


FORMS = {
    "most": Annotated[int, Meta(ge=1, description="a whole number, at least 1")],
    "part": Decimal,
    "off": bool,
    "names": tuple[str, ...],
    "until": time,
}


def load(
    path: Path, text: str | None = None, **environment: str
) -> tuple[Settings, config_file.Tables]:
    if text is not None:
        path.write_text(text)
    return config_file.load(
        Settings,
        FORMS,
        table_contradictions=lambda settings, tables: [
            f"{name}: too many" for name, each in tables.items() if each["most"] > settings.most
        ],
        environment={"CONFIG_FILE": str(path), **environment},
    )


def problems(path: Path, text: str | None, **environment: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as refused:
        load(path, text, **environment)
    return [each.replace(str(path), "FILE") for each in refused.value.problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.toml"


def test_values_become_what_they_are(path: Path) -> None:
    settings, tables = load(
        path,
        '[channels.room]\nmost = 2\npart = 0.1\noff = true\nnames = ["A", "B"]\n'
        'until = "15:30"\n[channels."other room"]\nmost = 1\nuntil = 15:31:00\n',
        MOST="3",
    )
    assert settings.most == 3
    assert tables == {
        "room": {
            "most": 2,
            "part": Decimal("0.1"),
            "off": True,
            "names": ("A", "B"),
            "until": time(15, 30),
        },
        "other room": {"most": 1, "until": time(15, 31)},
    }


def test_without_a_file_there_is_nothing_unless_it_is_named(tmp_path: Path) -> None:
    assert config_file.load(Settings, FORMS, environment={}) == (Settings(), {})
    assert problems(tmp_path / "none", None) == ["FILE: there is no such file"]


def test_all_problems_of_both_are_told_at_once(path: Path) -> None:
    told = problems(
        path,
        'x = 1\n[channels.room]\nmots = 1\nmost = 0\npart = "much"\nzzz = 1\n'
        "[channels]\nlone = 3\n",
        MOST="many",
    )
    assert told == [
        "MOST is 'many', expected a whole number",
        "FILE: x is not known, expected channels",
        "FILE: room: mots is not known, expected perhaps most",
        "FILE: room: most is '0', expected a whole number, at least 1",
        "FILE: room: part is 'much', expected a number",
        "FILE: room: zzz is not known, expected one of most, part, off, names, until",
        "FILE: lone is 3, expected a table [channels.lone]",
    ]


def test_what_cannot_be_meant_beside_the_environment_is_told(path: Path) -> None:
    assert problems(path, "[channels.room]\nmost = 3\n") == ["FILE: room: too many"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[channels", "FILE: is no TOML: "),
        ("channels = 3", "FILE: channels is 3, expected tables [channels.NAME]"),
    ],
)
def test_what_is_no_such_file_is_told(path: Path, text: str, problem: str) -> None:
    (told,) = problems(path, text)
    assert told.startswith(problem)


def test_a_directory_is_no_file(path: Path) -> None:
    path.mkdir()
    assert problems(path, None) == ["FILE: cannot be read: Is a directory"]
