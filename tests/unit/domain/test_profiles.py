"""What may hold in one channel only."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from autoscalper.domain.identity import ChannelId
from autoscalper.domain.profiles import (
    FORMS,
    NARROWS,
    Profile,
    Profiles,
    described,
    narrowed,
    problems,
    profiles_of,
)
from autoscalper.domain.settings import BrokerSettings, DefaultExpiry

SETTINGS = BrokerSettings(allowed_underlyings=("SPY", "QQQ"))


class Place(msgspec.Struct):
    """Where something was posted."""

    channel_id: ChannelId
    channel_name: str


def problem(**table: Any) -> str:
    (found,) = problems(SETTINGS, {"room": table})
    return found


@pytest.mark.parametrize(
    ("name", "narrower", "wider"),
    [
        ("risk_per_trade_percent", Decimal("0.25"), Decimal(1)),
        ("max_contracts", 1, 3),
        ("max_adds_per_trade", 0, 2),
        ("allowed_underlyings", ("SPY",), ("SPY", "IWM")),
        ("entry_chase", Decimal(0), Decimal("0.06")),
        ("default_expiry", DefaultExpiry.REJECT, DefaultExpiry.NEAREST),
        ("force_market_orders", False, True),
        ("allow_looser_stops", False, True),
        ("flatten_at", time(15, 30), time(15, 50)),
    ],
)
def test_a_channel_may_narrow_a_limit_and_never_widen_it(
    name: str, narrower: object, wider: object
) -> None:
    same = getattr(SETTINGS, name)
    assert problems(SETTINGS, {"room": {name: narrower}}) == []
    assert problems(SETTINGS, {"room": {name: same}}) == []
    assert problem(**{name: wider}).startswith(f"room: {name} is ")


def test_what_is_wider_is_told_with_both_numbers() -> None:
    assert problem(max_contracts=5) == (
        "room: max_contracts is 5, expected no more than MAX_CONTRACTS, which is 2"
    )
    assert problem(flatten_at=time(15, 50)) == (
        "room: flatten_at is 15:50, expected no more than FLATTEN_AT, which is 15:45"
    )


def test_a_limit_that_is_not_set_is_narrowed_by_any() -> None:
    assert problems(SETTINGS, {"room": {"initial_contracts": 1}}) == []
    anything = replace(SETTINGS, allowed_underlyings=())
    assert problems(anything, {"room": {"allowed_underlyings": ("TSLA",)}}) == []


def test_all_problems_of_all_channels_are_told() -> None:
    one = {"max_contracts": 9, "entry_chase": Decimal(1)}
    assert len(problems(SETTINGS, {"one": one, "two": {"max_contracts": 8}})) == 3


def test_a_default_underlying_must_be_one_that_is_allowed() -> None:
    assert problem(default_underlying="IWM") == (
        "room: default_underlying is IWM, expected one of SPY, QQQ"
    )


def test_only_what_the_profile_names_is_different_in_the_channel() -> None:
    here = narrowed(SETTINGS, Profile(limits={"max_contracts": 1}))
    assert here == replace(SETTINGS, max_contracts=1)
    assert narrowed(SETTINGS, Profile()) == SETTINGS


def test_a_first_entry_is_never_larger_than_a_trade() -> None:
    settings = replace(SETTINGS, initial_contracts=2)
    assert narrowed(settings, Profile(limits={"max_contracts": 1})).initial_contracts == 1


def test_a_channel_is_known_by_its_id_or_its_name() -> None:
    profiles = profiles_of({"101": {"off": True}, "spy-room": {"paper": True}})
    assert profiles.of(Place(ChannelId("101"), "spy-room")) == Profile(off=True)
    assert profiles.of(Place(ChannelId("102"), "spy-room")) == Profile(paper=True)
    assert profiles.of(Place(ChannelId("102"), "else")) == Profile()
    assert Profiles().of(Place(ChannelId("101"), "")) == Profile()


def test_a_profile_is_described_in_a_line() -> None:
    table = {
        "paper": True,
        "default_underlying": "SPY",
        "max_contracts": 1,
        "allowed_underlyings": ("SPY", "QQQ"),
        "default_expiry": DefaultExpiry.REJECT,
        "flatten_at": time(15, 30),
    }
    assert described(profiles_of({"room": table}).by_channel["room"]) == (
        "paper, default_underlying=SPY, max_contracts=1, allowed_underlyings=SPY,QQQ,"
        " default_expiry=reject, flatten_at=15:30"
    )
    assert described(Profile()) == "as everywhere"


def test_every_limit_of_a_table_is_a_setting_of_the_broker() -> None:
    assert NARROWS.keys() <= set(BrokerSettings.__struct_fields__)
    assert FORMS.keys() - NARROWS.keys() == set(Profile.__struct_fields__) - {"limits"}
