from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    MoveStop,
    NotePlan,
    NoteRisk,
    PriceBasis,
    SetTargets,
    StopAt,
    Targets,
)
from autoscalper.parser.grammar.followups import read_add, read_note, read_stop, read_targets
from autoscalper.parser.grammar.post import parse

TUESDAY = date(2026, 8, 11)
_UNDERLYING_TARGET = Targets(prices=(Decimal(510),), basis=PriceBasis.UNDERLYING)
_TARGETS_AND_RUNNER = Targets(prices=(Decimal(3), Decimal("3.50")), leaves_runner=True)


@pytest.mark.parametrize(
    ("text", "price", "average"),
    [
        ("added @ 1.90", "1.90", None),
        ("added, new avg 2.12", None, "2.12"),
        ("1.90 final avg", None, "1.90"),
        ("AVG MSFT 505c @ 2.12, added @ 1.90", "1.90", "2.12"),
        ("taking more cons at 1.90", "1.90", None),
        ("made a small add", None, None),
    ],
)
def test_an_add_is_read(text: str, price: str | None, average: str | None) -> None:
    found = read_add(parse(text, TUESDAY))
    assert found is not None
    assert isinstance(found.instruction, AddToTrade)
    assert found.instruction.price == (Decimal(price) if price else None)
    assert found.instruction.average == (Decimal(average) if average else None)


@pytest.mark.parametrize(
    "text",
    ["may add at 1.90", "not adding", "looking to add", "add on dips", "on average", "added?"],
)
def test_a_plan_to_add_is_no_add(text: str) -> None:
    assert read_add(parse(text, TUESDAY)) is None


def test_an_add_may_come_with_a_stop() -> None:
    found = read_add(parse("added, new avg 2.12, stop 1.50", TUESDAY))
    assert found is not None
    assert isinstance(found.instruction, AddToTrade)
    assert found.instruction.stop == StopAt(price=Decimal("1.50"))


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("added @ 1.90, TP 3.50", Targets(prices=(Decimal("3.50"),))),
        ("added, new avg 2.12, PT 510", _UNDERLYING_TARGET),
        ("added @ 1.90, targets 3 / 3.50, runner", _TARGETS_AND_RUNNER),
        ("added @ 1.90. TP1 hit", None),
        ("added @ 1.90", None),
    ],
)
def test_an_add_may_come_with_targets(text: str, targets: Targets | None) -> None:
    found = read_add(parse(text, TUESDAY))
    assert found is not None
    assert isinstance(found.instruction, AddToTrade)
    assert found.instruction.targets == targets


def test_the_price_of_an_add_tells_whose_price_its_stop_is() -> None:
    found = read_add(parse("added @ .40, stop 12", TUESDAY))
    assert found is not None
    assert isinstance(found.instruction, AddToTrade)
    assert found.instruction.stop == StopAt(price=Decimal(12), basis=PriceBasis.UNDERLYING)


@pytest.mark.parametrize("text", ["SL 2.10", "moved stop to 2.10", "2.10 trail if you still hold"])
def test_a_stop_is_moved(text: str) -> None:
    found = read_stop(parse(text, TUESDAY))
    assert found is not None
    assert found.instruction == MoveStop(stop=StopAt(price=Decimal("2.10")))


@pytest.mark.parametrize(
    "text",
    [
        "no SL",
        "if it drops, stop 2.10",
        "stop 2.10?",
        "entering with stops at 2.10",
        "might use BE as stop",
        "stop it",
    ],
)
def test_no_stop_is_moved(text: str) -> None:
    assert read_stop(parse(text, TUESDAY)) is None


def test_targets_are_read() -> None:
    found = read_targets(parse("MSFT PT 510", TUESDAY))
    assert found is not None
    assert isinstance(found.instruction, SetTargets)
    assert found.instruction.contract.underlying == "MSFT"
    assert read_targets(parse("hello", TUESDAY)) is None
    assert read_targets(parse("target?", TUESDAY)) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("scratch that", CancelEntry),
        ("MSFT on watch", NotePlan),
        ("add level is 175.50", NotePlan),
        ("under 743.5 for puts", NotePlan),
        ("I'm going to trim slowly", NotePlan),
        ("go light", NoteRisk),
    ],
)
def test_a_note_is_read(text: str, kind: type) -> None:
    found = read_note(parse(text, TUESDAY))
    assert found is not None
    assert isinstance(found.instruction, kind)


@pytest.mark.parametrize("text", ["hello", "in starters", "filled 3.95 starters"])
def test_other_words_are_no_note(text: str) -> None:
    assert read_note(parse(text, TUESDAY)) is None
