"""Brings a trading day and a storm together, lets it settle, and has it judged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import msgspec

from autoscalper.cli.door import Door
from autoscalper.links.cli_to_ingest import LineRefused, TakePost
from tests.chaos import evidence, judge
from tests.chaos.evidence import Evidence, HandedIn
from tests.chaos.judge import Verdict
from tests.chaos.naked import Span
from tests.chaos.stack import Stack
from tests.chaos.trader import EXPIRY, Alert, Day, Kind, Move
from tests.chaos.weather import Weather

#: Seconds in which everything must have come to rest once nothing goes wrong any more.
SETTLE_SECONDS = 60.0
#: Seconds between two judgements until then.
_LOOK_SECONDS = 0.5
#: Seconds for which ingest may be away, all its deaths in a row together.
_DOOR_SECONDS = 60.0


class Played(msgspec.Struct, kw_only=True):
    """A storm that is over."""

    verdict: Verdict
    evidence: Evidence
    figures: dict[str, float]


class Play:
    """One day on one stack."""

    def __init__(self, stack: Stack, day: Day, weather: Weather | None) -> None:
        """Play ``day`` on ``stack`` in ``weather``."""
        self._stack = stack
        self._day = day
        self._weather = weather
        self._handed_in: list[HandedIn] = []

    def run(self) -> Played:
        """Play it to its end and judge it."""
        stack = self._stack
        for move in self._day.opening:
            show_quote(stack, move)
        began = stack.moment()
        parts: list[Callable[[float, Event], None]] = [self._trade, self._move]
        if self._weather is not None:
            parts.append(self._weather.rage)
        over = Event()
        with ThreadPoolExecutor(len(parts)) as pool:
            try:
                for part in [pool.submit(part, began, over) for part in parts]:
                    part.result()
            finally:
                over.set()
        if self._weather is None:
            return settled(stack, self._handed_in)
        self._weather.end()
        return settled(stack, self._handed_in, self._weather.away)

    def _trade(self, began: float, over: Event) -> None:
        lines: dict[str, str] = {}
        with closing(self._stack.door()) as door:
            for alert in self._day.alerts:
                if self._is_over_before(began + alert.at, over):
                    return
                self._handed_in.append(hand_in(self._stack, door, alert, lines))

    def _move(self, began: float, over: Event) -> None:
        for move in self._day.moves:
            if self._is_over_before(began + move.at, over):
                return
            show_quote(self._stack, move)

    def _is_over_before(self, moment: float, over: Event) -> bool:
        return over.wait(max(0.0, moment - self._stack.moment()))


def settled(
    stack: Stack,
    handed_in: Sequence[HandedIn],
    away: Sequence[Span] = (),
    *,
    patience_seconds: float = SETTLE_SECONDS,
) -> Played:
    """Wait until nothing is on its way and nothing is found, or in vain, and return the judgement.

    ``away`` are the seconds in which the gateway is known to have been out of reach.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        played = _judged(stack, handed_in, away)
        lasting = [each for each in played.verdict.findings if each.kind != "naked"]
        if _is_quiet(stack, played.evidence) and not lasting or time.monotonic() > deadline:
            return played
        time.sleep(_LOOK_SECONDS)


def _judged(stack: Stack, handed_in: Sequence[HandedIn], away: Sequence[Span]) -> Played:
    found = evidence.gather(stack, tuple(handed_in))
    spans = evidence.away_spans(stack, away)
    verdict = judge.judge(found, away=spans, moment_of=stack.moment_of, end=stack.moment())
    waits = _recoveries(stack, found, spans)
    figures = verdict.figures | {
        "kills": len(stack.kills),
        "gateway_restarts": evidence.gateway_starts(stack) - 1,
        "recovery_ms_p50": quantile(waits, 0.5),
        "recovery_ms_p99": quantile(waits, 0.99),
    }
    return Played(verdict=verdict, evidence=found, figures=figures)


def _is_quiet(stack: Stack, found: Evidence) -> bool:
    entering = any(order.is_live and order.side == "BUY" for order in found.orders)
    return stack.state() == "trading" and not entering


def _recoveries(stack: Stack, found: Evidence, away: Sequence[Span]) -> list[float]:
    """Return the milliseconds from the end of each disturbance of the broker to trading again.

    A disturbance is a kill of the broker or a time in which the gateway could not be reached; what
    was disturbed again before the broker traded counts once, from the last end.
    """
    ends = [at for at, process in stack.kills if process == "broker"]
    ends += [last for _, last in away]
    waits, since = [], 0.0
    for at, state in found.states:
        if state != "trading":
            continue
        before = [end for end in ends if since < end <= at]
        if before:
            waits.append((at - max(before)) * 1000)
        since = at
    return waits


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of ``values`` does not exceed, 0 if there are none."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0


def show_quote(stack: Stack, move: Move) -> None:
    """Let the market of a contract show what ``move`` says, from now on."""
    stack.ask(
        "quote",
        underlying=move.contract.underlying,
        expiry=EXPIRY,
        strike=str(move.contract.strike),
        right=move.contract.right,
        bid=str(move.bid),
        ask=str(move.ask),
    )


def hand_in(stack: Stack, door: Door, alert: Alert, lines: dict[str, str]) -> HandedIn:
    """Hand an alert in as written now, however often ingest dies meanwhile.

    ``lines`` remembers the line of each message, for the alert that repeats it.
    """
    line = lines.get(alert.message_id, "") if alert.kind is Kind.SAME_LINE else _line(stack, alert)
    lines.setdefault(alert.message_id, line)
    reply = door.hand_in(TakePost(line=line, number=1), patience_seconds=_DOOR_SECONDS)
    if isinstance(reply, LineRefused):
        raise AssertionError(f"{line} was refused: {reply.reason}")
    return HandedIn(alert=alert, post_id=str(reply.post_id))


def _line(stack: Stack, alert: Alert) -> str:
    written: dict[str, str | None] = {
        "channel_id": "101",
        "author_id": alert.author_id,
        "author_name": f"trader {alert.author_id}",
        "posted_at": stack.stage.clock.now().isoformat(),
    }
    if alert.kind is Kind.DELETION:
        return json.dumps(written | {"deletes": alert.message_id})
    name = "edits" if alert.kind is Kind.EDIT else "message_id"
    return json.dumps(
        written | {name: alert.message_id, "text": alert.text, "reply_to": alert.reply_to}
    )
