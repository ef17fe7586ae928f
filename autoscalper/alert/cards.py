"""Notices as Telegram shows them, in its HTML. Pure: one function for each kind."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from autoscalper.alert.chat import Button, Keyboard
from autoscalper.alert.markup import (
    bold,
    clock_time,
    dollars,
    escaped,
    fitted,
    price,
    short_contract,
    span,
)
from autoscalper.alert.outbox import Card
from autoscalper.alert.render import shortened
from autoscalper.alert.stories import Story
from autoscalper.domain.order import Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import (
    CommandAnswered,
    CommandState,
    Level,
    OrderFilled,
    OutcomeDecided,
    QuestionAsked,
    Reported,
    TradeChanged,
    TradeClosed,
)
from autoscalper.links.broker_to_alert import MissedEntry

#: Characters of a post that a card quotes.
_QUOTED = 160
#: Steps of a trade's story that its card shows; the rest is in /why.
_SHOWN_STEPS = 14


def marked(marker: str, title: str) -> str:
    """Return a title line with the marker in front."""
    return f"<code>{marker}</code> {title}" if marker else title


def trade_text(story: Story, marker: str) -> str:
    """Return the one message of a trade, as its life stands."""
    trade = story.trade
    if trade is None:
        return marked(marker, "<b>A trade</b>")
    lines = [
        marked(marker, f"{bold(short_contract(trade.contract))} · {_state_of(story)}"),
        _origin(trade),
        _entry_line(story, trade),
        _level_line(trade),
        *_steps(story),
    ]
    if story.closed is not None:
        lines.append(_result_line(story.closed))
    return fitted([line for line in lines if line])


def trade_buttons(story: Story) -> Keyboard:
    """Return the button that draws a trade's fills, once there are some."""
    if not story.fills:
        return ()
    return ((Button(label="Chart", data=f"p:trade {story.trade_id}"),),)


def closed_text(closed: TradeClosed, marker: str) -> str:
    """Return the one line that says that a trade ended."""
    what = bold(short_contract(closed.contract))
    return marked(marker, f"{what} closed {bold(dollars(closed.realized))}")


def skipped_text(decided: OutcomeDecided, number: int, marker: str) -> str:
    """Return why an alert was not traded; ``number`` is the alert's own."""
    lines = [
        marked(marker, f"<b>{decided.outcome.kind.value}</b> {escaped(decided.outcome.detail)}"),
        f"<i>{escaped(decided.author_name)}</i> in {escaped(decided.channel_name)}:"
        f" {escaped(shortened(decided.text, _QUOTED))}",
    ]
    if decided.understood and decided.outcome.kind is not OutcomeKind.IGNORED:
        lines.append(f"understood: {escaped(decided.understood)}")
    lines.append(f"/why_{number}")
    return fitted(lines)


def offer_buttons(decided: OutcomeDecided, number: int) -> Keyboard:
    """Return the button to take an entry that came too late, where there is one to take."""
    if decided.outcome.kind is not OutcomeKind.EXPIRED or decided.orders:
        return ()
    return ((Button(label="Missed. Take it now?", data=f"t:{number}"),),)


def late_text(entry: MissedEntry, now: datetime, marker: str) -> str:
    """Return the question whether an entry that came too late shall be taken, with its price."""
    age = span((now - entry.posted_at).total_seconds())
    posted = "no price" if entry.posted_price is None else price(entry.posted_price)
    present = "no quote"
    if entry.bid is not None and entry.ask is not None:
        present = f"{price(entry.bid)} bid, {price(entry.ask)} ask"
    lines = [
        marked(marker, f"<b>Take {escaped(short_contract(entry.contract))} now?</b>"),
        f"Posted {age} ago at {posted}; now {present}.",
        "It buys only near the posted price, as ever (ENTRY_CHASE): if the market is above that,"
        " the order waits for ENTRY_TIMEOUT_SECONDS and is called off. All other limits hold.",
        "The button works once, for 30 s.",
    ]
    return fitted(lines)


def report_text(report: Reported, marker: str) -> str:
    """Return a report, loud words for what is critical."""
    if report.level is Level.INFO:
        return marked(marker, escaped(report.text))
    return marked(marker, f"<b>{report.level.value.upper()}</b> {escaped(report.text)}")


def command_card(answer: CommandAnswered, marker: str) -> Card:
    """Return how far a command of the operator is."""
    title = {
        CommandState.UNDER_WAY: "Under way",
        CommandState.DONE: "Done",
        CommandState.PARTLY: "Ended, not all of it is done",
        CommandState.REFUSED: "Refused",
    }[answer.state]
    lines = [
        marked(marker, f"<b>{title}</b> · {clock_time(answer.answered_at)}"),
        *(escaped(line) for line in answer.lines),
    ]
    return Card(html=fitted(lines), urgent=True)


def question_card(question: QuestionAsked, marker: str) -> Card:
    """Return the question which trade a post means, with a button for each answer."""
    seconds = (question.ends_at - question.asked_at).total_seconds()
    otherwise = "all of them are closed" if question.can_be_all else "it is dropped"
    lines = [
        marked(marker, "<b>Which trade is meant?</b>"),
        f"<i>{escaped(question.author_name)}</i> in {escaped(question.channel_name)}:"
        f" {escaped(shortened(question.text, _QUOTED))}",
        f"understood: {escaped(question.understood)}",
        f"Without an answer within {span(seconds)} {otherwise}.",
    ]
    rows = [
        (_answer(question, f"{short_contract(each.contract)} ({each.held_qty})", each.trade_id),)
        for each in question.choices
    ]
    rest = [("All", "all")] if question.can_be_all else []
    last = tuple(_answer(question, *each) for each in (*rest, ("None", "none")))
    return Card(html=fitted(lines), buttons=(*rows, last), urgent=True)


def _answer(question: QuestionAsked, label: str, answer: str) -> Button:
    kind = "pa" if question.is_paper else "a"
    return Button(label=label, data=f"{kind}:{question.question_id}:{answer}")


def _state_of(story: Story) -> str:
    trade = story.trade
    assert trade is not None
    if story.closed is not None:
        return f"closed {bold(dollars(story.closed.realized))}"
    if not trade.bought_qty:
        return "ordered" if trade.hold_qty else "not filled, called off"
    if trade.held_qty > trade.hold_qty:
        return f"selling {trade.held_qty - trade.hold_qty} of {trade.held_qty}"
    return f"holding {trade.held_qty}" if trade.held_qty else "flat"


def _origin(trade: TradeChanged) -> str:
    posted = "at no price" if trade.posted_price is None else f"at {price(trade.posted_price)}"
    who = escaped(trade.author_name or "the trader")
    where = f" in {escaped(trade.channel_name)}" if trade.channel_name else ""
    return f"Posted {posted} by <i>{who}</i>{where}, {clock_time(trade.opened_at)}"


def _entry_line(story: Story, trade: TradeChanged) -> str:
    if trade.avg_price is None:
        limit = "at the market" if trade.limit_price is None else f"at {price(trade.limit_price)}"
        return f"Entry: {trade.order_qty} {limit}" if trade.hold_qty else ""
    filled = f"Entry: {trade.bought_qty} of {trade.order_qty} at {price(trade.avg_price)}"
    cost = story.cost_against_post
    if cost is None:
        return filled
    return f"{filled} ({dollars(-cost)} against the post)"


def _level_line(trade: TradeChanged) -> str:
    if not trade.hold_qty:
        return ""
    return f"Stop {price(trade.stop_price)} · target {price(trade.target_price)}"


def _steps(story: Story) -> list[str]:
    steps = [(fill.executed_at, _fill_step(fill)) for fill in story.fills]
    # The first outcome is the entry's, which the card says already.
    steps += [(each.decided_at, _outcome_step(each)) for each in story.outcomes[1:]]
    steps.sort(key=lambda step: step[0])
    lines = [f"{clock_time(at)} {text}" for at, text in steps]
    left_out = len(lines) - _SHOWN_STEPS
    if left_out > 0:
        lines = [f"<i>… {left_out} earlier</i>", *lines[left_out:]]
    return lines


def _fill_step(fill: OrderFilled) -> str:
    verb = "bought" if fill.side is Side.BUY else "sold"
    why = "" if fill.purpose is Purpose.ENTRY else f" ({fill.purpose.value})"
    return f"{verb} {fill.last_qty} at {price(fill.last_price)}{why}"


def _outcome_step(decided: OutcomeDecided) -> str:
    quoted = escaped(shortened(decided.text, 60))
    denied = "" if decided.outcome.kind is OutcomeKind.TRADED else f"{decided.outcome.kind.value} "
    return f"{denied}{escaped(decided.outcome.detail)} — <i>{quoted}</i>"


def _result_line(closed: TradeClosed) -> str:
    spent = closed.avg_entry_price
    percent = (closed.avg_exit_price - spent) / spent * 100 if spent else Decimal(0)
    return (
        f"In at {price(closed.avg_entry_price)}, out at {price(closed.avg_exit_price)}:"
        f" {bold(dollars(closed.realized))} ({percent:+.0f} %) before commissions"
    )
