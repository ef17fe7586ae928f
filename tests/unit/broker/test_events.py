"""Events are facts: they cannot be changed after they happened."""

from __future__ import annotations

import typing

import msgspec
import pytest

from autoscalper.broker import events


@pytest.mark.parametrize("event", typing.get_args(events.Event))
def test_every_event_is_frozen_and_documented(event: type[msgspec.Struct]) -> None:
    assert event.__struct_config__.frozen
    assert event.__doc__
