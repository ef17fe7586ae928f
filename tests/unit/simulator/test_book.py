from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from autoscalper.domain.identity import IbOrderId
from autoscalper.simulator.orders import (
    Cancelled,
    Executed,
    Fact,
    OcaType,
    Order,
    OrderTerms,
    OrderType,
    Refused,
    Rejected,
    Side,
    Status,
    Submission,
    TimeCondition,
    TimeInForce,
)
from autoscalper.simulator.sessions import Hours
from autoscalper.simulator.timing import Timing
from autoscalper.simulator.unruly_book import UnrulyBook
from tests.unit.simulator.stand import (
    CON_ID,
    WEDNESDAY,
    NoHistory,
    quoted,
    stop,
    submission,
    target,
    terms,
)

NOW = WEDNESDAY
LATER = NOW + timedelta(hours=1)
ENTRY = IbOrderId(1)


class Table:
    """A book, the facts that it reported, and short words for what happens to it."""

    def __init__(self, *, always_open: bool = True) -> None:
        self.history = NoHistory()
        timing = Timing(Hours(always_open=always_open), lambda con_id: False)
        self.book = UnrulyBook(self.history, timing)
        self.facts: list[Fact] = []

    def place(self, order_id: int, wanted: OrderTerms, client: int = 1) -> list[Fact]:
        return self._note(self.book.place(submission(order_id, wanted, client), NOW))

    def cancel(self, order_id: int, client: int = 1) -> list[Fact]:
        return self._note(self.book.cancel((client, IbOrderId(order_id)), NOW))

    def quote(self, bid: str | None, ask: str | None, size: int = 100) -> list[Fact]:
        return self._note(self.book.on_quote(CON_ID, quoted(bid, ask, size), NOW))

    def fill(self, order_id: int, qty: int, price: str = "0.43") -> list[Fact]:
        order = self[order_id]
        return self._note(self.book.fill(order, Decimal(qty), Decimal(price), NOW))

    def at(self, hours: float) -> list[Fact]:
        return self._note(self.book.on_time(NOW + timedelta(hours=hours)))

    def __getitem__(self, order_id: int) -> Order:
        order = self.book.live.named((1, IbOrderId(order_id)))
        assert order is not None, f"order {order_id} is not live"
        return order

    def is_live(self, order_id: int) -> bool:
        return self.book.live.named((1, IbOrderId(order_id))) is not None

    def _note(self, facts: list[Fact]) -> list[Fact]:
        self.facts += facts
        for fact in facts:
            if not isinstance(fact, Refused) and not fact.order.is_live:
                self.history.statuses[fact.order.key] = fact.order.status
        return facts


@pytest.fixture
def table() -> Table:
    return Table()


def bracket(table: Table, qty: int = 2, good_till: datetime | None = None) -> None:
    tif = TimeInForce.DAY if good_till is None else TimeInForce.GTD
    entry = terms(qty=qty, transmit=False, time_in_force=tif, good_till=good_till)
    table.place(1, entry)
    table.place(2, target(qty, parent_id=ENTRY, transmit=False))
    table.place(3, stop(qty, parent_id=ENTRY))


def told(facts: list[Fact]) -> list[str]:
    """Return what was reported, as ``<fact> <order id> <status>``."""
    words = []
    for fact in facts:
        if isinstance(fact, Refused):
            words.append(f"Refused {fact.key[1]} {fact.code}")
        else:
            order = fact.order
            words.append(f"{type(fact).__name__} {order.order_id} {order.status.value}")
    return words


class TestIds:
    def test_the_next_id_is_above_the_highest_that_was_used(self, table: Table) -> None:
        table.place(5, terms())
        assert table.book.next_order_id(1) == 6
        assert table.book.next_order_id(2) == 1

    def test_an_id_below_the_highest_is_a_duplicate(self, table: Table) -> None:
        table.place(5, terms())
        assert told(table.place(4, terms())) == ["Refused 4 103"]

    def test_the_id_of_a_cancelled_order_is_a_duplicate(self, table: Table) -> None:
        table.place(5, terms())
        table.cancel(5)
        assert told(table.place(5, terms())) == ["Refused 5 103"]

    def test_a_filled_order_cannot_be_amended(self, table: Table) -> None:
        table.place(5, terms())
        table.quote("0.42", "0.43")
        assert told(table.place(5, terms())) == ["Refused 5 104"]

    def test_clients_have_ids_of_their_own(self, table: Table) -> None:
        table.place(5, terms())
        assert told(table.place(5, terms(), client=2)) == ["Opened 5 Submitted"]

    def test_permanent_ids_only_rise(self, table: Table) -> None:
        table.place(1, terms())
        first = table[1].perm_id
        table.cancel(1)
        table.place(2, terms(), client=2)
        assert table.book.next_perm_id == first + 2


class TestAmending:
    def test_the_same_id_amends_and_is_always_answered(self, table: Table) -> None:
        table.place(1, terms())
        assert told(table.place(1, terms())) == ["Opened 1 Submitted"]
        table.place(1, terms(qty=5, limit_price=Decimal("0.50")))
        assert table[1].order_qty == 5

    def test_every_quantity_that_it_had_is_in_its_history(self, table: Table) -> None:
        bracket(table, qty=10)
        table.place(3, stop(8, parent_id=ENTRY))
        table.fill(1, 10)
        table.fill(2, 5)
        assert [line.order_qty for line in table[3].history] == [10, 10, 8, 8, 4]

    def test_what_does_not_match_is_refused(self, table: Table) -> None:
        table.place(1, terms())
        assert told(table.place(1, terms(Side.SELL))) == ["Refused 1 105"]

    def test_a_quantity_that_has_filled_cannot_be_taken_back(self, table: Table) -> None:
        table.place(1, terms(qty=5))
        table.fill(1, 3)
        assert told(table.place(1, terms(qty=3))) == ["Refused 1 105"]
        table.place(1, terms(qty=4))
        assert table[1].leaves_qty == 1

    def test_a_moved_stop_triggers_at_its_new_price(self, table: Table) -> None:
        table.place(1, stop(price="0.32"))
        table.place(1, stop(price="0.40"))
        assert "Executed 1 Filled" in told(table.quote("0.38", "0.40"))


class TestCancelling:
    def test_an_order_is_cancelled(self, table: Table) -> None:
        table.place(1, terms())
        assert told(table.cancel(1)) == ["Cancelled 1 Cancelled"]

    def test_what_is_unknown_or_done_cannot_be(self, table: Table) -> None:
        assert told(table.cancel(1)) == ["Refused 1 10147"]
        table.place(1, terms())
        table.quote("0.42", "0.43")
        (refused,) = table.cancel(1)
        assert isinstance(refused, Refused)
        assert refused.code == 10148
        assert "Filled" in refused.text

    def test_another_client_cannot_cancel(self, table: Table) -> None:
        table.place(1, terms())
        assert told(table.cancel(1, client=2)) == ["Refused 1 10147"]
        assert table.is_live(1)

    def test_everything_can_be_cancelled_at_once(self, table: Table) -> None:
        bracket(table)
        table.place(9, terms(), client=2)
        table._note(table.book.cancel_all(NOW))
        assert list(table.book.live) == []


class TestFilling:
    def test_a_marketable_limit_fills_at_the_better_price(self, table: Table) -> None:
        table.place(1, terms(limit_price=Decimal("0.50")))
        (fact,) = table.quote("0.42", "0.43")
        assert isinstance(fact, Executed)
        assert fact.execution.last_price == Decimal("0.43")

    def test_a_quote_fills_what_it_shows_and_the_next_one_the_rest(self, table: Table) -> None:
        table.place(1, terms(qty=5))
        assert told(table.quote("0.42", "0.43", size=3)) == ["Executed 1 Submitted"]
        assert told(table.quote("0.42", "0.43", size=3)) == ["Executed 1 Filled"]

    def test_orders_share_what_a_quote_shows_the_older_first(self, table: Table) -> None:
        table.place(1, terms(qty=2))
        table.place(2, terms(qty=2))
        table.quote("0.42", "0.43", size=3)
        assert not table.is_live(1)
        assert table[2].cum_qty == 1

    def test_a_stop_waits_for_its_trigger_and_fills_through_a_gap(self, table: Table) -> None:
        table.place(1, stop(price="0.32"))
        assert (table[1].status, table[1].why_held) == (Status.PRE_SUBMITTED, "trigger")
        assert table.quote("0.40", "0.42") == []
        facts = table.quote("0.05", "0.06")
        assert told(facts) == ["Opened 1 Submitted", "Executed 1 Filled"]
        assert isinstance(facts[1], Executed)
        assert facts[1].execution.last_price == Decimal("0.05")

    def test_a_stop_limit_that_is_jumped_over_rests_at_its_limit(self, table: Table) -> None:
        limit = Decimal("0.30")
        table.place(1, stop(price="0.32", order_type=OrderType.STOP_LIMIT, limit_price=limit))
        assert told(table.quote("0.20", "0.25")) == ["Opened 1 Submitted"]
        assert told(table.quote("0.30", "0.31")) == ["Executed 1 Filled"]

    def test_a_triggered_stop_stays_triggered(self, table: Table) -> None:
        table.place(1, stop(price="0.32"))
        table.quote(None, "0.30")
        assert told(table.quote("0.50", "0.51")) == ["Executed 1 Filled"]

    def test_a_trailing_stop_moves_silently_and_triggers_from_where_it_got_to(
        self, table: Table
    ) -> None:
        trail = terms(
            Side.SELL, order_type=OrderType.TRAIL, limit_price=None, aux_price=Decimal("0.10")
        )
        table.place(1, trail)
        assert told(table.quote("0.50", "0.55")) == ["Kept 1 PreSubmitted"]
        assert told(table.quote("0.70", "0.75")) == ["Kept 1 PreSubmitted"]
        assert told(table.quote("0.58", "0.60")) == ["Opened 1 Submitted", "Executed 1 Filled"]

    @pytest.mark.parametrize(("tif", "filled"), [(TimeInForce.IOC, 3), (TimeInForce.FOK, 0)])
    def test_what_cannot_fill_at_once_is_cancelled(
        self, table: Table, tif: TimeInForce, filled: int
    ) -> None:
        table.place(1, terms(qty=5, time_in_force=tif))
        facts = table.quote("0.42", "0.43", size=3)
        assert told(facts)[-1] == "Cancelled 1 Cancelled"
        last = facts[-1]
        assert isinstance(last, Cancelled)
        assert last.order.cum_qty == filled

    def test_all_or_none_waits_for_enough(self, table: Table) -> None:
        table.place(1, terms(qty=5, all_or_none=True))
        assert table.quote("0.42", "0.43", size=4) == []
        assert told(table.quote("0.42", "0.43", size=5)) == ["Executed 1 Filled"]

    def test_an_order_in_parts_fills_one_part_a_quote(self, table: Table) -> None:
        table.place(1, terms(qty=5))
        table.book.slice_fills(table[1], 2)
        assert table.book.sliced_contracts() == {CON_ID}
        table.quote("0.42", "0.43")
        assert table[1].cum_qty == 3
        assert told(table.quote("0.42", "0.43")) == ["Executed 1 Filled"]
        assert table.book.sliced_contracts() == set()

    def test_nothing_fills_without_a_market(self, table: Table) -> None:
        table.place(1, terms(order_type=OrderType.MARKET, limit_price=None))
        assert table.quote(None, None) == []
        assert told(table.quote("0.42", "0.43")) == ["Executed 1 Filled"]


class TestBrackets:
    def test_untransmitted_orders_wait_for_the_last_of_their_family(self, table: Table) -> None:
        assert told(table.place(1, terms(transmit=False))) == ["Kept 1 Staged"]
        table.quote("0.42", "0.43")
        table.place(2, target(parent_id=ENTRY, transmit=False))
        assert told(table.place(3, stop(parent_id=ENTRY))) == [
            "Opened 1 Submitted",
            "Opened 2 PreSubmitted",
            "Opened 3 PreSubmitted",
        ]
        assert (table[2].why_held, table[3].why_held) == ("child", "child,trigger")

    def test_transmitting_the_parent_transmits_its_children(self, table: Table) -> None:
        table.place(1, terms(transmit=False))
        table.place(2, target(parent_id=ENTRY, transmit=False))
        assert told(table.place(1, terms())) == ["Opened 1 Submitted", "Opened 2 PreSubmitted"]

    def test_children_wait_for_their_parent_to_fill(self, table: Table) -> None:
        bracket(table)
        assert table.quote("0.90", "0.95") == []
        facts = table.quote("0.42", "0.43")
        assert told(facts)[:3] == [
            "Executed 1 Filled",
            "Opened 2 Submitted",
            "Opened 3 PreSubmitted",
        ]
        assert table[3].why_held == "trigger"

    def test_a_child_without_its_parent_is_refused(self, table: Table) -> None:
        assert told(table.place(2, target(parent_id=ENTRY))) == ["Refused 2 135"]
        assert table.book.next_order_id(1) == 1

    def test_one_exit_cancels_the_other(self, table: Table) -> None:
        bracket(table)
        table.quote("0.42", "0.43")
        facts = table.quote("0.86", "0.88")
        assert told(facts) == ["Executed 2 Filled", "Cancelled 3 Cancelled"]

    def test_children_fill_no_more_than_their_parent_has(self, table: Table) -> None:
        bracket(table, qty=10)
        table.quote("0.42", "0.43", size=4)
        assert table.book.fillable(table[2]) == 4
        table.quote("0.90", "0.95")
        assert table[2].cum_qty == 4
        assert table[3].leaves_qty == 6
        assert table.book.fillable(table[3]) == 0
        table.quote("0.42", "0.43", size=3)
        assert table.book.fillable(table[3]) == 3

    def test_a_cancelled_parent_takes_its_children_along(self, table: Table) -> None:
        bracket(table)
        assert told(table.cancel(1)) == [f"Cancelled {each} Cancelled" for each in (1, 2, 3)]

    def test_a_parent_cancelled_halfway_leaves_children_for_what_filled(self, table: Table) -> None:
        bracket(table, qty=10)
        table.fill(1, 4)
        table.fill(2, 1)
        table.cancel(1)
        assert table[2].leaves_qty == 3
        assert table[3].leaves_qty == 3

    def test_a_cancelled_target_leaves_the_stop(self, table: Table) -> None:
        bracket(table)
        table.quote("0.42", "0.43")
        table.cancel(2)
        assert table.is_live(3)

    def test_a_rejected_parent_takes_its_children_along(self, table: Table) -> None:
        bracket(table)
        facts = table.book.reject(table[1], 201, "no", NOW)
        assert told(facts) == [
            "Rejected 1 Inactive",
            "Cancelled 2 Cancelled",
            "Cancelled 3 Cancelled",
        ]


class TestGroups:
    def place_group(self, table: Table, oca_type: OcaType, *quantities: int) -> None:
        for order_id, qty in enumerate(quantities, start=1):
            wanted = target(qty, f"0.{85 + order_id}", oca_group="A", oca_type=oca_type)
            table.place(order_id, wanted)

    def test_a_cancelling_group_ends_with_its_first_fill(self, table: Table) -> None:
        self.place_group(table, OcaType.CANCEL, 4, 4)
        assert told(table.fill(1, 1)) == ["Executed 1 Submitted", "Cancelled 2 Cancelled"]

    @pytest.mark.parametrize("oca_type", [OcaType.REDUCE, OcaType.REDUCE_WITH_BLOCK])
    def test_a_reducing_group_shrinks_in_proportion(self, table: Table, oca_type: OcaType) -> None:
        self.place_group(table, oca_type, 4, 8)
        assert told(table.fill(1, 1)) == ["Executed 1 Submitted", "Opened 2 Submitted"]
        assert table[2].order_qty == 6
        assert told(table.fill(2, 2)) == ["Executed 2 Submitted", "Opened 1 Submitted"]
        assert table[1].leaves_qty == 2

    def test_a_reducing_group_ends_with_its_first_complete_fill(self, table: Table) -> None:
        self.place_group(table, OcaType.REDUCE, 4, 8, 2)
        assert told(table.fill(1, 4)) == [
            "Executed 1 Filled",
            "Cancelled 2 Cancelled",
            "Cancelled 3 Cancelled",
        ]

    def test_a_name_that_was_used_up_is_rejected(self, table: Table) -> None:
        table.history.spent.add("A")
        assert told(table.place(1, terms(oca_group="A"))) == ["Rejected 1 Inactive"]

    def test_one_quote_cannot_fill_two_members(self, table: Table) -> None:
        self.place_group(table, OcaType.REDUCE, 4, 4)
        facts = table.quote("0.95", "0.96")
        assert told(facts) == ["Executed 1 Filled", "Cancelled 2 Cancelled"]


class TestTime:
    def test_a_day_order_ends_with_its_day(self, table: Table) -> None:
        table.place(1, terms())
        assert table.at(hours=13) == []
        (fact,) = table.at(hours=14)
        assert isinstance(fact, Cancelled)
        assert fact.order.reason == "expired"

    def test_a_date_ends_an_order_and_takes_what_would_protect_nothing_along(
        self, table: Table
    ) -> None:
        bracket(table, good_till=LATER)
        assert table.at(hours=0.9) == []
        assert told(table.at(hours=1)) == [
            "Cancelled 1 Cancelled",
            "Cancelled 2 Cancelled",
            "Cancelled 3 Cancelled",
        ]

    def test_what_was_bought_by_then_keeps_its_protection(self, table: Table) -> None:
        bracket(table, good_till=LATER)
        table.fill(1, 1)
        assert told(table.at(hours=1))[0] == "Cancelled 1 Cancelled"
        assert [table[child].leaves_qty for child in (2, 3)] == [1, 1]

    def test_nothing_fills_after_its_date_however_late_the_clock_is_looked_at(
        self, table: Table
    ) -> None:
        table.place(1, terms(time_in_force=TimeInForce.GTD, good_till=LATER))
        assert table.book.on_quote(CON_ID, quoted("0.40", "0.41"), LATER) == []
        assert table.is_live(1)

    def test_a_change_brings_its_own_date(self, table: Table) -> None:
        table.place(1, terms(time_in_force=TimeInForce.GTD, good_till=LATER))
        table.place(1, terms(qty=3, time_in_force=TimeInForce.GTD, good_till=LATER))
        assert table[1].ends_at == LATER

    def test_orders_wait_for_the_opening_bell(self) -> None:
        table = Table(always_open=False)
        table.place(1, terms(time_in_force=TimeInForce.GTC))
        assert told(table.at(hours=8)) == ["Opened 1 PreSubmitted"]
        night = NOW + timedelta(hours=8)
        assert table.book.on_quote(CON_ID, quoted("0.42", "0.43"), night) == []
        assert told(table.at(hours=24)) == ["Opened 1 Submitted"]

    def test_an_order_starts_at_its_time(self, table: Table) -> None:
        table.place(1, terms(good_after=NOW + timedelta(hours=2)))
        assert table[1].status is Status.PRE_SUBMITTED
        assert table.quote("0.42", "0.43") == []
        assert told(table.at(hours=2)) == ["Opened 1 Submitted"]

    def test_a_condition_can_end_an_order(self, table: Table) -> None:
        condition = TimeCondition(at=NOW + timedelta(hours=1), is_after=True)
        table.place(1, terms(conditions=(condition,), conditions_cancel_order=True))
        assert table.at(hours=0.5) == []
        assert told(table.at(hours=1)) == ["Cancelled 1 Cancelled"]

    def test_an_untransmitted_order_is_left_alone_by_the_clock(self, table: Table) -> None:
        table.place(1, terms(transmit=False))
        assert table.at(hours=1) == []


class TestAnomalies:
    def test_a_rejected_order_is_inactive(self, table: Table) -> None:
        key = (1, IbOrderId(1))
        rejected = Submission(key=key, terms=terms(), rejection=(201, "no money"))
        (fact,) = table.book.place(rejected, NOW)
        assert isinstance(fact, Rejected)
        assert (fact.code, fact.order.reason) == (201, "no money")
        assert fact.order.status is Status.INACTIVE
        assert table.book.next_order_id(1) == 2

    def test_nothing_fills_that_has_nothing_left(self, table: Table) -> None:
        bracket(table)
        assert table.fill(2, 1) == []
