from decimal import Decimal

from autoscalper.simulator import contract_codec, instruments
from autoscalper.simulator.codec import FieldReader, encode
from tests.unit.simulator.stand import option_contract


def test_a_contract_of_a_request_is_read_from_twelve_fields() -> None:
    fields = ["7", "SPY", "OPT", "20260320", "685.0", "C", "100", "SMART", "", "USD", "L", "SPY"]
    reader = FieldReader(encode(*fields)[4:])
    spec = contract_codec.read_contract(reader)
    assert reader.left == 0
    assert (spec.con_id, spec.symbol, spec.strike) == (7, "SPY", Decimal(685))
    assert (spec.exchange, spec.currency, spec.local_symbol) == ("SMART", "USD", "L")


def test_a_strike_of_zero_is_none() -> None:
    reader = FieldReader(encode(*["0", "SPY", "STK", "", "0.0", *[""] * 7])[4:])
    assert contract_codec.read_contract(reader).strike is None


def test_a_contract_of_a_reply_has_eleven_fields() -> None:
    row = contract_codec.written(option_contract())
    assert len(row) == 11
    assert row[3:7] == ("20260320", Decimal(685), "C", 100)


def test_a_stock_has_no_strike_and_no_multiplier() -> None:
    spy = instruments.underlying_of("SPY")
    assert spy is not None
    assert contract_codec.written(instruments.stock(spy))[3:7] == ("", 0, "0", "")
