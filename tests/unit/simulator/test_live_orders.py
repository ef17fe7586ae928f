import msgspec

from autoscalper.domain.identity import IbOrderId, PermId
from autoscalper.simulator.live_orders import LiveOrders
from tests.unit.simulator.stand import CON_ID, terms
from tests.unit.simulator.test_orders import order


def test_orders_are_found_by_everything_they_relate_to() -> None:
    parent = order(perm_id=PermId(1), order_id=IbOrderId(1))
    child = order(perm_id=PermId(2), order_id=IbOrderId(2), parent_perm_id=PermId(1))
    grouped = order(perm_id=PermId(3), order_id=IbOrderId(3), terms=terms(oca_group="A"))
    live = LiveOrders([grouped, parent, child])

    assert list(live) == [parent, child, grouped]
    assert live.named((1, IbOrderId(2))) == child
    assert live.children_of(PermId(1)) == [child]
    assert live.of_group("A") == [grouped]
    assert live.of_group("1") == [child]
    assert len(live.of_contract(CON_ID)) == 3
    assert live.contracts() == {CON_ID}
    assert live.get(None) is None


def test_a_newer_record_takes_the_place_of_the_older() -> None:
    live = LiveOrders([order()])
    newer = msgspec.structs.replace(order(), fills=1)
    live.put(newer)

    assert list(live) == [newer]
    assert live.of_contract(CON_ID) == [newer]


def test_what_is_removed_is_found_nowhere() -> None:
    live = LiveOrders([order(parent_perm_id=PermId(9))])
    live.remove(PermId(1))

    assert PermId(1) not in live
    assert live.named((1, IbOrderId(5))) is None
    assert live.of_contract(CON_ID) == live.children_of(PermId(9)) == live.of_group("9") == []


def test_of_two_orders_with_one_name_the_newer_answers_to_it_until_it_goes() -> None:
    older, newer = order(perm_id=PermId(1)), order(perm_id=PermId(2))
    live = LiveOrders([older, newer])

    assert live.named(older.key) == newer
    live.remove(PermId(2))
    assert live.named(older.key) == older
    live.remove(PermId(1))
    assert live.named(older.key) is None
