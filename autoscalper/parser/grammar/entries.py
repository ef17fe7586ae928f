"""Reads entries: is the author in this contract, now? Any doubt makes it no entry."""

from __future__ import annotations

from collections.abc import Sequence

from autoscalper.domain.instruction import NotePlan, OpenTrade, RiskLevel
from autoscalper.parser.grammar.amounts import Price, find_price, find_quantity
from autoscalper.parser.grammar.contracts import Mention
from autoscalper.parser.grammar.doubts import TAIL_ENDS, why_not_single, why_unsure
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing, evidence
from autoscalper.parser.grammar.leads import DENIED_BEFORE, PLANNED, Lead, read_lead
from autoscalper.parser.grammar.levels import STOP_WORDS, find_stop, find_targets
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Post
from autoscalper.parser.grammar.tokens import Kind, Token

#: What denies an entry in the words after it.
_DENIED_AFTER = DENIED_BEFORE - meanings("ADD LEAVE LOOKING_FOR REST STOP TARGET RECAP")
#: What still denies one whose verb says that it was made.
_DENIED_AFTER_FACT = meanings("PAST ARROW SELL OUT CLOSE FROM FLOW STATUS")
#: What besides denies one without a verb in the words after it.
_DENIED_BARE = meanings("HOLDING CHEER")
#: The same with a verb: a bracket may go on about the trade.
_VERB_TAIL_ENDS = TAIL_ENDS - meanings("PAREN")
#: How far behind the price a denial counts, without and with an order word, in tokens.
_TAIL_TOKENS = 10
_ORDER_TAIL_TOKENS = 3


def read_entry(post: Post) -> Finding | Doubt | Nothing | None:
    """Return the entry or plan that the post names, a doubt, or None if it names no contract."""
    if not post.mentions:
        return None
    mention = _mention(post)
    lead = read_lead(post, mention)
    price = find_price(post.tokens, mention.first, mention.last, post.expiries)
    reason = why_not_single(post, mention)
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


def _denied(post: Post, mention: Mention, at: int) -> Finding | Doubt:
    token = post.tokens[at]
    if token.meaning in PLANNED or token.meaning is Meaning.LEVEL_WORD:
        return Finding(
            NotePlan(contract=mention.terms), evidence(post.tokens, strike=mention.strike_at), at
        )
    return Doubt(f"the word before the contract: {token.text}")


def _after_lead(
    post: Post, mention: Mention, lead: Lead, price: Price | None
) -> Finding | Doubt | Nothing:
    if lead.order is None and post.reports_gain:
        return Nothing("how a trade goes")
    denied = _denied_after(post, mention, lead, price)
    if denied is not None:
        if post.tokens[denied].meaning in PLANNED and lead.order is None and price is None:
            return _denied(post, mention, denied)
        return Doubt(f"the word after the contract: {post.tokens[denied].text}")
    if lead.order is not Meaning.BUY_TO_OPEN and post.reports_gain:
        return Doubt("may report how a trade goes")
    reason = why_unsure(post, mention, lead, price)
    return Doubt(reason) if reason else _open(post, mention, lead, price)


def _denied_after(post: Post, mention: Mention, lead: Lead, price: Price | None) -> int | None:
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
        if price is not None and meaning is Meaning.FUTURE and _adds_next(tokens, index):
            return None
        if meaning in denied or (meaning is Meaning.PLUS and _is_gain(tokens, index + 1)):
            return index
        if index >= start and meaning in (TAIL_ENDS if lead.order is None else _VERB_TAIL_ENDS):
            return None
    return None


def _is_gain(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].kind is Kind.PERCENT


def _adds_next(tokens: Sequence[Token], index: int) -> bool:
    # "might add", "will look to add": what comes later takes nothing back
    return any(token.meaning is Meaning.ADD for token in tokens[index + 1 : index + 4])


def _open(post: Post, mention: Mention, lead: Lead, price: Price | None) -> Finding:
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
