"""Everything that the broker knows, in memory, with a note of what changed since it was kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

import msgspec

from autoscalper.broker import targets
from autoscalper.broker.at_hand import AtHand
from autoscalper.broker.events import ContractDetails, Fill, Holding, Snapshot, execution_of
from autoscalper.broker.orders import Order, Terms, Trade, client_order_id_of, net_qty
from autoscalper.broker.records import (
    Ahead,
    Changes,
    Lookout,
    Phase,
    Question,
    Quote,
    Request,
    Waiting,
)
from autoscalper.broker.words import outcome_of
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import (
    ClientOrderId,
    CommandId,
    ConId,
    ExecId,
    IbOrderId,
    PostId,
    QuestionId,
    SignalId,
    TradeId,
)
from autoscalper.domain.instruction import TrailBy
from autoscalper.domain.order import OrderStatus, OrderType, Purpose, Side
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.post import Post
from autoscalper.domain.profiles import InChannel, Profiles, narrowed
from autoscalper.domain.settings import BrokerSettings
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import CommandState


class Book:
    """The broker's state. Only the core changes it, and only through these methods."""

    def __init__(
        self, settings: BrokerSettings, profiles: Profiles | None = None, *, is_paper: bool = False
    ) -> None:
        """Start with nothing known, on paper or not; the journal fills it."""
        self.settings = settings
        self.is_paper = is_paper
        self.profiles = profiles or Profiles()
        self.paused = False
        #: The last trading day that lost all that it may.
        self.over_on: date | None = None
        self.high_water_mark = IbOrderId(0)
        self.orders: dict[ClientOrderId, Order] = {}
        self.trades: dict[TradeId, Trade] = {}
        self.waiting: dict[SignalId, Waiting] = {}
        self.requests: dict[CommandId, Request] = {}
        self.questions: dict[QuestionId, Question] = {}
        self.heard: dict[PostId, datetime] = {}
        #: When what alert was last posted, by its key, so that a repost is known.
        self.recent_alerts: dict[str, datetime] = {}
        self.exec_ids: set[ExecId] = set()
        #: The fills of the trades that are remembered.
        self.fills: dict[TradeId, list[Fill]] = {}
        self.contracts: dict[OptionContract, ContractDetails] = {}
        self.changes = Changes()
        self.at_hand = AtHand()
        self._begin_anew()

    def _begin_anew(self) -> None:
        # What is not known after a start.
        self.phase = Phase.DOWN
        #: Since when, None before the first try; and what of it was told.
        self.phase_since: datetime | None = None
        self.phase_told: Phase | None = None
        self.attempts = 0
        self.account = ""
        self.degraded = False
        #: When the gateway's evidence was last taken in whole.
        self.reconciled_at: datetime | None = None
        #: The mark when the present connection began: orders above it left over this one.
        self.sent_before = IbOrderId(0)
        self.missed: dict[PostId, Waiting] = {}
        #: What was last told of each trade and each order.
        self.told: dict[TradeId, any_to_alert.TradeChanged] = {}
        self.told_orders: dict[ClientOrderId, any_to_alert.OrderChanged] = {}
        self.warned: set[str] = set()
        self.lookout = Lookout()
        #: When what is old was last forgotten.
        self.forgot_at: datetime | None = None
        self.quotes: dict[OptionContract, Quote] = {}
        self.ahead = Ahead()
        #: What quotes are streamed of over the present connection, and when they were last needed.
        self.watched: dict[OptionContract, datetime] = {}
        #: What IBKR had no line for, and when to ask again.
        self.lines_refused: dict[OptionContract, datetime] = {}
        #: The last full snapshot, and what filled by contract since it was taken.
        self.snapshot: Snapshot | None = None
        self.filled_since_snapshot: dict[ConId, int] = {}
        #: What the account holds, ours and others', as it was last told.
        self.holdings: dict[ConId, Holding] = {}
        #: The newest question for a snapshot: its number, its time, and whether it is answered.
        self.snapshot_number = 0
        self.snapshot_asked_at: datetime | None = None
        self.snapshot_awaited = False
        #: Dollars, as the gateway last told them.
        self.net_liquidation: Decimal | None = None
        self.available_funds: Decimal | None = None

    def take_changes(self) -> Changes:
        """Return what changed since the last call, to be kept."""
        changes, self.changes = self.changes, Changes()
        return changes

    def put_order(self, order: Order) -> None:
        """Remember an order as it is now."""
        before = self.orders.get(order.client_order_id)
        if before is None:
            self.at_hand.put_order(order)
        elif order.side is Side.BUY and before.is_live and not order.is_live:
            order = self._take_off(order)
        elif order.purpose is Purpose.TAKE_PROFIT and before.is_live:
            self._pass_target(order)
        self.at_hand.change(order)
        self.orders[order.client_order_id] = order
        self.changes.orders[order.client_order_id] = order

    def _take_off(self, ended: Order) -> Order:
        trade = self.trades[ended.trade_id]
        unfilled = ended.terms.order_qty - ended.cum_qty
        # An add that bought nothing was none.
        adds = trade.adds - (ended.purpose is Purpose.ADD and ended.cum_qty == 0)
        if unfilled > 0 and not ended.is_taken_off:
            hold = max(trade.hold - unfilled, 0)
            self.put_trade(msgspec.structs.replace(trade, hold=hold, adds=max(adds, 0)))
        return msgspec.structs.replace(ended, is_taken_off=True)

    def _pass_target(self, ended: Order) -> None:
        trade, price = self.trades[ended.trade_id], ended.terms.limit_price
        if ended.status is OrderStatus.FILLED and price is not None:
            self.put_trade(targets.without(trade, price))

    def put_trade(self, trade: Trade) -> None:
        """Remember a trade as it is now."""
        self.at_hand.put(trade)
        self.trades[trade.trade_id] = trade
        self.changes.trades[trade.trade_id] = trade

    def forget_trade(self, trade_id: TradeId) -> None:
        """Think no more of a trade and all that belongs to it."""
        for order in self.orders_of(self.trades[trade_id]):
            self.at_hand.forget_order(self.orders.pop(order.client_order_id))
            self.told_orders.pop(order.client_order_id, None)
        for fill in self.fills.pop(trade_id, ()):
            self.exec_ids.discard(execution_of(fill.exec_id))
        self.told.pop(trade_id, None)
        self.at_hand.forget(trade_id)
        del self.trades[trade_id]

    def wait(self, waiting: Waiting) -> None:
        """Remember an entry that is not decided yet, or what is new about it."""
        self.at_hand.wait(waiting)
        self.waiting[waiting.signal.signal_id] = waiting
        self.changes.waiting[waiting.signal.signal_id] = waiting

    def stop_waiting(self, signal_id: SignalId) -> None:
        """Forget an entry that is decided."""
        self.at_hand.stop_waiting(self.waiting.pop(signal_id, None))
        self.changes.waiting[signal_id] = None

    def miss(self, waiting: Waiting) -> None:
        """Remember an entry that came too late and can be taken by hand."""
        post_id = waiting.signal.post.post_id
        self.missed[post_id] = self.changes.missed[post_id] = waiting

    def stop_missing(self, post_id: PostId) -> None:
        """Forget an entry that was taken by hand, or cannot be any more."""
        self.missed.pop(post_id, None)
        self.changes.missed[post_id] = None

    def ask(self, question: Question) -> None:
        """Remember a question to the operator, or what is new about it."""
        self.questions[question.question_id] = question
        self.changes.questions[question.question_id] = question

    def stop_asking(self, question_id: QuestionId) -> None:
        """Forget a question that is over."""
        self.questions.pop(question_id, None)
        self.changes.questions[question_id] = None

    def hear(self, post_id: PostId, now: datetime) -> bool:
        """Return whether a post's signal is heard for the first time, and remember it."""
        if post_id in self.heard:
            return False
        self.heard[post_id] = now
        self.changes.heard[post_id] = now
        return True

    def remember_alert(self, key: str, posted_at: datetime) -> None:
        """Remember when an alert was posted."""
        self.recent_alerts[key] = posted_at
        self.changes.recent_alerts[key] = posted_at

    def put_fill(self, fill: Fill) -> bool:
        """Return whether a fill is new, and remember it."""
        execution = execution_of(fill.exec_id)
        if execution in self.exec_ids:
            return False
        self.exec_ids.add(execution)
        self.remember_fill(fill)
        self.changes.fills[fill.exec_id] = fill
        return True

    def remember_fill(self, fill: Fill) -> None:
        """Have a fill that is kept at hand with its trade."""
        order = self.orders.get(fill.client_order_id)
        if order is not None:
            self.fills.setdefault(order.trade_id, []).append(fill)
            self.at_hand.touch(order.trade_id)

    def end_day(self, day: date) -> None:
        """Risk no more on ``day``, over restarts."""
        self.over_on = day
        self.changes.over_on = day

    def put_contract(self, contract: OptionContract, details: ContractDetails) -> None:
        """Remember what IBKR says of a contract."""
        self.contracts[contract] = details
        self.changes.contracts[contract] = details

    def ask_for_snapshot(self, now: datetime) -> int:
        """Return the number of a new question; answers to older ones are no evidence any more."""
        self.snapshot_number += 1
        self.snapshot_asked_at, self.snapshot_awaited = now, True
        return self.snapshot_number

    def notify(self, key: str, message: any_to_alert.Message) -> None:
        """Tell the user something, once per ``key``."""
        marked = msgspec.structs.replace(message, is_paper=self.is_paper)
        self.changes.notices.append((key, marked))

    def warn(self, key: str, text: str, now: datetime) -> None:
        """Tell the user what needs a person, once per ``key``; meant for what stays as it is."""
        if key in self.warned:
            return
        self.warned.add(key)
        level = any_to_alert.Level.CRITICAL
        self.notify(key, any_to_alert.Reported(level=level, text=text, reported_at=now))

    def pause(self, paused: bool) -> None:
        """Stop or allow new entries, over restarts."""
        self.paused = paused
        self.changes.paused = paused

    def put_request(self, request: Request) -> None:
        """Remember how far a command of the operator is."""
        self.requests[request.command.command_id] = request
        self.changes.requests[request.command.command_id] = request

    def answer(self, request: Request, now: datetime) -> None:
        """Remember how far a command of the operator is, and tell."""
        command_id = request.command.command_id
        self.put_request(request)
        self.tell_answer(command_id, request.state, request.lines, now)

    def tell_answer(
        self, command_id: CommandId, state: CommandState, lines: tuple[str, ...], now: datetime
    ) -> None:
        """Tell how far a command is, given or not."""
        self.notify(
            f"command {command_id} {state.value} {now.isoformat()}",
            any_to_alert.CommandAnswered(
                command_id=command_id, state=state, lines=lines, answered_at=now
            ),
        )

    def raise_high_water_mark(self, used: IbOrderId) -> None:
        """Make sure that no order id up to ``used`` is given out again."""
        if used > self.high_water_mark:
            self.high_water_mark = used
            self.changes.high_water_mark = used

    def next_ib_order_id(self) -> IbOrderId:
        """Return an order id that no order ever had."""
        self.raise_high_water_mark(IbOrderId(self.high_water_mark + 1))
        return self.high_water_mark

    def new_order(
        self,
        trade: Trade,
        purpose: Purpose,
        order_type: OrderType,
        terms: Terms,
        now: datetime,
        *,
        parent: Order | None = None,
        oca_group: str = "",
        trail: TrailBy | None = None,
        active_at: datetime | None = None,
        ends_at: datetime | None = None,
        ordered_by: SignalId | None = None,
    ) -> Order:
        """Return a new intent of ``trade``, remembered and in doubt until the gateway has it."""
        buys = purpose in (Purpose.ENTRY, Purpose.ADD)
        order = Order(
            client_order_id=client_order_id_of(trade.trade_id, purpose, self.count(trade, purpose)),
            ib_order_id=self.next_ib_order_id(),
            trade_id=trade.trade_id,
            contract=trade.contract,
            purpose=purpose,
            side=Side.BUY if buys else Side.SELL,
            order_type=order_type,
            terms=terms,
            ordered_by=ordered_by or (parent.ordered_by if parent else None),
            parent=parent.client_order_id if parent else None,
            parent_ib_order_id=parent.ib_order_id if parent else None,
            oca_group=oca_group,
            trail=trail,
            active_at=active_at,
            ends_at=ends_at,
            created_at=now,
            doubted_at=now,
        )
        self.put_order(order)
        return order

    def count(self, trade: Trade, purpose: Purpose) -> int:
        """Return how many orders ``trade`` ever had for ``purpose``."""
        return sum(order.purpose is purpose for order in self.orders_of(trade))

    def order_by_ib_id(self, ib_order_id: IbOrderId) -> Order | None:
        """Return our order with that id of IBKR's, None if it is not ours."""
        return self.orders.get(self.at_hand.by_ib_order_id.get(ib_order_id, ClientOrderId("")))

    def orders_of(self, trade: Trade) -> list[Order]:
        """Return the orders of a trade in the order in which they were decided."""
        return [self.orders[each] for each in self.at_hand.orders.get(trade.trade_id, ())]

    def open_trades(self) -> list[Trade]:
        """Return the trades that are not flat for good, oldest first."""
        return list(self.at_hand.open.values())

    def held(self, trade: Trade) -> int:
        """Return how many contracts a trade holds; never counted twice, negative means short."""
        return net_qty(self.orders_of(trade)) - trade.external_qty

    def coming(self, trade: Trade) -> int:
        """Return how many contracts a trade's working buys can still bring."""
        return sum(order.leaves_qty for order in self.orders_of(trade) if order.side is Side.BUY)

    def settings_for(self, posted: InChannel) -> BrokerSettings:
        """Return the settings that hold in the channel of a post or a trade."""
        return narrowed(self.settings, self.profiles.of(posted))

    def balance(self) -> Decimal:
        """Return the dollars that risk is a percentage of."""
        settings = self.settings
        if self.net_liquidation is None:
            return settings.account_balance
        if settings.account_balance_cap:
            return min(self.net_liquidation, settings.account_balance)
        return self.net_liquidation

    def settle(
        self,
        post: Post,
        outcome: Outcome,
        now: datetime,
        *,
        understood: str,
        trade: Trade | None = None,
        orders: Iterable[Order] = (),
        decision: any_to_alert.Decision | None = None,
    ) -> None:
        """Give an alert its outcome. The first one counts; the log refuses a second.

        The outcome of an entry that the operator took late is the answer to that command.
        """
        taken = self._request_to_take(post.post_id)
        if taken is not None:
            is_done = outcome.kind is OutcomeKind.TRADED
            state = CommandState.DONE if is_done else CommandState.REFUSED
            self.answer(msgspec.structs.replace(taken, state=state, lines=(str(outcome),)), now)
            return
        told = outcome_of(post, outcome, now, understood, trade, list(orders), decision)
        self.notify(f"outcome {post.post_id}", told)

    def _request_to_take(self, post_id: PostId) -> Request | None:
        meant = (each for each in self.requests.values() if each.takes(post_id))
        return next(meant, None)
