"""Judges what came of the operator's commands, and what the operator was told. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from autoscalper.alert.markup import escaped
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.alert_to_broker import CloseTrades, PauseEntries, ResumeEntries
from autoscalper.links.any_to_alert import CommandState, OutcomeDecided
from tests.chaos.evidence import Evidence
from tests.chaos.exposure import MomentOf
from tests.chaos.findings import Finding
from tests.chaos.naked import Span

#: How a denial says that entries are paused, and that everything was closed.
PAUSED = "paused by the operator"
CLOSED = "the operator closed everything"
#: Seconds by which times are mistaken when the clock is put back.
CLOCK_SECONDS = 2.5
_UNTOLD = (OutcomeKind.TRADED, OutcomeKind.IGNORED)


class Operating(msgspec.Struct, frozen=True, kw_only=True):
    """When entries were paused, and when everything was closed, in real seconds."""

    pauses: tuple[Span, ...] = ()
    closings: tuple[float, ...] = ()

    def is_paused(self, at: float) -> bool:
        """Return whether entries were surely paused at ``at``."""
        return any(first + CLOCK_SECONDS <= at < last for first, last in self.pauses)

    def may_be_paused(self, at: float) -> bool:
        """Return whether entries may have been paused at ``at``."""
        slack = CLOCK_SECONDS
        return any(first - slack <= at <= last + slack for first, last in self.pauses)


def operating(evidence: Evidence, moment_of: MomentOf, end: float) -> Operating:
    """Return what the broker's answers say about pauses and closings."""
    commands = {command.command_id: command for command in evidence.commands}
    pauses: list[Span] = []
    closings: dict[str, float] = {}
    since: float | None = None
    for answer in evidence.answers:
        at, command = moment_of(answer.answered_at), commands.get(answer.command_id)
        if answer.state is CommandState.REFUSED:
            continue
        match command:
            case PauseEntries():
                since = at if since is None else since
            case ResumeEntries() if since is not None:
                pauses.append((since, at))
                since = None
            case CloseTrades():
                closings.setdefault(answer.command_id, at)
            case _:
                pass
    if since is not None:
        pauses.append((since, end))
    return Operating(pauses=tuple(pauses), closings=tuple(closings.values()))


def command_findings(
    evidence: Evidence, operating: Operating, moment_of: MomentOf
) -> Iterator[Finding]:
    """Yield commands that came to nothing, entries during a pause, follow-ups denied by it."""
    last = {answer.command_id: answer.state for answer in evidence.answers}
    for command in evidence.commands:
        state = last.get(command.command_id)
        if state in (None, CommandState.UNDER_WAY):
            told = "no answer" if state is None else state.value
            yield Finding(kind="command", text=f"{command.command_id}: {told} in the end")
    given = {str(command.command_id) for command in evidence.commands}
    for message_id in evidence.told.said:
        if not any(each.endswith(f".{message_id}") for each in given):
            yield Finding(kind="command", text=f"message {message_id} of the operator was lost")
    kinds = {each.post_id: each.alert.kind for each in evidence.handed_in}
    for post_id, decided in evidence.outcomes.items():
        ordered_at = decided.ordered_at
        if ordered_at is not None and operating.is_paused(moment_of(ordered_at)):
            yield Finding(kind="command", text="ordered during a pause", post_id=post_id)
        kind = kinds.get(post_id)
        if kind is not None and not kind.opens and PAUSED in decided.outcome.detail:
            text = f"{kind.value} ended as '{decided.outcome}'"
            yield Finding(kind="command", text=text, post_id=post_id)


def notice_findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield what the operator should have read and neither did nor will."""
    told = evidence.told
    if not told.cards and not told.shown:
        return
    due = [card.html for card in told.cards if card.is_due]
    everything = "\n".join([*told.shown.values(), *due])
    slots = {card.slot for card in told.cards}
    for card in told.cards:
        if not card.is_due and told.shown.get(card.message_id or 0) != card.html:
            yield Finding(kind="notice", text=f"the chat does not show {card.slot} as it is")
    for trade in sorted(told.trades):
        if f"trade {trade}" not in slots:
            yield Finding(kind="notice", text=f"the chat has nothing of trade {trade}", trade=trade)
    for post_id, decided in evidence.outcomes.items():
        number = told.numbers.get(post_id)
        # Without a number it came after the chat was looked at.
        if number is not None and _is_untold(decided, number, slots, everything):
            text = f"'{decided.outcome}' was never told"
            yield Finding(kind="notice", text=text, post_id=post_id)
    for report in told.reports:
        if escaped(report.text) not in everything:
            yield Finding(kind="notice", text=f"'{report.text}' was never told")


def _is_untold(decided: OutcomeDecided, number: int, slots: set[str], everything: str) -> bool:
    if decided.outcome.kind in _UNTOLD or f"trade {decided.trade_id}" in slots:
        return False
    return f"/why_{number}\n" not in f"{everything}\n"
