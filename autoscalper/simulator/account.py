"""The account: positions, cash, and what it is worth. Pure arithmetic in US dollars."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from autoscalper.domain.identity import ConId

_CENT = Decimal("0.01")
_COMMISSION_PER_CONTRACT = Decimal("0.65")
_MIN_COMMISSION = Decimal("1.00")


def commission_of(qty: Decimal) -> Decimal:
    """Return the commission of an order of which ``qty`` contracts filled.

    IBKR's fixed rate for US options of a dime or more: 0.65 a contract, at least 1.00 an order.
    """
    return max(_COMMISSION_PER_CONTRACT * qty, _MIN_COMMISSION) if qty else Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Return ``value`` rounded to cents."""
    return value.quantize(_CENT, ROUND_HALF_UP)


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """What is held of one contract.

    Attributes:
        avg_cost: dollars per contract, multiplier and commissions included, as IBKR reports it.
    """

    con_id: ConId
    multiplier: int
    qty: Decimal = Decimal(0)
    avg_cost: Decimal = Decimal(0)
    realized_pnl: Decimal = Decimal(0)


class Account:
    """One account's cash and positions."""

    def __init__(self, cash: Decimal, positions: Iterable[Position] = ()) -> None:
        """Start with what an earlier run held."""
        self.cash = cash
        self._positions = {position.con_id: position for position in positions}

    def positions(self) -> list[Position]:
        """Return every position of the day; one that was closed has a quantity of zero."""
        return list(self._positions.values())

    def position(self, con_id: ConId, multiplier: int) -> Position:
        """Return the position in a contract, flat if there is none."""
        return self._positions.get(con_id) or Position(con_id=con_id, multiplier=multiplier)

    def trade(
        self,
        con_id: ConId,
        multiplier: int,
        signed_qty: Decimal,
        price: Decimal,
        commission: Decimal,
    ) -> Decimal | None:
        """Book a fill; return the profit that it realised, or None if it closed nothing."""
        before = self.position(con_id, multiplier)
        self.cash -= signed_qty * price * multiplier + commission
        after, realized = _traded(before, signed_qty, price, commission)
        self._positions[con_id] = after
        return realized

    def settle(self, con_id: ConId, price: Decimal) -> None:
        """Turn an expired position into cash at ``price`` and forget it."""
        position = self._positions.pop(con_id, None)
        if position is not None:
            self.cash += position.qty * price * position.multiplier

    def values(self, price_of: Callable[[ConId], Decimal]) -> dict[str, Decimal]:
        """Return the account values that IBKR reports, by their tags, in dollars."""
        market_value = unrealized = realized = Decimal(0)
        for position in self._positions.values():
            value = position.qty * price_of(position.con_id) * position.multiplier
            market_value += value
            unrealized += value - position.qty * position.avg_cost
            realized += position.realized_pnl
        net = cents(self.cash + market_value)
        free = cents(max(self.cash, Decimal(0)))
        return {
            "NetLiquidation": net,
            "TotalCashValue": cents(self.cash),
            "CashBalance": cents(self.cash),
            "SettledCash": cents(self.cash),
            "EquityWithLoanValue": net,
            "GrossPositionValue": cents(abs(market_value)),
            "OptionMarketValue": cents(market_value),
            "AvailableFunds": free,
            "ExcessLiquidity": free,
            "FullAvailableFunds": free,
            "FullExcessLiquidity": free,
            "BuyingPower": free,
            "InitMarginReq": cents(max(net - free, Decimal(0))),
            "MaintMarginReq": cents(max(net - free, Decimal(0))),
            "UnrealizedPnL": cents(unrealized),
            "RealizedPnL": cents(realized),
        }

    def forget_day(self) -> None:
        """Begin a new day: drop the flat positions and the profit realised so far."""
        self._positions = {
            con_id: msgspec.structs.replace(position, realized_pnl=Decimal(0))
            for con_id, position in self._positions.items()
            if position.qty
        }


def _traded(
    before: Position, signed_qty: Decimal, price: Decimal, commission: Decimal
) -> tuple[Position, Decimal | None]:
    closed = min(abs(before.qty), abs(signed_qty)) if before.qty * signed_qty < 0 else Decimal(0)
    opened = abs(signed_qty) - closed
    sign = 1 if signed_qty > 0 else -1
    fee = commission / abs(signed_qty)
    # A purchase costs its commission on top, a sale brings that much less.
    cost = price * before.multiplier + sign * fee
    realized = closed * (before.avg_cost - cost) * sign if closed else None
    qty = before.qty + signed_qty
    if not qty:
        avg_cost = Decimal(0)
    elif not opened:
        avg_cost = before.avg_cost
    elif closed:
        avg_cost = cost
    else:
        avg_cost = (abs(before.qty) * before.avg_cost + opened * cost) / abs(qty)
    after = msgspec.structs.replace(
        before,
        qty=qty,
        avg_cost=avg_cost,
        realized_pnl=before.realized_pnl + (realized or Decimal(0)),
    )
    return after, realized
