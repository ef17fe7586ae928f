"""What an option is worth, for quotes that make sense together: Black and Scholes, no interest.

Binary floating point on purpose; the market turns the results into prices on the tick.
"""

from __future__ import annotations

import math

import msgspec

_YEAR_SECONDS = 365 * 24 * 3600.0


class Greeks(msgspec.Struct, frozen=True, kw_only=True):
    """A model value and its sensitivities."""

    volatility: float
    value: float
    delta: float
    gamma: float
    #: Dollars per volatility point.
    vega: float
    #: Dollars per day.
    theta: float
    spot: float


def evaluate(
    *, spot: float, strike: float, seconds: float, is_call: bool, volatility: float
) -> Greeks:
    """Return the value of an option that expires in ``seconds``."""
    years = max(seconds, 60.0) / _YEAR_SECONDS
    deviation = volatility * math.sqrt(years)
    d1 = math.log(spot / strike) / deviation + deviation / 2
    d2 = d1 - deviation
    call = spot * _cumulative(d1) - strike * _cumulative(d2)
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    return Greeks(
        volatility=volatility,
        value=call if is_call else call - spot + strike,
        delta=_cumulative(d1) - (0 if is_call else 1),
        gamma=density / (spot * deviation),
        vega=spot * density * math.sqrt(years) / 100,
        theta=-spot * density * volatility / (2 * math.sqrt(years)) / 365,
        spot=spot,
    )


def _cumulative(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2
