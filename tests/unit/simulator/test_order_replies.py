"""The golden completedOrder is described field by field in a post of a real gateway's message at
version 178 (ib_async#128): 100 fields, here compared by their places."""

from decimal import Decimal

import msgspec
import pytest

from autoscalper.domain.identity import PermId
from autoscalper.simulator import instruments, order_replies
from autoscalper.simulator.codec import UNSET_DOUBLE, UNSET_INT, UNSET_LONG
from autoscalper.simulator.orders import OrderType, Side, Status
from autoscalper.simulator.transitions import filled, with_status
from tests.unit.simulator.stand import WEDNESDAY, option_contract, terms
from tests.unit.simulator.test_orders import order


def fields(frame: bytes) -> list[str]:
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    return frame[4:].decode().split("\0")[:-1]


def test_an_open_order_has_135_fields_in_their_places() -> None:
    wanted = terms(order_ref="AS1|x", parent_id=4, oca_group="G")
    row = fields(
        order_replies.open_order(
            order(terms=wanted, echo={"openClose": "O"}), option_contract(), 178
        )
    )
    assert len(row) == 135
    assert row[0:3] == ["5", "5", str(option_contract().con_id)]
    assert row[13:17] == ["BUY", "3", "LMT", "0.43"]
    assert (row[19], row[21], row[23], row[24], row[25]) == ("G", "O", "AS1|x", "1", "1")
    assert (row[57], row[61], row[87], row[93]) == ("4", "None", "IB", "Submitted")
    assert row[94:103] == [UNSET_DOUBLE] * 9


@pytest.mark.parametrize(("version", "count"), [(157, 128), (176, 136), (177, 135), (178, 135)])
def test_older_clients_get_the_fields_they_know(version: int, count: int) -> None:
    row = fields(order_replies.open_order(order(), option_contract(), version))
    assert len(row) == count


def test_blocks_are_given_back_where_they_stood() -> None:
    given = order(
        echo={"algoStrategy": "Adaptive"}, echo_blocks={"ALGO": ("1", "adaptivePriority", "Normal")}
    )
    row = fields(order_replies.open_order(given, option_contract(), 178))
    assert row[90:94] == ["Adaptive", "1", "adaptivePriority", "Normal"]


def test_a_stop_that_trails_is_told_twice() -> None:
    trailing = order(
        terms=terms(order_type=OrderType.TRAIL, limit_price=None), stop_price=Decimal("0.51")
    )
    row = fields(order_replies.open_order(trailing, option_contract(), 178))
    assert (row[73], row[113]) == ("0.51", "0.51")


def test_a_what_if_carries_its_margins() -> None:
    margins = {"initMarginChange": Decimal("43.00")}
    row = fields(order_replies.what_if(order(), option_contract(), margins, 178))
    assert (row[92], row[97], row[98]) == ("1", "43.00", UNSET_DOUBLE)


#: A stop order on a stock, cancelled: (place, what the real gateway sent there).
GOLDEN = {
    0: "101",
    4: "",
    5: "0",
    6: "?",
    7: "",
    8: "SMART",
    12: "SELL",
    13: "100",
    14: "STP",
    15: "549.97",
    16: "550.0",
    17: "DAY",
    20: "",
    21: "0",
    22: "",
    24: "0",
    25: "0",
    26: "0",
    36: "0",
    37: "",
    38: "-1",
    44: UNSET_INT,
    45: "0",
    46: "0",
    47: "",
    48: "1",
    49: "0",
    50: "",
    51: "0",
    52: "None",
    53: "",
    54: "0",
    55: "0",
    56: "0",
    57: "",
    58: "0",
    59: "0",
    62: "",
    63: "0",
    64: "0",
    65: "0",
    66: UNSET_INT,
    67: UNSET_INT,
    68: "",
    69: "",
    70: "",
    71: "IB",
    72: "0",
    73: "0",
    74: "",
    75: "0",
    76: "Cancelled",
    77: "0",
    78: "0",
    79: "0",
    80: "550.0",
    81: UNSET_DOUBLE,
    82: "0",
    83: "1",
    84: "0",
    85: "",
    86: "0",
    87: UNSET_INT,
    88: "0",
    90: "0",
    91: "0",
    92: UNSET_LONG,
    95: "",
    96: "",
    97: "",
    98: "",
    99: "",
}


def test_a_completed_order_equals_that_of_a_real_gateway_place_by_place() -> None:
    spy = instruments.underlying_of("SPY")
    assert spy is not None
    wanted = terms(
        Side.SELL,
        100,
        order_type=OrderType.STOP,
        limit_price=Decimal("549.97"),
        aux_price=Decimal("550.0"),
        oca_group="77",
        oca_type=1,
    )
    ended = order(
        terms=msgspec.convert(msgspec.to_builtins(wanted), type(wanted)),
        order_qty=Decimal(100),
        stop_price=Decimal("550.0"),
    )
    ended = with_status(ended, Status.CANCELLED, "", WEDNESDAY)
    row = fields(order_replies.completed_order(ended, instruments.stock(spy), 178))

    assert len(row) == 100
    assert {place: row[place] for place in GOLDEN} == GOLDEN
    assert row[93] == "20260318 10:00:00 US/Eastern"
    assert row[94] == "Cancelled by Trader"
    assert row[89] != ""


def test_a_filled_child_says_how_much_and_whose_it_was() -> None:
    child, _ = filled(order(parent_perm_id=PermId(77)), Decimal(3), Decimal("0.86"), WEDNESDAY)
    row = fields(order_replies.completed_order(child, option_contract(), 178))
    assert (row[76], row[86], row[92], row[94]) == ("Filled", "3", "77", "Filled Size: 3")
