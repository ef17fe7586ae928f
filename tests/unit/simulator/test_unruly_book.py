from decimal import Decimal

import pytest

from autoscalper.simulator.orders import Cancelled, Kept
from tests.unit.simulator.stand import submission, terms
from tests.unit.simulator.test_book import NOW, Table, told


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_lost_order_is_gone_without_a_word(table: Table) -> None:
    table.place(1, terms())
    (fact,) = table.book.forget(table[1], "lost", NOW)
    assert isinstance(fact, Kept)
    assert fact.order.anomaly == "lost"
    assert not table.is_live(1)


def test_a_fork_leaves_two_live_orders_and_the_name_to_the_newer(table: Table) -> None:
    table.place(1, terms())
    old = table[1]
    facts = table.book.fork(old, submission(1, terms(limit_price=Decimal("0.20"))), NOW)
    assert told(facts) == ["Kept 1 Submitted", "Opened 1 Submitted"]
    assert table[1].perm_id != old.perm_id
    assert len(list(table.book.live)) == 2
    hidden = table.book.live.get(old.perm_id)
    assert hidden is not None
    assert hidden.anomaly == "forked"


def test_a_fill_can_come_after_the_cancel(table: Table) -> None:
    table.place(1, terms(qty=2))
    (ended,) = table.cancel(1)
    assert isinstance(ended, Cancelled)
    (part,) = table.book.fill_late(ended.order, Decimal(1), Decimal("0.43"), NOW)
    (whole,) = table.book.fill_late(ended.order, Decimal(2), Decimal("0.43"), NOW)
    assert told([part, whole]) == ["Executed 1 Cancelled", "Executed 1 Filled"]
