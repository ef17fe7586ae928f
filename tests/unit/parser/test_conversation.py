from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    MoveStop,
    NotePlan,
    OpenTrade,
)
from autoscalper.domain.reading import Abstained, Ignored, Instructed
from autoscalper.parser.conversation import LONGEST_MEMORY, Conversation, Stage

TUESDAY = date(2026, 8, 11)
FRIDAY = date(2026, 8, 14)


def contract(
    underlying: str = "MSFT", strike: int = 505, expiry: date | None = FRIDAY
) -> ContractTerms:
    return ContractTerms(
        underlying=underlying, expiry=expiry, strike=Decimal(strike), right=Right.CALL
    )


def after(*instructions: Instruction, on: date = TUESDAY) -> Conversation:
    conversation = Conversation()
    for instruction in instructions:
        conversation = conversation.after(Instructed(instruction=instruction), posted_on=on)
    return conversation


def test_an_entry_opens_what_was_planned() -> None:
    conversation = after(NotePlan(contract=contract()))
    assert conversation.only(Stage.PLANNED, on=TUESDAY) == contract()
    conversation = after(NotePlan(contract=contract()), OpenTrade(contract=contract()))
    assert conversation.only(Stage.PLANNED, on=TUESDAY) is None
    assert conversation.only(Stage.OPEN, on=TUESDAY) == contract()


def test_an_entry_that_leaves_the_expiry_out_means_the_known_contract() -> None:
    conversation = after(NotePlan(contract=contract()), OpenTrade(contract=contract(expiry=None)))
    assert conversation.only(Stage.OPEN, on=TUESDAY) == contract()


def test_a_plan_for_an_open_trade_leaves_it_open() -> None:
    conversation = after(OpenTrade(contract=contract()), NotePlan(contract=contract()))
    assert conversation.only(Stage.OPEN, on=TUESDAY) == contract()


def test_an_exit_closes_what_it_names() -> None:
    opened = (OpenTrade(contract=contract()), OpenTrade(contract=contract("NVDA", 200)))
    conversation = after(*opened, CloseTrade(contract=ContractTerms(underlying="NVDA")))
    assert conversation.only(Stage.OPEN, on=TUESDAY) == contract()
    assert after(*opened, CloseTrade()).only(Stage.OPEN, on=TUESDAY) is None
    assert (
        after(*opened, CloseTrade()).only(Stage.CLOSED, on=TUESDAY, underlying="NVDA") is not None
    )


def test_two_candidates_are_none_but_for_the_underlying() -> None:
    conversation = after(OpenTrade(contract=contract()), AddToTrade(contract=contract("NVDA", 200)))
    assert conversation.only(Stage.OPEN, on=TUESDAY) is None
    assert conversation.only(Stage.OPEN, on=TUESDAY, underlying="MSFT") == contract()


def test_a_plan_lives_for_its_day_and_a_trade_until_its_expiry() -> None:
    planned = after(NotePlan(contract=contract()))
    opened = after(OpenTrade(contract=contract()))
    assert planned.only(Stage.PLANNED, on=TUESDAY + timedelta(days=1)) is None
    assert opened.only(Stage.OPEN, on=FRIDAY) == contract()
    assert opened.only(Stage.OPEN, on=FRIDAY + timedelta(days=1)) is None


def test_a_cancel_withdraws_plans_only() -> None:
    conversation = after(
        NotePlan(contract=contract()), OpenTrade(contract=contract("NVDA", 200)), CancelEntry()
    )
    assert conversation.only(Stage.PLANNED, on=TUESDAY) is None
    assert conversation.only(Stage.OPEN, on=TUESDAY) == contract("NVDA", 200)


def test_other_readings_change_nothing() -> None:
    conversation = after(OpenTrade(contract=contract()))
    for reading in (
        Ignored(reason="chatter"),
        Abstained(reason="unsure"),
        Instructed(instruction=MoveStop(stop=None)),
        Instructed(instruction=NotePlan(contract=ContractTerms(underlying="NVDA"))),
    ):
        assert conversation.after(reading, posted_on=TUESDAY) == conversation


def test_memory_is_bounded() -> None:
    conversation = after(*(OpenTrade(contract=contract(strike=n)) for n in range(1, 30)))
    assert len(conversation.subjects) == LONGEST_MEMORY
    assert conversation.subjects[0].contract == contract(strike=29)


def test_a_reply_is_forgotten_with_the_next_post() -> None:
    reading = Instructed(instruction=OpenTrade(contract=contract()))
    replying = Conversation().replying_to(reading)
    assert replying.replied_to == contract()
    assert Conversation().replying_to(Ignored(reason="")).replied_to is None
    assert replying.after(Ignored(reason=""), posted_on=TUESDAY).replied_to is None


def test_it_survives_being_stored() -> None:
    conversation = after(OpenTrade(contract=contract()))
    stored = msgspec.msgpack.encode(conversation)
    assert msgspec.msgpack.decode(stored, type=Conversation) == conversation
