"""The answers to commands as Telegram shows them, in its HTML. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from autoscalper.alert.cards import marked
from autoscalper.alert.chat_commands import ALIASES, MENU, Name, NotUnderstood
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
from autoscalper.alert.render import shortened
from autoscalper.alert.result_pages import sum_on_paper, today_line, trade_line
from autoscalper.alert.stories import Story
from autoscalper.alert.view import ServerView, View
from autoscalper.domain.marker import PAPER
from autoscalper.domain.order import Purpose
from autoscalper.domain.pricing import shown
from autoscalper.links.alert_to_broker import Scope
from autoscalper.links.any_to_alert import OutcomeDecided, TradeClosed
from autoscalper.links.broker_to_alert import LiveOrder, OpenTrade, Status
from autoscalper.runtime.supervisord import ProcessInfo

#: Age in seconds at which the broker's status is called old.
_OLD_SECONDS = 5.0
#: The broker's word for a gateway that can be ordered at.
_TRADING = "trading"
#: What a closing comes to while it cannot.
_LATER = (
    "<b>The gateway takes no orders now</b>: all is closed as soon as it does. Stops rest at IBKR"
    " until then; what cannot wait, close in IBKR Mobile."
)
#: What the other states mean for the positions.
_PHASES = {
    "down": "nothing can be ordered until it is back, stops at IBKR rest",
    "reconciling": "comparing what it has with what we have, no entries meanwhile",
    "halted": "the account is not the one that may be traded: set it right by hand",
}
#: Kinds of orders as /status groups them.
_KINDS = {
    "entries": frozenset({Purpose.ENTRY, Purpose.ADD}),
    "stops": frozenset({Purpose.STOP_LOSS}),
    "targets": frozenset({Purpose.TAKE_PROFIT}),
    "exits": frozenset({Purpose.EXIT}),
    "last-day sales": frozenset({Purpose.FLATTEN}),
}


def status_text(
    view: View,
    closed_today: Sequence[TradeClosed],
    marker: str,
    on_paper: Sequence[TradeClosed] = (),
) -> str:
    """Return balance, positions, orders by kind, mode and the state of each process.

    What is on paper beside real orders comes after what is real.
    """
    lines = [marked(marker, f"<b>Status</b> · {clock_time(view.now)}")]
    status = view.status
    if status is None:
        lines.append("The broker has not told anything yet.")
    else:
        lines += _broker_lines(view, status)
        lines += _position_lines(status)
        lines += _order_lines(status)
        if status.foreign:
            others = ", ".join(f"{each.qty} {escaped(each.name)}" for each in status.foreign)
            lines.append(f"Not AutoScalper's, left alone: {others}")
    lines.append(today_line(closed_today))
    lines += _paper_lines(view, on_paper)
    lines.append(_processes_line(view))
    return fitted(lines)


def server_text(view: View, server: ServerView, marker: str) -> str:
    """Return processes, connections, queues and the machine."""
    lines = [marked(marker, f"<b>Server</b> · {clock_time(view.now)}")]
    lines += _supervised_lines(server.processes)
    for name in view.names:
        lines.append(_beat_line(view, name))
    if view.status is not None:
        since = span((view.now - view.status.phase_since).total_seconds())
        lines.append(f"Gateway: {escaped(view.status.phase)} for {since}")
    host = server.host
    used = host.memory_total - host.memory_available
    lines.append(
        f"Load {host.load:.0%} · memory {used / 2**30:.1f} of {host.memory_total / 2**30:.1f} GiB"
        f" · disk {host.disk_free / 2**30:.1f} of {host.disk_total / 2**30:.1f} GiB free"
    )
    return fitted(lines)


def balance_text(view: View, closed_today: Sequence[TradeClosed], marker: str) -> str:
    """Return the account's value, what risk is counted from, and today's result."""
    lines = [marked(marker, f"<b>Balance</b> · {clock_time(view.now)}")]
    status = view.status
    if status is None:
        lines.append("The broker has not told anything yet.")
        return fitted(lines)
    told = "not told yet" if status.net_liquidation is None else f"${status.net_liquidation:,.2f}"
    lines.append(f"Account {escaped(status.account or 'unknown')}: net liquidation {told}")
    lines.append(f"Risk is counted from ${status.balance:,.2f}")
    lines.append(f"Open profit and loss {_unrealized(status)}")
    lines.append(today_line(closed_today))
    return fitted([*lines, *_age_lines(view, status)])


def why_text(number: int, decided: OutcomeDecided, story: Story | None, marker: str) -> str:
    """Return the whole story of an alert, as far as it is known."""
    heard = (decided.received_at - decided.posted_at).total_seconds()
    took = (decided.decided_at - decided.received_at).total_seconds() * 1000
    marker = PAPER if decided.is_paper else marker
    lines = [
        marked(marker, f"<b>Alert {number}</b> · {clock_time(decided.posted_at)}"),
        f"<i>{escaped(decided.author_name)}</i> in {escaped(decided.channel_name)}:",
        f"<blockquote>{escaped(shortened(decided.text, 900))}</blockquote>",
        f"Understood: {escaped(decided.understood)}",
        f"Outcome: <b>{decided.outcome.kind.value}</b> {escaped(decided.outcome.detail)}",
        f"Heard after {heard:.1f} s, decided in {took:.0f} ms",
    ]
    if decided.ordered_at is not None:
        gap = (decided.ordered_at - decided.received_at).total_seconds() * 1000
        lines.append(f"First order {gap:.0f} ms after it was heard")
    lines += [f"Order: {escaped(order)}" for order in decided.orders]
    if story is not None and story.trade is not None:
        lines.append(f"Trade: {trade_line(story)}")
    return fitted(lines)


def no_alert_text(argument: str, marker: str) -> str:
    """Return that there is no alert of that number."""
    return marked(marker, f"There is no alert {escaped(argument[:20])}. /why lists the latest.")


def latest_text(latest: Sequence[tuple[int, OutcomeDecided]], marker: str) -> str:
    """Return the latest alerts with the numbers to ask about them."""
    lines = [marked(marker, "<b>Latest alerts</b>")]
    if not latest:
        lines.append("None yet.")
    lines += [
        f"/why_{number} {clock_time(each.posted_at)} {_latest_line(each)}"
        for number, each in latest
    ]
    return fitted(lines)


def help_text(marker: str) -> str:
    """Return every command with what it does."""
    lines = [marked(marker, "<b>AutoScalper</b>")]
    for name, (argument, what) in MENU.items():
        others = ", ".join(f"/{alias}" for alias, meant in ALIASES.items() if meant is name)
        lines.append(
            f"/{name.value} {escaped(argument)} {escaped(what)}".replace("  ", " ")
            + (f" <i>({others})</i>" if others else "")
        )
    lines.append("Commands older than 60 s are refused. Buttons that do something work once.")
    return fitted(lines)


def not_understood_text(asked: NotUnderstood, marker: str) -> str:
    """Return that there is no such command, and which one was perhaps meant."""
    hint = "" if asked.perhaps is None else f" Perhaps /{asked.perhaps.value}?"
    return marked(marker, f"No command /{escaped(asked.word)}.{hint} See /{Name.HELP.value}.")


def question_text(view: View, scope: Scope, marker: str) -> str:
    """Return the question before everything of ``scope`` is closed, with what that is."""
    is_account = scope is Scope.ACCOUNT
    what = "Close everything in the account" if is_account else "Close every position"
    lines = [marked(marker, f"<b>{what}?</b>")]
    status = view.status
    if status is None:
        lines.append("The broker has not told what is open: it closes every trade of its own.")
    else:
        lines += _position_lines(status)
        if any(order.purpose in _KINDS["entries"] for order in status.orders):
            lines.append("Entries that are not filled are called off.")
        lines += _foreign_lines(status) if is_account else []
        lines += _age_lines(view, status)
        if status.phase != _TRADING:
            lines.append(_LATER)
    on_paper = [] if view.paper is None else [each for each in view.paper.trades if each.held_qty]
    if on_paper:
        lines.append(marked(PAPER, f"and {len(on_paper)} on paper"))
    lines.append("The button works once, for 30 s.")
    return fitted(lines)


def _foreign_lines(status: Status) -> list[str]:
    lines = ["<b>Not AutoScalper's</b>, closed at the market, whatever the price:"]
    lines += [
        f"{'sell' if each.qty > 0 else 'buy back'} {abs(each.qty)} {bold(each.name)}"
        for each in status.foreign
        if each.is_closable
    ]
    if len(lines) == 1:
        lines = ["Nothing else in the account that can be closed from here."]
    left = [f"{escaped(each.name)} ({each.qty})" for each in status.foreign if not each.is_closable]
    if left:
        lines.append(f"Left alone, close it in IBKR's own app: {', '.join(left)}")
    return [*lines, "Working orders that are not AutoScalper's stay as they are."]


def _broker_lines(view: View, status: Status) -> list[str]:
    worth = "unknown" if status.net_liquidation is None else f"${status.net_liquidation:,.2f}"
    since = span((view.now - status.phase_since).total_seconds())
    lines = [
        f"Account {escaped(status.account or 'unknown')} · {worth}",
        f"Gateway: <b>{escaped(status.phase)}</b> for {since}",
    ]
    if status.phase in _PHASES:
        lines[-1] += f": {_PHASES[status.phase]}"
    if status.paused:
        lines.append("<b>Paused</b>: no new entries until /resume")
    if status.waiting:
        lines.append(f"Waiting to be decided: {status.waiting}")
    return lines + _age_lines(view, status)


def _age_lines(view: View, status: Status) -> list[str]:
    age = (view.now - status.written_at).total_seconds()
    return [f"<b>As of {span(age)} ago</b>: the broker is silent"] if age > _OLD_SECONDS else []


def _position_lines(status: Status) -> list[str]:
    held = [trade for trade in status.trades if trade.held_qty]
    if not held:
        return ["No open positions."]
    lines = [_position_line(trade) for trade in held]
    return [*lines, f"Open profit and loss {_unrealized(status)}"]


def _position_line(trade: OpenTrade) -> str:
    paid = "" if trade.avg_price is None else f" at {price(trade.avg_price)}"
    result = _unrealized_of(trade)
    worth = "no quote" if result is None else f"bid {shown(trade.bid or Decimal(0))}"
    gained = "" if result is None else f" <b>{dollars(result)}</b>"
    naked = trade.held_qty - trade.protected_qty
    stop = _stop_words(trade) if naked <= 0 else f"<b>{naked} without a stop</b>"
    return (
        f"{bold(short_contract(trade.contract))}: {trade.held_qty}{paid}, {worth}{gained}, {stop},"
        f" target {shown(trade.target_price)}"
    )


def _stop_words(trade: OpenTrade) -> str:
    at = f"stop {shown(trade.stop_price)}"
    trail = trade.trail
    if trail is None:
        return at
    if trail.percent is not None:
        return f"trailing {at}, {trail.percent.normalize():f} % behind"
    return f"trailing {at}, ${shown(trail.amount or Decimal(0))} behind"


def _unrealized_of(trade: OpenTrade) -> Decimal | None:
    if trade.bid is None or trade.avg_price is None:
        return None
    return (trade.bid - trade.avg_price) * trade.held_qty * trade.multiplier


def _unrealized(status: Status) -> str:
    results = [_unrealized_of(trade) for trade in status.trades if trade.held_qty]
    known = [result for result in results if result is not None]
    missing = len(results) - len(known)
    unknown = f", {missing} without a quote" if missing else ""
    return f"<b>{dollars(sum(known, Decimal(0)))}</b>{unknown}"


def _order_lines(status: Status) -> list[str]:
    if not status.orders:
        return ["No open orders."]
    lines = []
    for kind, purposes in _KINDS.items():
        orders = [order for order in status.orders if order.purpose in purposes]
        if orders:
            lines.append(f"{kind.capitalize()}: {', '.join(map(_order_words, orders))}")
    return lines


def _order_words(order: LiveOrder) -> str:
    at = "at the market" if order.price is None else f"at {shown(order.price)}"
    doubt = " (in doubt)" if order.status.value == "in doubt" else ""
    return f"{order.leaves_qty} {short_contract(order.contract)} {at}{doubt}"


def _latest_line(decided: OutcomeDecided) -> str:
    said = f"<b>{decided.outcome.kind.value}</b> {escaped(shortened(decided.text, 60))}"
    return marked(PAPER if decided.is_paper else "", said)


def _processes_line(view: View) -> str:
    words = []
    for name in view.names:
        if name in view.beats:
            words.append(f"{name} ok" if view.is_beating(name) else f"<b>{name} silent</b>")
        else:
            words.append(f"<b>{name} never seen</b>")
    return " · ".join(words)


def _supervised_lines(processes: Sequence[ProcessInfo] | None) -> list[str]:
    if processes is None:
        return ["supervisord does not answer"]
    return [
        f"{escaped(each.name)}: {each.statename.lower()}"
        + (f" for {span(each.now - each.start)}" if each.statename == "RUNNING" else "")
        for each in processes
    ]


def _beat_line(view: View, name: str) -> str:
    age = view.age_of(name)
    if age is None:
        return f"<b>{name}</b> no heartbeat"
    details = ", ".join(
        f"{escaped(key.replace('_', ' '))} {escaped(value)}"
        for key, value in view.beats[name].details.items()
    )
    return f"<b>{name}</b> beat {age:.0f} s ago{': ' if details else ''}{details}"


def _paper_lines(view: View, closed_today: Sequence[TradeClosed]) -> list[str]:
    status = view.paper
    if status is None:
        return []
    lines = [marked(PAPER, f"Gateway: {escaped(status.phase)}")]
    if status.paused:
        lines.append("Paused: no new entries until /resume")
    lines += [*_age_lines(view, status), *_position_lines(status), *_order_lines(status)]
    return [*lines, sum_on_paper(closed_today)]
