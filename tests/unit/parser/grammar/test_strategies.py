"""What is more than one option is named, and never traded."""

from __future__ import annotations

from datetime import date

import pytest

from autoscalper.domain.reading import Abstained
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
    ],
)
def test_more_than_one_option_is_named(text: str, named: str) -> None:
    reading = read(text, posted_on=TUESDAY)
    assert isinstance(reading, Abstained)
    assert reading.multi_leg == named


@pytest.mark.parametrize(
    "text", ["BTO MSFT 505c 8/14 @ 4.10", "iron condor season", "that spread was wide"]
)
def test_one_option_and_talk_are_no_strategy(text: str) -> None:
    reading = read(text, posted_on=TUESDAY)
    assert not isinstance(reading, Abstained) or reading.multi_leg == ""
