"""Identity of orders and trades."""

from __future__ import annotations

import re

from msgspec.structs import replace

from autoscalper.broker.orders import OUR_PREFIX, client_order_id_of, digest, trade_id_of
from autoscalper.domain.identity import SignalId
from autoscalper.domain.order import OrderStatus, Purpose
from tests.unit.broker.story import opened


def test_the_same_signal_gives_the_same_trade_and_another_one_another() -> None:
    assert trade_id_of(SignalId("m1.1")) == trade_id_of(SignalId("m1.1"))
    assert trade_id_of(SignalId("m1.1")) != trade_id_of(SignalId("m1.2"))


def test_client_order_ids_are_ours_short_and_plain() -> None:
    trade_id = trade_id_of(SignalId("1234567890123456789.1"))
    ids = {client_order_id_of(trade_id, purpose, n) for purpose in Purpose for n in range(3)}
    assert len(ids) == 3 * len(Purpose)
    for each in ids:
        assert each.startswith(OUR_PREFIX)
        assert len(each) <= 32
        assert re.fullmatch(r"[A-Za-z0-9|]+", each)


def test_a_digest_is_ten_letters_and_digits() -> None:
    assert re.fullmatch(r"[a-z2-7]{10}", digest("anything"))


def test_what_is_left_of_an_order_is_nothing_once_it_is_done() -> None:
    order = opened().order(Purpose.STOP_LOSS)
    assert (order.is_live, order.leaves_qty) == (True, 2)
    assert replace(order, cum_qty=1).leaves_qty == 1
    canceled = replace(order, status=OrderStatus.CANCELED)
    assert (canceled.is_live, canceled.leaves_qty) == (False, 0)
