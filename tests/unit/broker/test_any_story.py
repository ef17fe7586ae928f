"""Whatever traders post and whatever goes wrong in whatever order: what must always be true."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from autoscalper.broker import journal
from autoscalper.broker.book import Book, Phase
from autoscalper.broker.core import decide
from autoscalper.broker.events import (
    Event,
    GatewayConnected,
    GatewayConnecting,
    LinkDegraded,
    LinkRestored,
    OrderErrored,
)
from autoscalper.broker.journal import Journal
from autoscalper.domain.contract import ContractTerms, OptionContract
from autoscalper.domain.identity import PostId
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    MoveStop,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    Targets,
    TrimTrade,
)
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.links import any_to_alert
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.unit.broker.model_gateway import Held
from tests.unit.broker.story import CALL, MORNING, PUT, SETTINGS, Story, entry, named

AUTHORS = st.sampled_from(["anna", "ben"])
#: Many, because the same price again within ten minutes is a repost.
PRICES = st.integers(30, 48).map(lambda cents: f"0.{cents}")
CONTRACTS = st.sampled_from([CALL, PUT])
NUMBERS = st.integers(min_value=0, max_value=20)
#: What a book has in memory only.
VOLATILE = (
    "phase",
    "degraded",
    "quotes",
    "snapshot",
    "reconciled_at",
    "filled_since_snapshot",
    "snapshot_number",
    "snapshot_asked_at",
    "snapshot_awaited",
    "net_liquidation",
)
KEPT = (
    "orders",
    "trades",
    "waiting",
    "heard",
    "recent_entries",
    "exec_ids",
    "contracts",
    "high_water_mark",
)


class TestClock:
    __test__ = False

    def __init__(self, story: Story) -> None:
        self._story = story

    def now(self):  # type: ignore[no-untyped-def]
        return self._story.now

    def monotonic(self) -> float:
        return (self._story.now - MORNING).total_seconds()


class AnyStory(RuleBasedStateMachine):
    """Plays anything at all, and judges after each step and at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.directory = tempfile.TemporaryDirectory(dir="/dev/shm")
        path = Path(self.directory.name) / "broker.db"
        self.store = Store(path, durable=False, schema=journal.SCHEMA)
        clock = TestClock(self.story)
        self.notices = Log(self.store, any_to_alert.FROM_BROKER, clock)
        self.journal = Journal(self.store, self.notices)
        self.story.keep = self._keep
        self.posts: list[PostId] = []
        self.highest = 0
        self.said: list[Event] = []

    @initialize()
    def begin(self) -> None:
        self.story.connect()

    # What traders post.

    @rule(contract=CONTRACTS, author=AUTHORS, price=PRICES)
    def enters(self, contract: OptionContract, author: str, price: str) -> None:
        self.posts.append(self.story.post(entry(contract, price), author=author))

    @rule(contract=CONTRACTS, author=AUTHORS, price=PRICES)
    def enters_and_is_filled(self, contract: OptionContract, author: str, price: str) -> None:
        self.enters(contract, author, price)
        for held in self.story.gateway.live():
            if held.order.purpose is Purpose.ENTRY and held.order.contract == contract:
                self.story.gateway.fill(held, 2, Decimal(price))
        self._flow()

    @rule(author=AUTHORS, price=PRICES)
    def adds(self, author: str, price: str) -> None:
        instruction = AddToTrade(price=Decimal(price))
        self.posts.append(self.story.post(instruction, author=author))

    @rule(author=AUTHORS, quantity=st.sampled_from([None, 1, 3]))
    def trims(self, author: str, quantity: int | None) -> None:
        self.posts.append(self.story.post(TrimTrade(quantity=quantity), author=author))

    @rule(author=AUTHORS, contract=st.sampled_from([None, CALL, PUT]))
    def exits(self, author: str, contract: OptionContract | None) -> None:
        terms = ContractTerms() if contract is None else named(contract)
        self.posts.append(self.story.post(CloseTrade(contract=terms), author=author))

    @rule(author=AUTHORS)
    def cancels(self, author: str) -> None:
        self.posts.append(self.story.post(CancelEntry(), author=author))

    @rule(author=AUTHORS, price=st.sampled_from([None, "0.36", "0.38"]))
    def moves_stop(self, author: str, price: str | None) -> None:
        stop = StopAtBreakEven() if price is None else StopAt(price=Decimal(price))
        self.posts.append(self.story.post(MoveStop(stop=stop), author=author))

    @rule(author=AUTHORS, price=st.sampled_from(["0.60", "0.90"]))
    def sets_target(self, author: str, price: str) -> None:
        targets = SetTargets(targets=Targets(prices=(Decimal(price),)))
        self.posts.append(self.story.post(targets, author=author))

    @precondition(lambda self: self.posts)
    @rule(number=NUMBERS, price=PRICES)
    def edits(self, number: int, price: str) -> None:
        post_id = self.posts[number % len(self.posts)]
        if post_id.endswith(".1"):
            edited = PostId(post_id[:-1] + "2")
            if edited not in self.posts:
                self.posts.append(self.story.edit(post_id, entry(CALL, price)))

    @precondition(lambda self: self.posts)
    @rule(number=NUMBERS)
    def deletes(self, number: int) -> None:
        post_id = self.posts[number % len(self.posts)]
        if post_id.endswith(".1"):
            deleted = PostId(post_id[:-1] + "2")
            if deleted not in self.posts:
                self.posts.append(self.story.delete(post_id))

    # What the market and the gateway do.

    @rule(number=NUMBERS, qty=st.sampled_from([1, 2]), price=PRICES)
    def fills(self, number: int, qty: int, price: str) -> None:
        live = self.story.gateway.live()
        if live:
            self.story.gateway.fill(live[number % len(live)], qty, Decimal(price))
            self._flow()

    @rule(number=NUMBERS)
    def ends_an_order(self, number: int) -> None:
        live = self.story.gateway.live()
        if live:
            self.story.gateway.end(live[number % len(live)])
            self._flow()

    @rule(number=st.integers(min_value=1, max_value=3))
    def rejects(self, number: int) -> None:
        self.story.gateway.rejects = number

    @rule(prices=st.sampled_from([("0.38", "0.40"), ("0.44", "0.46"), ("0.20", "0.30")]))
    def quotes(self, prices: tuple[str, str]) -> None:
        self.story.quote(*prices)
        self._flow()

    @rule(answers=st.booleans())
    def answers_completed(self, answers: bool) -> None:
        self.story.gateway.answers_completed = answers

    @rule(seconds=st.sampled_from([0.5, 1.5, 4, 40, 700]))
    def time_goes_on(self, seconds: float) -> None:
        self.story.wait(seconds)

    # What goes wrong between the two.

    @precondition(lambda self: self.story.is_connected)
    @rule(arrives=st.sampled_from([0, 1, 2, None]))
    def connection_ends(self, arrives: int | None) -> None:
        self.story.gateway.take_in(arrives)
        self.story.lose()

    @precondition(lambda self: not self.story.is_connected)
    @rule()
    def connects(self) -> None:
        self.story.connect()

    @precondition(lambda self: self.story.is_connected)
    @rule(arrives=st.sampled_from([0, 1, 2, None]))
    def process_is_killed(self, arrives: int | None) -> None:
        self.story.gateway.take_in(arrives)
        self.story.is_connected = False
        self.story.gateway.inbox, self.story.gateway.outbox = [], []
        self.story.book = self._reloaded()

    @precondition(lambda self: self.story.is_connected and not self.story.book.degraded)
    @rule()
    def link_degrades(self) -> None:
        self.story.hear(LinkDegraded())
        self._flow()

    @precondition(lambda self: self.story.is_connected and self.story.book.degraded)
    @rule()
    def link_is_restored(self) -> None:
        self.story.hear(LinkRestored())
        self._flow()

    @rule()
    def gateway_slows_down(self) -> None:
        self.story.flows = False

    @rule()
    def gateway_hurries_up(self) -> None:
        self.story.flows = True
        self._flow()

    @precondition(lambda self: not self.story.flows)
    @rule(commands=st.integers(0, 3), events=st.integers(0, 4))
    def some_arrives(self, commands: int, events: int) -> None:
        gateway = self.story.gateway
        gateway.take_in(commands)
        said, gateway.outbox = gateway.outbox[:events], gateway.outbox[events:]
        self.said = [*self.said, *said][-10:]
        self.story.hear(*said)

    @precondition(lambda self: self.said and self.story.is_connected)
    @rule(number=NUMBERS)
    def gateway_repeats_itself(self, number: int) -> None:
        self.story.hear(self.said[number % len(self.said)])
        self._flow()

    # What must be true.

    @invariant()
    def no_order_is_there_twice(self) -> None:
        assert set(self.story.gateway.accepted.values()) <= {1}

    @invariant()
    def nothing_is_short_and_no_trade_too_big(self) -> None:
        for qty in self.story.gateway.positions.values():
            assert 0 <= qty <= SETTINGS.max_contracts

    @invariant()
    def the_mark_only_rises(self) -> None:
        assert self.story.book.high_water_mark >= self.highest
        self.highest = self.story.book.high_water_mark

    @invariant()
    def the_journal_knows_everything(self) -> None:
        reloaded = self._reloaded()
        for name in KEPT:
            ours, theirs = getattr(self.story.book, name), getattr(reloaded, name)
            assert ours == theirs, name
            if name in ("orders", "trades", "waiting"):
                assert list(ours) == list(theirs), name

    def teardown(self) -> None:
        try:
            self._end()
        finally:
            self.store.close()
            self.directory.cleanup()

    def _end(self) -> None:
        story = self.story
        story.gateway.rejects = 0
        story.gateway.answers_completed = True
        story.flows = True
        if story.book.degraded:
            story.hear(LinkRestored())
        if not story.is_connected:
            story.connect()
        self._flow()
        for _ in range(12):
            story.wait(10, step=1)
            for held in story.gateway.live():
                if held.order.purpose is Purpose.EXIT:
                    story.gateway.fill(held, 9, Decimal("0.35"))
                    self._flow()
        assert story.book.phase is Phase.TRADING
        self._judge()

    def _judge(self) -> None:
        story, gateway = self.story, self.story.gateway
        assert set(story.outcomes) == set(self.posts)
        assert not story.book.waiting
        for con_id, qty in gateway.positions.items():
            assert gateway.stops(con_id) == qty == gateway.working_sells(con_id)
        for held in gateway.live():
            assert held.order.side is Side.SELL
        for trade in story.book.open_trades():
            assert story.book.held(trade) > 0
            for order in story.book.orders_of(trade):
                assert order.status is not OrderStatus.IN_DOUBT
        held_by_us = sum(story.book.held(trade) for trade in story.book.open_trades())
        assert held_by_us == sum(gateway.positions.values())

    def _flow(self) -> None:
        self.story.gateway.now = self.story.now
        if self.story.is_connected and self.story.flows:
            self.story.settle()

    def _keep(self, book: Book) -> None:
        with self.store.transaction():
            self.journal.keep(book.changes)

    def _reloaded(self) -> Book:
        book = Book(SETTINGS)
        self.journal.load(book, self.story.now)
        return book


AnyStory.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyStory = AnyStory.TestCase
