"""Instructions and orders in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.broker.words import order_named, stranger_named, understood_as
from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    MoveStop,
    NotePlan,
    NoteRisk,
    OpenTrade,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    Targets,
    TrailBy,
    TrimTrade,
)
from autoscalper.domain.order import Side
from tests.unit.broker.story import CALL, named, opened


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        (OpenTrade(contract=named(CALL), price=Decimal("0.4")), "NEW IWM 241C 2026-11-20 @ 0.40"),
        (OpenTrade(contract=named(CALL)), "NEW IWM 241C 2026-11-20"),
        (AddToTrade(price=Decimal("0.355")), "ADD @ 0.355"),
        (TrimTrade(contract=ContractTerms(underlying="IWM")), "TRIM IWM half"),
        (TrimTrade(fraction=Decimal("0.25")), "TRIM 25 %"),
        (TrimTrade(quantity=3), "TRIM 3"),
        (CloseTrade(price=Decimal(1)), "EXIT @ 1.00"),
        (MoveStop(stop=StopAt(price=Decimal("0.2"))), "MOVE_STOP to 0.20"),
        (MoveStop(stop=StopAtBreakEven()), "MOVE_STOP to break-even"),
        (MoveStop(stop=TrailBy(percent=Decimal(20))), "MOVE_STOP trailing 20 % behind"),
        (MoveStop(stop=TrailBy(amount=Decimal("0.1"))), "MOVE_STOP trailing 0.10 behind"),
        (MoveStop(stop=StopBelow(percent=Decimal(20))), "MOVE_STOP 20 % below the entry"),
        (MoveStop(stop=None), "MOVE_STOP"),
        (SetTargets(targets=Targets(prices=(Decimal("0.6"), Decimal(1)))), "TARGETS 0.60 1.00"),
        (CancelEntry(), "CANCEL"),
        (NotePlan(), "PLAN"),
        (NoteRisk(), "RISK_NOTE"),
    ],
)
def test_an_instruction_is_said_with_what_it_states(instruction: Instruction, words: str) -> None:
    assert understood_as(instruction) == words


def test_the_contract_that_was_meant_stands_for_what_was_named() -> None:
    assert understood_as(CloseTrade(), CALL) == "EXIT IWM 241C 2026-11-20"


def test_an_order_is_named_by_its_contract_and_never_by_its_id() -> None:
    story = opened()
    names = [order_named(order) for order in story.book.orders.values()]
    assert names == [
        "IWM 241C 2026-11-20 entry 0.43 x2",
        "IWM 241C 2026-11-20 target 0.63 x2",
        "IWM 241C 2026-11-20 sale for the last day x2",
        "IWM 241C 2026-11-20 stop 0.33 x2",
    ]


def test_an_order_of_which_little_is_known_is_named_by_that() -> None:
    assert stranger_named("IWM 241C 2026-11-20", Side.SELL, Decimal("0.4"), 2) == (
        "IWM 241C 2026-11-20 sell 0.40 x2"
    )
    assert stranger_named("a contract", None, None, None) == "a contract"
