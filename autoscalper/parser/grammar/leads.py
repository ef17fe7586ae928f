"""Reads the words in front of a contract: the verb that governs it, and what denies an entry."""

from __future__ import annotations

import msgspec

from autoscalper.parser.grammar.contracts import Mention
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Clause, Post, clause_of

#: Words that say a contract was bought.
_ORDERS = meanings("BUY_TO_OPEN ENTER BUYING IN OPEN TAKE LONG SHORT")
#: Verbs that are prepositions or nouns unless they begin what is said.
PREPOSITIONS = meanings("IN OPEN")
#: Words that may stand before a contract without making it anything but an alert.
_LIGHT = meanings(
    "FILLER SELF NUMBER SLASHED TICKER MENTION COLON COMMA DASH QUOTE AT LIGHT RISKY EXTREME PART "
    "SIZE CONTRACTS PRICE_WORD TIME CALL PUT WEEKLY AND MONTHLY HALF MONTH TODAY EXPIRY_WORD "
    "STRIKE THIS ALL NEWLINE LEVEL_NOUN WEEKDAY DATE SENTENCE_END PLUS PAREN SEPARATOR"
)
#: Words that announce what was not bought yet.
PLANNED = meanings("LOAD WATCH LOOKING_FOR")
#: What denies an entry in the words before the contract.
DENIED_BEFORE = PLANNED | meanings(
    "NOT IF FUTURE PAST ASK OTHERS STATUS STILL QUOTED CANCEL ARROW SELL_TO_CLOSE SELL TRIM CLOSE "
    "OUT STOPPED HIT LEVEL_WORD ADD PROFIT LOSS LEAVE RUNNER REST QUESTION_MARK RECAP TARGET STOP "
    "FROM FLOW RESTING"
)
#: A header such as "Trade update" before the room's own order word changes nothing.
_DENIED_BEFORE_ORDER = DENIED_BEFORE - meanings("STATUS PROFIT SELL_TO_CLOSE")
#: A line above the contract of at most so many tokens is its header ("Open", "Day trade").
_HEADER_TOKENS = 5
#: How far before an order word ("BTO") a denial still counts, in tokens.
_ORDER_REACH = 6


class Lead(msgspec.Struct):
    """What stands between the start of the sentence and the contract."""

    #: The verb that governs the contract, and its token.
    order: Meaning | None = None
    order_at: int = 0
    #: The word that makes it no entry.
    denied_at: int | None = None
    #: Words without a meaning in front of the verb, and between it and the contract.
    unknown_before: int = 0
    unknown_between: int = 0


def read_lead(post: Post, mention: Mention) -> Lead:
    """Return what the sentence says up to the contract, short header lines above it included."""
    lead = Lead(order_at=mention.first)
    tokens = post.tokens
    line = clause_of(post, mention.first).first
    for index in range(mention.first - 1, _lead_start(post, mention.first) - 1, -1):
        meaning = tokens[index].meaning
        if meaning in _ORDERS:
            if lead.order is None or lead.order in PREPOSITIONS:
                lead.order, lead.order_at = meaning, index
                line = clause_of(post, index).first
            continue
        if lead.order is Meaning.BUY_TO_OPEN:
            denied = meaning in _DENIED_BEFORE_ORDER and lead.order_at - index <= _ORDER_REACH
        else:
            denied = meaning in DENIED_BEFORE
        if denied:
            lead.denied_at = index
        elif meaning not in _LIGHT and index >= line and not _is_speaker(post, index):
            if lead.order is None:
                lead.unknown_between += 1
            else:
                lead.unknown_before += 1
    return lead


def _lead_start(post: Post, first: int) -> int:
    start = clause_of(post, first).first
    while start > 0 and post.tokens[start - 1].meaning is Meaning.NEWLINE:
        above = next((c for c in post.clauses if c.stop == start - 1), None)
        if above is not None and not _is_header(post, above):
            break
        start = above.first if above is not None else start - 1
    return start


def _is_header(post: Post, line: Clause) -> bool:
    return (
        line.stop - line.first <= _HEADER_TOKENS
        or post.tokens[line.stop - 1].meaning is Meaning.COLON
    )


def _is_speaker(post: Post, index: int) -> bool:
    return index + 1 < len(post.tokens) and post.tokens[index + 1].meaning is Meaning.COLON
