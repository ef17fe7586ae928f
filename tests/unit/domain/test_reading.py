from __future__ import annotations

import typing

import msgspec
import pytest

from autoscalper.domain.instruction import CloseTrade
from autoscalper.domain.reading import Abstained, Evidence, Ignored, Instructed, Reading


@pytest.mark.parametrize(
    "reading",
    [
        Instructed(instruction=CloseTrade(), evidence=(Evidence(field="cause", start=0, end=7),)),
        Ignored(reason="a greeting"),
        Abstained(reason="two strikes"),
    ],
)
def test_a_reading_is_told_apart_from_the_others(reading: Reading) -> None:
    payload = msgspec.msgpack.encode(reading)
    assert msgspec.msgpack.decode(payload, type=Reading) == reading


def test_only_one_kind_of_reading_can_trade() -> None:
    with_instruction = [
        kind for kind in typing.get_args(Reading) if "instruction" in kind.__struct_fields__
    ]
    assert with_instruction == [Instructed]
