"""What a post was understood as: an instruction, nothing to do, or not sure enough to act."""

from __future__ import annotations

import enum

import msgspec

from autoscalper.domain.instruction import Instruction


class Reader(enum.Enum):
    """Who read the post."""

    GRAMMAR = "grammar"
    MODEL = "model"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The characters of the post's text that a field was read from: ``text[start:end]``."""

    field: str
    start: int
    end: int


class Instructed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The post tells us to do something, and the reader is sure of it."""

    instruction: Instruction
    evidence: tuple[Evidence, ...] = ()


class Ignored(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The post is chatter, a recap, a question, ...: nothing to do. ``reason`` is for people."""

    reason: str


class Abstained(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The reader is not sure: nothing may be traded on its word. ``reason`` is for people."""

    reason: str
    #: What the post names that is more than one option, in words; empty where it does not.
    multi_leg: str = ""


Reading = Instructed | Ignored | Abstained
