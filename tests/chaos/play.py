"""Brings a trading day and a storm together, lets it settle, and has it judged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from datetime import timedelta
from threading import Event

import msgspec

from autoscalper.cli.door import Door
from autoscalper.links.cli_to_ingest import LineRefused, TakePost
from tests.chaos import evidence, judge
from tests.chaos.chat import Chat
from tests.chaos.evidence import Evidence, HandedIn
from tests.chaos.findings import Finding
from tests.chaos.judge import Verdict
from tests.chaos.naked import Span
from tests.chaos.stack import Stack
from tests.chaos.trader import EXPIRY, Alert, Day, Kind, Move
from tests.chaos.weather import Weather

#: Seconds in which everything must have come to rest once nothing goes wrong any more.
SETTLE_SECONDS = 60.0
#: Seconds for which a storm's end must stay so: what was given up or sent late shows up in them.
WELL_SECONDS = 4.0
#: Findings that no waiting mends.
_PAST = ("naked", "fork", "late", "crash")
#: Seconds between two judgements until then.
_LOOK_SECONDS = 0.5
#: Seconds for which ingest may be away, all its deaths in a row together.
_DOOR_SECONDS = 60.0


class Sky(msgspec.Struct, frozen=True, kw_only=True):
    """What the weather knows of itself, in seconds after the start."""

    #: The gateway could not be reached.
    away: Sequence[Span] = ()
    #: The market showed nonsense.
    odd_market: Sequence[Span] = ()


class Played(msgspec.Struct, kw_only=True):
    """A storm that is over."""

    verdict: Verdict
    evidence: Evidence
    figures: dict[str, float]
    #: What the storm was made of: figures by name, of labels and faults.
    made_of: dict[str, dict[str, int]] = {}


class Play:
    """One day on one stack."""

    def __init__(
        self,
        stack: Stack,
        day: Day,
        weather: Weather | None,
        chat: Chat | None = None,
        *,
        patience_seconds: float = SETTLE_SECONDS,
    ) -> None:
        """Play ``day`` on ``stack`` in ``weather``, with the operator in ``chat``.

        In the end everything must have come to rest within ``patience_seconds``.
        """
        self._stack = stack
        self._day = day
        self._weather = weather
        self._chat = chat
        self._patience = patience_seconds
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
            running = [pool.submit(part, began, over) for part in parts]
            try:
                # The first that fails ends the others.
                for part in as_completed(running):
                    part.result()
            finally:
                over.set()
        if self._weather is None:
            return settled(stack, self._handed_in)
        return self._judged_after(self._weather)

    def _judged_after(self, weather: Weather) -> Played:
        weather.end()
        sky = Sky(away=weather.away, odd_market=weather.odd_market)
        played = settled(
            self._stack,
            self._handed_in,
            sky,
            chat=self._chat,
            patience_seconds=self._patience,
            well_seconds=WELL_SECONDS,
        )
        failures = weather.failures()
        left = len(self._day.alerts) - len(self._handed_in)
        failures += [f"{left} alerts were not handed in"] if left else []
        found = tuple(Finding(kind="storm", text=text) for text in failures)
        verdict = msgspec.structs.replace(
            played.verdict, findings=(*played.verdict.findings, *found)
        )
        return msgspec.structs.replace(
            played,
            verdict=verdict,
            made_of={**weather.counts(), "faults_met": evidence.faults_met(self._stack)},
        )

    def _trade(self, began: float, over: Event) -> None:
        lines: dict[str, str] = {}
        with closing(self._stack.door()) as door:
            for alert in self._day.alerts:
                if self._is_over_before(began + alert.arrives_at, over):
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
    sky: Sky | None = None,
    *,
    chat: Chat | None = None,
    patience_seconds: float = SETTLE_SECONDS,
    well_seconds: float = 0.0,
) -> Played:
    """Wait until nothing is on its way and nothing is found, or in vain, and return the judgement.

    What is well must stay so for ``well_seconds``.
    """
    deadline = time.monotonic() + patience_seconds
    well_since: float | None = None
    while True:
        played = _judged(stack, handed_in, sky or Sky(), chat)
        now = time.monotonic()
        lasting = [each for each in played.verdict.findings if each.kind not in _PAST]
        is_well = _is_quiet(stack, played.evidence) and not lasting
        well_since = (well_since or now) if is_well else None
        if now > deadline or (well_since is not None and now - well_since >= well_seconds):
            return played
        time.sleep(_LOOK_SECONDS)


def _judged(stack: Stack, handed_in: Sequence[HandedIn], sky: Sky, chat: Chat | None) -> Played:
    found = evidence.gather(stack, tuple(handed_in), chat)
    spans = evidence.away_spans(stack, sky.away)
    verdict = judge.judge(
        found,
        away=spans,
        odd_market=sky.odd_market,
        moment_of=stack.moment_of,
        end=stack.moment(),
    )
    waits = _recoveries(stack, found, spans)
    figures = {
        **verdict.figures,
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
        "posted_at": (stack.stage.clock.now() - timedelta(seconds=alert.delay)).isoformat(),
    }
    if alert.kind is Kind.DELETION:
        return json.dumps(written | {"deletes": alert.message_id})
    name = "edits" if alert.kind is Kind.EDIT else "message_id"
    return json.dumps(
        written | {name: alert.message_id, "text": alert.text, "reply_to": alert.reply_to}
    )
