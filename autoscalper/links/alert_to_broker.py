"""alert -> broker: what the operator wants.

A log in alert's store, followed by broker on a link of its own, so that a command never waits
behind signals. Key: the command's id, which comes from the chat message or the button that gave
it, so that a press that is delivered twice is one command. Each is answered with
``any_to_alert.CommandAnswered``, at least once.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from autoscalper.domain.identity import CommandId, ConId, PostId, QuestionId, TradeId
from autoscalper.runtime.link import Link

#: Age at which a command is refused with a word, by whoever looks at it, and never carried out.
MAX_AGE = timedelta(seconds=60)


class Scope(enum.Enum):
    """Which positions are meant."""

    #: Those that AutoScalper opened.
    OURS = "ours"
    #: Everything in the account.
    ACCOUNT = "account"


class _Command(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    command_id: CommandId
    #: When the operator gave it.
    given_at: datetime


class PauseEntries(_Command, frozen=True, kw_only=True, tag=True):
    """Open nothing and add to nothing until told otherwise, over restarts."""


class ResumeEntries(_Command, frozen=True, kw_only=True, tag=True):
    """Open and add again."""


class NamedPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position that is no trade's, as the operator was shown it."""

    con_id: ConId
    name: str
    #: Negative when short.
    qty: int
    #: Whether AutoScalper knows how to close one of its kind.
    is_closable: bool = True


class CloseTrades(_Command, frozen=True, kw_only=True, tag=True):
    """Sell everything that is held and call off every entry that is not filled."""

    scope: Scope = Scope.OURS
    #: With the scope of the account: what else is closed, and at most so many of each.
    positions: tuple[NamedPosition, ...] = ()


class ToOne(_Command, frozen=True, kw_only=True, tag=True):
    """A command that is for one of the two brokers. All others are for both."""

    #: Whether it is the paper broker's; the other one's otherwise.
    is_paper: bool = False


class TakeEntry(ToOne, frozen=True, kw_only=True, tag=True):
    """Order an entry that came too late, now; every limit but its age holds."""

    post_id: PostId


class ChooseTrade(ToOne, frozen=True, kw_only=True, tag=True):
    """Say which trade a post means that left a choice. Its command's id is ``answer_to``."""

    question_id: QuestionId
    #: None: none of them, or all.
    trade_id: TradeId | None = None
    is_all: bool = False


Message = PauseEntries | ResumeEntries | CloseTrades | TakeEntry | ChooseTrade

LINK: Link[Message] = Link("alert_to_broker", msgspec.msgpack.Decoder(Message))


def answer_to(question_id: QuestionId) -> CommandId:
    """Return the id of the one command that can answer a question."""
    return CommandId(f"answer {question_id}")
