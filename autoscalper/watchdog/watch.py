"""Looks at all processes at each of supervisord's ticks and does what ``core`` decides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import IO, assert_never

from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.supervisord import ProcessInfo, Supervisor, SupervisorFailed
from autoscalper.watchdog import core, listener
from autoscalper.watchdog.disks import Disks

logger = logging.getLogger(__name__)

#: Tells people what happened, and of which process the last words go with it (empty: none).
Tell = Callable[[str, str], None]


class Watch:
    """The watchdog's one task."""

    def __init__(
        self,
        answers: IO[bytes],
        run_dir: Path,
        clock: Clock,
        longest_wait_seconds: float,
        disks: Disks,
        tell: Tell = lambda what, process: None,
    ) -> None:
        """Answer supervisord on ``answers``; its socket and the heartbeats are in ``run_dir``."""
        self._disks = disks
        self._answers = answers
        self._run_dir = run_dir
        self._clock = clock
        self._longest_wait = longest_wait_seconds
        self._tell = tell
        self._supervisor = Supervisor(run_dir)
        self._memory = core.Memory()
        self._looks = 0

    def details(self) -> dict[str, str]:
        """Return what the heartbeat tells: how often it looked, and how much room there is."""
        return {"looks": str(self._looks), "disk": self._disks.in_words()}

    async def watch(self) -> None:
        """Look at each event, until supervisord closes the connection."""
        async for _ in listener.events(self._answers):
            for news in self._disks.look():
                self._tell(news, "")
            await self._look()

    async def _look(self) -> None:
        try:
            infos = await asyncio.to_thread(self._supervisor.processes)
        except SupervisorFailed as error:
            logger.warning("processes unknown error=%s", error)
            return
        self._looks += 1
        now = self._clock.monotonic()
        processes = [self._describe(info, now) for info in infos]
        self._memory, commands = core.decide(
            self._memory, processes, now=now, longest_wait=self._longest_wait
        )
        for command in commands:
            self._say(command)
            await asyncio.to_thread(self._act, command)

    def _describe(self, info: ProcessInfo, now: float) -> core.Process:
        beat = heartbeat.read(self._run_dir, info.name)
        # An earlier life's heartbeat says nothing about this one.
        is_own = beat is not None and beat.pid == info.pid
        return core.Process(
            name=info.name,
            state=info.statename,
            pid=info.pid,
            up_seconds=info.now - info.start,
            beat_seconds=now - beat.monotonic if beat is not None and is_own else None,
        )

    def _say(self, command: core.Command) -> None:
        match command:
            case core.TellRestart(name=name):
                self._tell(f"{name} ended and was started again", name)
            case core.PlanRevival(name=name, wait_seconds=seconds):
                self._tell(f"{name} gave up; it is started again in {seconds:g} s", name)
            case core.Revive():
                # Its return is told when it is seen.
                pass
            case core.Abort(name=name):
                self._tell(f"{name} hangs: ended, and started again", name)
            case core.Kill(name=name):
                self._tell(f"{name} did not even abort: killed, and started again", "")
            case _:
                assert_never(command)

    def _act(self, command: core.Command) -> None:
        try:
            self._carry_out(command)
        except SupervisorFailed as error:
            # What is still wrong is seen again at the next look.
            logger.warning("supervisord refused process=%s error=%s", command.name, error)

    def _carry_out(self, command: core.Command) -> None:
        match command:
            case core.TellRestart(name=name, pid=pid):
                logger.warning("process was started again process=%s pid=%d", name, pid)
            case core.PlanRevival(name=name, wait_seconds=seconds):
                logger.error("process gave up process=%s revived_in_seconds=%g", name, seconds)
            case core.Revive(name=name, revivals=revivals):
                logger.warning("process revived process=%s revivals=%d", name, revivals)
                self._supervisor.start(name)
            case core.Abort(name=name, pid=pid):
                logger.error("process hangs, aborted process=%s pid=%d", name, pid)
                self._supervisor.signal(name, "ABRT")
            case core.Kill(name=name, pid=pid):
                logger.error("process did not abort, killed process=%s pid=%d", name, pid)
                self._supervisor.signal(name, "KILL")
            case _:
                assert_never(command)
