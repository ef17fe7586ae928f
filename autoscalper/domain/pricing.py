"""Prices: the exchange's ticks, the limit of an entry, the stop and target of a bracket."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from autoscalper.domain.instruction import TrailBy

ONE_HUNDRED = Decimal(100)


class TickBand(msgspec.Struct, frozen=True, kw_only=True):
    """From ``low_edge`` dollars up, prices are multiples of ``increment``."""

    low_edge: Decimal
    increment: Decimal


#: The coarsest grid of US options below and from three dollars; valid in every finer one.
COARSE_TICKS = (
    TickBand(low_edge=Decimal(0), increment=Decimal("0.05")),
    TickBand(low_edge=Decimal(3), increment=Decimal("0.10")),
)


class Ticks(msgspec.Struct, frozen=True, kw_only=True):
    """The price grid of one contract: IBKR's market rule, lowest band first."""

    bands: tuple[TickBand, ...] = COARSE_TICKS

    def down(self, price: Decimal) -> Decimal:
        """Return the highest valid price that is not above ``price``."""
        return self._round(price, ROUND_FLOOR)

    def up(self, price: Decimal) -> Decimal:
        """Return the lowest valid price that is not below ``price``."""
        return self._round(price, ROUND_CEILING)

    def increment_at(self, price: Decimal) -> Decimal:
        """Return the distance of valid prices at ``price``."""
        return [band.increment for band in self.bands if band.low_edge <= max(price, Decimal(0))][
            -1
        ]

    def _round(self, price: Decimal, rounding: str) -> Decimal:
        increment = self.increment_at(price)
        return (price / increment).to_integral_value(rounding=rounding) * increment


def shown(price: Decimal) -> str:
    """Return a price as people read it: with cents, and with more only where there is more."""
    exact = f"{price.normalize():f}"
    return exact if len(exact.partition(".")[2]) > 2 else f"{price:.2f}"


def signed(dollars: Decimal) -> str:
    """Return an amount of dollars with its sign and cents: ``+$12.50``, ``-$3.00``."""
    return f"{'-' if dollars < 0 else '+'}${abs(dollars):.2f}"


def entry_limit(
    posted: Decimal, ask: Decimal | None, chase: Decimal, chase_percent: Decimal, ticks: Ticks
) -> Decimal:
    """Return the limit of an entry posted at ``posted`` dollars per share.

    The market's ask if it is known and within the chase, else as high as the chase allows. The
    chase is the smaller of ``chase`` dollars and ``chase_percent``; never above it.
    """
    highest = ticks.down(posted + min(chase, posted * chase_percent / ONE_HUNDRED))
    if ask is None:
        return min(ticks.down(posted), highest)
    return min(ticks.up(ask), highest)


def default_stop(entry: Decimal, percent: Decimal, ticks: Ticks) -> Decimal:
    """Return the stop ``percent`` below ``entry``, on the grid, rounded so that less is lost."""
    return ticks.up(entry * (1 - percent / ONE_HUNDRED))


def trailing_stop(price: Decimal, trail: TrailBy, ticks: Ticks) -> Decimal:
    """Return where a stop that follows by ``trail`` rests when the market is at ``price``."""
    if trail.percent is not None:
        return default_stop(price, trail.percent, ticks)
    return ticks.up(price - (trail.amount or Decimal(0)))


def default_target(entry: Decimal, stop: Decimal, ratio: Decimal, ticks: Ticks) -> Decimal:
    """Return the target ``ratio`` times as far above ``entry`` as ``stop`` is below it."""
    return ticks.down(entry + (entry - stop) * ratio)
