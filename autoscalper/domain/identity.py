"""The ids that AutoScalper passes around. Each says whose it is."""

from typing import NewType

#: Discord's snowflake of a message, or the id that a replayed or hand-typed post was given.
MessageId = NewType("MessageId", str)
#: Discord's snowflake of a channel.
ChannelId = NewType("ChannelId", str)
#: Discord's snowflake of a user or webhook.
AuthorId = NewType("AuthorId", str)
#: One version of one post: ``<message id>.<version>``. Every such version gets one outcome.
PostId = NewType("PostId", str)
#: What a post told us to do. Derived from its ``PostId``, so that reading twice gives one signal.
SignalId = NewType("SignalId", str)
#: One position's life from entry to flat. Derived from the signal that opened it.
TradeId = NewType("TradeId", str)
#: Our id of an order (FIX ClOrdID), sent to IBKR as orderRef. Derived from its trade and purpose.
ClientOrderId = NewType("ClientOrderId", str)
#: IBKR's id of an order, per API client; we choose it, and it only rises.
IbOrderId = NewType("IbOrderId", int)
#: IBKR's permanent id of an order.
PermId = NewType("PermId", int)
#: IBKR's id of a fill.
ExecId = NewType("ExecId", str)
#: IBKR's id of a contract.
ConId = NewType("ConId", int)
#: What the operator gave as one command. Derived from the chat message or button that gave it.
CommandId = NewType("CommandId", str)
#: A question to the operator. Derived from the post that leaves a choice.
QuestionId = NewType("QuestionId", str)


def post_id(message_id: MessageId, version: int) -> PostId:
    """Return the identity of one version of a post."""
    return PostId(f"{message_id}.{version}")
