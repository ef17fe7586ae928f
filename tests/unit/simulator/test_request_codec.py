import pytest

from autoscalper.simulator import codec, request_codec, requests
from autoscalper.simulator.codec import ProtocolError
from autoscalper.simulator.requests import Request

CONTRACT = ["0", "SPY", "OPT", "20260320", "685", "C", "100", "SMART", "", "USD", "", "SPY"]


def read(*fields: str) -> Request:
    return request_codec.read(codec.encode(*fields)[4:], 178)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["71", "2", "7", ""], requests.StartApi(client_id=7)),
        (["4", "1", "5", ""], requests.CancelOrder(order_id=5)),  # type: ignore[arg-type]
        (["58", "1"], requests.GlobalCancel()),
        (["16", "1"], requests.RequestAllOpenOrders()),
        (["92", "3", "DU1", ""], requests.RequestPnl(req_id=3, account="DU1")),
        (
            ["94", "3", "DU1", "", "7"],
            requests.RequestPnl(req_id=3, account="DU1", con_id=7),  # type: ignore[arg-type]
        ),
        (["93", "3"], requests.CancelPnl(req_id=3)),
        (["2", "2", "9"], requests.CancelMarketData(req_id=9)),
        (["98", "9"], requests.CancelTickByTick(req_id=9)),
        (
            ["62", "1", "9", "All", "NetLiquidation,BuyingPower"],
            requests.RequestAccountSummary(req_id=9, tags=("NetLiquidation", "BuyingPower")),
        ),
        (["6", "2", "0", "DU1"], requests.RequestAccountUpdates(subscribe=False, account="DU1")),
        (["1234"], requests.Unknown(message_id=1234)),
    ],
)
def test_messages_are_read_field_by_field(fields: list[str], expected: Request) -> None:
    assert read(*fields) == expected


def test_a_contract_is_read_wherever_it_stands() -> None:
    details = read("9", "8", "3", *CONTRACT, "0", "", "", "")
    quotes = read("1", "11", "3", *CONTRACT, "0", "233", "1", "0", "")
    ticks = read("97", "3", *CONTRACT, "BidAsk", "0", "0")
    bars = read("20", "3", *CONTRACT, "0", "", "5 mins", "1 D", "1", "TRADES", "1", "0", "")
    assert isinstance(details, requests.RequestContractDetails)
    assert isinstance(quotes, requests.RequestMarketData)
    assert isinstance(ticks, requests.RequestTickByTick)
    assert isinstance(bars, requests.RequestHistoricalData)
    assert details.contract == quotes.contract == ticks.contract == bars.contract
    assert (quotes.generic_ticks, quotes.snapshot) == ("233", True)
    assert (bars.bar_size, bars.duration, bars.what) == ("5 mins", "1 D", "TRADES")


def test_combination_legs_and_hedges_of_a_quote_request_are_skipped() -> None:
    bag = [*CONTRACT[:2], "BAG", *CONTRACT[3:]]
    legs = ["2", *"12345678"]
    quotes = read("1", "11", "3", *bag, *legs, "1", "5", "0.5", "1", "", "0", "0", "")
    assert isinstance(quotes, requests.RequestMarketData)
    assert quotes.snapshot is False


def test_a_message_that_ends_early_is_an_error() -> None:
    with pytest.raises(ProtocolError):
        read("9", "8", "3", "0", "SPY")


def test_messages_have_the_names_of_the_methods_that_send_them() -> None:
    assert request_codec.name_of(b"3\x001\0") == "placeOrder"
    assert request_codec.name_of(b"99\x000\0") == "reqCompletedOrders"
    assert request_codec.name_of(b"1234\0") == request_codec.name_of(b"\xff") == "unknown"
