"""What can be traded: option contracts, and the parts of one that a post may name."""

from __future__ import annotations

import enum
from datetime import date
from decimal import Decimal

import msgspec


class Right(enum.Enum):
    """Call or put (FIX PutOrCall)."""

    CALL = "C"
    PUT = "P"


class OptionContract(msgspec.Struct, frozen=True, kw_only=True):
    """One listed option, fully named."""

    #: Root symbol of the underlying, upper case, as the exchange lists it: ``SPY``, ``BRK.B``.
    underlying: str
    #: Last trading day.
    expiry: date
    #: Dollars per share of the underlying.
    strike: Decimal
    right: Right

    def __str__(self) -> str:
        strike = f"{self.strike.normalize():f}{self.right.value}"
        return f"{self.underlying} {strike} {self.expiry:%Y-%m-%d}"


class ContractTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a contract that a post names; None where the post is silent."""

    underlying: str | None = None
    expiry: date | None = None
    strike: Decimal | None = None
    right: Right | None = None

    def fits(self, contract: OptionContract) -> bool:
        """Return whether ``contract`` agrees with everything that the post named."""
        return (
            self.underlying in (None, contract.underlying)
            and self.expiry in (None, contract.expiry)
            and self.strike in (None, contract.strike)
            and self.right in (None, contract.right)
        )

    def __str__(self) -> str:
        strike = "" if self.strike is None else f"{self.strike.normalize():f}"
        right = "" if self.right is None else self.right.value
        expiry = "" if self.expiry is None else f"{self.expiry:%Y-%m-%d}"
        return " ".join(part for part in (self.underlying or "", strike + right, expiry) if part)
