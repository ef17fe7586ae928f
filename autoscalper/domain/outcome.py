"""How an alert ended. Every version of every post gets exactly one outcome."""

from __future__ import annotations

import enum

import msgspec


class OutcomeKind(enum.Enum):
    """The seven ways in which an alert can end."""

    TRADED = "traded"
    DENIED = "denied"
    EXPIRED = "expired"
    REJECTED = "rejected"
    IGNORED = "ignored"
    ASKED = "asked"
    DUPLICATE = "duplicate"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One ending, with the rule and the numbers that decided it, in words for people."""

    kind: OutcomeKind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail}" if self.detail else self.kind.value
