"""The environment, read once into a frozen struct, with all problems told at once."""

from __future__ import annotations

import difflib
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping
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
                values[field.name] = _convert(text, field.type)
            except (ValueError, msgspec.ValidationError):
                shown = "a secret" if _is_secret(field.type) else repr(text)
                problems.append(f"{name} is {shown}, expected {_expected(field.type)}")
    if not problems:
        loaded = settings(**values)
        problems = contradictions(loaded)
        if not problems:
            return loaded
    raise SettingsInvalid(problems)


def secrets_of(settings: msgspec.Struct) -> tuple[str, ...]:
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


def _convert(text: str, annotation: Any) -> Any:
    plain = _plain(annotation)
    if _is_secret(annotation):
        return plain(text)
    if typing.get_origin(plain) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if typing.get_origin(plain) is dict:
        pairs = (part.split("=", 1) for part in text.split(",") if part.strip())
        return {name.strip(): value.strip() for name, value in pairs}
    if plain is bool:
        text = {"yes": "true", "no": "false"}.get(text.lower(), text.lower())
    return msgspec.convert(text.strip(), annotation, strict=False)


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


def _expected(annotation: Any) -> str:
    described = _description(annotation)
    if described:
        return described
    plain = _plain(annotation)
    if hasattr(plain, "__members__"):
        return " or ".join(member.value for member in plain)
    named = {bool: "true or false", int: "a whole number"}
    return named.get(plain, f"a {getattr(plain, '__name__', plain)}")


def _description(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Annotated:
        for extra in typing.get_args(annotation)[1:]:
            if isinstance(extra, msgspec.Meta) and extra.description:
                return extra.description
    for part in typing.get_args(annotation):
        found = _description(part)
        if found:
            return found
    return ""
