"""Decides between what the readers found: one instruction, nothing, or a doubt."""

from __future__ import annotations

from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import NotePlan, OpenTrade, TrimTrade
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.grammar.context import complete, read_bare_entry
from autoscalper.parser.grammar.doubts import MAY_BE_SPREAD
from autoscalper.parser.grammar.entries import read_entry
from autoscalper.parser.grammar.exits import read_exit
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing
from autoscalper.parser.grammar.followups import read_add, read_note, read_stop, read_targets
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Post
from autoscalper.parser.grammar.strategies import sells_other_leg

_OPTION_WORDS = meanings("CALL PUT")
_ENTRY_WORDS = meanings("ENTER TAKE IN LONG BUYING")
_LOOKING_BACK = meanings("RECAP PAST STATUS NOT")
_NOTHING = Nothing("nothing to trade")


def decide(post: Post, conversation: Conversation | None) -> Finding | Doubt | Nothing:
    """Return the one thing that the post says, its contract completed from the conversation."""
    if not post.clauses:
        return Doubt("nothing but a quote") if ">" in post.text else _NOTHING
    found = _decide(post, conversation)
    if conversation is not None and isinstance(found, Finding):
        return complete(found, post, conversation)
    return found


def _decide(post: Post, conversation: Conversation | None) -> Finding | Doubt | Nothing:
    entry = read_entry(post)
    sale = read_exit(post)
    if sells_other_leg(post) and not _ends_a_trade(sale, conversation):
        return Doubt(MAY_BE_SPREAD)
    if sale is not None and not _enters_before(entry, sale):
        return sale
    add = read_add(post)
    if isinstance(entry, Finding) and isinstance(entry.instruction, OpenTrade):
        return add if add is not None and not entry.certain else entry
    if Meaning.FUTURES in post.meanings and not post.mentions:
        return Nothing("futures")
    found = add or _plan(entry) or read_bare_entry(post, conversation) or read_stop(post)
    if found is None and Meaning.SHARES in post.meanings and not post.mentions:
        return Nothing("shares")
    return found or read_targets(post) or entry or read_note(post) or _rest(post)


def _rest(post: Post) -> Doubt | Nothing:
    if any(token.word == "same" for token in post.tokens) and Meaning.NUMBER in post.meanings:
        return Doubt("may repeat an earlier trade")
    names_option = not post.meanings.isdisjoint(_OPTION_WORDS)
    if Meaning.BUY_TO_OPEN in post.meanings or (
        names_option
        and Meaning.NUMBER in post.meanings
        and not post.meanings.isdisjoint(_ENTRY_WORDS)
        and post.meanings.isdisjoint(_LOOKING_BACK)
    ):
        return Doubt("may be an entry without its contract")
    return _NOTHING


def _enters_before(entry: Finding | Doubt | Nothing | None, sale: Finding) -> bool:
    return (
        isinstance(entry, Finding)
        and isinstance(entry.instruction, OpenTrade)
        and entry.certain
        and entry.at < sale.at
        and not _is_of_another(sale.instruction.contract, entry.instruction.contract)
    )


def _is_of_another(sold: ContractTerms, bought: ContractTerms) -> bool:
    # Of a roll, what is left comes first: an entry can be missed, an exit cannot.
    if sold.strike is None:
        return False
    is_elsewhere = sold.underlying not in (None, bought.underlying)
    return is_elsewhere or (sold.strike, sold.right) != (bought.strike, bought.right)


def _ends_a_trade(sale: Finding | None, conversation: Conversation | None) -> bool:
    if sale is None or isinstance(sale.instruction, TrimTrade):
        return sale is not None
    return conversation is not None and conversation.has_open(sale.instruction.contract)


def _plan(entry: Finding | Doubt | Nothing | None) -> Finding | None:
    if isinstance(entry, Finding) and isinstance(entry.instruction, NotePlan):
        return entry
    return None
