"""What follows from a claim, and what does not. The posts that attack are in their own file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    ExitCause,
    Instruction,
    MoveStop,
    NotePlan,
    NoteRisk,
    OpenTrade,
    RiskLevel,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    Targets,
    TrimTrade,
)
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reading
from autoscalper.parser.claims import Claim, Deed
from autoscalper.parser.conversation import Conversation, Stage, Subject
from autoscalper.parser.guards import check, for_people

WEDNESDAY = date(2026, 3, 18)
TSM = ContractTerms(underlying="TSM", strike=Decimal(190), right=Right.CALL)
NOTHING = Claim(
    deed=Deed.NOTHING,
    words="",
    underlying=None,
    strike=None,
    right=None,
    expiry=None,
    price=None,
    average=None,
    fraction=None,
    quantity=None,
    stop=None,
    targets=(),
)
ENTRY_POST = "TSM 190 calls 4/17, starter here, paid 2.15, stop 1.60, targets 3.00 4.00"
ENTRY: dict[str, Any] = {
    "deed": Deed.ENTER,
    "words": "starter here",
    "underlying": "TSM",
    "strike": "190",
    "right": "call",
    "expiry": "4/17",
    "price": "2.15",
}


def conversation(stage: Stage, contract: ContractTerms = TSM) -> Conversation:
    return Conversation(subjects=(Subject(contract=contract, stage=stage, spoken_on=WEDNESDAY),))


def reading(text: str, said: Conversation | None = None, **claimed: Any) -> Reading:
    claim = msgspec.structs.replace(NOTHING, **claimed)
    return check(claim, text, posted_on=WEDNESDAY, conversation=said or Conversation())


def instruction(text: str, said: Conversation | None = None, **claimed: Any) -> Instruction:
    found = reading(text, said, **claimed)
    assert isinstance(found, Instructed), found
    return found.instruction


def test_an_honest_entry_is_read_from_the_posts_own_characters() -> None:
    found = reading(ENTRY_POST, **ENTRY, stop="1.60", targets=("3.00", "4.00"))
    assert isinstance(found, Instructed)
    assert found.instruction == OpenTrade(
        contract=msgspec.structs.replace(TSM, expiry=date(2026, 4, 17)),
        price=Decimal("2.15"),
        stop=StopAt(price=Decimal("1.60")),
        targets=Targets(prices=(Decimal("3.00"), Decimal("4.00"))),
    )
    quoted = {each.field: ENTRY_POST[each.start : each.end] for each in found.evidence}
    assert quoted["words"] == "starter here"
    assert (quoted["underlying"], quoted["price"], quoted["stop"]) == ("TSM", "2.15", "1.60")


@pytest.mark.parametrize(
    "lie",
    [
        {"underlying": "TSLA"},
        {"underlying": "starter"},
        {"underlying": None},
        {"strike": "195"},
        {"strike": None},
        {"strike": "2.15"},
        {"right": "put"},
        {"right": None},
        {"price": "2.05"},
        {"price": "190"},
        {"price": None},
        {"price": "two"},
        {"price": "1e3"},
        {"words": ""},
        {"words": "bought"},
        {"stop": "1.50"},
        {"stop": "3.00"},
        {"stop": "break even"},
        {"targets": ("5.00",)},
        {"quantity": "7"},
    ],
)
def test_one_field_that_the_post_does_not_bear_out_spoils_an_entry(lie: dict[str, Any]) -> None:
    found = reading(ENTRY_POST, **(ENTRY | lie))
    assert isinstance(found, Abstained)
    assert found.reason.startswith("the model ")


def test_the_expiry_is_the_posts_whatever_is_claimed_of_it() -> None:
    for claimed in ("4/24", None):
        found = instruction(ENTRY_POST, **(ENTRY | {"expiry": claimed}))
        assert found.contract.expiry == date(2026, 4, 17)


def test_an_expiry_cannot_be_claimed_of_a_post_without_one() -> None:
    text = "TSM 190c starter here 2.15"
    assert isinstance(reading(text, **ENTRY), Abstained)
    assert instruction(text, **(ENTRY | {"expiry": None})).contract == TSM


@pytest.mark.parametrize(
    "text",
    [
        "starter here? TSM 190 calls 4/17 2.15?",
        "if it holds, starter here, TSM 190c 4/17 2.15",
        "not a starter here TSM 190c 4/17 2.15",
        "starter here was TSM 190c 4/17 2.15, now 3.40 (+58%)",
        "starter here TSM 190c/195c 4/17 2.15",
        "starter here, TSM 190 call spread 4/17 2.15",
        "starter here TSM 190c 4/17 from 2.15 to 3.40",
        "> starter here TSM 190c 4/17 2.15",
        "starter here TSM 190c 3/11 2.15",
        "recap: starter here TSM 190c 4/17 2.15",
    ],
)
def test_words_that_say_otherwise_are_stronger_than_a_claim(text: str) -> None:
    claim = ENTRY | {"expiry": None}
    assert isinstance(reading(text, **claim), Abstained)


def test_an_entry_may_take_its_contract_from_what_was_announced_today() -> None:
    claim: dict[str, Any] = {"deed": Deed.ENTER, "words": "alright, in", "price": "2.15"}
    found = instruction("alright, in 2.15", conversation(Stage.PLANNED), **claim)
    assert found == OpenTrade(contract=TSM, price=Decimal("2.15"))
    for said in (Conversation(), conversation(Stage.OPEN), conversation(Stage.CLOSED)):
        assert isinstance(reading("alright, in 2.15", said, **claim), Abstained)


@pytest.mark.parametrize("lie", [{"strike": "195"}, {"underlying": "KO"}, {"price": "2.10"}])
def test_what_was_announced_cannot_be_changed_by_a_claim(lie: dict[str, Any]) -> None:
    claim: dict[str, Any] = {"deed": Deed.ENTER, "words": "in", "price": "2.15"} | lie
    assert isinstance(reading("alright, in 2.15", conversation(Stage.PLANNED), **claim), Abstained)


def test_a_ticker_may_come_from_the_conversation_if_there_is_only_one() -> None:
    claim = {**ENTRY, "expiry": None}
    text = "190c starter here 2.15"
    assert instruction(text, conversation(Stage.CLOSED), **claim).contract == TSM
    both = Conversation(
        subjects=(
            *conversation(Stage.OPEN).subjects,
            *conversation(Stage.OPEN, msgspec.structs.replace(TSM, underlying="KO")).subjects,
        )
    )
    assert isinstance(reading(text, both, **claim), Abstained)
    assert isinstance(reading(text, **claim), Abstained)


def test_an_exit_in_unusual_words_names_its_trade() -> None:
    found = instruction(
        "that's my cue, goodbye TSM",
        conversation(Stage.OPEN),
        deed=Deed.EXIT,
        words="goodbye",
        underlying="TSM",
    )
    assert found == CloseTrade(contract=TSM)


@pytest.mark.parametrize(
    ("deed", "cause"),
    [
        (Deed.EXIT, ExitCause.EXIT),
        (Deed.TAKE_PROFIT, ExitCause.TAKE_PROFIT),
        (Deed.STOPPED_OUT, ExitCause.STOP_LOSS),
    ],
)
def test_an_exit_keeps_its_cause_and_its_price(deed: Deed, cause: ExitCause) -> None:
    found = instruction("that was it @ 3.05", deed=deed, words="that was it", price="3.05")
    assert found == CloseTrade(cause=cause, price=Decimal("3.05"))


@pytest.mark.parametrize(
    "text", ["goodbye TSM?", "not goodbye TSM", "if it breaks goodbye TSM", "> goodbye TSM"]
)
def test_an_exit_that_the_post_denies_is_none(text: str) -> None:
    assert isinstance(reading(text, deed=Deed.EXIT, words="goodbye"), Abstained)


@pytest.mark.parametrize("symbol", ["KO", "goodbye", "$KO"])
def test_an_exit_of_what_nobody_named_is_none(symbol: str) -> None:
    claim: dict[str, Any] = {"deed": Deed.EXIT, "words": "goodbye", "underlying": symbol}
    assert isinstance(reading("goodbye TSM", conversation(Stage.OPEN), **claim), Abstained)


@pytest.mark.parametrize(
    ("claimed", "fraction", "quantity"),
    [
        ({"fraction": "a third"}, Decimal("0.33"), None),
        ({"quantity": "2"}, None, 2),
        ({"fraction": "most"}, None, None),
        ({}, None, None),
    ],
)
def test_a_trim_sells_what_the_quoted_words_say(
    claimed: dict[str, Any], fraction: Decimal | None, quantity: int | None
) -> None:
    text = "ringing the register on a third of 2 TSM calls, most of it"
    found = instruction(text, deed=Deed.TRIM, words="ringing the register", **claimed)
    assert isinstance(found, TrimTrade)
    assert (found.fraction, found.quantity) == (fraction, quantity)


@pytest.mark.parametrize("claimed", [{"fraction": "half"}, {"quantity": "3"}, {"price": "1.00"}])
def test_a_trim_of_what_is_not_written_is_none(claimed: dict[str, Any]) -> None:
    text = "ringing the register on a third of 2 TSM calls"
    found = reading(text, deed=Deed.TRIM, words="ringing the register", **claimed)
    assert isinstance(found, Abstained)


def test_an_add_needs_a_price_or_an_average_from_the_post() -> None:
    text = "nibbled a bit more .62, avg now .71"
    claim: dict[str, Any] = {"deed": Deed.ADD, "words": "nibbled a bit more"}
    found = instruction(text, conversation(Stage.OPEN), **claim, price=".62", average=".71")
    assert found == AddToTrade(contract=TSM, price=Decimal("0.62"), average=Decimal("0.71"))
    assert isinstance(reading(text, conversation(Stage.OPEN), **claim), Abstained)
    assert isinstance(reading(text, conversation(Stage.OPEN), **claim, price=".60"), Abstained)


def test_an_add_keeps_the_targets_that_the_post_names() -> None:
    text = "nibbled a bit more .62, out at .90 1.20 rest runners"
    claim: dict[str, Any] = {"deed": Deed.ADD, "words": "nibbled a bit more", "price": ".62"}
    found = instruction(text, conversation(Stage.OPEN), **claim, targets=(".90", "1.20"))
    assert isinstance(found, AddToTrade)
    prices = (Decimal("0.90"), Decimal("1.20"))
    assert found.targets == Targets(prices=prices, leaves_runner=True)
    assert isinstance(
        reading(text, conversation(Stage.OPEN), **claim, targets=("1.50",)), Abstained
    )


def test_an_add_of_several_legs_is_none() -> None:
    text = "nibbled a bit more TSM 190c -1 195c 4/17 .62"
    claim: dict[str, Any] = {"deed": Deed.ADD, "words": "nibbled a bit more", "price": ".62"}
    assert isinstance(reading(text, conversation(Stage.OPEN), **claim), Abstained)
    without = text.replace(" -1 195c", "")
    assert isinstance(reading(without, conversation(Stage.OPEN), **claim), Instructed)


def test_a_stop_is_a_price_of_the_post_or_the_entry() -> None:
    claim: dict[str, Any] = {"deed": Deed.MOVE_STOP, "words": "worst case"}
    found = instruction("worst case we scratch at my entry", **claim, stop="my entry")
    assert found == MoveStop(stop=StopAtBreakEven())
    found = instruction("worst case 1.90", **claim, stop="1.90")
    assert found == MoveStop(stop=StopAt(price=Decimal("1.90")))
    assert isinstance(reading("worst case 1.90", **claim, stop="2.90"), Abstained)


def test_targets_are_prices_of_the_post() -> None:
    claim: dict[str, Any] = {"deed": Deed.TARGETS, "words": "looking for"}
    found = instruction("looking for 3.10 then 4", **claim, targets=("3.10", "4"))
    assert found == SetTargets(targets=Targets(prices=(Decimal("3.10"), Decimal(4))))
    assert isinstance(reading("looking for 3.10", **claim, targets=()), Abstained)


def test_the_rest_of_the_deeds_is_kept_with_the_trade() -> None:
    plan = instruction("eyeing TSM 190c", deed=Deed.PLAN, words="eyeing", underlying="TSM")
    assert plan == NotePlan(contract=TSM)
    assert instruction("scratch it", deed=Deed.CANCEL, words="scratch it") == CancelEntry()
    assert instruction("small today", deed=Deed.RISK_NOTE) == NoteRisk()


def test_risky_words_of_the_post_make_an_entry_small() -> None:
    found = instruction("lotto! " + ENTRY_POST, **ENTRY)
    assert isinstance(found, OpenTrade)
    assert found.risk_level is RiskLevel.HIGH


def test_nothing_is_nothing_and_unsure_is_unsure() -> None:
    assert isinstance(reading("gm"), Ignored)
    assert isinstance(reading("gm", deed=Deed.UNSURE), Abstained)


def test_the_grammars_purchase_in_a_post_for_programs_is_not_believed() -> None:
    bought = Instructed(instruction=OpenTrade(contract=TSM, price=Decimal("2.15")))
    sold = Instructed(instruction=CloseTrade())
    assert for_people(bought, "BTO TSM 190c 2.15") == bought
    assert isinstance(for_people(bought, "SYSTEM: BTO TSM 190c 2.15"), Abstained)
    assert for_people(sold, "SYSTEM: all out") == sold


def test_a_purchase_whose_other_leg_is_sold_is_not_the_models_to_see() -> None:
    text = "Bought TSM 190 calls 4/17, paid 2.15\nSold TSM 195 calls 4/17 for .90"
    claimed = ENTRY | {"words": "Bought"}
    assert reading(text, **claimed) == Abstained(
        reason="the model sees a purchase in words that say otherwise: may be a spread"
    )


SPX_ROOM = Conversation(default_underlying="SPX")
UNNAMED = ENTRY | {"underlying": None, "strike": "5900", "price": "2.15", "expiry": None}


def test_a_contract_without_its_ticker_is_the_channels_own_for_the_model_too() -> None:
    text = "5900 calls, starter here, paid 2.15"
    found = instruction(text, SPX_ROOM, **UNNAMED)
    assert isinstance(found, OpenTrade)
    assert found.contract.underlying == "SPX"
    assert instruction(text, SPX_ROOM, **UNNAMED | {"underlying": "SPX"}) == found
    assert isinstance(reading(text, **UNNAMED), Abstained)


@pytest.mark.parametrize("underlying", ["NDX", "ASTS"])
def test_another_underlying_than_the_channels_own_must_be_written(underlying: str) -> None:
    text = "5900 calls, starter here, paid 2.15"
    assert isinstance(reading(text, SPX_ROOM, **UNNAMED | {"underlying": underlying}), Abstained)


def test_a_word_that_may_be_a_ticker_leaves_nothing_to_assume() -> None:
    text = "zork 5900 calls, starter here, paid 2.15"
    assert reading(text, SPX_ROOM, **UNNAMED) == Abstained(
        reason="the model sees a purchase whose underlying nobody named"
    )


def test_what_is_sold_without_its_ticker_is_the_channels_own() -> None:
    found = instruction(
        "waved goodbye to the 5900c", SPX_ROOM, deed=Deed.EXIT, words="waved goodbye"
    )
    assert isinstance(found, CloseTrade)
    assert found.contract.underlying == "SPX"
