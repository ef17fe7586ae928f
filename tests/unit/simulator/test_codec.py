from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscalper.simulator import codec
from autoscalper.simulator.codec import FieldReader, ProtocolError, decimal, encode, whole


def test_a_frame_is_a_length_and_fields_that_end_in_nul() -> None:
    frame = encode(9, 1, "a b", None, True, False, Decimal("1.50"))

    assert frame == b"\0\0\0\x12" + b"9\x001\0a b\0\x001\x000\x001.50\0"


def test_large_and_small_numbers_are_written_without_exponents() -> None:
    assert encode(Decimal("1E+3"), Decimal("1E-8"))[4:] == b"1000\x000.00000001\0"


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 7))
def test_frames_survive_being_cut_anywhere(payloads: list[bytes], step: int) -> None:
    stream = b"".join(len(each).to_bytes(4, "big") + each for each in payloads)
    buffer, found = bytearray(), []
    for start in range(0, len(stream), step):
        buffer += stream[start : start + step]
        found += codec.split_frames(buffer)

    assert found == payloads
    assert not buffer


def test_a_frame_that_is_too_long_is_refused_before_it_comes() -> None:
    with pytest.raises(ProtocolError, match="at most"):
        codec.split_frames(bytearray(b"\xff\xff\xff\xff"))


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_fields_are_read_as_they_were_written(fields: list[str]) -> None:
    reader = FieldReader(encode("x", *fields)[4:])

    assert reader.texts(len(fields) + 1) == ["x", *fields]
    assert reader.left == 0


def test_reading_beyond_the_end_is_an_error() -> None:
    reader = FieldReader(b"1\0")
    assert reader.integer() == 1
    with pytest.raises(ProtocolError, match="end of the message"):
        reader.text()
    with pytest.raises(ProtocolError, match="more fields"):
        FieldReader(b"1\0").texts(2)
    with pytest.raises(ProtocolError, match="more fields"):
        FieldReader(b"1\0").texts(-1)


def test_bytes_that_are_no_utf8_do_not_stop_the_reading() -> None:
    assert FieldReader(b"\xff\0").text() == "\\xff"


def test_an_empty_number_is_zero_and_a_word_is_an_error() -> None:
    assert whole("") == 0
    assert FieldReader(b"\0").flag() is False
    with pytest.raises(ProtocolError):
        whole("seven")


@pytest.mark.parametrize("text", ["", "1.7976931348623157e+308", "1.7976931348623157E308"])
def test_an_unset_number_is_none(text: str) -> None:
    assert decimal(text) is None


def test_binary_noise_is_rounded_away() -> None:
    assert decimal("0.30000000000000004") == Decimal("0.3")
    assert str(decimal("500.0")) == "500"


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1,5", "1e40"])
def test_what_is_no_finite_number_of_a_sane_size_is_an_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        decimal(text)
