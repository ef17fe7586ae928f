from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from autoscalper.domain.identity import SignalId
from autoscalper.domain.instruction import CloseTrade, Instruction, StopAt, TrimTrade
from autoscalper.domain.reading import Reader
from autoscalper.links.parser_to_broker import LINK, SignalIssued
from tests.fakes.posts import NINE_FORTY_FIVE, a_post
from tests.links.examples import INSTRUCTIONS


def issued(instruction: Instruction) -> SignalIssued:
    post = a_post()
    return SignalIssued(
        signal_id=SignalId(post.post_id),
        post=post,
        instruction=instruction,
        read_by=Reader.GRAMMAR,
        read_at=NINE_FORTY_FIVE,
    )


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_every_instruction_comes_out_as_it_went_in(name: str) -> None:
    signal = issued(INSTRUCTIONS[name])
    decoded = LINK.decode(LINK.encode(signal))
    assert decoded == signal
    assert isinstance(decoded, SignalIssued)
    assert type(decoded.instruction) is type(INSTRUCTIONS[name])


def test_a_price_keeps_every_digit() -> None:
    trim = TrimTrade(price=Decimal("0.10"), stop=StopAt(price=Decimal("1.005")))
    decoded = LINK.decode(LINK.encode(issued(trim)))
    assert isinstance(decoded, SignalIssued)
    assert isinstance(decoded.instruction, TrimTrade)
    assert str(decoded.instruction.price) == "0.10"


def test_an_instruction_that_this_version_does_not_know_is_refused() -> None:
    payload = LINK.encode(issued(CloseTrade())).replace(b"CloseTrade", b"HedgeTrade")
    with pytest.raises(msgspec.ValidationError):
        LINK.decode(payload)
