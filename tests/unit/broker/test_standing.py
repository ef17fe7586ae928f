from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker import standing
from autoscalper.broker.events import GatewayConnecting, Holding, PositionReported
from autoscalper.broker.standing import status_of
from autoscalper.domain.identity import ConId
from autoscalper.domain.instruction import TrailBy
from autoscalper.domain.order import OrderStatus, Purpose
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import TradeChanged
from tests.unit.broker.story import CALL, MORNING, Story, entry, opened


def told(story: Story) -> list[TradeChanged]:
    return [each for each in story.notices if isinstance(each, TradeChanged)]


def test_a_trade_is_told_when_it_is_ordered_when_it_fills_and_when_its_stop_moves() -> None:
    story = opened()
    story.move_stop("0.38")
    assert [(each.held_qty, each.stop_price) for each in told(story)] == [
        (0, Decimal("0.33")),
        (2, Decimal("0.33")),
        (2, Decimal("0.38")),
    ]


def test_a_trade_that_stands_as_it_was_told_is_not_told_again() -> None:
    story = opened()
    before = len(told(story))
    story.wait(60)
    story.quote("0.44", "0.45")
    assert len(told(story)) == before


def test_a_trade_carries_what_a_card_needs() -> None:
    story = opened()
    last = told(story)[-1]
    assert last.contract == CALL
    assert (last.posted_price, last.limit_price) == (Decimal("0.40"), Decimal("0.43"))
    assert (last.order_qty, last.bought_qty, last.avg_price) == (2, 2, Decimal("0.4"))
    assert last.author_name == "anna"


def test_the_status_shows_positions_with_market_and_protection() -> None:
    story = opened()
    story.quote("0.44", "0.45")
    (trade,) = status_of(story.book, story.now).trades
    assert (trade.held_qty, trade.protected_qty) == (2, 2)
    assert (trade.avg_price, trade.bid, trade.ask) == (
        Decimal("0.4"),
        Decimal("0.44"),
        Decimal("0.45"),
    )


def test_a_quote_that_is_too_old_is_not_shown() -> None:
    story = opened()
    story.quote("0.44", "0.45")
    later = story.now + standing.QUOTE_MAX_AGE + timedelta(seconds=1)
    (trade,) = status_of(story.book, later).trades
    assert (trade.bid, trade.ask) == (None, None)


def test_a_position_whose_stop_is_gone_is_shown_naked() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    story.book.put_order(replace(stop, status=OrderStatus.CANCELED))
    (trade,) = status_of(story.book, story.now).trades
    assert trade.protected_qty == 0


def test_a_stop_that_trails_is_shown_with_how_far_behind_it_is() -> None:
    story = opened()
    story.quote("0.50", "0.52")
    story.move_stop(TrailBy(percent=Decimal(20)))
    (trade,) = status_of(story.book, story.now).trades
    assert (trade.stop_price, trade.trail) == (Decimal("0.40"), TrailBy(percent=Decimal(20)))
    story.move_stop("0.45")
    (trade,) = status_of(story.book, story.now).trades
    assert (trade.stop_price, trade.trail) == (Decimal("0.45"), None)


def test_the_status_lists_what_can_still_fill() -> None:
    story = opened()
    orders = status_of(story.book, story.now).orders
    assert {(each.purpose, each.price) for each in orders} == {
        (Purpose.STOP_LOSS, Decimal("0.33")),
        (Purpose.TAKE_PROFIT, Decimal("0.63")),
        (Purpose.FLATTEN, None),
    }


def test_the_status_says_since_when_the_gateway_is_away_and_how_often_it_was_tried() -> None:
    story = Story()
    story.connect()
    story.wait(10)
    story.lose()
    lost_at = story.now
    story.wait(30)
    story.hear(GatewayConnecting(reason="again"), GatewayConnecting(reason="again"))
    status = status_of(story.book, story.now)
    assert (status.phase, status.phase_since, status.attempts) == ("down", lost_at, 2)


def test_an_entry_that_came_too_late_is_shown_while_it_can_be_taken() -> None:
    story = Story()
    story.connect()
    story.lose()
    post_id = story.post(entry())
    story.wait(120, step=10)
    (missed,) = status_of(story.book, story.now).missed
    assert (missed.post_id, missed.posted_price) == (post_id, Decimal("0.40"))
    assert missed.posted_at == MORNING
    much_later = story.now + timedelta(minutes=15)
    assert status_of(story.book, much_later).missed == ()


def test_every_state_of_every_order_is_told_once() -> None:
    story = opened()
    told = [
        (each.client_order_id.rpartition("|")[2], each.status.value, each.cum_qty)
        for each in story.notices
        if isinstance(each, any_to_alert.OrderChanged)
    ]
    assert [each for each in told if each[0] == "E0"] == [
        ("E0", "in doubt", 0),
        ("E0", "new", 0),
        ("E0", "filled", 2),
    ]
    assert len(told) == len(set(told))


def test_a_stop_that_moved_is_told_with_its_new_price() -> None:
    story = opened()
    story.move_stop("0.36")
    story.wait(3)
    stops = [
        each.what
        for each in story.notices
        if isinstance(each, any_to_alert.OrderChanged) and "stop loss" in each.what
    ]
    assert stops[-1] == "sell 2 stop 0.36 (stop loss)"


def test_what_was_missed_while_the_gateway_was_away_has_a_price_when_it_is_back() -> None:
    story = Story()
    story.connect()
    story.lose()
    story.post(entry())
    story.wait(120, step=10)
    story.connect()
    (missed,) = status_of(story.book, story.now).missed
    assert (missed.bid, missed.ask) == (Decimal("0.42"), Decimal("0.43"))


def test_what_the_account_holds_beyond_the_trades_is_shown_with_whether_it_can_be_closed() -> None:
    story = Story()
    story.connect()
    for con_id, kind, qty in ((501, "STK", "100"), (502, "FUT", "-1")):
        holding = Holding(
            con_id=ConId(con_id),
            kind=kind,
            name=f"some {kind}",
            symbol="X",
            currency="USD",
            qty=Decimal(qty),
        )
        told = PositionReported(con_id=holding.con_id, position=int(qty), holding=holding)
        story.hear(told)
    shares, future = status_of(story.book, story.now).foreign
    assert (shares.name, shares.qty, shares.is_closable) == ("some STK", 100, True)
    assert (future.name, future.qty, future.is_closable) == ("some FUT", -1, False)
