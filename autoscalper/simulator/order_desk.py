"""Answers what is asked about orders, and tells clients what becomes of them.

The owner of an order hears everything about it; so do client 0 and the master client (TWS API,
"Master API client").
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import assert_never

import msgspec

from autoscalper.domain.identity import ExecId
from autoscalper.simulator import (
    order_replies,
    rejections,
    replies,
    requests,
    sessions,
    terms,
    times,
)
from autoscalper.simulator.account import cents, commission_of
from autoscalper.simulator.account_desk import AccountDesk
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.market_rules import tick_at
from autoscalper.simulator.orders import (
    Cancelled,
    Executed,
    Execution,
    Fact,
    Kept,
    Opened,
    Order,
    Refused,
    Rejected,
    Side,
    Status,
    Submission,
)
from autoscalper.simulator.requests import PlaceOrder, RequestExecutions
from autoscalper.simulator.session import Session
from autoscalper.simulator.transitions import with_status
from autoscalper.simulator.world import World

logger = logging.getLogger(__name__)


class OrderDesk:
    """Requests about orders and executions."""

    def __init__(self, world: World, account_desk: AccountDesk) -> None:
        """Work on ``world``; ``account_desk`` tells its subscribers about fills."""
        self._world = world
        self._account_desk = account_desk
        self._matches = True

    def answer(self, session: Session, client_id: int, request: requests.OrderRequest) -> None:
        """Do what a client asks about orders."""
        match request:
            case requests.PlaceOrder():
                self.place(session, client_id, request)
            case requests.CancelOrder(order_id=order_id):
                self.publish(self._world.book.cancel((client_id, order_id), self._world.now()))
            case requests.GlobalCancel():
                self.publish(self._world.book.cancel_all(self._world.now()))
            case requests.RequestOpenOrders():
                self._send_open_orders(session, client_id)
            case requests.RequestAllOpenOrders():
                self._send_open_orders(session, None)
            case requests.RequestAutoOpenOrders():
                pass  # binds orders placed by hand, of which there are none
            case requests.RequestCompletedOrders():
                self._send_completed_orders(session)
            case requests.RequestExecutions():
                self._send_executions(session, request)
            case _:
                assert_never(request)

    def place(
        self, session: Session, client_id: int, request: PlaceOrder, *, forks: bool = False
    ) -> None:
        """Place or amend an order, and fill what the market has for it at once.

        With ``forks`` an amendment leaves two live orders.
        """
        world, now = self._world, self._world.now()
        key = (client_id, request.order_id)
        found = world.find_contracts(request.contract)
        if len(found) != 1:
            session.error(request.order_id, 200, NO_DEFINITION)
            return
        contract = found[0]
        account = world.settings.simulator_account
        wanted = terms.read_terms(request, contract, account, now)
        if isinstance(wanted, terms.Refusal):
            self._refuse(session, request.order_id, wanted)
            return
        submission = Submission(
            key=key,
            terms=wanted,
            echo=terms.echo_of(request),
            echo_blocks={name: block for name, block in request.blocks.items() if name in _ECHOED},
            rejection=rejections.rejection(world, wanted, contract),
        )
        if request.fields["whatIf"] == "1":
            self._what_if(session, submission, contract, now)
            return
        if wanted.limit_price is not None and not wanted.parent_id:
            world.market.anchor(contract, wanted.side, wanted.limit_price, now)
        amended = world.book.live.named(key)
        if forks and amended is not None:
            facts = world.book.fork(amended, submission, now)
        else:
            facts = world.book.place(submission, now)
        self.publish(facts)
        opened = [fact.order for fact in facts if isinstance(fact, Opened)]
        if opened and self._matches:
            self.publish(world.book.meet(opened, world.quote(contract), now))
        if not world.hours.is_open(now, late=contract.late) and wanted.transmit:
            session.error(request.order_id, 399, _closed_text(request, now))

    def correct(self, execution: Execution, qty: Decimal, price: Decimal) -> Execution:
        """Correct a fill, or what it was last corrected to, and return the correction.

        It has the exec id of that with the next number after the last dot (TWS API,
        "Execution.ExecId"), and its client hears of it as of a fill. The position follows; the
        order stays as it is.
        """
        self._world.commit()
        head, _, last = execution.exec_id.rpartition(".")
        while later := self._world.state.execution(ExecId(f"{head}.{int(last) + 1:02d}")):
            execution = later
            last = execution.exec_id.rpartition(".")[2]
        corrected = msgspec.structs.replace(
            execution,
            exec_id=ExecId(f"{head}.{int(last) + 1:02d}"),
            last_qty=qty,
            last_price=price,
            commission=Decimal(0),
            executed_at=self._world.now(),
        )
        contract = self._world.contract(execution.con_id)
        reverse = -execution.side.sign * execution.last_qty
        account, zero = self._world.account, Decimal(0)
        account.trade(contract.con_id, contract.multiplier, reverse, execution.last_price, zero)
        corrected = self._book_fill(corrected)
        for session in self._audience(execution.client_id):
            session.tell(replies.execution(-1, corrected, contract, session.version))
            session.tell(replies.commission_report(corrected))
        self._account_desk.tell_fill(contract.con_id)
        return corrected

    def fill(self, order: Order, qty: Decimal, price: Decimal | None = None) -> None:
        """Fill a live order whatever the market shows: at its limit, if no price is given."""
        price = price or self._fair_price(order)
        self.publish(self._world.book.fill(order, qty, price, self._world.now()))

    def fill_late(self, ended: Order, qty: int) -> None:
        """Fill an order that was just reported as cancelled; ``ended`` is how it stood before."""
        price, now = self._fair_price(ended), self._world.now()
        order = self._world.changes.orders.get(ended.perm_id)
        if order is not None and order.status is Status.CANCELLED:
            self.publish(self._world.book.fill_late(order, Decimal(qty), price, now))

    @contextmanager
    def without_matching(self) -> Iterator[None]:
        """Let orders come in without meeting the market."""
        self._matches = False
        try:
            yield
        finally:
            self._matches = True

    def _fair_price(self, order: Order) -> Decimal:
        contract = self._world.contract(order.terms.con_id)
        mid = self._world.quote(contract).mid or tick_at(contract.rule, Decimal(0))
        return order.terms.limit_price or mid

    def match(self, contract: Contract) -> None:
        """Let the orders of a contract meet its quote."""
        quote = self._world.quote(contract)
        self.publish(self._world.book.on_quote(contract.con_id, quote, self._world.now()))

    def _send_open_orders(self, session: Session, client_id: int | None) -> None:
        # Untransmitted orders are not shown (TWS API, "Retrieving currently active orders").
        for order in self._world.book.live:
            is_shown = order.status is not Status.STAGED
            if is_shown and client_id in (None, order.client_id):
                session.send(*self._open_frames(session, order))
        session.send(replies.open_order_end())

    def _send_completed_orders(self, session: Session) -> None:
        self._world.commit()
        today = sessions.exchange_day(self._world.now())
        for order in self._world.state.completed_orders(today):
            contract = self._world.contract(order.terms.con_id)
            if _was_transmitted(order):
                session.send(order_replies.completed_order(order, contract, session.version))
        session.send(replies.completed_orders_end())

    def _send_executions(self, session: Session, request: RequestExecutions) -> None:
        self._world.commit()
        today = sessions.exchange_day(self._world.now())
        for execution in self._world.state.executions(today):
            contract = self._world.contract(execution.con_id)
            if _passes(request, execution, contract):
                session.send(
                    replies.execution(request.req_id, execution, contract, session.version)
                )
                if self._hears(session, execution.client_id):
                    session.send(replies.commission_report(execution))
        session.send(replies.execution_end(request.req_id))

    def publish(self, facts: list[Fact]) -> None:
        """Keep facts for the next commit and tell those whom they concern."""
        for fact in facts:
            match fact:
                case Opened(order=order):
                    self._keep(order)
                    self._tell_order(order)
                case Executed(order=order, execution=execution):
                    self._keep(order)
                    self._tell_fill(order, self._book_fill(execution))
                    self._account_desk.tell_fill(order.terms.con_id)
                case Cancelled(order=order):
                    self._keep(order)
                    self._tell_end(order, 202, f"Order Canceled - reason:{order.reason}")
                case Rejected(order=order, code=code):
                    self._keep(order)
                    self._tell_end(order, code, order.reason)
                case Refused(key=key, code=code, text=text):
                    self._tell_error(key[0], key[1], code, text)
                case Kept(order=order):
                    self._keep(order)
                case _:
                    assert_never(fact)

    def _keep(self, order: Order) -> None:
        book, changes = self._world.book, self._world.changes
        changes.orders[order.perm_id] = order
        changes.next_perm_id = book.next_perm_id
        changes.highest_ids[order.client_id] = book.highest_ids.get(order.client_id, 0)

    def _refuse(self, session: Session, order_id: int, refusal: terms.Refusal) -> None:
        if refusal.code == terms.INVALID:
            session.invalid(order_id, refusal.text)
        else:
            session.error(order_id, refusal.code, refusal.text)

    def _hears(self, session: Session, client_id: int) -> bool:
        master = self._world.settings.simulator_master_client
        return session.client_id is not None and session.client_id in (client_id, 0, master)

    def _audience(self, client_id: int) -> list[Session]:
        return [each for each in self._world.sessions if self._hears(each, client_id)]

    def _open_frames(self, session: Session, order: Order) -> tuple[bytes, bytes]:
        contract = self._world.contract(order.terms.con_id)
        return (
            order_replies.open_order(order, contract, session.version),
            replies.order_status(order),
        )

    def _tell_order(self, order: Order) -> None:
        for session in self._audience(order.client_id):
            session.tell(*self._open_frames(session, order))

    def _tell_fill(self, order: Order, execution: Execution) -> None:
        contract = self._world.contract(order.terms.con_id)
        for session in self._audience(order.client_id):
            about_order = self._open_frames(session, order)
            session.tell(replies.execution(-1, execution, contract, session.version))
            session.tell(*about_order, replies.commission_report(execution))
            if order.status is Status.FILLED:
                # Gateways tell the end of an order more than once (TWS API, "orderStatus").
                session.tell(*about_order)

    def _tell_end(self, order: Order, code: int, text: str) -> None:
        for session in self._audience(order.client_id):
            error = replies.error(order.order_id, code, text, session.version)
            session.tell(replies.order_status(order), error)

    def _tell_error(self, client_id: int, order_id: int, code: int, text: str) -> None:
        for session in self._world.sessions:
            if session.client_id == client_id:
                session.error(order_id, code, text)

    def _book_fill(self, execution: Execution) -> Execution:
        world = self._world
        contract = world.contract(execution.con_id)
        realized = world.account.trade(
            contract.con_id,
            contract.multiplier,
            execution.side.sign * execution.last_qty,
            execution.last_price,
            execution.commission,
        )
        execution = msgspec.structs.replace(execution, realized_pnl=realized)
        world.changes.executions.append(execution)
        held = world.account.position(contract.con_id, contract.multiplier)
        world.changes.positions[contract.con_id] = held
        world.changes.cash = world.account.cash
        logger.info(
            "order filled client_order_id=%s last_qty=%s last_price=%s",
            execution.order_ref,
            execution.last_qty,
            execution.last_price,
        )
        return execution

    def _what_if(
        self, session: Session, submission: Submission, contract: Contract, now: datetime
    ) -> None:
        if submission.rejection is not None:
            session.error(submission.key[1], *submission.rejection)
            return
        wanted = submission.terms
        order = with_status(
            Order(
                perm_id=self._world.book.next_perm_id,
                client_id=submission.key[0],
                order_id=submission.key[1],
                terms=wanted,
                order_qty=wanted.order_qty,
                commission=commission_of(wanted.order_qty),
                status=Status.PRE_SUBMITTED,
                accepted_at=now,
            ),
            Status.PRE_SUBMITTED,
            "",
            now,
        )
        price = (
            wanted.limit_price
            or self._world.quote(contract).ask
            or tick_at(contract.rule, Decimal(0))
        )
        margins = self._margins(price * wanted.order_qty * contract.multiplier)
        session.send(order_replies.what_if(order, contract, margins, session.version))

    def _margins(self, cost: Decimal) -> dict[str, Decimal]:
        values = self._world.account.values(self._world.price_of)
        before = {
            "initMargin": values["InitMarginReq"],
            "maintMargin": values["MaintMarginReq"],
            "equityWithLoan": values["EquityWithLoanValue"],
        }
        change = {"initMargin": cost, "maintMargin": cost, "equityWithLoan": -cost}
        margins = {f"{name}Before": value for name, value in before.items()}
        margins |= {f"{name}Change": cents(value) for name, value in change.items()}
        return margins | {f"{name}After": cents(before[name] + change[name]) for name in before}


NO_DEFINITION = "No security definition has been found for the request"

#: Blocks of placeOrder that openOrder and completedOrder carry in the same form.
_ECHOED = frozenset({"SCALE", "HEDGE", "DELTA_CONTRACT", "ALGO", "CONDITIONS"})


def _closed_text(request: PlaceOrder, now: datetime) -> str:
    opens = times.render(sessions.next_open(now))
    symbol = request.contract.symbol
    return (
        f"Order Message:\n{request.fields['action']} {request.fields['totalQuantity']} {symbol}\n"
        f"Warning: Your order will not be placed at the exchange until {opens}"
    )


def _was_transmitted(order: Order) -> bool:
    return any(
        not line.status.is_done and line.status is not Status.STAGED for line in order.history
    )


def _passes(request: RequestExecutions, execution: Execution, contract: Contract) -> bool:
    since = times.parse(request.time) if request.time else None
    wanted_side = {"BUY": Side.BUY, "SELL": Side.SELL}.get(request.side.upper())
    return (
        request.client_id in (0, execution.client_id)
        and request.account in ("", execution.account)
        and (since is None or execution.executed_at >= since)
        and request.symbol in ("", contract.symbol)
        and request.sec_type in ("", contract.sec_type)
        and wanted_side in (None, execution.side)
    )
