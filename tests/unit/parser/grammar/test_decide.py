from __future__ import annotations

from datetime import date

import pytest

from autoscalper.domain.instruction import AddToTrade, CloseTrade, MoveStop, OpenTrade, TrimTrade
from autoscalper.parser.grammar.decide import decide
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing
from autoscalper.parser.grammar.post import parse

TUESDAY = date(2026, 8, 11)


def decided(text: str) -> object:
    found = decide(parse(text, TUESDAY), None)
    return type(found.instruction) if isinstance(found, Finding) else type(found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("BTO MSFT 505c 4.10. Trim at 5", OpenTrade),
        ("MSFT 505c 8/14\ntrimming here", TrimTrade),
        ("closed NVDA, bought MSFT 505c 4.10", CloseTrade),
        ("added MSFT 505c 4.10", AddToTrade),
        ("MSFT 505c SL 2.10", MoveStop),
        ("short NQ 28600 stop 28650", Nothing),
        ("MSFT stock target 510", Nothing),
        ("BTO the dip", Doubt),
        ("BTO MSFT 500/505c 1.10", Doubt),
        ("took MSFT calls 4.10", Doubt),
        ("> BTO MSFT 505c 4.10", Doubt),
        ("", Nothing),
        ("hello", Nothing),
    ],
)
def test_one_thing_is_decided(text: str, kind: type) -> None:
    assert decided(text) is kind
