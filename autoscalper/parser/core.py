"""What is answered to a post, given how it was read: decides without I/O.

Every version of every post gets one answer: a message to the broker, whose outcome it then is, or
an outcome at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec

from autoscalper.domain.identity import AuthorId, SignalId
from autoscalper.domain.instruction import AddToTrade, OpenTrade
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.post import Post
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reader, Reading
from autoscalper.links.any_to_alert import OutcomeDecided, outcome_decided
from autoscalper.links.ingest_to_parser import PostDeleted
from autoscalper.links.parser_to_broker import SignalIssued, SignalRevised, SignalWithdrawn

Answer = SignalIssued | SignalRevised | SignalWithdrawn | OutcomeDecided


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A message: its newest version, how that was read, and the signal that the message gave."""

    post: Post
    reading: Reading
    signal_id: SignalId | None = None


def answer_post(post: Post, reading: Reading, *, read_by: Reader, read_at: datetime) -> Answer:
    """Return the answer to a message: a signal if it instructs, else that it is ignored."""
    match reading:
        case Instructed(instruction=instruction):
            return SignalIssued(
                signal_id=SignalId(post.post_id),
                post=post,
                instruction=instruction,
                read_by=read_by,
                read_at=read_at,
            )
        case Ignored(reason=reason):
            return outcome_decided(
                post, _ignored(reason), understood="nothing to do", decided_at=read_at
            )
        case Abstained(multi_leg=named) if named:
            detail = f"multi-leg: {named}, only single options are traded"
            denied = Outcome(kind=OutcomeKind.DENIED, detail=detail)
            return outcome_decided(post, denied, understood=named, decided_at=read_at)
        case Abstained(reason=reason):
            ignored = _ignored(f"not sure: {reason}")
            return outcome_decided(post, ignored, understood="not sure", decided_at=read_at)
        case _:
            assert_never(reading)


def answer_edit(
    post: Post,
    reading: Reading,
    signal_id: SignalId | None,
    *,
    read_by: Reader,
    read_at: datetime,
) -> Answer:
    """Return the answer to an edit of a message that gave ``signal_id``, or none.

    A signal is revised by whatever the message says now. An edit of anything else is answered as
    a post is, but never becomes a signal to buy.
    """
    if signal_id is not None:
        return SignalRevised(
            signal_id=signal_id,
            post=post,
            instruction=reading.instruction if isinstance(reading, Instructed) else None,
            read_by=read_by,
            read_at=read_at,
        )
    if isinstance(reading, Instructed) and isinstance(reading.instruction, OpenTrade | AddToTrade):
        understood = f"NEW {reading.instruction.contract}"
        denied = Outcome(kind=OutcomeKind.DENIED, detail="an edit never opens a position")
        return outcome_decided(post, denied, understood=understood, decided_at=read_at)
    return answer_post(post, reading, read_by=read_by, read_at=read_at)


def answer_deletion(deleted: PostDeleted, heard: Heard | None, *, read_at: datetime) -> Answer:
    """Return the answer to the deletion of a message of which ``heard`` is kept."""
    post = _deletion(deleted, heard)
    if heard is None or heard.signal_id is None:
        ignored = _ignored("deleted, and it had asked for nothing")
        return outcome_decided(post, ignored, understood="deleted", decided_at=read_at)
    return SignalWithdrawn(signal_id=heard.signal_id, post=post, withdrawn_at=deleted.deleted_at)


def signal_id_of(answer: Answer) -> SignalId | None:
    """Return the signal that stands for the message after ``answer``, None without one."""
    return None if isinstance(answer, OutcomeDecided) else answer.signal_id


def _deletion(deleted: PostDeleted, heard: Heard | None) -> Post:
    if heard is not None:
        return msgspec.structs.replace(
            heard.post,
            version=deleted.version,
            posted_at=deleted.deleted_at,
            received_at=deleted.deleted_at,
        )
    return Post(
        message_id=deleted.message_id,
        version=deleted.version,
        channel_id=deleted.channel_id,
        author_id=AuthorId(""),
        author_name="",
        text="",
        posted_at=deleted.deleted_at,
        received_at=deleted.deleted_at,
    )


def _ignored(detail: str) -> Outcome:
    return Outcome(kind=OutcomeKind.IGNORED, detail=detail)
