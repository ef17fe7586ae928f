"""What is more than one option is named, and never traded."""

from __future__ import annotations

from datetime import date

import pytest

from autoscalper.domain.instruction import CloseTrade, OpenTrade, TrimTrade
from autoscalper.domain.reading import Abstained, Instructed
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.grammar import read

TUESDAY = date(2026, 8, 11)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("BTO MSFT 500/505 call spread 8/14 @ 1.20", "a call spread"),
        ("BTO MSFT 500/495 put spreads 8/14 1.20", "a put spread"),
        ("bought MSFT 500c/505c 8/14 debit spread 1.20", "a debit spread"),
        ("MSFT 480/470 credit spread for .90", "a credit spread"),
        ("sold a vertical on MSFT 500/505 .80", "a vertical spread"),
        ("IC on MSFT 470/475/520/525 for 2.5", "an iron condor"),
        ("opened an iron condor MSFT 470/475/520/525 @ 1.10", "an iron condor"),
        ("BTO MSFT 490/500/510 butterfly 0.80", "a butterfly"),
        ("MSFT 490/500/510 fly .80 8/14", "a butterfly"),
        ("MSFT 500 straddle 8/14 9.20", "a straddle"),
        ("strangle MSFT 490p 510c 8/14 4.10", "a strangle"),
        ("calendar MSFT 500c 8/14 9/18 1.40", "a calendar spread"),
        ("diagonal MSFT 500c 8/14 510c 9/18 1.40", "a diagonal spread"),
        ("collar on MSFT 490p 510c 8/14", "a collar"),
        ("PCS MSFT 480/475 .60", "a put credit spread"),
        ("BTO MSFT 500c/505c 1.10", "a spread"),
        ("BTO 1 MSFT 8/14 500c -1 MSFT 505c", "a spread"),
        ("BTO 1 MSFT 500c -1 MSFT 505c 8/14 @ 1.10", "a spread"),
        ("BTO +2 MSFT 500c -4 MSFT 505c +2 MSFT 510c .40", "a spread"),
        ("BTO MSFT 8/14 500c +1 505c -1 1.10", "a spread"),
        ("BTO MSFT 500c -1 505c 8/14 1.10", "a spread"),
        ("BTO MSFT 500c 2.10 -1 505c 8/14", "a spread"),
        ("BTO 1x MSFT 8/14 500c - 1x MSFT 8/14 505c @ .90", "a spread"),
        ("Bought 2 MSFT 500 calls 8/14 -2 MSFT 505 calls 8/14 for 1.10", "a spread"),
        ("BTO 1 MSFT 500c 8/14\n-1 MSFT 505c 8/14 @ 1.10", "a spread"),
        ("BTO MSFT 8/14 500c / 505c 1.10", "a spread"),
        ("BTO MSFT 8/14 500c / -1 MSFT 505c 1.10", "a spread"),
        ("BTO MSFT 500c 8/14 / STC MSFT 505c 1.10", "a spread"),
        ("BTO MSFT 8/14 500 - 505c 1.10", "a spread"),
        ("BTO MSFT 8/14 500c - MSFT 8/21 500c 1.10", "a spread"),
        ("BTO MSFT 500c + 490p 8/14 9.20", "a spread"),
        ("BTO MSFT 500c & 490p 8/14 9.20", "a spread"),
        ("BTO MSFT 500/505 calls 8/14 1.10", "a spread"),
        ("BTO MSFT 500/505c 8/14 1.10", "a spread"),
        ("BTO .MSFT260814C500 -.MSFT260814C505 @ 1.10", "a spread"),
        ("added MSFT 500c -1 505c @ 1.10", "a spread"),
        ("BTO MSFT 500c 8/14 3.10\nSTO MSFT 505c 8/14 1.90", "a spread"),
        ("STO MSFT 505c 8/14 1.90\nBTO MSFT 500c 8/14 3.10", "a spread"),
        ("Buy to open MSFT 500p 3.10 sell to open MSFT 495p 2.20", "a spread"),
        ("Buy 500c / Sell 505c vertical MSFT", "a vertical spread"),
        ("Bought MSFT 500c 8/14 3.10\nSold MSFT 505c 8/14 1.90", "a spread"),
        ("BTO MSFT 500c 8/14 3.10\nsell 505c 1.90", "a spread"),
        ("Long MSFT 500c 3.10\nShort MSFT 505c 1.90", "a spread"),
        ("Buy MSFT 8/14 500c 3.10, sell MSFT 8/21 500c 4.20", "a spread"),
    ],
)
def test_more_than_one_option_is_named(text: str, named: str) -> None:
    reading = read(text, posted_on=TUESDAY)
    assert isinstance(reading, Abstained)
    assert reading.multi_leg == named


@pytest.mark.parametrize(
    "text",
    [
        "BTO MSFT 505c 8/14 @ 4.10",
        "iron condor season",
        "that spread was wide",
        "MSFT 500/505 calls did well",
        "out of MSFT 500c / 505c",
    ],
)
def test_one_option_and_talk_are_no_strategy(text: str) -> None:
    reading = read(text, posted_on=TUESDAY)
    assert not isinstance(reading, Abstained) or reading.multi_leg == ""


@pytest.mark.parametrize(
    "text",
    [
        "BTO MSFT - 505c - 8/14 - 4.10",
        "BTO MSFT -505c 8/14 4.10",
        "BTO MSFT -505 calls 8/14 4.10",
        "BTO +1 MSFT 505c 8/14 4.10",
        "BTO 2 - MSFT 505c 8/14 4.10",
        "BTO MSFT Aug 14 - 505c 4.10",
        "BTO MSFT 505c 8/14 4.10\nBTO NVDA 200c 8/14 3.10",
        "BTO MSFT 505c 8/14 4.10\n- NVDA 200c 8/14 3.10",
        "BTO MSFT 505c 8/14 @ 4.10 and 510c @ 2.90",
        "BTO MSFT 505c 8/14 4.10 / 510c 2.90",
        "BTO MSFT 505c 8/14 4.10 - MSFT 505c",
        "BTO MSFT 505c 8/14 4.10 - NVDA 200c 8/14 3.10",
        "BTO MSFT 505c 8/14 4.10\n- 510c 8/14 2.90",
        "BTO MSFT 505c & 510c 8/14 4.10",
        "BTO MSFT 8/14 502.35 - 505c 4.10",
    ],
)
def test_one_option_may_stand_beside_marks_and_other_trades(text: str) -> None:
    reading = read(text, posted_on=TUESDAY)
    assert isinstance(reading, Instructed)
    assert isinstance(reading.instruction, OpenTrade)
    assert reading.instruction.contract.strike == 505


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("STC MSFT 500c 8/14 3.10\nBTO MSFT 505c 8/14 1.90", "MSFT 500C"),
        ("BTO MSFT 505c 8/14 1.90\nSTC MSFT 500c 8/14 3.10", "MSFT 500C"),
        ("Sold MSFT 500c 8/14 3.10\nBought MSFT 505c 8/14 1.90", "MSFT 500C"),
        ("Bought MSFT 505c 8/14 1.90\nsold half of MSFT 500c 8/14 3.10", "MSFT 500C"),
        ("Bought MSFT 505c 8/14 1.90\nSold NVDA 200c 8/14 3.10", "NVDA 200C"),
        ("Bought MSFT 200c 8/14 1.90\nSold NVDA 200c 8/14 3.10", "NVDA 200C"),
    ],
)
def test_of_a_roll_the_exit_is_followed_wherever_it_stands(text: str, left: str) -> None:
    reading = read(text, posted_on=TUESDAY)
    assert isinstance(reading, Instructed)
    assert isinstance(reading.instruction, CloseTrade | TrimTrade)
    assert str(reading.instruction.contract).startswith(left)


def test_what_the_author_is_in_is_sold_and_no_leg_of_what_he_buys() -> None:
    bought = read("BTO MSFT 505c 8/14 2.20", posted_on=TUESDAY)
    conversation = Conversation().after(bought, posted_on=TUESDAY)
    text = "Bought MSFT 500c 8/14 3.10\nSold MSFT 505c 8/14 1.90"
    reading = read(text, posted_on=TUESDAY, conversation=conversation)
    assert isinstance(reading, Instructed)
    assert isinstance(reading.instruction, CloseTrade)
    assert reading.instruction.contract.strike == 505


@pytest.mark.parametrize(
    "text",
    ["-1 MSFT 505c 8/14 4.10", "BTO -2 MSFT 505c 8/14 @ 4.10", "-1x MSFT 8/14 505 call 4.10"],
)
def test_a_count_with_a_minus_is_no_purchase(text: str) -> None:
    reading = read(text, posted_on=TUESDAY)
    assert isinstance(reading, Abstained)
    assert reading.reason == "may be short premium"
