"""Disturbances that last: the link to IBKR down, connections refused, restarts of the gateway."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from autoscalper.simulator.commands import Accepting, Connectivity, Restart
from autoscalper.simulator.orders import Fact, Status
from autoscalper.simulator.state import LOST

if TYPE_CHECKING:
    from autoscalper.simulator.server import Server

logger = logging.getLogger(__name__)

LINK_DOWN = 1100
LINK_BACK_DATA_LOST = 1101
LINK_BACK = 1102
_TEXTS = {
    LINK_DOWN: "Connectivity between IB and Trader Workstation has been lost.",
    LINK_BACK_DATA_LOST: "Connectivity between IB and Trader Workstation has been restored"
    " - data lost. Market and account data subscription requests must be resubmitted",
    LINK_BACK: "Connectivity between IB and Trader Workstation has been restored"
    " - data maintained.",
}


class Scenarios:
    """Runs lasting disturbances on a server."""

    def __init__(self, server: Server) -> None:
        """Disturb ``server``; nothing is disturbed yet."""
        self._server = server
        self._outage = 0
        self._awaits_approval: Restart | None = None

    def connectivity(self, wanted: Connectivity) -> None:
        """Lose the link to IBKR or get it back."""
        gateway = self._server.gateway
        if wanted.code == LINK_DOWN:
            self._outage += 1
            gateway.lose_link(wanted.orders)
            self._repeat(wanted.repeat_seconds, self._outage)
            return
        self.say(wanted.code)
        if wanted.code == LINK_BACK_DATA_LOST:
            gateway.quotes.lose_subscriptions()
        self._outage += 1
        gateway.restore_link()

    def say(self, code: int) -> None:
        """Tell every client about the link."""
        for session in self._server.gateway.world.sessions:
            session.error(-1, code, _TEXTS.get(code, "Socket port has been reset."))

    def accepting(self, wanted: Accepting) -> None:
        """Set how new connections fare."""
        server = self._server
        server.closes_at_once = wanted.eof
        server.ignores_greetings = wanted.silent
        server.linger_seconds = wanted.linger_seconds
        if wanted.closed:
            server.refuse()
        else:
            server.come_back(0.0, wanted.disclaimer_seconds)

    def restart(self, wanted: Restart) -> None:
        """Restart the gateway; it comes back by itself unless it waits for an approval."""
        server = self._server
        logger.info("gateway restarts lose_orders=%s", wanted.lose_orders)
        self.say(LINK_DOWN)
        server.flush()
        server.refuse()
        server.drop(reset=True)
        self._forget(wanted.lose_orders)
        if wanted.approval:
            self._awaits_approval = wanted
        else:
            server.come_back(wanted.down_seconds, wanted.disclaimer_seconds)

    def approve(self) -> bool:
        """Let a restart that waits for an approval go on; return whether one did."""
        waiting, self._awaits_approval = self._awaits_approval, None
        if waiting is not None:
            self._server.come_back(0.0, waiting.disclaimer_seconds)
        return waiting is not None

    def _repeat(self, seconds: float, outage: int) -> None:
        if outage == self._outage:
            self.say(LINK_DOWN)
            if seconds:
                self._server.later(seconds, lambda: self._repeat(seconds, outage))

    def _forget(self, lose_orders: int) -> None:
        gateway, now = self._server.gateway, self._server.now()
        book = gateway.world.book
        accepted = [order for order in book.live if order.status is not Status.STAGED]
        lost = accepted[len(accepted) - lose_orders :] if lose_orders else []
        facts: list[Fact] = []
        for order in lost:
            facts += book.forget(order, LOST, now)
        for order in book.live:
            if order.status is Status.STAGED:
                facts += book.end(order, "gateway restarted", now, quiet=True)
        gateway.orders.publish(facts)
        gateway.world.roll_back_ids({order.client_id for order in lost})
