"""What came of the trades, as Telegram shows it, in its HTML. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from autoscalper.alert.cards import marked
from autoscalper.alert.markup import (
    MAX_CAPTION,
    bold,
    clock_time,
    dollars,
    fitted,
    price,
    short_contract,
)
from autoscalper.alert.stories import Story
from autoscalper.domain.marker import PAPER
from autoscalper.links.any_to_alert import OutcomeDecided, TradeClosed


def trades_text(stories: Sequence[Story], now: datetime, marker: str) -> str:
    """Return today's trades and those that are open, newest last."""
    lines = [marked(marker, f"<b>Trades</b> · {clock_time(now)}")]
    traded = [story for story in stories if story.trade is not None]
    if not traded:
        lines.append("None today, and none open.")
    lines += [f"{number}. {trade_line(story)}" for number, story in enumerate(traded, 1)]
    return fitted(lines)


def pnl_text(
    days: Sequence[tuple[date, Decimal]],
    asked: int,
    marker: str,
    on_paper: Sequence[TradeClosed] = (),
) -> str:
    """Return the caption of the chart: what ``asked`` days came to, on paper beside it."""
    total = sum((result for _, result in days), Decimal(0))
    won = sum(result > 0 for _, result in days)
    title = marked(marker, f"<b>Profit and loss</b>, {asked} days: {bold(dollars(total))}")
    paper = f"\n{sum_on_paper(on_paper)}" if on_paper else ""
    if not days:
        return f"{title}\nNo trade was closed in that time.{paper}"
    return f"{title}\n{won} of {len(days)} trading days ahead. Before commissions.{paper}"


def trade_caption(story: Story | None, marker: str) -> str:
    """Return the caption of a trade's chart."""
    if story is None or story.trade is None:
        return marked(marker, "Nothing is known of that trade.")
    return marked("" if story.is_paper else marker, trade_line(story))


def summary_text(
    day: date,
    decided: Sequence[OutcomeDecided],
    stories: Sequence[Story],
    marker: str,
    on_paper: Sequence[Story] = (),
) -> str:
    """Return what a day came to, as the caption of its chart."""
    closed = [story.closed for story in stories if story.closed is not None]
    still_open = [story for story in stories if story.is_open]
    counts: dict[str, int] = {}
    for each in decided:
        kind = each.outcome.kind.value
        counts[kind] = counts.get(kind, 0) + 1
    lines = [
        marked(marker, f"<b>{day:%A}, {day:%B} {day.day}</b>"),
        today_line(closed),
        f"{len(decided)} posts: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())),
    ]
    if still_open:
        lines.append(f"{len(still_open)} still open")
    costs = [story.cost_against_post for story in stories]
    known = [cost for cost in costs if cost is not None]
    if known:
        lines.append(f"Entries against the posted prices: {dollars(-sum(known, Decimal(0)))}")
    lines += [trade_line(story) for story in stories if story.trade is not None]
    if on_paper:
        lines.append(sum_on_paper([each.closed for each in on_paper if each.closed is not None]))
    return fitted(lines, MAX_CAPTION)


def today_line(closed: Sequence[TradeClosed]) -> str:
    """Return what was closed today, in a line."""
    return f"Today: {_sum_of(closed)}"


def sum_on_paper(closed: Sequence[TradeClosed]) -> str:
    """Return what was closed on paper, in a line."""
    return marked(PAPER, _sum_of(closed))


def trade_line(story: Story) -> str:
    """Return a trade in a line."""
    trade = story.trade
    assert trade is not None
    what = f"{clock_time(trade.opened_at)} {bold(short_contract(trade.contract))}"
    what = marked(PAPER, what) if story.is_paper else what
    bought = f" {trade.bought_qty} at {price(trade.avg_price)}" if trade.avg_price else ""
    cost = story.cost_against_post
    slip = "" if cost is None else f" ({dollars(-cost)} against the post)"
    if story.closed is not None:
        out = price(story.closed.avg_exit_price)
        return f"{what}{bought}{slip}, out at {out}: <b>{dollars(story.closed.realized)}</b>"
    if not story.is_open:
        return f"{what} not filled"
    return f"{what}{bought}{slip}, {'holding ' + str(trade.held_qty) if bought else 'ordered'}"


def _sum_of(closed: Sequence[TradeClosed]) -> str:
    total = sum((each.realized for each in closed), Decimal(0))
    won = sum(each.realized > 0 for each in closed)
    return f"{bold(dollars(total))}, closed {len(closed)}, won {won}"
