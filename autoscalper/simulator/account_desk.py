"""Answers what is asked about the account: values, positions, profit."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from autoscalper.domain.identity import ConId
from autoscalper.simulator import replies, requests
from autoscalper.simulator.account import Position
from autoscalper.simulator.codec import Value
from autoscalper.simulator.session import Session
from autoscalper.simulator.world import World


class AccountDesk:
    """Requests about the account, and the updates that follow fills."""

    def __init__(self, world: World) -> None:
        """Work on ``world``."""
        self._world = world
        self._account = world.settings.simulator_account

    def values(self) -> dict[str, Value]:
        """Return the account values by their tags; numbers are dollars."""
        numbers = self._world.account.values(self._world.price_of)
        return {"AccountType": "INDIVIDUAL", "AccountReady": "true", **numbers}

    def answer(self, session: Session, request: requests.AccountRequest) -> None:
        """Do what a client asks about the account."""
        match request:
            case requests.RequestAccountUpdates(subscribe=subscribe):
                self._subscribe(session, subscribe)
            case requests.RequestAccountUpdatesMulti(req_id=req_id, account=account, model=model):
                self._subscribe_multi(session, req_id, account, model)
            case requests.CancelAccountUpdatesMulti(req_id=req_id):
                session.multi.pop(req_id, None)
            case requests.RequestAccountSummary(req_id=req_id, tags=tags):
                self._summarize(session, req_id, tags)
            case requests.CancelAccountSummary(req_id=req_id):
                session.summaries.pop(req_id, None)
            case requests.RequestPositions():
                self._subscribe_positions(session)
            case requests.CancelPositions():
                session.wants_positions = False
            case requests.RequestPnl(req_id=req_id, con_id=con_id):
                session.pnls[req_id] = con_id
                self._send_profit(session, req_id, con_id)
            case requests.CancelPnl(req_id=req_id):
                session.pnls.pop(req_id, None)
            case _:
                assert_never(request)

    def tell_fill(self, con_id: ConId) -> None:
        """Tell the subscribers that a position and the cash changed."""
        held = self._world.account.position(con_id, self._world.contract(con_id).multiplier)
        for session in self._world.sessions:
            if session.wants_positions:
                self._send_position(session, held)
            if session.wants_account:
                self._send_portfolio(session, held)
        self.refresh()

    def tell_profit(self) -> None:
        """Tell the subscribers to profit how much it is now."""
        for session in self._world.sessions:
            for req_id, con_id in session.pnls.items():
                self._send_profit(session, req_id, con_id)

    def refresh(self) -> None:
        """Tell the subscribers what everything is worth now."""
        self.tell_profit()
        for session in self._world.sessions:
            if session.wants_account:
                self._send_values(session)
            for req_id in session.multi:
                self._send_multi(session, req_id)
            for req_id in session.summaries:
                self._send_summary(session, req_id)

    def _subscribe_positions(self, session: Session) -> None:
        session.wants_positions = True
        for held in self._world.account.positions():
            if held.qty:
                self._send_position(session, held)
        session.send(replies.position_end())

    def _subscribe(self, session: Session, subscribe: bool) -> None:
        session.wants_account = subscribe
        if not subscribe:
            return
        self._send_values(session)
        for held in self._world.account.positions():
            self._send_portfolio(session, held)
        session.send(replies.account_download_end(self._account))

    def _subscribe_multi(self, session: Session, req_id: int, account: str, model: str) -> None:
        session.multi[req_id] = account, model
        self._send_multi(session, req_id)
        session.send(replies.account_multi_end(req_id))

    def _summarize(self, session: Session, req_id: int, tags: tuple[str, ...]) -> None:
        session.summaries[req_id] = tags
        self._send_summary(session, req_id)
        session.send(replies.account_summary_end(req_id))

    def _send_values(self, session: Session) -> None:
        for tag, value in self.values().items():
            session.send(replies.account_value(tag, value, self._account))
        session.send(replies.account_time(self._world.now()))

    def _send_portfolio(self, session: Session, held: Position) -> None:
        contract = self._world.contract(held.con_id)
        price = self._world.price_of(held.con_id)
        session.send(replies.portfolio(self._account, held, contract, price))

    def _send_position(self, session: Session, held: Position) -> None:
        contract = self._world.contract(held.con_id)
        session.send(replies.position(self._account, held, contract))

    def _send_multi(self, session: Session, req_id: int) -> None:
        account, model = session.multi[req_id]
        for tag, value in self.values().items():
            session.send(replies.account_multi(req_id, account, model, tag, value))

    def _send_summary(self, session: Session, req_id: int) -> None:
        tags = session.summaries[req_id]
        for tag, value in self.values().items():
            if tag in tags or "All" in tags:
                session.send(replies.account_summary(req_id, self._account, tag, value))

    def _send_profit(self, session: Session, req_id: int, con_id: ConId | None) -> None:
        if con_id is None:
            values = self._world.account.values(self._world.price_of)
            unrealized, realized = values["UnrealizedPnL"], values["RealizedPnL"]
            session.send(replies.pnl(req_id, unrealized, realized))
            return
        contract = self._world.instruments.by_id(con_id)
        if contract is None:
            session.invalid(req_id, f"Invalid conid {con_id}")
            return
        held = self._world.account.position(con_id, contract.multiplier)
        price = self._world.price_of(con_id) if held.qty else Decimal(0)
        session.send(replies.pnl_single(req_id, held, price))
