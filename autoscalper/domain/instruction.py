"""What a trader's post tells us to do. The vocabulary that parser and broker share.

A number is here only if the post states it; what is unsaid is None and decided by the broker.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import ContractTerms


class RiskLevel(enum.Enum):
    """How risky the trader calls a trade; raised levels reduce our size."""

    NORMAL = "normal"
    HIGH = "high"
    EXTREME = "extreme"


class PriceBasis(enum.Enum):
    """Whose price a number is: the option's premium or the underlying's."""

    PREMIUM = "premium"
    UNDERLYING = "underlying"


class ExitCause(enum.Enum):
    """Why the trader is out."""

    EXIT = "exit"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"


class StopAt(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A stop at a price, in dollars per share of its basis."""

    price: Decimal
    basis: PriceBasis = PriceBasis.PREMIUM


class StopAtBreakEven(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A stop at the average price of our own fills."""


class StopBelow(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A stop so many per cent below the entry's price, once there are fills below their average."""

    percent: Decimal


class TrailBy(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A stop that follows the premium, by dollars per share or by per cent; exactly one is set."""

    amount: Decimal | None = None
    percent: Decimal | None = None


StopRule = StopAt | StopAtBreakEven | StopBelow | TrailBy


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Take-profit levels, nearest first, in dollars per share of their basis."""

    prices: tuple[Decimal, ...]
    basis: PriceBasis = PriceBasis.PREMIUM
    #: Whether a part runs on beyond them, with its stop alone.
    leaves_runner: bool = False


class _Instruction(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    #: What the post says of the contract; complete for an entry but for the expiry.
    contract: ContractTerms = ContractTerms()


class OpenTrade(_Instruction, frozen=True, kw_only=True, tag=True):
    """NEW: the trader is in, now. Underlying, strike and right are always named."""

    #: Posted premium, dollars per share; of a range, the lower and upper end.
    price: Decimal | None = None
    price_max: Decimal | None = None
    #: The trader's own contracts, for the record: our size never follows theirs.
    quantity: int | None = None
    stop: StopRule | None = None
    targets: Targets | None = None
    risk_level: RiskLevel = RiskLevel.NORMAL


class AddToTrade(_Instruction, frozen=True, kw_only=True, tag=True):
    """ADD: more of what is held. ``average`` is the trader's new average, if stated."""

    price: Decimal | None = None
    average: Decimal | None = None
    quantity: int | None = None
    stop: StopRule | None = None
    targets: Targets | None = None
    risk_level: RiskLevel = RiskLevel.NORMAL


class TrimTrade(_Instruction, frozen=True, kw_only=True, tag=True):
    """TRIM: sell a part, now. Both None means half, at least one contract."""

    #: Part of the present position to sell, above 0 and below 1.
    fraction: Decimal | None = None
    quantity: int | None = None
    price: Decimal | None = None
    #: A stop that the same post moves.
    stop: StopRule | None = None


class CloseTrade(_Instruction, frozen=True, kw_only=True, tag=True):
    """EXIT, TP or SL: sell all, now."""

    cause: ExitCause = ExitCause.EXIT
    price: Decimal | None = None


class MoveStop(_Instruction, frozen=True, kw_only=True, tag=True):
    """MOVE_STOP: set or move the stop. ``stop`` is None when the post names no level."""

    stop: StopRule | None


class SetTargets(_Instruction, frozen=True, kw_only=True, tag=True):
    """TARGETS: take-profit levels without an entry."""

    targets: Targets


class CancelEntry(_Instruction, frozen=True, kw_only=True, tag=True):
    """CANCEL: an announced idea or entry is withdrawn."""


class NotePlan(_Instruction, frozen=True, kw_only=True, tag=True):
    """PLAN: an idea that is not a trade yet. Never an entry."""


class NoteRisk(_Instruction, frozen=True, kw_only=True, tag=True):
    """RISK_NOTE: size, risk or caution without a trade."""

    risk_level: RiskLevel = RiskLevel.HIGH


Instruction = (
    OpenTrade
    | AddToTrade
    | TrimTrade
    | CloseTrade
    | MoveStop
    | SetTargets
    | CancelEntry
    | NotePlan
    | NoteRisk
)
