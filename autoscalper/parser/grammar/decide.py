"""Decides between what the readers found: one instruction, nothing, or a doubt."""

from __future__ import annotations

from autoscalper.domain.instruction import NotePlan, OpenTrade
from autoscalper.parser.grammar.entries import read_entry
from autoscalper.parser.grammar.exits import read_exit
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing
from autoscalper.parser.grammar.followups import read_add, read_note, read_stop, read_targets
from autoscalper.parser.grammar.lexicon import Meaning
from autoscalper.parser.grammar.post import Post

_NOTHING = Nothing("nothing to trade")


def decide(post: Post) -> Finding | Doubt | Nothing:
    """Return the one thing that the post says, exits before entries unless the entry came first."""
    if not post.clauses:
        return Doubt("nothing but a quote") if ">" in post.text else _NOTHING
    entry = read_entry(post)
    sale = read_exit(post)
    if sale is not None and not _enters_before(entry, sale):
        return sale
    add = read_add(post)
    if isinstance(entry, Finding) and isinstance(entry.instruction, OpenTrade):
        return add if add is not None and not entry.certain else entry
    if post.meanings & {Meaning.FUTURES, Meaning.SHARES} and not post.mentions:
        return Nothing("futures or shares")
    found = add or _certain(entry) or read_stop(post) or read_targets(post)
    if found is not None:
        return found
    return entry or read_note(post) or _NOTHING


def _enters_before(entry: Finding | Doubt | Nothing | None, sale: Finding) -> bool:
    return (
        isinstance(entry, Finding)
        and isinstance(entry.instruction, OpenTrade)
        and entry.certain
        and entry.at < sale.at
    )


def _certain(entry: Finding | Doubt | Nothing | None) -> Finding | None:
    if isinstance(entry, Finding) and isinstance(entry.instruction, NotePlan):
        return entry
    return None
