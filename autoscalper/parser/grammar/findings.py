"""What a reader found: an instruction, nothing for certain, or a doubt."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from autoscalper.domain.instruction import Instruction
from autoscalper.domain.reading import Evidence
from autoscalper.parser.grammar.tokens import Token


class Finding(msgspec.Struct):
    """An instruction, the characters it was read from, and the token of the word that says it."""

    instruction: Instruction
    evidence: tuple[Evidence, ...] = ()
    at: int = 0
    #: Whether a verb says it; without one the shape of the post does.
    certain: bool = True


class Nothing(msgspec.Struct):
    """The post names a contract and certainly tells nobody to trade it."""

    reason: str


class Doubt(msgspec.Struct):
    """Something that may be an instruction, and why it is not certain."""

    reason: str


def evidence(tokens: Sequence[Token], **fields: int | None) -> tuple[Evidence, ...]:
    """Return the evidence for fields that were read from one token each."""
    return tuple(
        Evidence(field=field, start=tokens[at].start, end=tokens[at].end)
        for field, at in fields.items()
        if at is not None
    )
