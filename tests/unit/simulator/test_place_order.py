import pytest

from autoscalper.simulator import codec, request_codec
from autoscalper.simulator.codec import ProtocolError
from autoscalper.simulator.requests import PlaceOrder
from tests.unit.simulator.wire import order_fields


def read(fields: list[str], version: int = 178) -> PlaceOrder:
    request = request_codec.read(codec.encode(*fields)[4:], version)
    assert isinstance(request, PlaceOrder)
    return request


def test_a_plain_option_order_has_114_fields_and_each_is_read() -> None:
    fields = order_fields(6)
    assert len(fields) == 114
    request = read(fields)
    assert request.order_id == 6
    assert request.contract.symbol == "SPY"
    assert (request.fields["orderRef"], request.fields["lmtPrice"]) == ("ref", "1.2")
    assert request.fields["dontUseAutoPriceForHedge"] == "0"
    assert request.blocks == {}


@pytest.mark.parametrize("count", [113, 20, 2])
def test_a_message_that_ends_early_is_an_error(count: int) -> None:
    with pytest.raises(ProtocolError):
        read(order_fields(6)[:count])


def test_a_message_that_goes_on_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="1 more fields"):
        read([*order_fields(6), "x"])


@pytest.mark.parametrize(
    ("at", "changes", "block", "name"),
    [
        # (index before which the block stands, what makes it appear, its fields, its name)
        (83, {82: "Adaptive"}, ["1", "adaptivePriority", "Urgent"], "ALGO"),
        (77, {76: "D"}, ["0.5"], "HEDGE"),
        (73, {72: "0.1"}, ["0.1", "60", "0.2", "0", "0", "0", "0"], "SCALE"),
        (66, {64: "LMT"}, ["0", "", "", "", "O", "0", "0", ""], "DELTA_NEUTRAL"),
        (82, {81: "1"}, ["5", "0.5", "1.0"], "DELTA_CONTRACT"),
        (89, {18: "PEG BENCH"}, ["5", "0", "0.1", "0.1", "CBOE"], "PEG_BENCH"),
        (90, {89: "1"}, ["3", "a", "1", "20260318 15:45:00 US/Eastern", "0", "0"], "CONDITIONS"),
        (90, {89: "1"}, ["1", "a", "1", "0.5", "7", "SMART", "0", "1", "0"], "CONDITIONS"),
        (114, {18: "PEG MID"}, ["0.1", "0.2"], "PEGGED"),
        (114, {18: "PEG BEST"}, ["1", "Infinite", "0.1", "0.2"], "PEGGED"),
        (114, {9: "IBKRATS"}, ["1"], "PEGGED"),
        (35, {4: "BAG"}, ["1", *"12345678", "1", "0.5", "1", "a", "b"], "BAG"),
    ],
)
def test_blocks_are_read_where_the_order_has_them(
    at: int, changes: dict[int, str], block: list[str], name: str
) -> None:
    fields = order_fields(6)
    for index, value in changes.items():
        fields[index] = value
    request = read(fields[:at] + block + fields[at:])
    assert request.blocks == {name: tuple(block)}
    assert request.fields["orderRef"] == "ref"


def test_a_condition_of_an_unknown_type_is_an_error() -> None:
    fields = order_fields(6)
    fields[89] = "1"
    with pytest.raises(ProtocolError, match="type of a condition"):
        read([*fields[:90], "2", "a", "1", *fields[90:]])


def test_older_clients_send_fewer_fields() -> None:
    # 157 lacks the five fields from duration on, and has faProfile.
    fields = order_fields(6)[:109]
    fields.insert(42, "")
    assert read(fields, version=157).fields["usePriceMgmtAlgo"] == "0"
