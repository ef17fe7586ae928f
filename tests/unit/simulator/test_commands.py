from decimal import Decimal
from typing import get_args

import msgspec
import pytest

from autoscalper.simulator import commands
from autoscalper.simulator.commands import Command, Feeds, SetQuote
from autoscalper.simulator.faults import Action, Fault
from autoscalper.simulator.quote_desk import Feed

COMMANDS = msgspec.json.Decoder(Command, strict=False)


def test_a_command_is_read_by_its_name() -> None:
    read = COMMANDS.decode(
        b'{"command": "quote", "underlying": "SPY", "expiry": "2026-03-20", "strike": "685",'
        b' "right": "C", "bid": "0.42", "ask": 0.43, "walk": "true"}'
    )
    assert isinstance(read, SetQuote)
    assert (read.bid, read.ask, read.walk) == (Decimal("0.42"), Decimal("0.43"), True)
    assert COMMANDS.decode(b'{"command": "market-data", "feed": "nan"}') == Feeds(feed=Feed.NAN)


def test_a_fault_is_read_with_its_members() -> None:
    read = COMMANDS.decode(
        b'{"command": "fault", "on": "placeOrder", "action": "drop-after-accept", "nth": "2"}'
    )
    assert read == Fault(on="placeOrder", action=Action.DROP_AFTER_ACCEPT, nth=2)


@pytest.mark.parametrize(
    "line",
    [
        b'{"command": "explode"}',
        b'{"command": "drop", "clint": 7}',
        b'{"command": "fault", "on": "placeOrder", "action": "explode"}',
        b'{"bid": 1}',
    ],
)
def test_what_is_no_command_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        COMMANDS.decode(line)


def test_every_command_says_what_it_does() -> None:
    for group in (commands.Showing, commands.Trading, commands.Disturbing):
        for command in get_args(group):
            assert command.__doc__
