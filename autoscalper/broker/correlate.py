"""Which trade a follow-up means, and when two alerts are the same one."""

from __future__ import annotations

from autoscalper.broker.book import Book
from autoscalper.broker.orders import Trade, digest
from autoscalper.broker.records import Waiting
from autoscalper.domain.contract import ContractTerms, OptionContract
from autoscalper.domain.instruction import OpenTrade
from autoscalper.domain.post import Post
from autoscalper.links.parser_to_broker import SignalIssued


def trades_meant(book: Book, signal: SignalIssued) -> list[Trade]:
    """Return the open trades that a follow-up may mean: more than one where it leaves a choice.

    The one whose post it replies to, and no other if that one is closed or not ordered yet; else
    those that fit what it names of a contract, the author's own first; else the author's latest
    in that channel.
    """
    post, terms = signal.post, signal.instruction.contract
    replied_to = _trade_replied_to(book, post)
    if replied_to is not None or _entries_replied_to(book, post):
        return [replied_to] if replied_to is not None and replied_to.is_open else []
    fitting = [trade for trade in book.open_trades() if terms.fits(trade.contract)]
    own = [trade for trade in fitting if _is_by_author(trade, post)]
    if own:
        return own if terms != ContractTerms() else own[-1:]
    names_contract = terms.underlying is not None and terms.strike is not None
    return fitting if names_contract else []


def trade_in(book: Book, contract: OptionContract) -> Trade | None:
    """Return the open trade in ``contract``; there is at most one."""
    return next((trade for trade in book.open_trades() if trade.contract == contract), None)


def waiting_meant(book: Book, signal: SignalIssued) -> list[Waiting]:
    """Return the entries that have not been ordered yet and that a follow-up means.

    The one whose post it replies to; else the author's that fit what it names of a contract.
    """
    post, terms = signal.post, signal.instruction.contract
    replied_to = _entries_replied_to(book, post)
    if replied_to or _trade_replied_to(book, post) is not None:
        return replied_to
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
    if isinstance(instruction, OpenTrade):
        said = "" if instruction.price is None else f"{instruction.price.normalize():f}"
    else:
        said = digest(signal.post.text)
    return f"{signal.post.author_id}|{instruction.contract}|{said}"


def _trade_replied_to(book: Book, post: Post) -> Trade | None:
    if post.reply_to is None:
        return None
    return next((each for each in book.trades.values() if post.reply_to in each.messages), None)


def _entries_replied_to(book: Book, post: Post) -> list[Waiting]:
    return [
        waiting
        for waiting in book.waiting.values()
        if waiting.trade_id is None and waiting.signal.post.message_id == post.reply_to
    ]


def exit_key(post: Post, underlying: str | None) -> str:
    """Return under what an author's last exit from ``underlying`` is remembered; None: from all."""
    return f"exit|{post.channel_id}|{post.author_id}|{underlying or '*'}"


def is_overtaken(book: Book, signal: SignalIssued) -> bool:
    """Return whether its author got out again after the post of an entry that comes only now."""
    post = signal.post
    exits = (
        book.recent_alerts.get(exit_key(post, underlying))
        for underlying in (signal.instruction.contract.underlying, None)
    )
    return any(left_at is not None and left_at > post.posted_at for left_at in exits)


def _is_by_author(trade: Trade, post: Post) -> bool:
    return trade.author_id == post.author_id and trade.channel_id == post.channel_id
