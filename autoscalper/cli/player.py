"""Plays scenes into a running AutoScalper, one at a time, and waits for what comes of each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import msgspec

from autoscalper.cli import gateway
from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.scenes import Scene
from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.domain.identity import PostId
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.cli_to_ingest import LineRefused, Reply, TakePost
from autoscalper.runtime.clock import ShiftedClock

#: How far the clock is moved at once, in its own seconds, and how often, in real ones.
_STEP = timedelta(seconds=2)
_STEP_SECONDS = 0.1
_LOOK_SECONDS = 0.01
#: Real seconds after which nothing is expected to come any more.
_PATIENCE_SECONDS = 30.0


class Entrance(Protocol):
    """Where posts are put in."""

    def hand_in(self, request: TakePost, *, patience_seconds: float) -> Reply:
        """Put the line of ``request`` in and return what became of it."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How patient a player is, in real seconds."""

    #: Quiet after which the clock is moved, so that what waits for time goes on.
    quiet_seconds: float = 0.3
    #: Between two posts that make orders: IBKR takes 50 messages a second, and what is played
    #: faster shows how long they queue.
    gap_seconds: float = 0.12


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A scene and what came of it."""

    scene: Scene
    #: None for a move of the market, a line that was refused, or an edit that changed nothing.
    post_id: PostId | None = None
    decided: OutcomeDecided | None = None
    #: What is not as it should be, in words; empty if nothing.
    problem: str = ""
    #: Why ingest took no post of the line.
    refusal: str = ""

    @property
    def is_lost(self) -> bool:
        """Return whether a post that was put in has no outcome."""
        return self.post_id is not None and self.decided is None


class Player:
    """Puts scenes in at their own times, by moving the clock that all processes share."""

    def __init__(
        self,
        entrance: Entrance,
        outcomes: Outcomes,
        market: SimulatorControl,
        clock: ShiftedClock,
        pace: Pace,
        trades_known: Callable[[], int | None],
    ) -> None:
        """Play through ``entrance`` and ``market``, at ``pace``, and read ``outcomes``.

        ``trades_known`` returns how many open trades broker knows of, None while it is silent.
        """
        self._entrance = entrance
        self._outcomes = outcomes
        self._market = market
        self._clock = clock
        self._pace = pace
        self._trades_known = trades_known

    def put_in(self, scene: Scene) -> Played:
        """Move the clock and the market to ``scene`` and put its post in."""
        is_late = self._clock.now() > scene.played_at
        if not is_late:
            self._clock.move_to(scene.played_at)
        for symbol, price in scene.spots.items():
            self._market.ask("spot", underlying=symbol, price=price)
        for quote in scene.quotes:
            self._market.ask("quote", **msgspec.to_builtins(quote))
        if not scene.has_post:
            return Played(scene=scene)
        # Time never goes back, so a post that another one has overtaken is written now.
        as_of_now = is_late and scene.expected is None
        request = TakePost(line=scene.line, number=scene.number, as_of_now=as_of_now)
        reply = self._entrance.hand_in(request, patience_seconds=_PATIENCE_SECONDS)
        if isinstance(reply, LineRefused):
            return Played(scene=scene, refusal=reply.reason)
        played = Played(scene=scene, post_id=reply.post_id if reply.is_new else None)
        return played if scene.rests is None else self._when_resting(played, scene.rests)

    def see_out(self, played: Played) -> Played:
        """Wait for the outcome of ``played`` and for what the account shall hold after it."""
        if played.post_id is not None:
            played = self._with_outcome(played, played.post_id)
        holds = played.scene.holds
        if holds is not None and not played.problem:
            played = self._with_holdings(played, holds)
        if played.decided is not None and played.decided.outcome.kind is OutcomeKind.TRADED:
            time.sleep(self._pace.gap_seconds)
        return played

    def _when_resting(self, played: Played, rests: int) -> Played:
        patience = _Patience(self._clock, math.inf)
        while (resting := gateway.resting_entries(self._market.ask("ledger"))) != rests:
            if not patience.wait():
                problem = f"expected {rests} buy orders at rest, was {resting}"
                return msgspec.structs.replace(played, problem=problem)
        return played

    def _with_outcome(self, played: Played, post_id: PostId) -> Played:
        patience = _Patience(self._clock, self._pace.quiet_seconds)
        while (decided := self._outcomes.of_post(post_id)) is None:
            if not patience.wait():
                problem = f"no outcome in {_PATIENCE_SECONDS:.0f} s"
                return msgspec.structs.replace(played, problem=problem)
        problem = played.problem or _wrong(played, decided)
        return msgspec.structs.replace(played, decided=decided, problem=problem)

    def _with_holdings(self, played: Played, holds: int) -> Played:
        patience = _Patience(self._clock, self._pace.quiet_seconds)
        while not self._holds(played.scene, holds):
            if not patience.wait():
                held = gateway.held(self._market.ask("positions"))
                problem = f"expected {holds} contracts in the account, was {held}"
                return msgspec.structs.replace(played, problem=problem)
        return played

    def _holds(self, scene: Scene, holds: int) -> bool:
        positions = self._market.ask("positions")
        if gateway.held(positions) != holds:
            return False
        # What a post does is heard before the next one; what the market does, a moment later.
        return scene.has_post or self._trades_known() == gateway.contracts_held(positions)


class _Patience:
    def __init__(self, clock: ShiftedClock, quiet_seconds: float) -> None:
        self._clock = clock
        self._began = time.monotonic()
        self._moves_at = self._began + quiet_seconds

    def wait(self) -> bool:
        """Let a moment pass and return whether there is patience left."""
        now = time.monotonic()
        if now >= self._moves_at:
            self._clock.move_to(self._clock.now() + _STEP)
            self._moves_at = now + _STEP_SECONDS
        time.sleep(_LOOK_SECONDS)
        return now - self._began < _PATIENCE_SECONDS


def _wrong(played: Played, decided: OutcomeDecided) -> str:
    expected = played.scene.expected
    if expected is None or expected.is_met_by(decided.outcome):
        return ""
    return f"expected {expected}, was {decided.outcome}"
