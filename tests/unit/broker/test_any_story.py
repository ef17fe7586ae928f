"""Whatever traders post and whatever goes wrong, in whatever order: what must always be true."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from autoscalper.broker import journal, trading_day
from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command
from autoscalper.broker.events import CommandArrived, Event, LinkDegraded, LinkRestored
from autoscalper.broker.journal import Journal
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Ahead, Changes, Lookout, Phase
from autoscalper.domain import limits
from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.identity import ClientOrderId, PostId, TradeId
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    MoveStop,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    Targets,
    TrailBy,
    TrimTrade,
)
from autoscalper.domain.order import OrderStatus, OrderType, Purpose, Side
from autoscalper.domain.outcome import Outcome
from autoscalper.links import any_to_alert
from autoscalper.links.alert_to_broker import ChooseTrade, answer_to
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.unit.broker.model_gateway import Held
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, decide_and_tick, entry, named

#: What a book keeps over restarts, in an order that matters where it is a dictionary.
KEPT = (
    "orders",
    "trades",
    "waiting",
    "heard",
    "recent_alerts",
    "exec_ids",
    "contracts",
    "questions",
    "high_water_mark",
)
ORDERED = ("orders", "trades", "waiting", "questions")
#: May lose two trades a day, or a bit more.
LIMITS = replace(SETTINGS, daily_max_loss_percent=Decimal("0.3"))
#: In the same underlying as the call: its name alone leaves a choice.
LATER = replace(CALL, expiry=date(2026, 11, 27))


class StoryClock:
    """Tells the story's time."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def now(self) -> datetime:
        return self._story.now

    def monotonic(self) -> float:
        return self._story.now.timestamp()


class AnyStory:
    """Anything at all, one step after the other. Each takes its details from its own dice."""

    def __init__(self, directory: Path) -> None:
        self.story = Story(LIMITS)
        clock = StoryClock(self.story)
        self.store = Store(directory / "broker.db", durable=False, schema=journal.SCHEMA)
        notices = Log(self.store, any_to_alert.FROM_BROKER, clock)
        self.journal = Journal(self.store, notices)
        self.story.keep = self._keep
        self.posts: list[PostId] = []
        self.said: list[Event] = []
        self.highest = 0
        self.stops: dict[TradeId, Decimal] = {}
        self.bought: set[ClientOrderId] = set()
        self.story.connect()

    def nothing(self, dice: random.Random) -> None:
        """Nothing happens."""

    # What traders post.

    def enters(self, dice: random.Random) -> None:
        contract = dice.choice((CALL, PUT, LATER))
        self._post(dice, entry(contract, _price(dice)))

    def enters_and_is_filled(self, dice: random.Random) -> None:
        self.enters(dice)
        for held in self.story.gateway.live():
            if held.order.purpose is Purpose.ENTRY:
                self._fill(held, 2, dice)

    def adds(self, dice: random.Random) -> None:
        self._post(dice, AddToTrade(price=Decimal(_price(dice))))

    def trims(self, dice: random.Random) -> None:
        self._post(dice, TrimTrade(contract=_meant(dice), quantity=dice.choice((None, 1, 3))))

    def exits(self, dice: random.Random) -> None:
        self._post(dice, CloseTrade(contract=_meant(dice)))

    def answers(self, dice: random.Random) -> None:
        for question in list(self.story.book.questions.values()):
            command = ChooseTrade(
                command_id=answer_to(question.question_id),
                given_at=self.story.now,
                question_id=question.question_id,
                trade_id=dice.choice((None, *question.candidates)),
                is_all=dice.choice((True, False)),
            )
            self.story.hear(CommandArrived(command=command))
            self._flow()

    def cancels(self, dice: random.Random) -> None:
        self._post(dice, CancelEntry())

    def moves_stop(self, dice: random.Random) -> None:
        price = Decimal(dice.choice(("0.36", "0.38")))
        rule = dice.choice(
            (
                StopAtBreakEven(),
                StopAt(price=price),
                StopBelow(percent=Decimal(10)),
                TrailBy(percent=Decimal(20)),
                TrailBy(amount=price - Decimal("0.30")),
            )
        )
        self._post(dice, MoveStop(contract=_meant(dice), stop=rule))

    def sets_target(self, dice: random.Random) -> None:
        prices = dice.choice((("0.60",), ("0.90",), ("0.60", "0.90")))
        targets = Targets(
            prices=tuple(map(Decimal, prices)), leaves_runner=dice.choice((True, False))
        )
        self._post(dice, SetTargets(targets=targets))

    def edits(self, dice: random.Random) -> None:
        post_id = self._first_version(dice)
        if post_id is not None:
            self.posts.append(self.story.edit(post_id, entry(CALL, _price(dice))))

    def deletes(self, dice: random.Random) -> None:
        post_id = self._first_version(dice)
        if post_id is not None:
            self.posts.append(self.story.delete(post_id))

    # What the market and the gateway do.

    def fills(self, dice: random.Random) -> None:
        live = self.story.gateway.live()
        if live:
            self._fill(dice.choice(live), dice.choice((1, 2)), dice)

    def ends_an_order(self, dice: random.Random) -> None:
        live = self.story.gateway.live()
        if live:
            self.story.gateway.end(dice.choice(live))
            self._flow()

    def rejects(self, dice: random.Random) -> None:
        self.story.gateway.rejects = dice.randint(1, 3)

    def makes_inactive(self, dice: random.Random) -> None:
        self.story.gateway.makes_inactive = dice.randint(1, 3)

    def loses(self, dice: random.Random) -> None:
        self.story.gateway.loses = dice.randint(1, 3)

    def fails_to_validate(self, dice: random.Random) -> None:
        self.story.gateway.fails_to_validate = dice.randint(1, 3)

    def quotes(self, dice: random.Random) -> None:
        self.story.quote(*dice.choice((("0.38", "0.40"), ("0.44", "0.46"), ("0.20", "0.30"))))
        self._flow()

    def withholds_completed(self, dice: random.Random) -> None:
        self.story.gateway.answers_completed = dice.choice((True, False))

    def time_goes_on(self, dice: random.Random) -> None:
        self.story.wait(dice.choice((0.5, 0.5, 1.5, 1.5, 4, 40, 700)))

    # What goes wrong between the two.

    def connection_ends(self, dice: random.Random) -> None:
        if self.story.is_connected:
            self.story.gateway.take_in(dice.choice((0, 1, 2, None)))
            self.story.lose()

    def process_is_killed(self, dice: random.Random) -> None:
        if self.story.is_connected:
            self.story.gateway.take_in(dice.choice((0, 1, 2, None)))
            self.story.is_connected = False
            self.story.gateway.inbox, self.story.gateway.outbox = [], []
            self.story.book = self._reloaded()

    def connects(self, dice: random.Random) -> None:
        if not self.story.is_connected:
            self.story.connect()

    def link_degrades(self, dice: random.Random) -> None:
        if self.story.is_connected and not self.story.book.degraded:
            self.story.hear(LinkDegraded())
            self._flow()

    def link_is_restored(self, dice: random.Random) -> None:
        if self.story.is_connected and self.story.book.degraded:
            self.story.hear(LinkRestored())
            self._flow()

    def gateway_slows_down(self, dice: random.Random) -> None:
        self.story.flows = False

    def gateway_hurries_up(self, dice: random.Random) -> None:
        self.story.flows = True
        self._flow()

    def some_arrives(self, dice: random.Random) -> None:
        gateway = self.story.gateway
        gateway.take_in(dice.randint(0, 3))
        events = dice.randint(0, 4)
        said, gateway.outbox = gateway.outbox[:events], gateway.outbox[events:]
        self.said = [*self.said, *said][-10:]
        if self.story.is_connected:
            self.story.hear(*said)
            self._flow()

    def gateway_repeats_itself(self, dice: random.Random) -> None:
        if self.said and self.story.is_connected:
            self.story.hear(dice.choice(self.said))
            self._flow()

    # What must be true.

    def judge_the_moment(self) -> None:
        gateway, book = self.story.gateway, self.story.book
        assert set(gateway.accepted.values()) <= {1}, "an order is there twice"
        for qty in gateway.positions.values():
            assert 0 <= qty <= LIMITS.max_contracts
        for con_id, qty in gateway.positions.items():
            assert gateway.working_sells(con_id) <= qty, "more is for sale than is held"
        assert book.high_water_mark >= self.highest
        self.highest = book.high_water_mark
        for trade in book.trades.values():
            assert trade.stop_price >= self.stops.get(trade.trade_id, Decimal(0))
            self.stops[trade.trade_id] = trade.stop_price

    def judge_new_buys(self) -> None:
        """Let no decision order more than the risk and the day bear."""
        book = self.story.book
        for order in book.orders.values():
            if order.side is not Side.BUY or order.client_order_id in self.bought:
                continue
            self.bought.add(order.client_order_id)
            trade = book.trades[order.trade_id]
            limit = order.terms.limit_price
            assert limit is not None
            risked = (limit - trade.stop_price) * order.terms.order_qty * 100
            day = trading_day.today(book, self.story.now, LIMITS)
            assert 0 < risked <= book.balance() * LIMITS.risk_per_trade_percent / 100
            assert not limits.is_loss_reached(day)
            assert risked <= day.allowance

    def judge_the_journal(self) -> None:
        book, reloaded = self.story.book, self._reloaded()
        for name in KEPT:
            assert getattr(book, name) == getattr(reloaded, name), name
        for name in ORDERED:
            assert list(getattr(book, name)) == list(getattr(reloaded, name)), name

    def judge_the_end(self) -> None:
        story, gateway = self.story, self.story.gateway
        self._come_to_rest()
        assert story.book.phase is Phase.TRADING
        assert set(story.outcomes) == set(self.posts)
        assert not story.book.waiting and not story.book.questions
        for con_id, qty in gateway.positions.items():
            assert gateway.stops(con_id) == qty == gateway.working_sells(con_id)
        assert all(held.order.side is Side.SELL for held in gateway.live())
        for trade in story.book.open_trades():
            orders = story.book.orders_of(trade)
            for stop in orders:
                if stop.is_live and stop.purpose is Purpose.STOP_LOSS:
                    resting = gateway.orders[stop.ib_order_id]
                    assert (resting.order.order_type, resting.order.trail) == _kind(trade)
                    assert (resting.terms.stop_price or 0) >= trade.stop_price
            assert not any(order.status is OrderStatus.IN_DOUBT for order in orders)
        held = [story.book.held(trade) for trade in story.book.open_trades()]
        assert sum(held) == sum(gateway.positions.values())
        assert 0 not in held

    def _come_to_rest(self) -> None:
        story, gateway = self.story, self.story.gateway
        gateway.rejects = gateway.makes_inactive = 0
        gateway.fails_to_validate = gateway.loses = 0
        gateway.answers_completed = story.flows = True
        if story.book.degraded and story.is_connected:
            story.hear(LinkRestored())
        if not story.is_connected:
            story.connect()
        self._flow()
        for _ in range(12):
            story.wait(10, step=1)
            for held in gateway.live():
                if held.order.purpose is Purpose.EXIT:
                    self._fill(held, 9, random.Random(0))

    def _post(self, dice: random.Random, instruction: Instruction) -> None:
        author = dice.choice(("anna", "ben"))
        self.posts.append(self.story.post(instruction, author=author))

    def _first_version(self, dice: random.Random) -> PostId | None:
        first = [each for each in self.posts if each.endswith(".1")]
        chosen = dice.choice(first) if first else None
        changed = chosen is not None and PostId(f"{chosen[:-2]}.2") in self.posts
        return None if changed else chosen

    def _fill(self, held: Held, qty: int, dice: random.Random) -> None:
        self.story.gateway.fill(held, qty, Decimal(_price(dice)))
        self._flow()

    def _flow(self) -> None:
        self.story.gateway.now = self.story.now
        if self.story.is_connected and self.story.flows:
            self.story.settle()

    def _keep(self, book: Book) -> None:
        self.judge_new_buys()
        with self.store.transaction():
            self.journal.keep(book.changes)

    def _reloaded(self) -> Book:
        book = Book(LIMITS)
        self.journal.load(book, self.story.now)
        return book


class TwoBooks(AnyStory):
    """Decides everything a second time on a book that comes fresh from the journal."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        hear = self.story.hear

        def hear_twice(*events: Event) -> list[Command]:
            wanted = []
            for event in events:
                twin = self._twin()
                again = decide_and_tick(twin, event, self.story.now)
                first = hear(event)
                assert first == again
                wanted += first
            return wanted

        self.story.hear = hear_twice  # type: ignore[method-assign]

    def _twin(self) -> Book:
        twin = self._reloaded()
        for name, value in vars(self.story.book).items():
            if name not in (*KEPT, "changes", "at_hand") and not name.startswith("_"):
                is_shared = isinstance(value, dict | Lookout | Ahead)
                setattr(twin, name, deepcopy(value) if is_shared else value)
        # A book that was just loaded would look at every trade.
        twin.at_hand._unsettled = set(self.story.book.at_hand._unsettled)
        return twin


class PowerCuts(AnyStory):
    """The power goes, and with it what the broker kept and did not wait for the disk with."""

    def __init__(self, directory: Path) -> None:
        self._at_risk: list[Changes] = []
        self._lost: dict[PostId, Outcome] = {}
        super().__init__(directory)

    def process_is_killed(self, dice: random.Random) -> None:
        self._lose()
        super().process_is_killed(dice)

    def judge_the_end(self) -> None:
        super().judge_the_end()
        for post_id, outcome in self._lost.items():
            assert self.story.outcomes[post_id].kind is outcome.kind, "another was told"

    def judge_the_journal(self) -> None:
        self._settle()
        super().judge_the_journal()

    def _keep(self, book: Book) -> None:
        self.judge_new_buys()
        self._at_risk.append(book.take_changes())
        if self._at_risk[-1].must_last:
            self._settle()

    def _lose(self) -> None:
        if not self.story.is_connected:
            return
        for changes in self._at_risk:
            for _, message in changes.notices:
                if isinstance(message, any_to_alert.OutcomeDecided):
                    self._lost[message.post_id] = self.story.outcomes.pop(message.post_id)
        self._at_risk = []

    def _settle(self) -> None:
        with self.store.transaction():
            for changes in self._at_risk:
                self.journal.keep(changes)
        self._at_risk = []


def _kind(trade: Trade) -> tuple[OrderType, TrailBy | None]:
    fixed = trade.trail is None
    return OrderType.STOP if fixed else OrderType.TRAILING_STOP, trade.trail


def _meant(dice: random.Random) -> ContractTerms:
    return dice.choice((ContractTerms(), ContractTerms(underlying="IWM"), named(CALL), named(PUT)))


def _price(dice: random.Random) -> str:
    # Many, because the same price again within ten minutes is a repost.
    return f"0.{dice.randint(30, 48)}"


Step = Callable[[AnyStory, random.Random], None]

#: How often each step is taken, the harmless one first: a failing story shrinks towards it.
WEIGHTS: dict[Step, int] = {
    AnyStory.nothing: 1,
    AnyStory.time_goes_on: 12,
    AnyStory.fills: 14,
    AnyStory.enters_and_is_filled: 6,
    AnyStory.enters: 3,
    AnyStory.adds: 4,
    AnyStory.trims: 4,
    AnyStory.exits: 4,
    AnyStory.answers: 2,
    AnyStory.cancels: 1,
    AnyStory.moves_stop: 3,
    AnyStory.sets_target: 2,
    AnyStory.edits: 2,
    AnyStory.deletes: 2,
    AnyStory.ends_an_order: 2,
    AnyStory.rejects: 1,
    AnyStory.makes_inactive: 1,
    AnyStory.fails_to_validate: 1,
    AnyStory.loses: 1,
    AnyStory.quotes: 3,
    AnyStory.withholds_completed: 1,
    AnyStory.connects: 14,
    AnyStory.connection_ends: 4,
    AnyStory.process_is_killed: 4,
    AnyStory.link_degrades: 1,
    AnyStory.link_is_restored: 5,
    AnyStory.gateway_slows_down: 3,
    AnyStory.gateway_hurries_up: 4,
    AnyStory.some_arrives: 14,
    AnyStory.gateway_repeats_itself: 3,
}
STEPS = [step for step, weight in WEIGHTS.items() for _ in range(weight)]
STORIES = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 999)), min_size=60, max_size=160
)


def play(kind: type[AnyStory], steps: list[tuple[Step, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        any_story = kind(Path(directory))
        try:
            for step, number in steps:
                getattr(any_story, step.__name__)(random.Random(number))
                any_story.judge_the_moment()
            any_story.judge_the_journal()
            any_story.judge_the_end()
        finally:
            any_story.store.close()


@settings(max_examples=50, deadline=None)
@given(STORIES)
def test_no_story_doubles_an_order_sells_short_leaves_a_position_bare_or_forgets_a_post(
    steps: list[tuple[Step, int]],
) -> None:
    play(AnyStory, steps)


@settings(max_examples=5, deadline=None)
@given(STORIES)
def test_a_book_from_the_journal_decides_as_the_one_that_was_lost_would_have(
    steps: list[tuple[Step, int]],
) -> None:
    play(TwoBooks, steps)


@settings(max_examples=50, deadline=None)
@given(STORIES)
def test_nor_does_one_in_which_the_power_goes_with_all_that_was_not_waited_for(
    steps: list[tuple[Step, int]],
) -> None:
    play(PowerCuts, steps)
