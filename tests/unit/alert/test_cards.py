from decimal import Decimal

import pytest

from autoscalper.alert import cards
from autoscalper.alert.cards import trade_text
from autoscalper.alert.stories import Story, fold
from autoscalper.domain.identity import CommandId
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import CommandAnswered, CommandState, Level, Reported
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome
from tests.fakes.telegram_server.markup import plain_text
from tests.unit.alert import examples


def card_after(count: int, marker: str = "") -> list[str]:
    """Return the lines of the trade's card after ``count`` notices."""
    story = Story(trade_id=examples.TRADE)
    for notice in examples.whole_life()[:count]:
        story = fold(story, notice)
    return plain_text(trade_text(story, marker)).splitlines()


def test_the_card_says_what_was_ordered() -> None:
    assert card_after(1, "PAPER") == [
        "PAPER MU 127.5C Mar 20 · ordered",
        "Posted at 1.20 by Dana in chips-room, 09:45:00",
        "Entry: 2 at 1.25",
        "Stop 0.94 · target 1.87",
    ]


def test_the_card_says_what_filled_and_what_it_cost_against_the_post() -> None:
    assert card_after(5) == [
        "MU 127.5C Mar 20 · holding 2",
        "Posted at 1.20 by Dana in chips-room, 09:45:00",
        "Entry: 2 of 2 at 1.23 (-$6.00 against the post)",
        "Stop 0.94 · target 1.87",
        "09:45:01 bought 1 at 1.22",
        "09:45:02 bought 1 at 1.24",
    ]


def test_the_card_ends_with_the_whole_life_and_what_it_made() -> None:
    lines = card_after(99)
    assert lines[0] == "MU 127.5C Mar 20 · closed +$61.00"
    assert lines[-4:] == [
        "09:55:00 selling 1 of 2; stop to 1.23 — out half, stop to BE",
        "09:55:01 sold 1 at 1.52 (exit)",
        "10:10:00 sold 1 at 1.55 (take profit)",
        "In at 1.23, out at 1.535: +$61.00 (+25 %) before commissions",
    ]


def test_a_card_of_a_trade_that_is_being_sold_says_so() -> None:
    story = fold(Story(trade_id=examples.TRADE), examples.changed(hold_qty=0))
    assert "selling 2 of 2" in trade_text(story, "")


def test_a_card_of_an_entry_that_never_filled_says_so() -> None:
    called_off = examples.changed(bought_qty=0, held_qty=0, hold_qty=0, avg_price=None)
    story = fold(Story(trade_id=examples.TRADE), called_off)
    assert "not filled, called off" in trade_text(story, "")


def test_an_entry_at_the_market_without_a_posted_price_is_shown_as_such() -> None:
    bare = examples.changed(
        bought_qty=0, held_qty=0, avg_price=None, posted_price=None, limit_price=None
    )
    lines = trade_text(fold(Story(trade_id=examples.TRADE), bare), "")
    assert "Posted at no price" in lines
    assert "Entry: 2 at the market" in lines


def test_of_a_long_life_the_card_shows_the_end() -> None:
    story = fold(Story(trade_id=examples.TRADE), examples.changed())
    for number in range(40):
        notice = examples.fill(number, 1, "1.30", seconds=number, purpose=Purpose.EXIT)
        story = fold(story, notice)
    text = plain_text(trade_text(story, ""))
    assert "… 26 earlier" in text
    assert "09:45:39 sold 1" in text


def test_a_trader_cannot_write_markup_into_a_card() -> None:
    nasty = examples.changed(author_name="<b>x</b>", channel_name="</code>&")
    story = fold(Story(trade_id=examples.TRADE), nasty)
    assert "<b>x</b> in </code>&" in plain_text(trade_text(story, "DRY RUN"))


def test_an_alert_that_was_not_traded_says_why_and_how_to_ask() -> None:
    skipped = examples.skipped(OutcomeKind.DENIED, "the budget is $50.00")
    assert plain_text(cards.skipped_text(skipped, 7, "DRY RUN")).splitlines() == [
        "DRY RUN denied the budget is $50.00",
        "Dana in chips-room: BTO MU 127.5c 3/20 @ 1.20",
        "understood: NEW MU 127.5C 2026-03-20 @ 1.20",
        "/why_7",
    ]


def test_only_an_entry_that_came_too_late_before_its_order_can_be_taken() -> None:
    late = examples.skipped(OutcomeKind.EXPIRED, "90 s old")
    ((button,),) = cards.offer_buttons(late, 7)
    assert (button.label, button.data) == ("Missed. Take it now?", "t:7")
    unfilled = examples.skipped(OutcomeKind.EXPIRED, "not filled", orders=("buy 2",))
    denied = examples.skipped(OutcomeKind.DENIED, "no")
    assert cards.offer_buttons(unfilled, 7) == cards.offer_buttons(denied, 7) == ()


def test_a_late_entry_is_offered_with_its_age_and_the_present_price() -> None:
    text = plain_text(cards.late_text(examples.missed(), NINE_FORTY_FIVE, ""))
    assert "Posted 4 min ago at 1.20; now 1.26 bid, 1.29 ask." in text
    bare = examples.missed(posted_price=None, bid=None)
    assert "at no price; now no quote." in cards.late_text(bare, NINE_FORTY_FIVE, "")


def test_a_trades_chart_can_be_asked_for_once_there_are_fills() -> None:
    story = Story(trade_id=examples.TRADE)
    assert cards.trade_buttons(story) == ()
    filled = fold(story, examples.fill(1, 1, "1.22", seconds=1))
    ((button,),) = cards.trade_buttons(filled)
    assert button.data == f"p:trade {examples.TRADE}"


@pytest.mark.parametrize(
    ("level", "text"),
    [(Level.INFO, "a & b"), (Level.WARNING, "WARNING a & b"), (Level.CRITICAL, "CRITICAL a & b")],
)
def test_a_report_says_how_bad_it_is(level: Level, text: str) -> None:
    report = Reported(level=level, text="a & b", reported_at=NINE_FORTY_FIVE)
    assert plain_text(cards.report_text(report, "")) == text


def test_a_command_says_how_far_it_is() -> None:
    answer = CommandAnswered(
        command_id=CommandId("button x"),
        state=CommandState.DONE,
        lines=("MU: flat", "IWM: flat"),
        answered_at=NINE_FORTY_FIVE,
    )
    card = cards.command_card(answer, "PAPER")
    assert plain_text(card.html).splitlines() == ["PAPER Done · 09:45:00", "MU: flat", "IWM: flat"]
    assert card.urgent


def test_the_end_of_a_trade_is_one_line() -> None:
    closed = examples.closed("-61")
    assert plain_text(cards.closed_text(closed, "")) == "MU 127.5C Mar 20 closed -$61.00"
    assert closed.realized == Decimal(-61)


def test_a_denied_follow_up_is_shown_as_denied() -> None:
    story = fold(Story(trade_id=examples.TRADE), examples.changed())
    story = fold(story, examples.traded())
    looser = an_outcome(OutcomeKind.DENIED, "a stop at 0.50 is looser", trade_id=examples.TRADE)
    assert "denied a stop at 0.50 is looser" in trade_text(fold(story, looser), "")


def test_a_question_offers_every_trade_and_says_what_happens_without_an_answer() -> None:
    card = cards.question_card(examples.question(), "PAPER")
    assert card.loud and card.urgent
    assert "Without an answer within 20 s all of them are closed." in plain_text(card.html)
    labels = [[each.label for each in row] for row in card.buttons]
    assert labels == [["MU 127.5C Mar 20 (2)"], ["MU 127.5C Mar 27 (1)"], ["All", "None"]]
    assert max(len(each.data) for row in card.buttons for each in row) <= 64


def test_only_an_exit_can_mean_all_trades() -> None:
    card = cards.question_card(examples.question(can_be_all=False), "")
    assert "Without an answer within 20 s it is dropped." in plain_text(card.html)
    assert [each.label for each in card.buttons[-1]] == ["None"]
