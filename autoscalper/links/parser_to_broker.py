"""parser -> broker: what the trader told us to do, and what he may soon speak of.

A log in parser's store, followed by broker, and by the same program once more where channels are on
paper: each signal says which of the two answers it. Key: the signal's id, which is the post's; of a
mention its ticker and the minutes that it counts for.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from autoscalper.domain.identity import SignalId
from autoscalper.domain.instruction import Instruction
from autoscalper.domain.post import Post
from autoscalper.domain.reading import Reader
from autoscalper.runtime.link import Link


class _Signal(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    #: Whether its channel was on paper when it was read: it is the paper broker's to answer then.
    is_paper: bool = False


class SignalIssued(_Signal, frozen=True, kw_only=True, tag=True):
    """A post was read as an instruction."""

    signal_id: SignalId
    post: Post
    instruction: Instruction
    read_by: Reader
    read_at: datetime


class SignalRevised(_Signal, frozen=True, kw_only=True, tag=True):
    """An edited post reads differently now; None: it is no instruction any more.

    Never opens a position.
    """

    signal_id: SignalId
    post: Post
    instruction: Instruction | None
    read_by: Reader
    read_at: datetime


class SignalWithdrawn(_Signal, frozen=True, kw_only=True, tag=True):
    """A post was deleted: what it asked for and did not happen yet shall not happen."""

    signal_id: SignalId
    #: The deletion as a version of the post; its text is that of the last one before.
    post: Post
    withdrawn_at: datetime


class TickerMentioned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A post that is no signal names an underlying. Asks for nothing and may be left aside."""

    underlying: str
    #: When it was posted.
    mentioned_at: datetime


Signal = SignalIssued | SignalRevised | SignalWithdrawn
Message = Signal | TickerMentioned

LINK: Link[Message] = Link("parser_to_broker", msgspec.msgpack.Decoder(Message))
