"""Fields of messages, written as ib_async writes them."""

from __future__ import annotations

from typing import Any

import ib_async
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ib_async.client import Client
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER

from autoscalper.broker.ib_connection import IbConnection, PacedClient

CONTRACT = ib_async.Option("SPY", "20260320", 500.5, "C", "SMART", "100", "USD", conId=7)
FIELDS: st.SearchStrategy[Any] = st.one_of(
    st.text(st.characters(exclude_characters="\0"), max_size=5),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(
        [None, UNSET_DOUBLE, UNSET_INTEGER, CONTRACT, [], [ib_async.TagValue("a", "1")] * 2]
    ),
)


class Keeps:
    """A connection that keeps what it is sent."""

    sent = ""

    def isConnected(self) -> bool:
        return True

    def sendMsg(self, msg: str) -> None:
        self.sent += msg


class Theirs(Keeps, Client):
    """ib_async's client."""


class Ours(Keeps, PacedClient):
    """Our client."""


def clients() -> tuple[Any, Any]:
    """Return one of theirs and one of ours."""
    make_theirs: Any = Theirs
    return make_theirs(ib_async.IB().wrapper), Ours(ib_async.IB().wrapper, 0)


@given(st.lists(FIELDS, max_size=8))
async def test_each_field_is_written_as_ib_async_writes_it(fields: list[Any]) -> None:
    theirs, ours = clients()
    for each in (theirs, ours):
        each.send(*fields)
    assert ours.sent == theirs.sent


@pytest.mark.parametrize("version", [157, 178])
async def test_whole_messages_are_written_as_ib_async_writes_them(version: int) -> None:
    order = ib_async.LimitOrder("SELL", 2, 1.25, ocaGroup="g", parentId=4, tif="GTC")
    order.conditions = [ib_async.TimeCondition(isMore=True, time="20260320 15:55:00 US/Eastern")]
    theirs, ours = clients()
    for each in (theirs, ours):
        each._serverVersion = version
        each.placeOrder(5, CONTRACT, order)
        each.reqAccountUpdates(True, "DU1")
        each.send(1, UNSET_DOUBLE, UNSET_INTEGER, makeEmpty=False)
    assert ours.sent == theirs.sent != ""


async def test_nothing_is_sent_where_nobody_listens() -> None:
    client: Any = IbConnection(1, 0, lambda event: None).client
    with pytest.raises(ConnectionError):
        client.reqCurrentTime()
