from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from autoscalper.simulator import codec, request_codec, terms
from autoscalper.simulator.orders import OrderTerms, OrderType, TimeCondition, TimeInForce
from autoscalper.simulator.requests import PlaceOrder
from autoscalper.simulator.terms import Refusal
from tests.unit.simulator.stand import option_contract
from tests.unit.simulator.wire import order_fields

AT = NOW = datetime(2026, 3, 18, 19, 45, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def request(**changes: str) -> PlaceOrder:
    read = request_codec.read(codec.encode(*order_fields(6, **changes))[4:], 178)
    assert isinstance(read, PlaceOrder)
    return read


def result(**changes: str) -> OrderTerms | Refusal:
    return terms.read_terms(request(**changes), option_contract(), "DU1234567", NOW)


def accepted(**changes: str) -> OrderTerms:
    wanted = result(**changes)
    assert isinstance(wanted, OrderTerms), wanted
    return wanted


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": "SSHORT"}, 321),
        ({"orderType": "PEG MKT"}, 387),
        ({"tif": "OPG"}, 321),
        ({"tif": "GTD"}, 391),
        ({"tif": "GTD", "goodTillDate": "20260318-19:45:00"}, 391),
        ({"tif": "GTD", "goodTillDate": "20260318 15:44:59 US/Eastern"}, 391),
        ({"account": "DU7654321"}, 321),
        ({"totalQuantity": "0"}, 434),
        ({"totalQuantity": ""}, 434),
        ({"totalQuantity": "1.5"}, 321),
        ({"totalQuantity": "many"}, 321),
        ({"lmtPrice": ""}, 321),
        ({"lmtPrice": "0"}, 110),
        ({"lmtPrice": "-1"}, 110),
        ({"lmtPrice": "0.435"}, 110),
        ({"orderType": "STP"}, 321),
        ({"orderType": "STP", "auxPrice": "0.333"}, 110),
        ({"orderType": "TRAIL"}, 321),
        ({"ocaType": "7"}, 321),
        ({"goodAfterTime": "tomorrow"}, 321),
    ],
)
def test_what_a_gateway_refuses_by_itself(changes: dict[str, str], code: int) -> None:
    refusal = result(**changes)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_binary_noise_in_a_price_is_no_reason_to_refuse() -> None:
    assert accepted(lmtPrice="0.30000000000000004").limit_price == Decimal("0.3")


def test_a_market_order_needs_no_price_and_a_trail_one_distance() -> None:
    assert accepted(orderType="MKT", lmtPrice="").order_type is OrderType.MARKET
    assert accepted(orderType="TRAIL", auxPrice="0.05").aux_price == Decimal("0.05")
    assert accepted(orderType="TRAIL", trailingPercent="20").trailing_percent == 20
    assert accepted(orderType="STPLMT", auxPrice="0.05").order_type is OrderType.STOP_LIMIT


def test_times_are_read_in_their_zone() -> None:
    wanted = accepted(tif="GTD", goodTillDate="20260318 15:45:01 US/Eastern")
    assert (wanted.good_till, wanted.time_in_force) == (AT + SECOND, TimeInForce.GTD)
    assert accepted(goodAfterTime="20260318-19:45:00").good_after == AT


def with_condition(*block: str) -> PlaceOrder:
    fields = order_fields(6)
    fields[89] = "1"
    read = request_codec.read(codec.encode(*fields[:90], *block, *fields[90:])[4:], 178)
    assert isinstance(read, PlaceOrder)
    return read


def test_a_time_condition_is_read_and_given_back() -> None:
    conditional = with_condition("3", "a", "1", "20260318 15:45:00 US/Eastern", "0", "1")
    wanted = terms.read_terms(conditional, option_contract(), "DU1234567", NOW)
    assert isinstance(wanted, OrderTerms)
    assert wanted.conditions == (TimeCondition(at=AT, is_after=True),)
    assert wanted.conditions_cancel_order
    assert terms.echo_of(conditional)["nConditions"] == "1"


def test_other_conditions_are_refused() -> None:
    conditional = with_condition("1", "a", "1", "0.5", "7", "SMART", "0", "1", "0")
    wanted = terms.read_terms(conditional, option_contract(), "DU1234567", NOW)
    assert isinstance(wanted, Refusal)


def test_fields_that_nobody_decides_on_are_given_back_if_they_were_set() -> None:
    echo = terms.echo_of(request(orderRef="x"))
    assert echo == {
        "openClose": "O",
        "displaySize": "0",
        "discretionaryAmt": "0.0",
        "dontUseAutoPriceForHedge": "0",
    }
