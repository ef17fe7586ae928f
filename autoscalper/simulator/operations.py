"""Carries out the commands of the control socket."""

from __future__ import annotations

from typing import assert_never

from autoscalper.domain.identity import ExecId
from autoscalper.simulator import commands, ledger
from autoscalper.simulator.commands import Command
from autoscalper.simulator.faults import Fault
from autoscalper.simulator.instruments import Contract, ContractSpec
from autoscalper.simulator.market import Quote
from autoscalper.simulator.orders import Order, Status
from autoscalper.simulator.quote_desk import Feed
from autoscalper.simulator.server import Server


class CommandFailed(Exception):
    """A command cannot be carried out. The text says what was expected and what was there."""


class Operations:
    """The commands, on one server."""

    def __init__(self, server: Server) -> None:
        """Work on ``server``."""
        self._server = server
        self._gateway = server.gateway
        self._world = server.gateway.world

    def execute(self, command: Command) -> object:
        """Do what a command says and return its result, ready for JSON.

        Raises:
            CommandFailed: there is no such contract, order or fill.
        """
        if isinstance(command, commands.Showing):
            return self._show(command)
        if isinstance(command, commands.Trading):
            return self._trade(command)
        return self._disturb(command)

    def _show(self, command: commands.Showing) -> object:
        match command:
            case commands.ShowLedger(order_ref=order_ref):
                self._world.commit()
                entries = ledger.read(self._world.state, self._contract_of, order_ref)
                return {"orders": list(entries)}
            case commands.ShowPositions():
                return self._positions()
            case commands.ShowStats():
                return self._stats()
            case commands.ShowFaults():
                return {"faults": self._server.faults.armed()}
            case _:
                assert_never(command)

    def _trade(self, command: commands.Trading) -> object:
        match command:
            case commands.SetQuote():
                return self._quote(command)
            case commands.SetSpot(underlying=underlying, price=price):
                self._world.market.set_spot(underlying, price)
            case commands.Step(count=count):
                for _ in range(count):
                    self._gateway.step()
            case commands.Fill():
                self._fill(command)
            case commands.Kill():
                self._kill(command)
            case commands.Correct():
                return self._correct(command)
            case _:
                assert_never(command)
        return {}

    def _disturb(self, command: commands.Disturbing) -> object:
        match command:
            case Fault():
                return {"id": self._server.faults.arm(command)}
            case commands.Clear(id=fault_id):
                self._clear(fault_id)
            case commands.Drop(client=client, reset=reset):
                return {"dropped": self._server.drop(client=client, reset=reset)}
            case commands.Say():
                self._say(command)
            case commands.Connectivity():
                self._server.scenarios.connectivity(command)
            case commands.Feeds(feed=feed):
                self._gateway.quotes.feed = feed
            case commands.Accepting():
                self._server.scenarios.accepting(command)
            case commands.Restart():
                self._server.scenarios.restart(command)
            case commands.Approve():
                return {"approved": self._server.scenarios.approve()}
            case _:
                assert_never(command)
        return {}

    def _quote(self, command: commands.SetQuote) -> object:
        contract = self._contract(command)
        if command.bid is None and command.ask is None and command.last is None:
            return {"quote": self._world.quote(contract)}
        quote = Quote(
            bid=command.bid,
            ask=command.ask,
            bid_size=command.bid_size,
            ask_size=command.ask_size,
            last=command.last if command.last is not None else command.bid,
            volume=command.volume,
        )
        quote = self._world.market.set_quote(contract, quote, moves=command.walk)
        self._gateway.orders.match(contract)
        self._gateway.quotes.push()
        return {"quote": quote}

    def _contract(self, named: commands.SetQuote) -> Contract:
        spec = ContractSpec(
            symbol=named.underlying,
            sec_type="OPT",
            expiry=f"{named.expiry:%Y%m%d}",
            strike=named.strike,
            right=named.right.value,
        )
        found = self._world.find_contracts(spec)
        if not found:
            described = f"{named.underlying} {named.strike}{named.right.value} {named.expiry}"
            raise CommandFailed(f"expected a contract that is listed, was {described}")
        # On third Fridays an index has a morning-settled class as well; it is not meant.
        return found[-1]

    def _contract_of(self, order: Order) -> Contract:
        return self._world.contract(order.terms.con_id)

    def _positions(self) -> object:
        account = self._world.account
        held = [
            {
                "contract": ledger.described(self._world.contract(position.con_id)),
                "qty": position.qty,
                "avg_cost": position.avg_cost,
                "realized_pnl": position.realized_pnl,
            }
            for position in account.positions()
            if position.qty
        ]
        return {"positions": held, "account": account.values(self._world.price_of)}

    def _stats(self) -> object:
        book = self._world.book
        return {
            "received": dict(self._gateway.received),
            "unknown": self._gateway.received["unknown"],
            "connections": len(self._server.connections),
            "clients": sorted(session.client_id or 0 for session in self._world.sessions),
            "live_orders": len(list(book.live)),
            "next_order_ids": {client: book.next_order_id(client) for client in book.highest_ids},
        }

    def _find(self, order_ref: str | None, perm_id: int | None) -> Order:
        for order in self._world.book.live:
            named = perm_id == order.perm_id if perm_id else order_ref == order.terms.order_ref
            if named and order.status is not Status.STAGED:
                return order
        raise CommandFailed(f"expected a live order, was {perm_id or order_ref!r}")

    def _fill(self, command: commands.Fill) -> None:
        order = self._find(command.order_ref, command.perm_id)
        fillable = self._world.book.fillable(order)
        qty = command.qty or order.leaves_qty
        if fillable < qty:
            raise CommandFailed(f"expected a quantity of at most {fillable}, was {qty}")
        self._gateway.orders.fill(order, qty, command.price)

    def _kill(self, command: commands.Kill) -> None:
        order = self._find(command.order_ref, command.perm_id)
        book, now = self._world.book, self._world.now()
        if command.code is None:
            self._gateway.orders.publish(book.end(order, command.reason, now))
        else:
            self._gateway.orders.publish(book.reject(order, command.code, command.reason, now))

    def _correct(self, command: commands.Correct) -> object:
        execution = self._world.state.execution(ExecId(command.exec_id))
        if execution is None:
            raise CommandFailed(f"expected an exec id that was given out, was {command.exec_id!r}")
        corrected = self._gateway.orders.correct(execution, command.qty, command.price)
        return {"exec_id": corrected.exec_id}

    def _clear(self, fault_id: int | None) -> None:
        self._server.faults.clear(fault_id)
        if fault_id is None:
            self._gateway.quotes.feed = Feed.LIVE
            self._server.scenarios.accepting(commands.Accepting())

    def _say(self, command: commands.Say) -> None:
        for session in self._world.sessions:
            if command.client in (None, session.client_id):
                session.error(command.id, command.code, command.text)
