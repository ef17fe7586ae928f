"""What a day's worth of alerts leaves in the memory of the processes, in fast-forward.

The shared clock moves on in steps, from the morning of ``ground`` on, and only once everything
that was handed in is decided: nothing is late. The day before the contracts' last day ends hours
before their positions would be closed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from autoscalper.domain.outcome import OutcomeKind
from tests.bench import machine, stamps
from tests.bench.ground import Ground, Written, a_ground, entry, exit_of
from tests.bench.paced import CONTRACTS

#: How far the clock moves after each slice of a day: its last is over in the early afternoon.
STEP = timedelta(minutes=12)
#: Memory is read after each of these parts of a day.
PARTS = 5
#: Said in turn: what the grammar has no use for, with a ticker and without.
CHATTER = (
    "good morning all",
    "nice move there, who else was in",
    "SPY looks heavy into the lunch hour",
    "back at my desk in ten",
    "$QQQ holding its lows so far",
    "no rush, let it come to us",
    "watching IWM and NVDA from here",
    "what a chop today",
)
_CHATTER_OF_EACH, _TALKERS = 5, 40
#: Seconds from one post to the next, and for the quotes to move on after the clock did.
_PAUSE_SECONDS = 0.03
_REST_SECONDS = 1.2


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """How much is posted, in how many slices: a multiple of ``PARTS``."""

    entries: int = 300
    slices: int = 20

    @property
    def chatter(self) -> int:
        """How many other posts there are."""
        return _CHATTER_OF_EACH * self.entries


def measure(day: Day) -> dict[str, dict[str, float]]:
    """Return MiB by process, and of all with supervisord, before ``day`` and after each fifth."""
    with a_ground() as ground:
        ground.quote(CONTRACTS)
        time.sleep(_REST_SECONDS)
        found = {"start": _memory(ground)}
        traded = 0
        for number in range(day.slices):
            posts = list(posts_of(day, number))
            traded += _live_through(ground, posts)
            ground.clock.move_to(ground.clock.now() + STEP)
            time.sleep(_REST_SECONDS)
            done = number + 1
            if done % (day.slices // PARTS) == 0:
                title = f"{done * PARTS // day.slices}/{PARTS}: {traded} trades"
                found[title] = _memory(ground)
        assert not ground.stage.restarted(), "a process was started again"
    return found


def posts_of(day: Day, number: int) -> Iterator[Written]:
    """Yield the posts of one slice: chatter, and in it entries with their exits some posts on."""
    first, last = _share(day.entries, day, number), _share(day.entries, day, number + 1)
    talk, ends = _share(day.chatter, day, number), _share(day.chatter, day, number + 1)
    between = (ends - talk) // max(1, 2 * (last - first))
    for place in range(first, last):
        contract = CONTRACTS[place % len(CONTRACTS)]
        bought = entry(f"day.{place}", contract)
        for post in (bought, exit_of(bought, contract)):
            yield post
            yield from map(_said, range(talk, talk + between))
            talk += between
    yield from map(_said, range(talk, ends))


def _share(whole: int, day: Day, number: int) -> int:
    return whole * number // day.slices


def _said(number: int) -> Written:
    return Written(
        message_id=f"talk.{number}",
        author=f"t{number % _TALKERS}",
        text=CHATTER[number % len(CHATTER)],
    )


def _live_through(ground: Ground, posts: list[Written]) -> int:
    """Have ``posts`` written and decided, and return how many of them opened a trade."""
    for post in posts:
        ground.hand_in([post])
        time.sleep(_PAUSE_SECONDS)
    ground.await_taken()
    wanted = {f"{post.message_id}.1" for post in posts}
    ground.until(lambda: wanted <= stamps.outcomes(ground.data_dir).keys(), "the last outcome")
    ground.until(lambda: not ground.protected(), "flat trades")
    decided = stamps.outcomes(ground.data_dir)
    bought = [f"{post.message_id}.1" for post in posts if post.text.startswith("BTO")]
    return sum(decided[each].outcome.kind is OutcomeKind.TRADED for each in bought)


def _memory(ground: Ground) -> dict[str, float]:
    pids = ground.pids()
    del pids["simulator"]
    found = machine.memory_mib(pids)
    return {**found, "in all": round(sum(found.values()), 1)}
