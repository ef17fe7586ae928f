"""What is seen of everything at one moment, gathered for the pages and for the watch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from autoscalper.alert import host
from autoscalper.alert.escalation import Seen, Subject
from autoscalper.links import broker_to_alert
from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.heartbeat import Heartbeat
from autoscalper.runtime.supervisord import ProcessInfo, Supervisor, SupervisorFailed

#: Processes that leave heartbeats, in the order in which an alert passes them.
PROCESSES = ("ingest", "parser", "broker", "alert", "watchdog")
#: What runs besides where channels are on paper beside real orders.
_ON_PAPER = (broker_to_alert.PAPER, "simulator")
#: What parser says of the model while nothing is wrong with it; else it says what is.
_MODEL_IS_WELL = frozenset({"ready", "loading", "off"})
#: Age in seconds at which a heartbeat means that its process is away.
SILENT_SECONDS = 15.0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment."""

    now: datetime
    monotonic: float
    status: broker_to_alert.Status | None
    #: How the broker of the channels on paper stands; None where there is none.
    paper: broker_to_alert.Status | None = None
    beats: Mapping[str, Heartbeat]
    #: The processes that are looked at.
    names: tuple[str, ...] = PROCESSES

    def age_of(self, process: str) -> float | None:
        """Return the age of a process's heartbeat in seconds, None if it never left one."""
        beat = self.beats.get(process)
        return None if beat is None else max(0.0, self.monotonic - beat.monotonic)

    def is_beating(self, process: str) -> bool:
        """Return whether a process is there and its loop turns."""
        age = self.age_of(process)
        return age is not None and age <= SILENT_SECONDS

    def detail(self, process: str, name: str) -> str:
        """Return what a process says of itself under ``name``; empty if it says nothing."""
        beat = self.beats.get(process)
        return beat.details.get(name, "") if beat is not None else ""

    @property
    def is_exposed(self) -> bool:
        """Return whether a position is open, as far as the broker told."""
        return self.status is not None and any(each.held_qty for each in self.status.trades)


class ServerView(msgspec.Struct, frozen=True, kw_only=True):
    """What only ``/server`` shows, and takes longer to find out."""

    #: None: supervisord does not answer.
    processes: tuple[ProcessInfo, ...] | None
    host: host.Host


def look(run_dir: Path, clock: Clock, *, has_paper: bool = False) -> View:
    """Return everything that is quick to see; ``has_paper`` says that ``paper`` runs as well."""
    names = (*PROCESSES, *_ON_PAPER) if has_paper else PROCESSES
    beats = {name: heartbeat.read(run_dir, name) for name in names}
    return View(
        now=clock.now(),
        monotonic=clock.monotonic(),
        status=broker_to_alert.read(run_dir),
        paper=broker_to_alert.read(run_dir, broker_to_alert.PAPER) if has_paper else None,
        beats={name: beat for name, beat in beats.items() if beat is not None},
        names=names,
    )


def look_at_server(run_dir: Path, data_dir: Path) -> ServerView:
    """Return the processes and the machine. Blocks for some milliseconds."""
    return ServerView(processes=_supervised(run_dir), host=host.look(data_dir))


def seen_in(view: View) -> list[Seen]:
    """Return how everybody but the gateway stands, whose state comes as a notice."""
    watched = (Subject.INGEST, Subject.PARSER, Subject.BROKER, Subject.PAPER)
    seen = [_process(view, subject) for subject in watched if subject.value in view.names]
    discord = view.detail("ingest", "discord")
    if discord and view.is_beating("ingest"):
        seen.append(
            Seen(
                subject=Subject.DISCORD,
                is_up=discord == "connected",
                since=view.now,
                reason=discord,
                needs_a_person=discord == "token refused",
            )
        )
    model = view.detail("parser", "model")
    if model and view.is_beating("parser"):
        is_up = model in _MODEL_IS_WELL
        seen.append(Seen(subject=Subject.MODEL, is_up=is_up, since=view.now, reason=model))
    return seen


def _process(view: View, subject: Subject) -> Seen:
    beat = view.beats.get(subject.value)
    if beat is None:
        return Seen(subject=subject, is_up=False, since=view.now, reason="it never started")
    is_up = view.is_beating(subject.value)
    since = beat.started_at if is_up else beat.beat_at
    return Seen(subject=subject, is_up=is_up, since=since, reason="no heartbeat")


def _supervised(run_dir: Path) -> tuple[ProcessInfo, ...] | None:
    try:
        return Supervisor(run_dir).processes()
    except SupervisorFailed:
        return None
