"""How long Discord is waited for, and when a connection is given up. Pure.

discord.py-self 2.1.0 resumes by itself, but waits up to 1024 s after a refused connection,
reconnects without a pause when the server closes at once, and does not notice that it hears
nothing. Those three are decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Limits, in seconds unless they count."""

    #: Longest silence of a connection that is up; heartbeats are answered every 41 s.
    silence_seconds: float = 80.0
    #: Longest time from the start of a client to its being ready. The library asks several hosts
    #: for its version first, and waits for those that do not answer.
    start_seconds: float = 120.0
    #: Longest time that the library may take to reconnect by itself.
    reconnect_seconds: float = 15.0
    #: Connections in a minute that are taken for a loop.
    max_connects_per_minute: int = 10
    #: Logins in five minutes after which none is made for a quarter of an hour.
    max_logins: int = 5
    login_window_seconds: float = 300.0
    login_pause_seconds: float = 900.0
    #: Time between two comparisons of what was heard with the newest message, and the time that
    #: a message which was not heard yet still has.
    check_seconds: float = 45.0
    check_grace_seconds: float = 10.0
    #: Time after which a new session surely tells everything. The library subscribes to the
    #: servers half a second after it is ready; what is written until then may not be told.
    settle_seconds: float = 2.0
    #: Longest time that a post is held back for the sake of order while older ones are fetched.
    hold_seconds: float = 5.0
    #: Longest time that one REST call may take.
    answer_seconds: float = 20.0
    #: Waits between attempts: the first, and the longest.
    retry_seconds: float = 1.0
    max_retry_seconds: float = 20.0


class Pulse(msgspec.Struct):
    """What is known of a connection's life, by the monotonic clock."""

    started_at: float
    last_frame_at: float
    #: Since when there is no session: from the start, then from each disconnect on. None: ready.
    down_since: float | None
    was_ready: bool = False
    connects: tuple[float, ...] = ()

    def connected(self, now: float) -> None:
        """Note that a session is asked for, by a login or a resume."""
        self.connects = (*(at for at in self.connects if at > now - 60.0), now)

    def ready(self, now: float) -> None:
        """Note that a session is there."""
        self.last_frame_at = now
        self.down_since = None
        self.was_ready = True

    def disconnected(self, now: float) -> None:
        """Note that the connection is gone."""
        self.down_since = now if self.down_since is None else self.down_since


def pulse_at(now: float) -> Pulse:
    """Return the pulse of a connection that starts now."""
    return Pulse(started_at=now, last_frame_at=now, down_since=now)


def ailment(pulse: Pulse, patience: Patience, now: float) -> str | None:
    """Return why the connection must be replaced, None while it is well or may recover."""
    if len(pulse.connects) > patience.max_connects_per_minute:
        return f"{len(pulse.connects)} connections in a minute"
    if not pulse.was_ready:
        waited = now - pulse.started_at
        return f"not ready after {waited:.0f} s" if waited > patience.start_seconds else None
    if pulse.down_since is not None:
        down = now - pulse.down_since
        return f"disconnected for {down:.0f} s" if down > patience.reconnect_seconds else None
    silent = now - pulse.last_frame_at
    return f"silent for {silent:.0f} s" if silent > patience.silence_seconds else None


def login_wait_seconds(logins: Sequence[datetime], patience: Patience, now: datetime) -> float:
    """Return how long to wait before the next login, 0 to go ahead.

    ``logins`` are oldest first; those dated later than ``now`` are of another clock and no count.
    """
    recent = [at for at in logins if at <= now][-patience.max_logins :]
    if len(recent) < patience.max_logins:
        return 0.0
    if recent[-1] - recent[0] > timedelta(seconds=patience.login_window_seconds):
        return 0.0
    resumes_at = recent[-1] + timedelta(seconds=patience.login_pause_seconds)
    return max(0.0, (resumes_at - now).total_seconds())


def retry_wait_seconds(failures: int, patience: Patience) -> float:
    """Return the wait before the next attempt after ``failures`` in a row: doubling, capped."""
    return min(patience.retry_seconds * 2.0 ** min(failures, 16), patience.max_retry_seconds)
