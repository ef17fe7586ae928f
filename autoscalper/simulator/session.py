"""One client as the gateway sees it: who it is, what it subscribed to, what it is to be sent."""

from __future__ import annotations

import msgspec

from autoscalper.domain.identity import ConId
from autoscalper.simulator import replies
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.market import Quote


class QuoteSubscription(msgspec.Struct):
    """A client's interest in the quotes of one contract."""

    req_id: int
    contract: Contract
    #: What the client was last told; None for nothing yet.
    told: Quote | None = None


class TickSubscription(msgspec.Struct):
    """A client's interest in single ticks of one contract."""

    req_id: int
    contract: Contract
    #: Last, AllLast, BidAsk or MidPoint.
    kind: str
    told: Quote | None = None


class Session:
    """The state of one connection, from the greeting on."""

    def __init__(self, version: int) -> None:
        """Start a session that speaks ``version`` and has not named itself."""
        self.version = version
        #: None until startApi.
        self.client_id: int | None = None
        #: Frames to send after the next commit.
        self.outbox: list[bytes] = []
        #: News about orders that wait for the link to IBKR; None while it is up.
        self.news: list[bytes] | None = None
        self.quotes: dict[int, QuoteSubscription] = {}
        self.ticks: dict[int, TickSubscription] = {}
        #: What reqMarketDataType chose.
        self.market_data_type = 1
        self.wants_account = False
        self.wants_positions = False
        #: (account, model) by request.
        self.multi: dict[int, tuple[str, str]] = {}
        self.summaries: dict[int, tuple[str, ...]] = {}
        #: The contract whose profit is wanted, or None for the account, by request.
        self.pnls: dict[int, ConId | None] = {}

    def send(self, *frames: bytes) -> None:
        """Have frames sent after the next commit."""
        self.outbox += frames

    def tell(self, *frames: bytes) -> None:
        """Have news about orders sent; they wait while the link to IBKR is down."""
        if self.news is None:
            self.outbox += frames
        else:
            self.news += frames

    def hold_news(self) -> None:
        """Keep news about orders from here on."""
        self.news = self.news or []

    def release_news(self) -> None:
        """Send the news that waited, and hold nothing from here on."""
        self.outbox += self.news or ()
        self.news = None

    def error(self, req_id: int, code: int, text: str) -> None:
        """Have an error or a notice sent."""
        self.send(replies.error(req_id, code, text, self.version))

    def invalid(self, req_id: int, cause: str) -> None:
        """Have a request refused because it fails validation (321)."""
        self.error(req_id, 321, f"Error validating request.-'b' : cause - {cause}")
