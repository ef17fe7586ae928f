"""What is said of an outage: what it means, what is protected, what to do. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime, time, timedelta
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
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.order import Side
from autoscalper.domain.restart import parse_time_of_day
from autoscalper.domain.settings import AlertSettings
from autoscalper.links.any_to_alert import OrderFilled, OutcomeDecided
from autoscalper.links.broker_to_alert import OpenTrade, Status

#: A daily restart comes back by itself within this time.
_RESTART_TAKES = timedelta(minutes=3)
#: How far from its planned time a restart can begin.
_NEAR_RESTART_MINUTES = 5
#: IBKR ends every login at this hour of Sunday, New York; the next one wants an approval (IBKR,
#: "Auto Restart"). An outage may begin a little before.
_WEEKLY_END = (6, time(0, 55))

_MEANING = {
    Subject.GATEWAY: "Nothing can be ordered or changed until it is back; entries wait and expire.",
    Subject.DISCORD: "Nothing that is posted is heard, exits neither; stops and targets go on.",
    Subject.MODEL: "Only what the grammar is sure of is traded; stops and targets go on.",
    Subject.INGEST: "Nothing that is posted is heard, exits neither; stops and targets go on.",
    Subject.PARSER: "Posts are kept and read when it is back: exits then, old entries expire.",
    Subject.BROKER: "Nothing is decided or ordered until it is back, exits neither.",
    Subject.PAPER: "Nothing is traded on paper until it is back; what is real goes on.",
    Subject.COMMANDS: "What you write here may not be heard; what happens is told as ever.",
}
#: While these are away, somebody may have to look after the positions.
_LEAVES_POSITIONS_ALONE = frozenset(
    {Subject.GATEWAY, Subject.DISCORD, Subject.INGEST, Subject.PARSER, Subject.BROKER}
)
_TITLES = {
    Subject.GATEWAY: "IB Gateway",
    Subject.DISCORD: "Discord",
    Subject.MODEL: "Language model",
    Subject.INGEST: "Process ingest",
    Subject.PARSER: "Process parser",
    Subject.BROKER: "Process broker",
    Subject.PAPER: "Process paper",
    Subject.COMMANDS: "Telegram's commands",
}


class Approval(enum.Enum):
    """Whether the gateway may be waiting for an IB Key approval."""

    #: Its login ended this Sunday, and it is away since.
    WEEKLY = "weekly"
    #: It did not come back from its daily restart, which wants no approval as a rule.
    PERHAPS = "perhaps"
    NO = "no"


_APPROVAL = {
    Approval.WEEKLY: "<b>Looks like the weekly IB Key approval</b>: open IBKR Mobile and approve"
    " the login. (IBKR ends it every Sunday; the gateway itself says nothing.) Missed it: it asks"
    " again by itself.",
    Approval.PERHAPS: "<b>Perhaps it waits for an IB Key approval</b>: it did not come back from"
    " its daily restart. Look whether IBKR Mobile asks; if not, look at"
    " <code>docker compose logs ib-gateway</code>.",
}


def alarm_text(
    alarm: Alarm, status: Status | None, settings: AlertSettings, now: datetime, marker: str
) -> str:
    """Return what an outage means and what to do, by how long it lasts."""
    outage = alarm.outage
    away = span((now - outage.since).total_seconds())
    what = f"{_TITLES[outage.subject]} {'cannot be used' if alarm.needs_a_person else 'away'}"
    lines = [
        marked(marker, f"<b>{alarm.rung.value}: {what}</b> for {away}"),
        f"Since {clock_time(outage.since)} New York: {escaped(outage.reason or 'no answer')}",
        _MEANING[outage.subject],
    ]
    if outage.subject is Subject.GATEWAY and status is not None and status.attempts:
        lines.append(f"{status.attempts} attempts to reconnect so far")
    if outage.subject in _LEAVES_POSITIONS_ALONE:
        lines += protection_lines(status)
    if outage.subject is Subject.GATEWAY:
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


def approval_of(outage: Outage, settings: AlertSettings, now: datetime) -> Approval:
    """Return what the time of an outage says of an approval.

    The gateway itself says nothing: while it waits for one, nothing answers at its API port, as
    with every other reason to be away.
    """
    if now - outage.since < _RESTART_TAKES:
        return Approval.NO
    weekday, ends = _WEEKLY_END
    there = outage.since.astimezone(EXCHANGE_ZONE)
    end = datetime.combine(there.date(), ends, EXCHANGE_ZONE)
    end -= timedelta(days=(there.weekday() - weekday) % 7)
    if timedelta(0) <= there - end < timedelta(days=1):
        return Approval.WEEKLY
    restart = parse_time_of_day(settings.auto_restart_time)
    began = outage.since.astimezone(ZoneInfo(settings.time_zone))
    minutes = (began.hour - restart.hour) * 60 + began.minute - restart.minute
    is_near = abs((minutes + 720) % 1440 - 720) <= _NEAR_RESTART_MINUTES
    return Approval.PERHAPS if is_near else Approval.NO


def _protection_line(trade: OpenTrade) -> str:
    what = f"{bold(short_contract(trade.contract))}: {trade.held_qty} held"
    naked = trade.held_qty - trade.protected_qty
    if naked <= 0:
        return f"{what}, stop {price(trade.stop_price)} rests at IBKR"
    return f"{what}, <b>{naked} without a stop</b>: watch it in IBKR Mobile"


def _gateway_advice(alarm: Alarm, settings: AlertSettings, now: datetime) -> list[str]:
    if alarm.needs_a_person:
        return [
            "It is there, as an account that may not be traded: set <code>IBKR_ACCOUNT</code> and"
            " <code>TRADING_MODE</code> right in .env, or log it in as the other. It is tried"
            " again every minute."
        ]
    approval = approval_of(alarm.outage, settings, now)
    lines = [_APPROVAL[approval]] if approval is not Approval.NO else []
    if lines and alarm.rung in (Rung.QUIET, Rung.WARNING):
        return lines
    return [*lines, *_advice_of(alarm.rung)]


def _advice_of(rung: Rung) -> list[str]:
    match rung:
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
                "Help it by hand: <code>docker compose restart ib-gateway</code>, then approve the"
                " IB Key request. Close what you must in IBKR Mobile."
            ]
        case Rung.OUTAGE:
            return [
                "Restart it by hand: <code>docker compose restart ib-gateway</code>, then approve"
                " the IB Key request. Close what you must in IBKR Mobile."
            ]


def _other_advice(alarm: Alarm) -> list[str]:
    if alarm.outage.subject is Subject.COMMANDS:
        return ["Stop the other program, or give this one a bot of its own."]
    if alarm.needs_a_person and alarm.outage.subject is Subject.DISCORD:
        return [
            "Discord does not take the token: put a new <code>DISCORD_USER_TOKEN</code> into .env,"
            " then <code>docker compose up -d</code>."
        ]
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
