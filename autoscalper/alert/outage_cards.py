"""What is said of an outage: what it means, what is protected, what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from autoscalper.alert.cards import marked
from autoscalper.alert.escalation import Alarm, Outage, Recovered, Rung, Subject
from autoscalper.alert.markup import (
    bold,
    clock_time,
    escaped,
    fitted,
    price,
    short_contract,
    span,
)
from autoscalper.domain.order import Side
from autoscalper.domain.restart import parse_time_of_day
from autoscalper.domain.settings import AlertSettings
from autoscalper.links.any_to_alert import OrderFilled, OutcomeDecided
from autoscalper.links.broker_to_alert import OpenTrade, Status

#: How long after its planned restart a gateway that is still away wants an approval, in minutes.
_APPROVAL_AFTER_MINUTES = 3
_APPROVAL_WITHIN_MINUTES = 180

_MEANING = {
    Subject.GATEWAY: "Nothing can be ordered or changed until it is back; entries wait and expire.",
    Subject.DISCORD: "No new alerts are heard; open positions are managed as ever.",
    Subject.MODEL: "Only what the grammar is sure of is traded.",
    Subject.INGEST: "No new alerts are heard until it is back.",
    Subject.PARSER: "Alerts are kept and read when it is back; old entries expire.",
    Subject.BROKER: "Nothing is decided or ordered until it is back.",
    Subject.COMMANDS: "What you write here may not be heard; what happens is told as ever.",
}
_TITLES = {
    Subject.GATEWAY: "IB Gateway",
    Subject.DISCORD: "Discord",
    Subject.MODEL: "Language model",
    Subject.INGEST: "Process ingest",
    Subject.PARSER: "Process parser",
    Subject.BROKER: "Process broker",
    Subject.COMMANDS: "Telegram's commands",
}


def alarm_text(
    alarm: Alarm, status: Status | None, settings: AlertSettings, now: datetime, marker: str
) -> str:
    """Return what an outage means and what to do, by how long it lasts."""
    outage = alarm.outage
    away = span((now - outage.since).total_seconds())
    lines = [
        marked(marker, f"<b>{alarm.rung.value}: {_TITLES[outage.subject]} away</b> for {away}"),
        f"Since {clock_time(outage.since)}: {escaped(outage.reason or 'no answer')}",
        _MEANING[outage.subject],
    ]
    if outage.subject is Subject.GATEWAY:
        if status is not None and status.attempts:
            lines.append(f"{status.attempts} attempts to reconnect so far")
        lines += protection_lines(status)
        lines += _gateway_advice(alarm, settings, now)
    else:
        lines += _other_advice(alarm)
    return fitted(lines)


def recovered_text(
    recovered: Recovered,
    status: Status | None,
    filled: Sequence[OrderFilled],
    skipped: Sequence[OutcomeDecided],
    marker: str,
) -> str:
    """Return how long it was away, what filled and was skipped meanwhile, what is protected."""
    outage = recovered.outage
    away = span((recovered.ended_at - outage.since).total_seconds())
    title = f"<b>RECOVERED: {_TITLES[outage.subject]} is back</b> after {away}"
    lines = [marked(marker, title)]
    if outage.subject is Subject.GATEWAY:
        lines += _meanwhile(filled, skipped)
        lines += protection_lines(status)
    return fitted(lines)


def protection_lines(status: Status | None) -> list[str]:
    """Return what rests at the broker for each position, and what does not."""
    if status is None:
        return ["What is protected is not known: the broker has not told."]
    held = [trade for trade in status.trades if trade.held_qty > 0]
    if not held:
        return ["No position is open."]
    return [_protection_line(trade) for trade in held]


def approval_is_likely(outage: Outage, settings: AlertSettings, now: datetime) -> bool:
    """Return whether the gateway probably waits for the IB Key approval.

    It does so after a restart that needs a full login, with its API port closed all the while:
    what tells is a restart that does not come back.
    """
    restart = parse_time_of_day(settings.auto_restart_time)
    began = outage.since.astimezone(ZoneInfo(settings.time_zone))
    minutes = (began.hour - restart.hour) * 60 + began.minute - restart.minute
    near_restart = abs((minutes + 720) % 1440 - 720) <= 5
    lasted = (now - outage.since).total_seconds() / 60
    return near_restart and _APPROVAL_AFTER_MINUTES <= lasted <= _APPROVAL_WITHIN_MINUTES


def _protection_line(trade: OpenTrade) -> str:
    what = f"{bold(short_contract(trade.contract))}: {trade.held_qty} held"
    naked = trade.held_qty - trade.protected_qty
    if naked <= 0:
        return f"{what}, stop {price(trade.stop_price)} rests at IBKR"
    return f"{what}, <b>{naked} without a stop</b>"


def _gateway_advice(alarm: Alarm, settings: AlertSettings, now: datetime) -> list[str]:
    if approval_is_likely(alarm.outage, settings, now):
        return [
            "<b>It probably waits for your IB Key approval</b>: open IBKR Mobile, approve the"
            " login. It asks again by itself."
        ]
    match alarm.rung:
        case Rung.WARNING | Rung.QUIET:
            return [
                "Reconnecting by itself, for ever. Likely: the daily restart, a login elsewhere,"
                " the network. Nothing to do yet."
            ]
        case Rung.CRITICAL:
            return [
                "Look at the gateway's log (<code>docker compose logs ib-gateway</code>) and for"
                " an IB Key request on your phone."
            ]
        case Rung.SEVERE:
            return [
                "Help it by hand: approve the IB Key request, or"
                " <code>docker compose restart ib-gateway</code>. Close what you must in IBKR"
                " Mobile."
            ]
        case Rung.OUTAGE:
            return [
                "Restart it by hand: <code>docker compose restart ib-gateway</code>, then approve"
                " the IB Key request."
            ]


def _other_advice(alarm: Alarm) -> list[str]:
    if alarm.outage.subject is Subject.COMMANDS:
        return ["Stop the other program, or give this one a bot of its own."]
    if alarm.rung in (Rung.QUIET, Rung.WARNING):
        return ["Trying again by itself, for ever. Nothing to do yet."]
    if alarm.outage.subject in (Subject.DISCORD, Subject.MODEL):
        return ["Look at /server and at the log; a token may have to be renewed."]
    return ["Look at /server; <code>docker compose restart autoscalper</code> starts all anew."]


def _meanwhile(filled: Sequence[OrderFilled], skipped: Sequence[OutcomeDecided]) -> list[str]:
    lines = [
        f"{clock_time(fill.executed_at)} {'bought' if fill.side is Side.BUY else 'sold'}"
        f" {fill.last_qty} {short_contract(fill.contract)} at {price(fill.last_price)}"
        f" ({fill.purpose.value})"
        for fill in filled
    ]
    lines = ["Filled meanwhile:", *lines] if lines else ["Nothing filled meanwhile."]
    if skipped:
        lines.append("Skipped meanwhile:")
    lines += [
        f"{clock_time(each.posted_at)} {escaped(each.understood)}: {each.outcome.kind.value}"
        for each in skipped
    ]
    return lines
