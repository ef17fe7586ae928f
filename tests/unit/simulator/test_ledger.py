from decimal import Decimal

from autoscalper.simulator import commands
from tests.unit.simulator.stand import EXPIRY, Stand, submission, terms
from tests.unit.simulator.test_operations import place, shown


def test_the_record_tells_an_order_from_its_first_word_to_its_last(stand: Stand) -> None:
    place(stand, ref="first")
    stand.clock.pass_by(seconds=5)
    stand.execute(commands.Fill(order_ref="first", qty=Decimal(1)))
    stand.execute(commands.Fill(order_ref="first"))
    (entry,) = shown(stand, commands.ShowLedger())["orders"]

    assert (entry.order_ref, entry.client_id, entry.order_id) == ("first", 1, 1)
    assert entry.contract["underlying"] == "SPY"
    assert entry.contract["expiry"] == EXPIRY
    assert [line.status.value for line in entry.history] == [
        "Staged",
        "Submitted",
        "Submitted",
        "Filled",
    ]
    assert [fill.qty for fill in entry.fills] == [1, 1]
    assert (entry.done_at - entry.accepted_at).total_seconds() == 5
    assert (entry.limit_price, entry.stop_price) == (Decimal("0.43"), None)


def test_the_record_has_every_order_and_can_be_asked_for_one(stand: Stand) -> None:
    for number in (1, 2):
        place(stand, number, ref=f"r{number}")
    stand.execute(commands.Kill(order_ref="r1"))
    everything = shown(stand, commands.ShowLedger())["orders"]
    assert [(each.order_ref, each.status) for each in everything] == [
        ("r1", "Cancelled"),
        ("r2", "Submitted"),
    ]
    (one,) = shown(stand, commands.ShowLedger(order_ref="r2"))["orders"]
    assert one.perm_id == everything[1].perm_id


def test_an_untransmitted_order_is_in_the_record(stand: Stand) -> None:
    stand.quote("0.40", "0.50")
    con_id = next(iter(stand.world.market._own))
    staged = submission(1, terms(con_id=con_id, transmit=False))
    stand.gateway.orders.publish(stand.world.book.place(staged, stand.clock.now()))
    (entry,) = shown(stand, commands.ShowLedger())["orders"]
    assert (entry.status, entry.transmit) == ("Staged", False)
