from datetime import date
from decimal import Decimal

import msgspec

from autoscalper.alert import result_pages
from autoscalper.alert.stories import Story, fold
from autoscalper.domain.identity import TradeId
from autoscalper.domain.outcome import OutcomeKind
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome
from tests.unit.alert import examples
from tests.unit.alert.test_pages import lines, story


def test_the_trades_are_numbered_with_what_they_cost_and_made() -> None:
    holding = fold(Story(trade_id=examples.TRADE), examples.changed())
    unfilled = fold(
        Story(trade_id=examples.TRADE),
        examples.changed(bought_qty=0, held_qty=0, hold_qty=0, avg_price=None),
    )
    ordered = fold(Story(trade_id=examples.TRADE), examples.ordered())
    text = result_pages.trades_text([story(), holding, unfilled, ordered], NINE_FORTY_FIVE, "")
    assert lines(text)[1:] == [
        "1. 09:45:00 MU 127.5C Mar 20 2 at 1.23 (-$6.00 against the post), out at 1.535: +$61.00",
        "2. 09:45:00 MU 127.5C Mar 20 2 at 1.23, holding 2",
        "3. 09:45:00 MU 127.5C Mar 20 not filled",
        "4. 09:45:00 MU 127.5C Mar 20, ordered",
    ]
    assert "None today" in result_pages.trades_text([], NINE_FORTY_FIVE, "")


def test_profit_and_loss_is_summed_and_the_good_days_counted() -> None:
    days = [(date(2026, 3, 17), Decimal(-20)), (date(2026, 3, 18), Decimal(61))]
    assert lines(result_pages.pnl_text(days, 30, "")) == [
        "Profit and loss, 30 days: +$41.00",
        "1 of 2 trading days ahead. Before commissions.",
    ]
    assert "No trade was closed" in result_pages.pnl_text([], 7, "")


def test_the_summary_counts_the_day_and_lists_its_trades() -> None:
    decided = [examples.traded(), an_outcome(), examples.skipped(OutcomeKind.DENIED, "no")]
    holding = fold(Story(trade_id=TradeId("other")), examples.changed())
    text = result_pages.summary_text(date(2026, 3, 18), decided, [story(), holding], "PAPER")
    assert lines(text)[:5] == [
        "PAPER Wednesday, March 18",
        "Today: +$61.00, closed 1, won 1",
        "3 posts: 1 denied, 1 ignored, 1 traded",
        "1 still open",
        "Entries against the posted prices: -$6.00",
    ]


def test_a_chart_has_its_trade_for_a_caption() -> None:
    assert "MU 127.5C Mar 20" in result_pages.trade_caption(story(), "")
    assert "Nothing is known" in result_pages.trade_caption(None, "")


def test_what_was_made_on_paper_is_apart_from_what_is_real() -> None:
    on_paper = [examples.closed("-20")]
    assert "PAPER -$20.00, closed 1, won 0" in lines(result_pages.pnl_text([], 7, "", on_paper))
    marked = msgspec.structs.replace(examples.changed(), is_paper=True)
    paper_story = fold(Story(trade_id=examples.TRADE), marked)
    assert "PAPER" in result_pages.trades_text([paper_story], NINE_FORTY_FIVE, "")
    day = date(2026, 3, 18)
    assert "PAPER +$0.00, closed 0, won 0" in lines(
        result_pages.summary_text(day, [], [], "", [paper_story])
    )
