"""A trading day, written from a seed: alerts of every kind in contracts of their own. Pure.

Each trade has its own contract, so that what the gateway holds in the end says which alerts were
carried out. The market of a contract stands still but for the moves that are planned here.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Iterator
from decimal import Decimal

import msgspec

#: Every option of the day expires here; the day itself is two days earlier.
EXPIRY = "2026-03-20"
_SHORT_EXPIRY = "3/20"
#: What is traded, and the lowest strike of each that is near enough to its price to be plausible.
_LOWEST_STRIKES = {"SPY": 500, "QQQ": 450, "IWM": 170}
_CENT = Decimal("0.01")
#: The share of posts that arrive late, and how late at most.
_LATE_SHARE = 0.1
_LATEST_SECONDS = 3.0
_CHATTER = (
    "morning everyone, coffee first",
    "great trade yesterday team",
    "anyone watching the fed today?",
    "this tape is so slow",
    "congrats to all who took it",
)


class Kind(enum.Enum):
    """What an alert is meant to be."""

    ENTRY = "entry"
    ADD = "add"
    TRIM = "trim"
    STOP = "stop"
    EXIT = "exit"
    CHATTER = "chatter"
    #: The same alert again, as another message.
    REPOST = "repost"
    #: The same line again: the same message.
    SAME_LINE = "same line"
    EDIT = "edit"
    DELETION = "deletion"

    @property
    def opens(self) -> bool:
        """Return whether it can buy something."""
        return self in (Kind.ENTRY, Kind.ADD, Kind.REPOST, Kind.SAME_LINE)


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """An option, as the simulator is told of it."""

    underlying: str
    strike: int
    right: str

    def __str__(self) -> str:
        return f"{self.underlying} {self.strike}{self.right}"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One line that is handed in."""

    #: Seconds after the beginning at which it is written.
    at: float
    kind: Kind
    #: The message that it is, or that it edits or deletes.
    message_id: str
    text: str = ""
    author_id: str = "501"
    contract: Contract | None = None
    reply_to: str | None = None
    #: Seconds that it takes to arrive: what was written later may come first.
    delay: float = 0.0

    @property
    def arrives_at(self) -> float:
        """Return the second in which it is handed in."""
        return self.at + self.delay


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """The market of one contract moves."""

    at: float
    contract: Contract
    bid: Decimal
    ask: Decimal


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts in the order in which they arrive, market moves in the order of time."""

    #: What the market shows of every contract before anything happens.
    opening: tuple[Move, ...]
    alerts: tuple[Alert, ...]
    moves: tuple[Move, ...]


class Trader:
    """Writes a day."""

    def __init__(self, seed: int, signals: int, seconds: float) -> None:
        """Write ``signals`` alerts within ``seconds``."""
        self._random = random.Random(f"trader {seed}")
        self._signals = signals
        self._seconds = seconds
        self._last_id = 0

    def day(self) -> Day:
        """Return the day; the same seed gives the same one."""
        opening: list[Move] = []
        alerts: list[Alert] = []
        moves: list[Move] = []
        for contract in _contracts():
            left = self._signals - sum(alert.kind is not Kind.SAME_LINE for alert in alerts)
            if left <= 0:
                break
            # The last ones end early enough to be seen through.
            begins = self._random.uniform(0, self._seconds * 0.95)
            trade = _Trade(self, self._random, contract, begins)
            opening.append(trade.opening)
            alerts += trade.alerts()[:left]
            moves += trade.moves
        return Day(
            opening=tuple(opening),
            alerts=tuple(sorted(alerts, key=lambda each: each.arrives_at)),
            moves=tuple(sorted(moves, key=lambda each: each.at)),
        )

    def next_id(self) -> str:
        """Return the id of the next message."""
        self._last_id += 1
        return f"m{self._last_id}"


class _Trade:
    """One trade's story: how it is entered, what is said of it, how it ends."""

    def __init__(
        self, trader: Trader, chance: random.Random, contract: Contract, begins: float
    ) -> None:
        self._trader = trader
        self._chance = chance
        self._contract = contract
        self._at = begins
        self._price = Decimal(chance.randint(60, 240)) * _CENT
        fills = chance.random() < 0.85
        ask = self._price if fills else (self._price * Decimal("1.4")).quantize(_CENT)
        self.opening = Move(at=0.0, contract=contract, bid=ask - _CENT, ask=ask)
        self.moves: list[Move] = []
        self._alerts: list[Alert] = []
        self._author = f"50{chance.randint(1, 5)}"
        if not fills and chance.random() < 0.5:
            self._move(self._at + chance.uniform(1, 4), self._price)

    def alerts(self) -> list[Alert]:
        """Write them."""
        entry_id = self._say(Kind.ENTRY, f"BTO {self._contract} {_SHORT_EXPIRY} @ {self._price}")
        self._surround(entry_id)
        for _ in range(self._chance.randint(0, 3)):
            self._pass()
            self._follow_up(entry_id)
        self._end(entry_id)
        return self._alerts

    def _surround(self, entry_id: str) -> None:
        """Things that happen to an entry: said twice, edited, taken back, drowned in chatter."""
        entry = self._alerts[-1]
        luck = self._chance.random()
        again = self._at + self._chance.uniform(0.0, 3.0)
        if luck < 0.15:
            self._again(entry, Kind.REPOST, again, self._trader.next_id())
        elif luck < 0.3:
            self._again(entry, Kind.SAME_LINE, again, entry_id)
        elif luck < 0.36:
            stop = (self._price * Decimal("0.8")).quantize(_CENT)
            text = f"{entry.text}, stop {stop}"
            self._alerts.append(msgspec.structs.replace(entry, at=again, kind=Kind.EDIT, text=text))
        elif luck < 0.4:
            self._again(entry, Kind.DELETION, again, entry_id)
        elif luck < 0.6:
            self._say(Kind.CHATTER, self._chance.choice(_CHATTER))
        else:
            self._alerts[-1] = msgspec.structs.replace(entry, delay=self._delay())

    def _delay(self) -> float:
        late = self._chance.random() < _LATE_SHARE
        return self._chance.uniform(0.2, _LATEST_SECONDS) if late else 0.0

    def _follow_up(self, entry_id: str) -> None:
        luck = self._chance.random()
        if luck < 0.3:
            self._say(Kind.ADD, f"added {self._contract} @ {self._price}", entry_id)
        elif luck < 0.65:
            self._say(Kind.TRIM, f"trimmed 1 {self._contract}", entry_id)
        elif luck < 0.85:
            stop = (self._price * Decimal(self._chance.randint(80, 92)) / 100).quantize(_CENT)
            self._say(Kind.STOP, f"stop to {stop} on {self._contract}", entry_id)
        else:
            self._say(Kind.CHATTER, self._chance.choice(_CHATTER))

    def _end(self, entry_id: str) -> None:
        luck = self._chance.random()
        self._pass()
        if luck < 0.5:
            self._say(Kind.EXIT, f"all out {self._contract}", entry_id)
        elif luck < 0.65:
            self._move(self._at, self._price / 2)
        elif luck < 0.75:
            self._move(self._at, self._price * 3)

    def _say(self, kind: Kind, text: str, reply_to: str | None = None) -> str:
        message_id = self._trader.next_id()
        self._alerts.append(
            Alert(
                at=self._at,
                kind=kind,
                message_id=message_id,
                text=text,
                author_id=self._author,
                contract=None if kind is Kind.CHATTER else self._contract,
                reply_to=reply_to,
                delay=self._delay() if reply_to else 0.0,
            )
        )
        return message_id

    def _again(self, entry: Alert, kind: Kind, at: float, message_id: str) -> None:
        changed = msgspec.structs.replace(entry, at=at, kind=kind, message_id=message_id)
        self._alerts.append(changed)

    def _pass(self) -> None:
        # Mostly a while, at times so fast that the entry is still on its way.
        fast = self._chance.random() < 0.25
        self._at += self._chance.uniform(0.0, 0.3) if fast else self._chance.uniform(1.0, 8.0)

    def _move(self, at: float, price: Decimal) -> None:
        ask = price.quantize(_CENT)
        self.moves.append(Move(at=at, contract=self._contract, bid=ask - _CENT, ask=ask))


def _contracts() -> Iterator[Contract]:
    for step in range(180):
        for underlying, lowest in _LOWEST_STRIKES.items():
            for right in ("C", "P"):
                yield Contract(underlying=underlying, strike=lowest + step, right=right)
