"""What words mean to the grammar: one meaning per word or phrase, decided by tables."""

from __future__ import annotations

import enum


class Meaning(enum.Enum):
    """The part that a token plays in a trading sentence."""

    # Members are compared and looked up a few hundred times a post; Enum hashes names, in Python.
    __hash__ = object.__hash__

    UNKNOWN = enum.auto()
    #: Words that change nothing: articles, prepositions, greetings, labels.
    FILLER = enum.auto()

    # shapes and marks
    NUMBER = enum.auto()
    SLASHED = enum.auto()
    DATE = enum.auto()
    TIME = enum.auto()
    TICKER = enum.auto()
    CONTRACT_SYMBOL = enum.auto()
    NEWLINE = enum.auto()
    MENTION = enum.auto()
    MARK = enum.auto()
    SENTENCE_END = enum.auto()
    PAREN = enum.auto()
    SEPARATOR = enum.auto()
    QUESTION_MARK = enum.auto()
    COMMA = enum.auto()
    COLON = enum.auto()
    DASH = enum.auto()
    PLUS = enum.auto()
    SLASH = enum.auto()
    ARROW = enum.auto()
    QUOTE = enum.auto()
    AT = enum.auto()
    AND = enum.auto()

    # opening and adding
    #: An order in the room's own words: nothing else can be meant.
    BUY_TO_OPEN = enum.auto()
    #: The author is in already: "bought", "entered".
    ENTER = enum.auto()
    #: The same verbs when they could be a plan: "buying", "grab".
    BUYING = enum.auto()
    TAKE = enum.auto()
    IN = enum.auto()
    OPEN = enum.auto()
    LONG = enum.auto()
    SHORT = enum.auto()
    ADD = enum.auto()
    AVERAGE = enum.auto()

    # selling
    SELL_TO_CLOSE = enum.auto()
    SELL = enum.auto()
    TRIM = enum.auto()
    CLOSE = enum.auto()
    OUT = enum.auto()
    STOPPED = enum.auto()
    LEAVE = enum.auto()
    DOWN_TO = enum.auto()
    OFF = enum.auto()
    PROFIT = enum.auto()
    LOSS = enum.auto()

    # how much
    HALF = enum.auto()
    THIRD = enum.auto()
    QUARTER = enum.auto()
    TWO_THIRDS = enum.auto()
    THREE_QUARTERS = enum.auto()
    PART = enum.auto()
    ALL = enum.auto()
    REST = enum.auto()
    RUNNER = enum.auto()
    CONTRACTS = enum.auto()
    SIZE = enum.auto()

    # levels
    STOP = enum.auto()
    TRAIL = enum.auto()
    BREAK_EVEN = enum.auto()
    DAY_EXTREME = enum.auto()
    TARGET = enum.auto()
    HIT = enum.auto()
    MOVE = enum.auto()
    LEVEL_WORD = enum.auto()
    PRICE_WORD = enum.auto()
    LEVEL_NOUN = enum.auto()

    # contracts
    CALL = enum.auto()
    PUT = enum.auto()
    STRIKE = enum.auto()
    EXPIRY_WORD = enum.auto()
    MONTH = enum.auto()
    CHINESE_MONTH = enum.auto()
    WEEKDAY = enum.auto()
    TODAY = enum.auto()
    ZERO_DAYS = enum.auto()
    TOMORROW = enum.auto()
    WEEKLY = enum.auto()
    MONTHLY = enum.auto()
    NEXT = enum.auto()
    THIS = enum.auto()
    WEEK = enum.auto()
    DAYS = enum.auto()

    # what makes a sentence something else than an order
    NOT = enum.auto()
    IF = enum.auto()
    FUTURE = enum.auto()
    PAST = enum.auto()
    ASK = enum.auto()
    OTHERS = enum.auto()
    SELF = enum.auto()
    LOAD = enum.auto()
    WATCH = enum.auto()
    STATUS = enum.auto()
    STILL = enum.auto()
    QUOTED = enum.auto()
    RECAP = enum.auto()
    LOOKING_FOR = enum.auto()
    FROM = enum.auto()
    #: Order flow of others: sweeps, blocks, volume.
    FLOW = enum.auto()
    #: An order that waits: a bid, a limit.
    RESTING = enum.auto()
    #: A mark of joy, such as a flame.
    CHEER = enum.auto()
    #: The author holds what the sentence names.
    HOLDING = enum.auto()
    #: What a number counts when it is no price: minutes, points, averages.
    UNIT = enum.auto()
    CANCEL = enum.auto()

    # what is not a single option bought
    SPREAD = enum.auto()
    WRITE = enum.auto()
    SHARES = enum.auto()
    FUTURES = enum.auto()
    WORD_TICKER = enum.auto()

    # risk
    LIGHT = enum.auto()
    RISKY = enum.auto()
    EXTREME = enum.auto()


_M = Meaning

_WORD_TABLE: dict[Meaning, str] = {
    _M.BUY_TO_OPEN: "bto btos",
    _M.ENTER: "entered entering bought grabbed grabbing snagged snagging initiated scooped nabbed opened purchased",
    _M.BUYING: "enter buy buying grab snag opening initiating purchasing",
    _M.TAKE: "take taking took taken secure secured securing lock locked locking banked banking booked booking",
    _M.IN: "in into",
    _M.OPEN: "open",
    _M.LONG: "long",
    _M.SHORT: "short",
    _M.ADD: """add adds added adding averaged averaging addinf readded readding readd dca dcad dca'd dca'ing""",
    _M.AVERAGE: "avg average avged avg'd averages",
    _M.SELL_TO_CLOSE: "stc",
    _M.SELL: "sell selling sold unloaded unloading dumped dumping offloaded",
    _M.TRIM: """trim trimmed trimming trims trimed triming teimming scaled scaling partial partials
        partially peeled peeling lightened reduced reducing shaved derisk derisking derisked""",
    _M.CLOSE: """close closed closing exit exited exiting exits cut cutting liquidated flat flattened
        flattening bail bailed bailing ditched ditching""",
    _M.OUT: "out",
    _M.STOPPED: "stopped",
    _M.LEAVE: "leave leaving left hold holding keep keeping",
    _M.OFF: "off",
    _M.PROFIT: "profit profits gains gain",
    _M.LOSS: "loss losses l",
    _M.HALF: "half",
    _M.THIRD: "third 1/3rd",
    _M.QUARTER: "quarter fourth",
    _M.PART: "some few most majority bit piece portion couple more initials one two three",
    _M.ALL: "all full fully everything entire completely whole both",
    _M.REST: "rest remainder remaining last final",
    _M.RUNNER: "runner runners freebies",
    _M.CONTRACTS: "con cons contract contracts ct cts lots",
    _M.SIZE: "size sized position positions pos",
    _M.STOP: "stop stops sl stoploss stoplosses",
    _M.TRAIL: "trail trailing trails",
    _M.BREAK_EVEN: "be breakeven",
    _M.DAY_EXTREME: "lod hod",
    _M.TARGET: "tp tps pt pts target targets",
    _M.HIT: "hit hits triggered reached smashed",
    _M.MOVE: "move moved moving set setting raise raised raising use using adjust adjusted update updated",
    _M.LEVEL_WORD: "above below over under through past reclaim",
    _M.PRICE_WORD: "entry price fill fills filled premium cost paid",
    _M.FROM: "from",
    _M.FLOW: """flow flows sweep sweeps sweeper block blocks unusual volume oi whale whales darkpool
        smart-money insider insiders""",
    _M.RESTING: "order orders limit lmt bid bids ask asks offer offers working resting gtc pending",
    _M.UNIT: "min mins minute minutes hour hours hr hrs ema sma ma dma candle candles points ticks pips",
    _M.HOLDING: "swinging my are riding",
    _M.LEVEL_NOUN: "level levels zone area spot",
    _M.CALL: "call calls",
    _M.PUT: "put puts",
    _M.STRIKE: "strike strikes",
    _M.EXPIRY_WORD: "exp expiration expiry expiring expires expire exps expirations dated",
    _M.MONTH: """jan january feb february mar march apr april jun june jul july aug august sep sept
        september oct october nov november dec december""",
    _M.WEEKDAY: "monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri",
    _M.TODAY: "today todays today's",
    _M.ZERO_DAYS: "odte odtes zerodte",
    _M.RECAP: "recap recaps scorecard",
    _M.TOMORROW: "tomorrow tmrw tmr tomorrows tomorrow's tmw",
    _M.WEEKLY: "weekly weeklies weeklys eow",
    _M.MONTHLY: "monthly monthlies",
    _M.NEXT: "next",
    _M.THIS: "this",
    _M.WEEK: "week week's weeks",
    _M.DAYS: "day days dte dtes",
    _M.NOT: """not no don't dont didn't didnt won't wont isn't isnt never nothing cannot can't cant
        doesn't doesnt without wouldn't nor avoid avoiding ain't wasn't haven't aren't passed pass skip
        skipping skipped""",
    _M.IF: "if unless once until when whenever whether depending otherwise",
    _M.FUTURE: """will would could should might may gonna going imma i'll ill we'll want wanting wanna
        plan planning plans consider considering think thinking thought hopefully hope hoping wish
        possibly possible potential potentially likely maybe probably preparing prepare ready wait waiting
        expect expecting expects need needs shall tempted debating soon later supposed try recommended
        ideally would've could've should've i'd must can must've""",
    _M.PAST: """was were had earlier yesterday ago previously almost been went missed caught started ended originally used reminder remember expired""",
    _M.ASK: "did does who what why how anyone anybody where which",
    _M.OTHERS: "he she they them you your u ur he's they're you're someone somebody people's guy yall people members their his her",
    _M.SELF: "i i'm im i've ive we we're me our us mine",
    _M.LOAD: "load loading loaded prep prepping preload queued queue preorder",
    _M.WATCH: """watch watching watchlist watched eyeing eying eyes eye radar looking look scanning idea
        ideas setup setups alert-me monitoring stalking interested""",
    _M.STATUS: """up now currently printing update pnl running ripping banger bangers itm otm
        green red roi return current peak""",
    _M.STILL: "still",
    _M.QUOTED: """replying posted quote quoted reposted forwarded said says say saying wrote example examples
        eg sample format template paper papertrade simulated""",
    _M.CANCEL: "cancel cancelled canceled canceling cancelling scratch nvm nevermind void disregard ignore jk kidding joking joke sarcasm typo oops",
    _M.SPREAD: """pcs ccs ic vertical verticals condor condors butterfly butterflies fly straddle straddles
        strangle strangles calendar calendars diagonal diagonals collar pmcc debit credit bps bcs""",
    _M.WRITE: "sto btc csp csps wheel",
    _M.SHARES: "shares share equity stock stocks common commons futures future",
    _M.LIGHT: "leap leaps light lightly small starter starters smaller tiny lite",
    _M.RISKY: "risky super reward plz lotto lottos lottery lotteries risk gamble spec speculative aggressive hail",
    _M.EXTREME: "yolo yolos yoloing hero extreme extremely degenerate",
    _M.FILLER: """a an the of on for with and to here just also too again personally guys fam all-in
        these those them it its it's that as is am please pls alert alerts trade trades daytrade
        swing swings scalp scalps scalping quick quickly play plays ticker notes note option
        options new via per so btw finally ok okay well then back by around executed approx circa
        today's nice good great beautiful perfect bang easy money lfg lol baby boom ok yes yep got get
        getting having have has had only very super high went-ahead hot first second third-time
        personal account accounts accts acct small-account go buy-in time decided ahead re-entry reentry
        reentering reentered reenter or so contract-name this-time rn tho though right name symbol side type action
        direction qty quantity date signal new-entry w each""",
    _M.AND: "&",
    _M.AT: "at",
}

WORDS: dict[str, Meaning] = {
    word: meaning for meaning, words in _WORD_TABLE.items() for word in words.split()
}

_PHRASE_TABLE: dict[Meaning, tuple[str, ...]] = {
    _M.BUY_TO_OPEN: ("buy to open", "bought to open", "buying to open"),
    _M.SELL_TO_CLOSE: ("sell to close", "sold to close", "selling to close"),
    _M.WRITE: (
        "sell to open",
        "sold to open",
        "buy to close",
        "bought to close",
        "covered call",
        "covered calls",
        "cash secured",
        "naked put",
        "naked puts",
        "naked call",
        "naked calls",
    ),
    _M.SPREAD: (
        "call spread",
        "call spreads",
        "put spread",
        "put spreads",
        "debit spread",
        "credit spread",
        "debit spreads",
        "credit spreads",
        "bull spread",
        "bear spread",
        "vertical spread",
        "iron condor",
        "iron fly",
        "spread for",
        "spread at",
        "spread @",
        "spreads",
    ),
    _M.STOP: (
        "stop loss",
        "stop losses",
        "stop - loss",
        "hard stop",
        "mental stop",
        "stop out",
        "stops out",
    ),
    _M.STOPPED: (
        "stopping out",
        "stopped out",
        "got stopped",
        "getting stopped",
        "stop hit",
        "stops hit",
        "sl hit",
        "stoploss hit",
        "stop triggered",
        "hit sl",
        "hit my stop",
        "hit stop",
        "hit stops",
        "stop was hit",
        "stop loss hit",
        "stops got hit",
    ),
    _M.TRAIL: ("trailing stop", "trail stop", "trailing stops", "trailing sl", "trail sl"),
    _M.BREAK_EVEN: ("break even", "break - even", "b / e", "b . e"),
    _M.DAY_EXTREME: ("low of day", "high of day", "key level"),
    _M.TRIM: (
        "scale out",
        "scaling out",
        "scaled out",
        "partial close",
        "de risk",
        "de risking",
        "de risked",
        "paid myself",
        "paying myself",
        "pay yourself",
        "pay yourselves",
        "paid ourselves",
        "de - risk",
        "de - risking",
        "de - risked",
        "scale - out",
        "taking partials",
        "took partials",
    ),
    _M.CLOSE: ("going flat", "went flat"),
    _M.OUT: (
        "pulling out",
        "pulled out",
        "getting out",
        "got out",
        "i'm out",
        "im out",
        "all out",
        "fully out",
        "completely out",
        "out completely",
    ),
    _M.PART: ("a few", "a couple", "a bit", "a piece", "a portion"),
    _M.TWO_THIRDS: ("two thirds", "2 thirds"),
    _M.THREE_QUARTERS: ("three quarters", "3 quarters", "three fourths"),
    _M.DOWN_TO: ("down to",),
    _M.CANCEL: ("never mind", "scratch that", "cancel that"),
    _M.TARGET: (
        "take profit",
        "price target",
        "price targets",
        "profit target",
        "profit targets",
        "take profits at",
        "trim orders",
        "trim targets",
        "trim levels",
        "trim target",
        "first trim to",
        "trim to",
        "sell orders",
        "sell order",
    ),
    _M.WATCH: (
        "on watch",
        "keep an eye",
        "on radar",
        "entry zone",
        "entry target",
        "target entry",
        "entry level",
        "entry point",
        "entry area",
        "buy zone",
        "buy area",
        "trade idea",
        "buy level",
        "entry range",
    ),
    _M.FLOW: ("open interest", "at the ask", "at the bid", "above ask", "dark pool", "smart money"),
    _M.RISKY: ("high risk", "higher risk"),
    _M.PAST: ("last week", "last night", "this morning", "last month"),
    _M.QUOTED: ("replying to", "in reply to", "e . g", "paper trade"),
    _M.ENTER: (
        "picked up",
        "picking up",
        "jumped in",
        "jumping in",
        "got in",
        "getting in",
        "hopped in",
        "hopping in",
        "i'm in",
        "im in",
        "back in",
        "went in",
        "scaling in",
        "scaling into",
        "scaled in",
        "scaled into",
        "went long",
        "going in",
        "all in",
        "loaded up on",
    ),
    _M.EXTREME: (
        "size for zero",
        "zero or hero",
        "0 or hero",
        "very high risk",
        "super risky",
        "extremely risky",
        "very risky",
        "size / expect 0",
        "extreme risk",
        "size accordingly",
    ),
    _M.LEVEL_NOUN: (
        "add level",
        "add zone",
        "add point",
        "room to add",
        "room to average",
        "space to add",
        "dca room",
        "leave room to add",
        "leave room to average",
        "leave dca room",
        "room to dca",
        "leave room for adds",
        "leave room",
    ),
    _M.STATUS: (
        "p / l",
        "p & l",
        "right now",
        "trade update",
        "free trade",
        "high :",
        "last price",
        "current price",
    ),
    _M.FILLER: (
        "went ahead",
        "so far",
        "for now",
        "no rush",
        "not financial advice",
        "financial advice",
        "for informational purposes only",
        "informational purposes only",
        "do your own research",
        "risk reward",
        "high reward",
        "re - entry",
        "w /",
        "personally going to",
        "going to personally",
    ),
    _M.NOT: ("w / o", "w / out"),
    _M.FUTURE: ("be ready", "get ready", "feel free", "plan on"),
    _M.LOOKING_FOR: ("looking for",),
    _M.ZERO_DAYS: ("same day", "zero dte"),
}


def _phrases() -> dict[str, tuple[tuple[list[str], Meaning], ...]]:
    table: dict[str, list[tuple[list[str], Meaning]]] = {}
    for meaning, phrases in _PHRASE_TABLE.items():
        for phrase in phrases:
            first, *rest = phrase.split()
            table.setdefault(first, []).append((rest, meaning))
    return {
        first: tuple(sorted(rests, key=lambda rest: -len(rest[0])))
        for first, rests in table.items()
    }


#: First word -> the words that may follow it (longest first) and what the phrase means.
PHRASES = _phrases()

#: What punctuation means; a mark that is not here is not a token.
MARKS = {
    "-": _M.DASH,
    "@": _M.AT,
    "?": _M.QUESTION_MARK,
    **dict.fromkeys("!.;", _M.SENTENCE_END),
    **dict.fromkeys("()[]", _M.PAREN),
    "\u2014": _M.SEPARATOR,
    ",": _M.COMMA,
    **dict.fromkeys(":=", _M.COLON),
    "+": _M.PLUS,
    "/": _M.SLASH,
    "&": _M.AND,
    '"': _M.QUOTE,
    "<": _M.LEVEL_WORD,
    **dict.fromkeys((">", "->", "-->", "=>", "\u2192"), _M.ARROW),
    "\u2605": _M.CHEER,
    "\u00bd": _M.HALF,
    "\u00bc": _M.QUARTER,
    "\u00be": _M.THREE_QUARTERS,
    "\u2153": _M.THIRD,
    "\u2154": _M.TWO_THIRDS,
}
