"""Reads entries: is the author in this contract, now? Any doubt makes it no entry."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import Right
from autoscalper.domain.instruction import NotePlan, OpenTrade, RiskLevel
from autoscalper.parser.grammar.amounts import WIDEST_RANGE, Price, find_price, find_quantity
from autoscalper.parser.grammar.contracts import Mention
from autoscalper.parser.grammar.dates import Expiry
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing, evidence
from autoscalper.parser.grammar.levels import STOP_WORDS, find_stop, find_targets
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Clause, Post, clause_of
from autoscalper.parser.grammar.tokens import Kind, Token

_ORDERS = meanings("BUY_TO_OPEN ENTER BUYING IN OPEN TAKE LONG SHORT")
#: Verbs that say a price or nothing was bought yet.
_NEED_PRICE = meanings("BUYING OPEN LONG SHORT")
#: Words that may stand before a contract without making it anything but an alert.
_LIGHT = meanings(
    "FILLER SELF NUMBER SLASHED TICKER MENTION COLON COMMA DASH QUOTE AT LIGHT RISKY EXTREME PART "
    "SIZE CONTRACTS PRICE_WORD TIME CALL PUT WEEKLY AND MONTHLY HALF MONTH TODAY EXPIRY_WORD "
    "STRIKE THIS ALL NEWLINE LEVEL_NOUN WEEKDAY DATE SENTENCE_END PLUS PAREN SEPARATOR"
)
_PLANNED = meanings("LOAD WATCH LOOKING_FOR")
#: What denies an entry in the words before the contract.
_DENIED_BEFORE = _PLANNED | meanings(
    "NOT IF FUTURE PAST ASK OTHERS STATUS STILL QUOTED CANCEL ARROW SELL_TO_CLOSE SELL TRIM CLOSE "
    "OUT STOPPED HIT LEVEL_WORD ADD PROFIT LOSS LEAVE RUNNER REST QUESTION_MARK RECAP TARGET STOP "
    "FROM FLOW RESTING"
)
#: A header such as "Trade update" before the room's own order word changes nothing.
_DENIED_BEFORE_ORDER = _DENIED_BEFORE - meanings("STATUS PROFIT SELL_TO_CLOSE")
#: What denies an entry in the words after it.
_DENIED_AFTER = _DENIED_BEFORE - meanings("ADD LEAVE LOOKING_FOR REST STOP TARGET RECAP")
#: What still denies one whose verb says that it was made.
_DENIED_AFTER_FACT = meanings("PAST ARROW SELL OUT CLOSE FROM FLOW")
#: What denies one without a verb anywhere above it.
_DENIED_ABOVE = (_DENIED_BEFORE | meanings("HOLDING")) - meanings("FROM")
#: What besides denies one without a verb in the words after it.
_DENIED_BARE = meanings("HOLDING CHEER")
_HEADER_TOKENS = 5
#: How far before an order word ("BTO") a denial still counts, in tokens.
_ORDER_REACH = 6
_TAIL_TOKENS = 10
_ORDER_TAIL_TOKENS = 3
_SMALL_CHANGE = Decimal("0.05")
#: What joins the strikes of a spread: "180c/185c", "180-185c".
_JOINTS = meanings("SLASH DASH")
#: Units of order flow: "$2.4M".
_BIG_MONEY = frozenset("k m mm mil million b".split())
_NOT_SINGLE_OPTIONS = {Meaning.SPREAD: "a spread", Meaning.WRITE: "short premium"}


class _Lead(msgspec.Struct):
    """What stands between the start of the sentence and the contract."""

    order: Meaning | None = None
    order_at: int = 0
    #: The word that makes it no entry.
    denied_at: int | None = None
    unknown_before: int = 0
    unknown_between: int = 0


def read_entry(post: Post) -> Finding | Doubt | Nothing | None:
    """Return the entry or plan that the post names, a doubt, or None if it names no contract."""
    if not post.mentions:
        return None
    mention = _mention(post)
    lead = _read_lead(post, mention)
    price = find_price(post.tokens, mention.first, mention.last, post.expiries)
    reason = _why_not_single(post, mention)
    if reason is not None:
        return Doubt(reason)
    if lead.denied_at is not None:
        return _denied(post, mention, lead.denied_at)
    return _after_lead(post, mention, lead, price)


def _mention(post: Post) -> Mention:
    if Meaning.BUY_TO_OPEN in post.meanings:
        for mention in post.mentions:
            before = post.tokens[max(0, mention.first - 3) : mention.first]
            if any(token.meaning is Meaning.BUY_TO_OPEN for token in before):
                return mention
    return post.mentions[0]


def _why_not_single(post: Post, mention: Mention) -> str | None:
    for meaning, what in _NOT_SINGLE_OPTIONS.items():
        if meaning in post.meanings:
            return f"may be {what}"
    if Meaning.QUOTED in post.meanings:
        return "may quote somebody"
    if Meaning.RECAP in post.meanings:
        return "looks like a recap"
    if Meaning.CANCEL in post.meanings:
        return "takes something back"
    clause = clause_of(post, mention.strike_at)
    if Meaning.SHARES in {token.meaning for token in post.tokens[clause.first : clause.stop]}:
        return "may be shares"
    if clause.is_question:
        return "a question"
    return "may be a spread" if _has_two_strikes(post, mention) else None


def _has_two_strikes(post: Post, mention: Mention) -> bool:
    tokens, at = post.tokens, mention.strike_at
    return (_joins_strikes(tokens, at - 1) and tokens[at - 2].kind is Kind.NUMBER) or (
        _joins_strikes(tokens, at + 1) and tokens[at + 2].suffix in ("c", "p")
    )


def _joins_strikes(tokens: Sequence[Token], index: int) -> bool:
    return (
        0 < index < len(tokens) - 1
        and tokens[index].meaning in _JOINTS
        and tokens[index - 1].end == tokens[index].start
        and tokens[index].end == tokens[index + 1].start
    )


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


def _read_lead(post: Post, mention: Mention) -> _Lead:
    lead = _Lead(order_at=mention.first)
    tokens = post.tokens
    line = clause_of(post, mention.first).first
    for index in range(mention.first - 1, _lead_start(post, mention.first) - 1, -1):
        meaning = tokens[index].meaning
        if meaning in _ORDERS:
            if lead.order is None:
                lead.order, lead.order_at = meaning, index
                line = clause_of(post, index).first
            continue
        if lead.order is Meaning.BUY_TO_OPEN:
            denied = meaning in _DENIED_BEFORE_ORDER and lead.order_at - index <= _ORDER_REACH
        else:
            denied = meaning in _DENIED_BEFORE
        if denied:
            lead.denied_at = index
        elif meaning not in _LIGHT and index >= line and not _is_speaker(post, index):
            if lead.order is None:
                lead.unknown_between += 1
            else:
                lead.unknown_before += 1
    return lead


def _is_speaker(post: Post, index: int) -> bool:
    return index + 1 < len(post.tokens) and post.tokens[index + 1].meaning is Meaning.COLON


def _denied(post: Post, mention: Mention, at: int) -> Finding | Doubt:
    token = post.tokens[at]
    if token.meaning in _PLANNED or token.meaning is Meaning.LEVEL_WORD:
        return Finding(
            NotePlan(contract=mention.terms), evidence(post.tokens, strike=mention.strike_at), at
        )
    return Doubt(f"the word before the contract: {token.text}")


def _after_lead(
    post: Post, mention: Mention, lead: _Lead, price: Price | None
) -> Finding | Doubt | Nothing | None:
    if lead.order is None and post.reports_gain:
        return Nothing("how a trade goes")
    denied = _denied_after(post, mention, lead, price)
    if denied is not None:
        if post.tokens[denied].meaning in _PLANNED and lead.order is None:
            return _denied(post, mention, denied)
        return Doubt(f"the word after the contract: {post.tokens[denied].text}")
    if lead.order is not Meaning.BUY_TO_OPEN and post.reports_gain:
        return Doubt("may report how a trade goes")
    reason = _why_unsure(post, mention, lead, price)
    return Doubt(reason) if reason else _open(post, mention, lead, price)


def _denied_after(post: Post, mention: Mention, lead: _Lead, price: Price | None) -> int | None:
    tokens = post.tokens
    denied, reach = _DENIED_AFTER, _TAIL_TOKENS
    if lead.order is Meaning.BUY_TO_OPEN:
        denied, reach = _DENIED_AFTER_FACT, _ORDER_TAIL_TOKENS
    elif lead.order is Meaning.ENTER:
        denied = _DENIED_AFTER_FACT
    elif lead.order is None:
        denied = _DENIED_AFTER | _DENIED_BARE
    start = max(mention.last, price.at if price is not None else 0) + 1
    for index in range(mention.last + 1, min(start + reach, len(tokens))):
        meaning = tokens[index].meaning
        if meaning in denied and meaning is not Meaning.AT:
            return index
        if index >= start and meaning in (
            Meaning.SENTENCE_END, Meaning.NEWLINE, Meaning.STOP, Meaning.TARGET, Meaning.LEVEL_NOUN,
            Meaning.PAREN, Meaning.SIZE, Meaning.SEPARATOR,
        ):  # fmt: skip
            return None
    return None


def _why_unsure(post: Post, mention: Mention, lead: _Lead, price: Price | None) -> str | None:
    if mention.underlying is None:
        return "a contract without its ticker"
    if mention.expiry is None and any(_is_apart(post, e) for e in post.expiries):
        return "an expiry apart from the contract"
    if mention.expiry is not None and (mention.day is None or mention.day < post.posted_on):
        return "an expiry that cannot be"
    if len(post.mentions) == 1 and _names_two_expiries(post):
        return "two expiries"
    if price is not None and _has_decimal_comma(post, price):
        return "a comma inside the price"
    if price is not None and price.price >= mention.strike:
        return "a price above the strike"
    if lead.order is Meaning.SHORT and mention.right is not Right.PUT:
        return "may be short premium"
    if lead.order is None:
        return _why_bare_is_unsure(post, mention, lead, price)
    return _why_verb_is_unsure(post, lead, price)


def _has_decimal_comma(post: Post, price: Price) -> bool:
    tokens, at = post.tokens, price.at
    return (
        at + 2 < len(tokens)
        and tokens[at + 1].meaning is Meaning.COMMA
        and tokens[at + 2].kind is Kind.NUMBER
        and tokens[at + 2].start == tokens[at].end + 1
    )


def _names_two_expiries(post: Post) -> bool:
    return len(post.expiries) > 1 and (
        len({expiry.day for expiry in post.expiries if _is_apart(post, expiry)}) > 1
    )


def _is_apart(post: Post, expiry: Expiry) -> bool:
    return expiry.is_explicit or post.tokens[expiry.first].kind in (Kind.SLASHED, Kind.DATE)


def _why_verb_is_unsure(post: Post, lead: _Lead, price: Price | None) -> str | None:
    is_order = lead.order is Meaning.BUY_TO_OPEN
    if lead.unknown_between > (1 if is_order or lead.order is Meaning.ENTER else 0):
        return "words between the verb and the contract"
    by_self = lead.order_at > 0 and post.tokens[lead.order_at - 1].meaning is Meaning.SELF
    if lead.unknown_before and not is_order and not by_self:
        return "words before the verb that may change its meaning"
    if price is None and lead.order in _NEED_PRICE:
        return "a verb that may be a plan, and no price"
    if lead.order is Meaning.TAKE and price is None and post.tokens[lead.order_at].word != "took":
        return "a verb that may be a plan, and no price"
    return None


def _why_bare_is_unsure(
    post: Post, mention: Mention, lead: _Lead, price: Price | None
) -> str | None:
    if lead.unknown_between:
        return "words before the contract that may change its meaning"
    if any(token.meaning in _DENIED_ABOVE for token in post.tokens[: mention.first]):
        return "words above the contract that may change its meaning"
    if not _is_same_contract(post):
        return "several contracts and no verb"
    if price is not None and price.price_max is not None and _is_wide(price):
        return "a range that may be entry and exit"
    if any(token.suffix in _BIG_MONEY for token in post.tokens):
        return "numbers as in order flow"
    if price is None and not _commits(post, mention):
        return "a contract without a verb or a price"
    return None


def _is_wide(price: Price) -> bool:
    upper = price.price_max or price.price
    return upper > price.price * WIDEST_RANGE and upper - price.price > _SMALL_CHANGE


def _is_same_contract(post: Post) -> bool:
    first = post.mentions[0]
    return all(
        other.underlying in (None, first.underlying)
        and other.strike == first.strike
        and other.right is first.right
        and other.day in (None, first.day)
        for other in post.mentions
    )


def _commits(post: Post, mention: Mention) -> bool:
    after = post.tokens[mention.last + 1 :]
    return (
        mention.expiry is not None
        and bool(after)
        and all(
            token.meaning
            in (Meaning.LIGHT, Meaning.FILLER, Meaning.MENTION, Meaning.RISKY, Meaning.EXPIRY_WORD)
            for token in after
        )
        and any(
            token.meaning in (Meaning.LIGHT, Meaning.RISKY) or token.word == "swing"
            for token in after
        )
    )


def _open(post: Post, mention: Mention, lead: _Lead, price: Price | None) -> Finding:
    tokens = post.tokens
    premium = price.price if price is not None else None
    after = mention.last + 1
    stop = targets = None
    if not post.meanings.isdisjoint(STOP_WORDS):
        stop = find_stop(tokens, after, len(tokens), premium)
    if Meaning.TARGET in post.meanings:
        targets = find_targets(tokens, after, len(tokens), premium)
    quantity = find_quantity(tokens, lead.order_at, mention.underlying_at)
    found = OpenTrade(
        contract=mention.terms,
        price=premium,
        price_max=price.price_max if price is not None else None,
        quantity=int(tokens[quantity].number) if quantity is not None else None,
        stop=stop.rule if stop is not None else None,
        targets=targets[0] if targets is not None else None,
        risk_level=risk_level(post),
    )
    shown = evidence(
        tokens,
        verb=lead.order_at if lead.order is not None else None,
        underlying=mention.underlying_at,
        strike=mention.strike_at,
        expiry=mention.expiry.first if mention.expiry is not None else None,
        price=price.at if price is not None else None,
        quantity=quantity,
        stop=stop.last if stop is not None else None,
    )
    return Finding(found, shown, lead.order_at, certain=lead.order is not None)


def risk_level(post: Post) -> RiskLevel:
    """Return how risky the author calls the trade."""
    if Meaning.EXTREME in post.meanings:
        return RiskLevel.EXTREME
    return RiskLevel.HIGH if Meaning.RISKY in post.meanings else RiskLevel.NORMAL
