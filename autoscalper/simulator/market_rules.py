"""The price steps of the contracts: IBKR's market rules.

The rule numbers are opaque to clients, which look them up (TWS API, "reqMarketRule"); the price
bands are those of the US options exchanges: classes of the penny programme, and the others.
"""

from __future__ import annotations

from decimal import Decimal

#: One cent at every price: stocks, and the options on SPY, QQQ and IWM.
PENNY = 26
#: One cent below three dollars, five cents from there: classes of the penny programme.
PENNY_PROGRAMME = 239
#: Five cents below three dollars, ten cents from there: index options and the other classes.
NICKEL = 110

#: (price from which the step holds, step), ascending, by rule.
BANDS: dict[int, tuple[tuple[Decimal, Decimal], ...]] = {
    PENNY: ((Decimal(0), Decimal("0.01")),),
    PENNY_PROGRAMME: ((Decimal(0), Decimal("0.01")), (Decimal(3), Decimal("0.05"))),
    NICKEL: ((Decimal(0), Decimal("0.05")), (Decimal(3), Decimal("0.1"))),
}


def tick_at(rule: int, price: Decimal) -> Decimal:
    """Return the price step of ``rule`` at ``price``."""
    tick = BANDS[rule][0][1]
    for low_edge, increment in BANDS[rule]:
        if price >= low_edge:
            tick = increment
    return tick


def conforms(rule: int, price: Decimal) -> bool:
    """Return whether an order may carry ``price``."""
    return price % tick_at(rule, price) == 0


def round_down(rule: int, price: Decimal) -> Decimal:
    """Return the nearest price on a step that is not above ``price``."""
    return price // tick_at(rule, price) * tick_at(rule, price)


def round_up(rule: int, price: Decimal) -> Decimal:
    """Return the nearest price on a step that is not below ``price``."""
    down = round_down(rule, price)
    return down if down == price else down + tick_at(rule, price)
