from __future__ import annotations

import typing
from decimal import Decimal

import msgspec
import pytest

from autoscalper.domain import instruction
from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import (
    CloseTrade,
    ExitCause,
    Instruction,
    NoteRisk,
    OpenTrade,
    PriceBasis,
    RiskLevel,
    StopAt,
    Targets,
    TrimTrade,
)

KINDS = typing.get_args(Instruction)


def test_what_a_post_does_not_say_is_none() -> None:
    opened = OpenTrade()
    said = (opened.price, opened.price_max, opened.quantity, opened.stop, opened.targets)
    assert said == (None,) * 5
    assert opened.contract == ContractTerms()
    assert opened.risk_level is RiskLevel.NORMAL
    trim = TrimTrade()
    assert (trim.fraction, trim.quantity, trim.price, trim.stop) == (None,) * 4


def test_a_price_is_the_options_unless_it_is_called_the_underlyings() -> None:
    assert StopAt(price=Decimal(1)).basis is PriceBasis.PREMIUM
    assert Targets(prices=(Decimal(1),)).basis is PriceBasis.PREMIUM


def test_an_exit_without_a_reason_is_just_an_exit() -> None:
    assert CloseTrade().cause is ExitCause.EXIT


def test_a_risk_note_raises_the_risk() -> None:
    assert NoteRisk().risk_level is not RiskLevel.NORMAL


def test_every_instruction_of_the_module_is_in_the_union() -> None:
    defined = {
        each
        for each in vars(instruction).values()
        if isinstance(each, type)
        and issubclass(each, instruction._Instruction)
        and each is not instruction._Instruction
    }
    assert defined == set(KINDS)


def test_instructions_are_told_apart_by_their_tag() -> None:
    tags = [kind.__struct_config__.tag for kind in KINDS]
    assert tags == [kind.__name__ for kind in KINDS]


def test_an_instruction_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        OpenTrade().price = Decimal(1)  # type: ignore[misc]


def test_the_union_reads_what_it_wrote() -> None:
    payload = msgspec.msgpack.encode(TrimTrade(fraction=Decimal("0.5")))
    assert msgspec.msgpack.decode(payload, type=Instruction) == TrimTrade(fraction=Decimal("0.5"))
