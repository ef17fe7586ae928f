"""What an author's earlier posts in a channel established, so that a later post may leave it out.

Pure and bounded: the caller keeps one conversation per author and channel and rebuilds it by
applying the readings of that author's posts in their order.
"""

from __future__ import annotations

import enum
from datetime import date

import msgspec

from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    NotePlan,
    OpenTrade,
)
from autoscalper.domain.reading import Instructed, Reading

#: Contracts that are remembered; the oldest is forgotten first.
LONGEST_MEMORY = 8


class Stage(enum.Enum):
    """How far the author is with a contract."""

    #: Announced ("loading"), not entered.
    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A contract that the author spoke of; underlying, strike and right are always named."""

    contract: ContractTerms
    stage: Stage
    spoken_on: date


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """The contracts that one author spoke of in one channel, newest first."""

    subjects: tuple[Subject, ...] = ()
    #: What the post that is being replied to named.
    replied_to: ContractTerms | None = None
    #: What a contract in this channel is of that is named without its ticker.
    default_underlying: str | None = None

    def after(self, reading: Reading, *, posted_on: date) -> Conversation:
        """Return the conversation with the reading of a post of that New York date added."""
        if not isinstance(reading, Instructed):
            return Conversation(subjects=self.subjects)
        return Conversation(subjects=_spoken(self.subjects, reading.instruction, posted_on))

    def replying_to(self, reading: Reading) -> Conversation:
        """Return the conversation as a reply to the post of that reading sees it."""
        terms = reading.instruction.contract if isinstance(reading, Instructed) else None
        return Conversation(subjects=self.subjects, replied_to=terms)

    def only(
        self, stage: Stage, *, on: date, underlying: str | None = None
    ) -> ContractTerms | None:
        """Return the one contract at ``stage`` (open: of any day, else of that day).

        None unless there is exactly one that has not expired and fits ``underlying``.
        """
        found = [
            subject.contract
            for subject in self.subjects
            if subject.stage is stage
            and (stage is Stage.OPEN or subject.spoken_on == on)
            and (subject.contract.expiry is None or subject.contract.expiry >= on)
            and underlying in (None, subject.contract.underlying)
        ]
        return found[0] if len(found) == 1 else None

    def has_open(self, named: ContractTerms) -> bool:
        """Return whether the author is in a contract that ``named`` can mean."""
        return any(
            subject.stage is Stage.OPEN and _is_meant(subject.contract, named)
            for subject in self.subjects
        )


def _spoken(
    subjects: tuple[Subject, ...], instruction: Instruction, day: date
) -> tuple[Subject, ...]:
    match instruction:
        case OpenTrade(contract=contract) | AddToTrade(contract=contract):
            return _with(subjects, contract, Stage.OPEN, day)
        case NotePlan(contract=contract):
            return _with(subjects, contract, Stage.PLANNED, day)
        case CloseTrade(contract=contract):
            return tuple(_closed(subject, contract) for subject in subjects)
        case CancelEntry():
            return tuple(s for s in subjects if s.stage is not Stage.PLANNED)
        case _:
            return subjects


def _with(
    subjects: tuple[Subject, ...], contract: ContractTerms, stage: Stage, day: date
) -> tuple[Subject, ...]:
    if contract.underlying is None or contract.strike is None or contract.right is None:
        return subjects
    known = next((s for s in subjects if _is_same(s.contract, contract)), None)
    if known is not None and stage is Stage.PLANNED and known.stage is Stage.OPEN:
        return subjects
    if known is not None and contract.expiry is None:
        contract = known.contract
    spoken = Subject(contract=contract, stage=stage, spoken_on=day)
    return (spoken, *(s for s in subjects if s is not known))[:LONGEST_MEMORY]


def _is_same(known: ContractTerms, named: ContractTerms) -> bool:
    return (
        known.underlying == named.underlying
        and known.strike == named.strike
        and known.right is named.right
        and (known.expiry is None or named.expiry in (None, known.expiry))
    )


def _closed(subject: Subject, named: ContractTerms) -> Subject:
    contract = subject.contract
    if subject.stage is not Stage.OPEN or not _is_meant(contract, named):
        return subject
    return Subject(contract=contract, stage=Stage.CLOSED, spoken_on=subject.spoken_on)


def _is_meant(contract: ContractTerms, named: ContractTerms) -> bool:
    return (
        named.underlying in (None, contract.underlying)
        and named.strike in (None, contract.strike)
        and named.right in (None, contract.right)
        and (named.expiry is None or contract.expiry in (None, named.expiry))
    )
