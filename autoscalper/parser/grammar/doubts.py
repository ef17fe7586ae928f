"""Says why a contract that a post names is not certain to be entered."""

from __future__ import annotations

from decimal import Decimal

from autoscalper.domain.contract import Right
from autoscalper.parser.grammar.amounts import WIDEST_RANGE, Price, is_plain_number
from autoscalper.parser.grammar.contracts import Mention
from autoscalper.parser.grammar.dates import Expiry
from autoscalper.parser.grammar.leads import DENIED_BEFORE, PREPOSITIONS, Lead
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Post, clause_of
from autoscalper.parser.grammar.strategies import is_leg, is_sold, sells_other_leg
from autoscalper.parser.grammar.tokens import Kind

#: Verbs that without a price may be a plan.
_NEED_PRICE = meanings("BUYING OPEN LONG SHORT")
#: What may stand in front of a word that begins what is said.
_BEFORE_HEAD = meanings("SELF MENTION COLON COMMA DASH TIME QUOTE PAREN NUMBER")
_ADVERBS = frozenset(
    "just also again personally then ok okay so and am finally guys alright".split()
)
#: What denies one without a verb anywhere above it.
_DENIED_ABOVE = (DENIED_BEFORE | meanings("HOLDING")) - meanings("FROM")
#: Behind one of these the words are about something else.
TAIL_ENDS = meanings("SENTENCE_END NEWLINE STOP TARGET LEVEL_NOUN PAREN SIZE SEPARATOR")
#: Behind one of these a second number is no second price.
_PRICE_ENDS = TAIL_ENDS | meanings("LOOKING_FOR DASH AVERAGE COMMA PRICE_WORD MENTION")
#: Dollars between the ends of a range that is narrow whatever its ratio.
_SMALL_CHANGE = Decimal("0.05")
#: Words of sizing: who says them of a whole contract has bought it.
_COMMITMENT = meanings("LIGHT RISKY")
_BESIDE_COMMITMENT = _COMMITMENT | meanings("FILLER MENTION EXPIRY_WORD")
#: Units of order flow: "$2.4M".
_BIG_MONEY = frozenset("k m mm mil million b".split())
#: Words that judge a trade: beside a contract without a verb they may make it a remark.
_REMARKS = frozenset(
    "easy money nice great beautiful perfect bang boom lol banger insane crazy".split()
)
#: Words that between a contract and a price tell where the price was: "opened at 2.35".
_TELLING = _REMARKS | frozenset(
    "opened open trades free good huge lfg baby has had having get got getting go time back only "
    "very high hot then to".split()
)
#: Behind one of these a word of praise is a greeting: "great morning everyone".
_GREETED = frozenset("morning afternoon evening".split())
#: Why a contract with two strikes is not entered.
MAY_BE_SPREAD = "may be a spread"
_SHORT_PREMIUM = "may be short premium"
_NOT_SINGLE_OPTIONS = {Meaning.SPREAD: MAY_BE_SPREAD, Meaning.WRITE: _SHORT_PREMIUM}


def why_not_single(post: Post, mention: Mention) -> str | None:
    """Return why the post may mean something else than buying one option; None if it does not."""
    if sells_other_leg(post):
        return MAY_BE_SPREAD
    for meaning, reason in _NOT_SINGLE_OPTIONS.items():
        if meaning in post.meanings:
            return reason
    if Meaning.QUOTED in post.meanings:
        return "may quote somebody"
    if Meaning.RECAP in post.meanings:
        return "looks like a recap"
    if Meaning.CANCEL in post.meanings:
        return "takes something back"
    clause = clause_of(post, mention.strike_at)
    if any(t.meaning is Meaning.SHARES for t in post.tokens[clause.first : clause.stop]):
        return "may be shares"
    if clause.is_question:
        return "a question"
    if is_sold(post, mention):
        return _SHORT_PREMIUM
    return MAY_BE_SPREAD if is_leg(post, mention) else None


def why_unsure(post: Post, mention: Mention, lead: Lead, price: Price | None) -> str | None:
    """Return why an entry that nothing denies is still not certain; None if it is."""
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
        return _SHORT_PREMIUM
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


def _why_verb_is_unsure(post: Post, lead: Lead, price: Price | None) -> str | None:
    is_order = lead.order is Meaning.BUY_TO_OPEN
    if lead.unknown_between > (1 if is_order or lead.order is Meaning.ENTER else 0):
        return "words between the verb and the contract"
    by_self = lead.order_at > 0 and post.tokens[lead.order_at - 1].meaning is Meaning.SELF
    if lead.unknown_before and not is_order and not by_self:
        return "words before the verb that may change its meaning"
    if lead.order in PREPOSITIONS and not _heads_clause(post, lead.order_at):
        return "a word that may be no verb"
    if price is None and lead.order in _NEED_PRICE:
        return "a verb that may be a plan, and no price"
    if lead.order is Meaning.TAKE and price is None and post.tokens[lead.order_at].word != "took":
        return "a verb that may be a plan, and no price"
    return None


def _heads_clause(post: Post, at: int) -> bool:
    if at == clause_of(post, at).first:
        return True
    before = post.tokens[at - 1]
    return before.meaning in _BEFORE_HEAD or before.word in _ADVERBS


def _why_bare_is_unsure(
    post: Post, mention: Mention, lead: Lead, price: Price | None
) -> str | None:
    if lead.unknown_between or _is_praised(post, mention):
        return "words before the contract that may change its meaning"
    if any(token.meaning in _DENIED_ABOVE for token in post.tokens[: mention.first]):
        return "words above the contract that may change its meaning"
    if not _is_same_contract(post):
        return "several contracts and no verb"
    if price is not None and price.price_max is not None and _is_wide(price):
        return "a range that may be entry and exit"
    if price is not None and _is_told_about(post, mention, price):
        return "words beside the price that may change its meaning"
    if any(token.suffix in _BIG_MONEY for token in post.tokens):
        return "numbers as in order flow"
    if price is None and not _commits(post, mention):
        return "a contract without a verb or a price"
    return None


def _is_praised(post: Post, mention: Mention) -> bool:
    tokens = post.tokens
    return any(
        tokens[index].word in _REMARKS and tokens[index + 1].word not in _GREETED
        for index in range(clause_of(post, mention.first).first, mention.first)
    )


def _is_told_about(post: Post, mention: Mention, price: Price) -> bool:
    # "given at 2.35", "2.35 high 4.10", "2.35 = free money"
    tokens = post.tokens
    for index in range(mention.last + 1, price.at):
        if index not in post.named and (
            tokens[index].meaning is Meaning.UNKNOWN or tokens[index].word in _TELLING
        ):
            return True
    behind = price.at + (3 if price.price_max is not None else 1)
    if behind < len(tokens) and tokens[behind].meaning is Meaning.UNKNOWN:
        return True
    for index in range(behind, len(tokens)):
        if tokens[index].word in _REMARKS:
            return True
        if tokens[index].meaning in _PRICE_ENDS:
            return False
        if index not in post.named and _is_price(post, index):
            return True
    return False


def _is_price(post: Post, index: int) -> bool:
    token = post.tokens[index]
    return is_plain_number(post.tokens, index) and (token.is_dollar or "." in token.text)


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
        and all(token.meaning in _BESIDE_COMMITMENT for token in after)
        and any(token.meaning in _COMMITMENT or token.word == "swing" for token in after)
    )
