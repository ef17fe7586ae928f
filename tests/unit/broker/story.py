"""Stories: what traders post and what the gateway does, told to the core one after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypedDict, Unpack

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, places
from autoscalper.broker.core import decide
from autoscalper.broker.events import (
    ClockTicked,
    Event,
    GatewayConnected,
    GatewayConnecting,
    GatewayLost,
    QuoteChanged,
    SignalArrived,
)
from autoscalper.broker.orders import Order, Trade
from autoscalper.domain.contract import ContractTerms, OptionContract, Right
from autoscalper.domain.identity import (
    AuthorId,
    ChannelId,
    ConId,
    MessageId,
    PostId,
    SignalId,
)
from autoscalper.domain.instruction import (
    CloseTrade,
    Instruction,
    MoveStop,
    OpenTrade,
    StopAt,
    StopRule,
    TrimTrade,
)
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import Outcome
from autoscalper.domain.post import Post
from autoscalper.domain.profiles import Profiles
from autoscalper.domain.reading import Reader
from autoscalper.domain.settings import BrokerSettings
from autoscalper.links import any_to_alert, parser_to_broker
from autoscalper.links.parser_to_broker import SignalIssued, SignalRevised, SignalWithdrawn
from tests.unit.broker.model_gateway import Held, ModelGateway

#: A Friday morning in New York.
MORNING = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
CALL = OptionContract(
    underlying="IWM", expiry=date(2026, 11, 20), strike=Decimal(241), right=Right.CALL
)
PUT = OptionContract(
    underlying="QQQ", expiry=date(2026, 11, 24), strike=Decimal(598), right=Right.PUT
)
#: Risks $20 at most with the stop at 25 % below 0.40: two contracts.
SETTINGS = BrokerSettings(account_balance=Decimal(10000))


def named(contract: OptionContract) -> ContractTerms:
    """Return ``contract`` as a post names it in full."""
    return ContractTerms(
        underlying=contract.underlying,
        expiry=contract.expiry,
        strike=contract.strike,
        right=contract.right,
    )


def entry(contract: OptionContract = CALL, price: str | None = "0.40", **said: object) -> OpenTrade:
    """Return an entry, by default two contracts of the call at 0.40."""
    posted = None if price is None else Decimal(price)
    return OpenTrade(contract=named(contract), price=posted, **said)  # type: ignore[arg-type]


def decide_and_tick(book: Book, event: Event, now: datetime) -> list[Command]:
    """Return what is decided on ``event``, and on the tick that follows where an order leaves."""
    decided = decide(book, event, now)
    return decided + decide(book, ClockTicked(), now) if places(decided) else decided


class Said(TypedDict, total=False):
    """What a post says beside its instruction, and when it was posted."""

    author: str
    text: str
    message_id: str
    reply_to: str | None
    posted_at: datetime


class Story:
    """A book, a gateway and a clock that the test moves."""

    def __init__(
        self,
        settings: BrokerSettings = SETTINGS,
        gateway: ModelGateway | None = None,
        profiles: Profiles | None = None,
        *,
        is_paper: bool = False,
    ) -> None:
        self.book = Book(settings, profiles, is_paper=is_paper)
        #: Whether what is posted from here on is the paper broker's to answer.
        self.posts_on_paper = is_paper
        self.gateway = gateway or ModelGateway()
        self.now = MORNING
        self.outcomes: dict[PostId, Outcome] = {}
        self.notices: list[any_to_alert.Message] = []
        self.commands: list[Command] = []
        self.is_connected = False
        #: Whether everything arrives at once; if not, it waits in the gateway's queues.
        self.flows = True
        #: Called with what is to be kept, after each decision.
        self.keep: Callable[[Book], None] = lambda book: None
        self._posts = 0

    def hear(self, *events: Event) -> list[Command]:
        """Let the core decide ``events``; what it wants goes on its way to the gateway."""
        wanted: list[Command] = []
        for event in events:
            wanted += decide_and_tick(self.book, event, self.now)
            self._note()
        self.commands += wanted
        if self.is_connected:
            self.gateway.inbox += wanted
        return wanted

    def settle(self) -> None:
        """Let everything arrive on both sides until nobody has anything to say."""
        for _ in range(200):
            if not (self.gateway.inbox or self.gateway.outbox):
                return
            self.gateway.now = self.now
            self.gateway.take_in()
            said, self.gateway.outbox = self.gateway.outbox, []
            self.hear(*said)
        raise AssertionError(f"no end of it: {self.commands[-6:]}")

    def connect(self) -> None:
        """Connect and let the first reconciliation go through."""
        self.hear(GatewayConnecting(reason="test"))
        self.is_connected = True
        self.hear(GatewayConnected(account="DU1234567"))
        self._flow()

    def lose(self) -> None:
        """Lose the connection with everything that is on the way in either direction."""
        self.is_connected = False
        self.gateway.inbox, self.gateway.outbox = [], []
        self.hear(GatewayLost(reason="test"))

    def reconnect_holding(self, quantity: int) -> None:
        """Connect anew to an account that shows so many of the one contract."""
        self.gateway.positions[self.con_id] = quantity
        self.lose()
        self.connect()

    def wait(self, seconds: float, step: float = 0.5) -> None:
        """Let time go on in small steps."""
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now = min(self.now + timedelta(seconds=step), until)
            self.hear(ClockTicked())
            self._flow()

    def quote(self, bid: str, ask: str, contract: OptionContract = CALL) -> None:
        """Move the market; nothing fills by it."""
        self.gateway.asks[contract] = (Decimal(bid), Decimal(ask))
        self.gateway.trail(contract, Decimal(bid))
        self.hear(QuoteChanged(contract=contract, bid=Decimal(bid), ask=Decimal(ask)))

    def post(self, instruction: Instruction, **said: Unpack[Said]) -> PostId:
        """Have a trader post ``instruction``, and return the post's id."""
        signal = self.signal(instruction, **said)
        self.tell(signal)
        return signal.post.post_id

    def signal(self, instruction: Instruction, **said: Unpack[Said]) -> SignalIssued:
        """Return the signal of a post that nobody hears yet."""
        self._posts += 1
        author, reply_to = said.get("author", "anna"), said.get("reply_to")
        post = Post(
            message_id=MessageId(said.get("message_id", f"m{self._posts}")),
            channel_id=ChannelId("room"),
            author_id=AuthorId(author),
            author_name=author,
            text=said.get("text", f"post {self._posts}"),
            posted_at=said.get("posted_at", self.now),
            received_at=self.now,
            reply_to=MessageId(reply_to) if reply_to else None,
        )
        return SignalIssued(
            signal_id=SignalId(post.post_id),
            post=post,
            instruction=instruction,
            read_by=Reader.GRAMMAR,
            read_at=self.now + timedelta(microseconds=self._posts),
        )

    def post_and_lose(self, instruction: Instruction) -> None:
        """Post, and lose the connection with the orders on their way to the gateway."""
        self.flows = False
        self.post(instruction)
        self.gateway.take_in()
        self.hear(*self.gateway.outbox)
        self.lose()
        self.flows = True

    def tell(self, message: parser_to_broker.Message) -> None:
        """Let a signal arrive, and everything that follows at once."""
        marked = replace(message, is_paper=self.posts_on_paper)
        self.hear(SignalArrived(message=marked))
        self._flow()

    def edit(self, post_id: PostId, instruction: Instruction | None) -> PostId:
        """Have a post edited, and return the edit's id."""
        post = self._version_of(post_id)
        revised = SignalRevised(
            signal_id=SignalId(post_id),
            post=post,
            instruction=instruction,
            read_by=Reader.GRAMMAR,
            read_at=self.now,
        )
        self.tell(revised)
        return post.post_id

    def delete(self, post_id: PostId) -> PostId:
        """Have a post deleted, and return the deletion's id."""
        post = self._version_of(post_id)
        self.tell(SignalWithdrawn(signal_id=SignalId(post_id), post=post, withdrawn_at=self.now))
        return post.post_id

    def exit(self, reply_to: str | None = None) -> PostId:
        """Have the trader get out."""
        return self.post(CloseTrade(), reply_to=reply_to)

    def trim(self, quantity: int | None = None) -> PostId:
        """Have the trader sell a part."""
        return self.post(TrimTrade(quantity=quantity))

    def move_stop(self, rule: StopRule | str) -> PostId:
        """Have the trader move the stop."""
        stop = StopAt(price=Decimal(rule)) if isinstance(rule, str) else rule
        return self.post(MoveStop(stop=stop))

    @property
    def trade(self) -> Trade:
        """The one trade."""
        (trade,) = self.book.trades.values()
        return trade

    @property
    def held(self) -> int:
        """Contracts that the account holds."""
        return sum(self.gateway.positions.values())

    @property
    def con_id(self) -> ConId:
        """Of the one contract."""
        (con_id,) = {details.con_id for details in self.book.contracts.values()}
        return con_id

    def order(self, purpose: Purpose, number: int = -1) -> Order:
        """Our latest order for ``purpose``, or its ``number``-th."""
        return [each for each in self.book.orders.values() if each.purpose is purpose][number]

    def at_gateway(self, purpose: Purpose, number: int = -1) -> Held:
        """The gateway's side of ``order``."""
        return self.gateway.orders[self.order(purpose, number).ib_order_id]

    def fill(self, purpose: Purpose, qty: int = 99, price: str = "0.40", number: int = -1) -> None:
        """Fill one of our orders and let everything arrive."""
        self.gateway.now = self.now
        self.gateway.fill(self.at_gateway(purpose, number), qty, Decimal(price))
        self._flow()

    def live(self) -> dict[str, int]:
        """What rests at the gateway: our letter and number of each order, and its leaves.

        Without the sales for the last day, which are beside every stop: see ``last_sales``.
        """
        return self._resting(lambda held: held.order.purpose is not Purpose.FLATTEN)

    def last_sales(self) -> dict[str, int]:
        """What rests at the gateway for the last day."""
        return self._resting(lambda held: held.order.purpose is Purpose.FLATTEN)

    def reports(self) -> list[str]:
        """What the user was told beside outcomes and fills."""
        return [each.text for each in self.notices if isinstance(each, any_to_alert.Reported)]

    def _resting(self, is_meant: Callable[[Held], bool]) -> dict[str, int]:
        return {
            held.order.client_order_id.rpartition("|")[2]: held.leaves_qty
            for held in self.gateway.live()
            if is_meant(held)
        }

    def _flow(self) -> None:
        if self.is_connected and self.flows:
            self.settle()

    def _version_of(self, post_id: PostId) -> Post:
        self._posts += 1
        message_id, _, _ = post_id.rpartition(".")
        return Post(
            message_id=MessageId(message_id),
            version=2,
            channel_id=ChannelId("room"),
            author_id=AuthorId("anna"),
            author_name="anna",
            text=f"post {self._posts}",
            posted_at=self.now,
            received_at=self.now,
        )

    def _note(self) -> None:
        for key, message in self.book.changes.notices:
            self.notices.append(message)
            if isinstance(message, any_to_alert.OutcomeDecided):
                assert message.post_id not in self.outcomes, f"a second outcome: {message}"
                assert key == f"outcome {message.post_id}"
                self.outcomes[message.post_id] = message.outcome
        self.keep(self.book)
        self.book.take_changes()


def opened(
    settings: BrokerSettings = SETTINGS, profiles: Profiles | None = None, **said: object
) -> Story:
    """Return a story in which two contracts were bought at 0.40 and are protected."""
    story = Story(settings, profiles=profiles)
    story.connect()
    story.post(entry(**said))  # type: ignore[arg-type]
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    return story
