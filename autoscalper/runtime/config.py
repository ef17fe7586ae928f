"""The environment, read once into a frozen struct, with all problems told at once."""

from __future__ import annotations

import difflib
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import time
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from autoscalper.runtime.errors import SettingsInvalid

S = TypeVar("S", bound=msgspec.Struct)

#: How alike two names must be for the one to be taken for a misspelling of the other, 0 to 1.
_ALIKE = 0.9


def load(
    settings: type[S],
    *,
    known: Iterable[type[msgspec.Struct]] = (),
    contradictions: Callable[[S], list[str]] = lambda _: [],
    environment: Mapping[str, str] | None = None,
) -> S:
    """Return ``settings`` read from the environment; a variable that is empty counts as unset.

    ``known`` are the structs whose variables are nobody's mistake. A variable that looks like
    one of them and is none is refused.

    Raises:
        SettingsInvalid: with a sentence for every problem, never with a secret's value.
    """
    environment = os.environ if environment is None else environment
    problems = _misspelt(environment, {settings, *known})
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(settings):
        name = field.name.upper()
        text = environment.get(name, "")
        if text:
            try:
                values[field.name] = convert(text, field.type)
            except (ValueError, msgspec.ValidationError):
                shown = "a secret" if _is_secret(field.type) else repr(text)
                problems.append(f"{name} is {shown}, expected {expected(field.type)}")
    if not problems:
        loaded = settings(**values)
        problems = contradictions(loaded)
        if not problems:
            return loaded
    raise SettingsInvalid(problems)


def secrets_of(settings: Any) -> tuple[str, ...]:
    """Return the values in ``settings`` that must never be shown."""
    return tuple(
        getattr(settings, field.name).value
        for field in msgspec.structs.fields(settings)
        if _is_secret(field.type) and getattr(settings, field.name).value
    )


def _misspelt(environment: Mapping[str, str], structs: set[type[msgspec.Struct]]) -> list[str]:
    names = {field.name.upper() for struct in structs for field in msgspec.structs.fields(struct)}
    problems = []
    for variable in sorted(set(environment) - names):
        alike = difflib.get_close_matches(variable, names, n=1, cutoff=_ALIKE)
        if alike:
            problems.append(f"{variable} is not a setting, expected perhaps {alike[0]}")
    return problems


def text_of(
    settings: type[msgspec.Struct], field: str, environment: Mapping[str, str] | None = None
) -> str:
    """Return the text of one setting that any text is right for."""
    environment = os.environ if environment is None else environment
    return environment.get(field.upper(), "") or str(getattr(settings(), field))


def convert(text: str, annotation: Any) -> Any:
    """Return ``text`` as a value of that type.

    Raises:
        ValueError, msgspec.ValidationError: it is none.
    """
    plain = _plain(annotation)
    if _is_secret(annotation):
        return plain(text)
    if typing.get_origin(plain) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if typing.get_origin(plain) is dict:
        pairs = (part.split("=", 1) for part in text.split(",") if part.strip())
        return {name.strip(): value.strip() for name, value in pairs}
    if plain is Decimal:
        return _decimal(text.strip(), annotation)
    if plain is time:
        return _time_of_day(text.strip())
    if plain is bool:
        text = {"yes": "true", "no": "false"}.get(text.lower(), text.lower())
    return msgspec.convert(text.strip(), annotation, strict=False)


def _decimal(text: str, annotation: Any) -> Decimal:
    number = msgspec.convert(text, Decimal)
    # msgspec refuses to check the bounds of a Decimal.
    if not number.is_finite() or not all(_is_within(number, meta) for meta in _metas(annotation)):
        raise ValueError(text)
    return number


def _is_within(number: Decimal, bounds: msgspec.Meta) -> bool:
    return (
        (bounds.gt is None or number > bounds.gt)
        and (bounds.ge is None or number >= bounds.ge)
        and (bounds.lt is None or number < bounds.lt)
        and (bounds.le is None or number <= bounds.le)
    )


def _time_of_day(text: str) -> time:
    moment = time.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(text)
    return moment


def _plain(annotation: Any) -> Any:
    if typing.get_origin(annotation) is typing.Annotated:
        return _plain(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        present = [each for each in typing.get_args(annotation) if each is not types.NoneType]
        return _plain(present[0])
    return annotation


def _is_secret(annotation: Any) -> bool:
    plain = _plain(annotation)
    return isinstance(plain, type) and plain.__name__ == "Secret"


def expected(annotation: Any) -> str:
    """Return what a value of that type looks like, in words."""
    described = _description(annotation)
    if described:
        return described
    plain = _plain(annotation)
    if hasattr(plain, "__members__"):
        return " or ".join(member.value for member in plain)
    named = {
        bool: "true or false",
        int: "a whole number",
        Decimal: "a number",
        time: "a time of day such as 15:45",
        dict: "name=value, separated by commas",
    }
    plain = typing.get_origin(plain) or plain
    return named.get(plain, f"a {getattr(plain, '__name__', plain)}")


def _description(annotation: Any) -> str:
    return next((meta.description for meta in _metas(annotation) if meta.description), "")


def _metas(annotation: Any) -> Iterator[msgspec.Meta]:
    for part in typing.get_args(annotation):
        if isinstance(part, msgspec.Meta):
            yield part
        else:
            yield from _metas(part)
