"""The file for what an environment variable cannot say well: a table of values for each channel.

    [channels.some-room]
    max_contracts = 1

Every value is of the type that the caller's forms say, converted as the environment's are.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from autoscalper.runtime import config
from autoscalper.runtime.errors import SettingsInvalid

S = TypeVar("S", bound=msgspec.Struct)

#: The values for each channel.
Tables = dict[str, dict[str, Any]]

#: The setting that names the file, and the one thing that the file has.
_SETTING = "config_file"
_CHANNELS = "channels"


def load(
    settings: type[S],
    forms: Mapping[str, Any],
    *,
    known: Iterable[type[msgspec.Struct]] = (),
    contradictions: Callable[[S], list[str]] = lambda _: [],
    table_contradictions: Callable[[S, Tables], list[str]] = lambda *_: [],
    environment: Mapping[str, str] | None = None,
) -> tuple[S, Tables]:
    """Return ``settings`` read from the environment, and the tables of their ``config_file``.

    ``forms`` says which values a table may have, and of which types. ``table_contradictions``
    holds the tables against the settings.

    Raises:
        SettingsInvalid: with a sentence for every problem of both, never with a secret's value.
    """
    path = config.text_of(settings, _SETTING, environment)
    tables, found = read(Path(path), forms, is_wanted=path != _default(settings))
    problems: list[str] = []
    loaded = settings()
    try:
        loaded = config.load(
            settings, known=known, contradictions=contradictions, environment=environment
        )
    except SettingsInvalid as error:
        problems += error.problems
    if not problems and not found:
        found = table_contradictions(loaded, tables)
    problems += [f"{path}: {problem}" for problem in found]
    if problems:
        raise SettingsInvalid(problems)
    return loaded, tables


def read(path: Path, forms: Mapping[str, Any], *, is_wanted: bool) -> tuple[Tables, list[str]]:
    """Return the tables in ``path`` and a sentence for each problem with them.

    A file that is missing has no tables, and is a problem only if it ``is_wanted``.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        return {}, ["there is no such file"] if is_wanted else []
    except OSError as error:
        return {}, [f"cannot be read: {error.strerror}"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [f"is no TOML: {error}"]
    problems = [
        f"{name} is not known, expected {_CHANNELS}" for name in content.keys() - {_CHANNELS}
    ]
    tables: Tables = {}
    channels = content.get(_CHANNELS, {})
    for channel, table in channels.items() if isinstance(channels, dict) else ():
        if isinstance(table, dict):
            tables[channel], found = _converted(table, forms)
            problems += [f"{channel}: {problem}" for problem in found]
        else:
            problems.append(f"{channel} is {table!r}, expected a table [{_CHANNELS}.{channel}]")
    if not isinstance(channels, dict):
        problems.append(f"{_CHANNELS} is {channels!r}, expected tables [{_CHANNELS}.NAME]")
    return tables, problems


def _converted(
    table: Mapping[str, Any], forms: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    problems = []
    for name, value in table.items():
        if name not in forms:
            alike = difflib.get_close_matches(name, forms, n=1)
            hint = f"perhaps {alike[0]}" if alike else f"one of {', '.join(forms)}"
            problems.append(f"{name} is not known, expected {hint}")
            continue
        try:
            values[name] = config.convert(_text(value), forms[name])
        except (ValueError, msgspec.ValidationError):
            problems.append(f"{name} is {_text(value)!r}, expected {config.expected(forms[name])}")
    return values, problems


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, time):
        return value.isoformat("minutes")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _default(settings: type[S]) -> str:
    return str(getattr(settings(), _SETTING))
