"""What the language model says of a post: quotes of the post, and what they are to mean.

A claim is nobody's instruction. ``guards`` reads every quote in the post itself before anything
follows from it.
"""

from __future__ import annotations

import enum

import msgspec


class Deed(enum.Enum):
    """What the author does by the post, as the model is asked to name it."""

    ENTER = "enter"
    ADD = "add"
    TRIM = "trim"
    EXIT = "exit"
    TAKE_PROFIT = "take_profit"
    STOPPED_OUT = "stopped_out"
    MOVE_STOP = "move_stop"
    TARGETS = "targets"
    CANCEL = "cancel"
    PLAN = "plan"
    RISK_NOTE = "risk_note"
    NOTHING = "nothing"
    UNSURE = "unsure"


class Claim(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One reading by the model. Every text is a quote; None where the post does not say it."""

    deed: Deed
    #: The words of the post that say so.
    words: str
    underlying: str | None
    strike: str | None
    #: ``call`` or ``put``.
    right: str | None
    expiry: str | None
    price: str | None
    #: The author's new average, of an add.
    average: str | None
    #: The part of the position that is sold.
    fraction: str | None
    #: Number of contracts.
    quantity: str | None
    #: A price, or the words for break-even.
    stop: str | None
    targets: tuple[str, ...]


class Unread(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """There is no claim. ``reason`` is for people and goes on after "the model"."""

    reason: str
    #: Whether asking again would pay again for the same: the model answered, but not usably.
    is_final: bool


Answer = Claim | Unread
