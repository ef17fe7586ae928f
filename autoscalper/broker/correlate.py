"""Which trade a follow-up means, and when two alerts are the same one."""

from __future__ import annotations

from autoscalper.broker.book import Book, Waiting
from autoscalper.broker.orders import Trade, digest
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.instruction import OpenTrade
from autoscalper.domain.post import Post
from autoscalper.links.parser_to_broker import SignalIssued


def trade_meant(book: Book, signal: SignalIssued) -> Trade | None:
    """Return the open trade that a follow-up means.

    The one whose post it replies to; else the one in the contract that it names, the author's
    own first; else the author's latest in that channel.
    """
    post, terms = signal.post, signal.instruction.contract
    open_trades = book.open_trades()
    for trade in open_trades:
        if post.reply_to is not None and post.reply_to in trade.messages:
            return trade
    fitting = [trade for trade in open_trades if terms.fits(trade.contract)]
    own = [trade for trade in fitting if _is_by_author(trade, post)]
    if own:
        return own[-1]
    names_contract = terms.underlying is not None and terms.strike is not None
    return fitting[-1] if names_contract and fitting else None


def trade_in(book: Book, contract: OptionContract) -> Trade | None:
    """Return the open trade in ``contract``; there is at most one."""
    return next((trade for trade in book.open_trades() if trade.contract == contract), None)


def waiting_meant(book: Book, signal: SignalIssued) -> list[Waiting]:
    """Return the author's entries that have not been ordered yet and fit a follow-up."""
    post, terms = signal.post, signal.instruction.contract
    return [
        waiting
        for waiting in book.waiting.values()
        if waiting.trade_id is None
        and waiting.signal.post.author_id == post.author_id
        and waiting.signal.post.channel_id == post.channel_id
        and terms.fits(waiting.contract)
    ]


def entry_key(signal: SignalIssued) -> str:
    """Return what two posts of the same alert have in common, whatever surrounds it."""
    instruction = signal.instruction
    price = instruction.price if isinstance(instruction, OpenTrade) else signal.post.text
    return digest(f"{signal.post.author_id}|{instruction.contract}|{price}")


def _is_by_author(trade: Trade, post: Post) -> bool:
    return trade.author_id == post.author_id and trade.channel_id == post.channel_id
