"""The gateway without its sockets: takes what clients send, decides, and fills their outboxes."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from typing import assert_never

from autoscalper.simulator import replies, requests
from autoscalper.simulator.account_desk import AccountDesk
from autoscalper.simulator.commands import WhileDown
from autoscalper.simulator.order_desk import OrderDesk
from autoscalper.simulator.orders import Fact, Opened
from autoscalper.simulator.quote_desk import QuoteDesk
from autoscalper.simulator.reference_desk import ReferenceDesk
from autoscalper.simulator.relay_desk import RelayDesk
from autoscalper.simulator.requests import Request
from autoscalper.simulator.session import Session
from autoscalper.simulator.sessions import exchange_day
from autoscalper.simulator.world import World

logger = logging.getLogger(__name__)

_FARMS = (
    (2104, "Market data farm connection is OK:usopt"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)
_NO_SERVER = (
    (
        2110,
        "Connectivity between Trader Workstation and server is broken. It will be restored"
        " automatically.",
    ),
)
#: Requests that a read-only gateway refuses.
_WRITING = (
    requests.PlaceOrder
    | requests.CancelOrder
    | requests.GlobalCancel
    | requests.RequestOpenOrders
    | requests.RequestAllOpenOrders
    | requests.RequestAutoOpenOrders
    | requests.RequestCompletedOrders
)
#: How late an order may start or expire.
_LOOK_INTERVAL = timedelta(seconds=1)
#: How often account values are sent unasked (TWS API, "Account updates": every three minutes).
_REFRESH_INTERVAL = timedelta(minutes=3)
#: Requests that another gateway answers while its market is followed.
_RELAYED = requests.QuoteRequest | requests.ReferenceRequest
#: Requests that a gateway cannot answer by itself.
_SENT_ON = requests.PlaceOrder | requests.CancelOrder | requests.GlobalCancel


class Gateway:
    """Answers requests of named clients and lets time and prices act on the book."""

    def __init__(self, world: World) -> None:
        """Work on ``world``."""
        self.world = world
        self.accounts = AccountDesk(world)
        self.orders = OrderDesk(world, self.accounts)
        self.quotes = QuoteDesk(world)
        self.reference = ReferenceDesk(world)
        #: In the place of the two before, while another gateway's market is followed.
        self.relay = RelayDesk(world) if world.followed is not None else None
        #: How many messages of each name came in.
        self.received: Counter[str] = Counter()
        self._day = exchange_day(world.now())
        self._looked_at = world.now() - _LOOK_INTERVAL
        self._refreshed_at = world.now()
        #: What becomes of orders while the link to IBKR is down; None while it is up.
        self._link_down: WhileDown | None = None
        self._waiting: list[tuple[Session, int, Request]] = []

    def start(self, session: Session, client_id: int) -> None:
        """Begin to answer a client: its accounts, its next order id, and the farm notices."""
        session.client_id = client_id
        self.world.sessions.append(session)
        if self._link_down is not None:
            session.hold_news()
        session.send(
            replies.managed_accounts(self.world.settings.simulator_account),
            replies.next_valid_id(self.world.book.next_order_id(client_id)),
        )
        for code, text in _FARMS if self._link_down is None else _NO_SERVER:
            session.error(-1, code, text)

    def leave(self, session: Session) -> None:
        """Forget a client whose connection is gone; its orders stay."""
        if session in self.world.sessions:
            self.world.sessions.remove(session)

    def answer(self, session: Session, client_id: int, request: Request) -> None:
        """Do what a client asks and leave the replies in the outboxes."""
        if self.world.settings.simulator_read_only and isinstance(request, _WRITING):
            session.invalid(-1, "The API interface is currently in Read-Only mode.")
            return
        if self._link_down is not None and isinstance(request, _SENT_ON):
            self._answer_offline(session, client_id, request, self._link_down)
        elif isinstance(request, requests.OrderRequest):
            self.orders.answer(session, client_id, request)
        elif isinstance(request, requests.AccountRequest):
            self.accounts.answer(session, request)
        elif self.relay is not None and isinstance(request, _RELAYED):
            self.relay.answer(session, request)
        elif isinstance(request, requests.QuoteRequest):
            self.quotes.answer(session, request)
        elif isinstance(request, requests.ReferenceRequest):
            self.reference.answer(session, request)
        else:
            self._answer_plain(session, client_id, request)

    def step(self, *, moves: bool = True) -> None:
        """Let the clock do its work and, if it ``moves``, the market take a step."""
        if self._link_down is not None:
            return
        world = self.world
        self._turn_day()
        woken = self._look_at_the_clock()
        waiting = {fact.order.terms.con_id for fact in woken if isinstance(fact, Opened)}
        for con_id in waiting | world.book.sliced_contracts():
            self.orders.match(world.contract(con_id))
        if moves:
            self.let_prices_act()
        if self.relay is not None:
            self.relay.tend()
            return
        self.quotes.push()
        world.market.keep_only(world.wanted_contracts())

    def let_prices_act(self) -> None:
        """Let the market take a step, and the orders trade that it reaches."""
        world = self.world
        for contract, quote in world.market.step(world.now()):
            self.orders.publish(world.book.on_quote(contract.con_id, quote, world.now()))

    def _look_at_the_clock(self) -> list[Fact]:
        now = self.world.now()
        # Going through all orders takes time. A clock that was moved is looked at once.
        if abs(now - self._looked_at) < _LOOK_INTERVAL:
            return []
        self._looked_at = now
        facts = self.world.book.on_time(now)
        self.orders.publish(facts)
        self.accounts.tell_profit()
        if abs(now - self._refreshed_at) >= _REFRESH_INTERVAL:
            self._refreshed_at = now
            self.accounts.refresh()
        return facts

    def lose_link(self, orders: WhileDown) -> None:
        """Lose the link to IBKR; ``orders`` says what becomes of those that come in meanwhile."""
        self._link_down = orders
        for session in self.world.sessions:
            session.hold_news()

    def restore_link(self) -> None:
        """Have the link back: do what waited, and tell what happened meanwhile."""
        self._link_down = None
        for session in self.world.sessions:
            session.release_news()
        waiting, self._waiting = self._waiting, []
        for session, client_id, request in waiting:
            self.answer(session, client_id, request)

    def _answer_offline(
        self, session: Session, client_id: int, request: Request, mode: WhileDown
    ) -> None:
        forks = mode is WhileDown.FORK and self._amends(client_id, request)
        if forks and isinstance(request, requests.PlaceOrder):
            self.orders.place(session, client_id, request, forks=True)
        elif mode is not WhileDown.VANISH:
            self._waiting.append((session, client_id, request))

    def _amends(self, client_id: int, request: Request) -> bool:
        if not isinstance(request, requests.PlaceOrder):
            return False
        return self.world.book.live.named((client_id, request.order_id)) is not None

    def _answer_plain(
        self, session: Session, client_id: int, request: requests.PlainRequest
    ) -> None:
        match request:
            case requests.StartApi():
                session.error(-1, 501, "Already connected.")
            case requests.RequestIds():
                session.send(replies.next_valid_id(self.world.book.next_order_id(client_id)))
            case requests.RequestManagedAccounts():
                session.send(replies.managed_accounts(self.world.settings.simulator_account))
            case requests.RequestCurrentTime():
                session.send(replies.current_time(self.world.now()))
            case requests.Unknown(message_id=message_id):
                logger.warning("unknown request message_id=%s", message_id)
                session.error(-1, 505, f"Fatal Error: Unknown message id. {message_id}")
            case _:
                assert_never(request)

    def _turn_day(self) -> None:
        today = exchange_day(self.world.now())
        if today == self._day:
            return
        self._day = today
        account, changes = self.world.account, self.world.changes
        for held in account.positions():
            expiry = self.world.contract(held.con_id).expiry
            if expiry is not None and expiry < today:
                account.settle(held.con_id, self.world.price_of(held.con_id))
        account.forget_day()
        changes.forget_positions = True
        changes.positions = {held.con_id: held for held in account.positions()}
        changes.cash = account.cash
