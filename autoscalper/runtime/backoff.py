"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain, islice


def waits(first: float, most: float, *, chance: random.Random | None = None) -> Iterator[float]:
    """Yield seconds to wait, for ever: ``first``, then doubling up to ``most``.

    Each is shortened by chance by up to a fifth, so that many who lost the same peer at the same
    moment do not all come back at the same moment.
    """
    chance = chance or random.Random()
    wait = first
    while True:
        yield wait * chance.uniform(0.8, 1.0)
        wait = min(wait * 2, most)


def eager_waits(first: float, soon: float, tries: int, most: float) -> Iterator[float]:
    """Yield ``tries`` waits of at most ``soon`` seconds, then such that double up to ``most``.

    For a peer that is expected back within that time, and that somebody needs badly.
    """
    return chain(islice(waits(first, soon), tries), waits(soon, most))
