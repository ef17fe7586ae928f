"""What of the book is asked for at every event, kept up as it changes instead of looked for."""

from __future__ import annotations

from autoscalper.broker import pacing
from autoscalper.broker.day_so_far import DaySoFar
from autoscalper.broker.orders import Order, Trade
from autoscalper.broker.records import Waiting
from autoscalper.domain.identity import ClientOrderId, IbOrderId, SignalId, TradeId


class AtHand:
    """Open trades, entries that wait, and which trades changed. The book keeps it up."""

    def __init__(self) -> None:
        """Begin with nothing."""
        #: Oldest first.
        self.open: dict[TradeId, Trade] = {}
        #: How many messages of entries could leave for the gateway now without waiting.
        self.room = pacing.BOUNDLESS
        #: What the closed trades of the day came to.
        self.day_so_far = DaySoFar()
        #: The orders of each trade as they were decided, and the order of each of IBKR's ids.
        self.orders: dict[TradeId, list[ClientOrderId]] = {}
        self.by_ib_order_id: dict[IbOrderId, ClientOrderId] = {}
        self._undecided: dict[SignalId, Waiting] = {}
        self._entering: dict[TradeId, dict[SignalId, Waiting]] = {}
        self._unsettled: set[TradeId] = set()
        self._uncounted: set[TradeId] = set()
        self._untold_orders: dict[ClientOrderId, None] = {}
        self._untold_trades: set[TradeId] = set()

    def put(self, trade: Trade) -> None:
        """Note a trade as it is now."""
        if trade.is_open:
            self.open[trade.trade_id] = trade
        else:
            self.open.pop(trade.trade_id, None)
        self._untold_trades.add(trade.trade_id)
        self.touch(trade.trade_id)

    def put_order(self, order: Order) -> None:
        """Note a new order."""
        self.orders.setdefault(order.trade_id, []).append(order.client_order_id)
        self.by_ib_order_id[order.ib_order_id] = order.client_order_id

    def change(self, order: Order) -> None:
        """Note that an order is new or another than it was."""
        self._untold_orders[order.client_order_id] = None
        self._untold_trades.add(order.trade_id)
        self.touch(order.trade_id)

    def touch(self, trade_id: TradeId) -> None:
        """Note that an order or a fill of a trade changed."""
        self._unsettled.add(trade_id)
        self._uncounted.add(trade_id)

    def forget_order(self, order: Order) -> None:
        """Think no more of an order; its trade goes, too."""
        self.by_ib_order_id.pop(order.ib_order_id, None)

    def forget(self, trade_id: TradeId) -> None:
        """Think no more of a trade."""
        self.orders.pop(trade_id, None)
        self.open.pop(trade_id, None)
        self._entering.pop(trade_id, None)
        self._uncounted.add(trade_id)

    def wait(self, waiting: Waiting) -> None:
        """Note an entry that waits, or what is new about it, in its place."""
        signal_id = waiting.signal.signal_id
        if waiting.trade_id is None:
            self._undecided[signal_id] = waiting
        else:
            self._undecided.pop(signal_id, None)
            self._entering.setdefault(waiting.trade_id, {})[signal_id] = waiting

    def stop_waiting(self, waiting: Waiting | None) -> None:
        """Note that an entry waits no more."""
        if waiting is None:
            return
        self._undecided.pop(waiting.signal.signal_id, None)
        if waiting.trade_id is not None:
            self._entering.get(waiting.trade_id, {}).pop(waiting.signal.signal_id, None)

    @property
    def undecided(self) -> list[Waiting]:
        """The entries that wait for what they need to be ordered, first come first."""
        return list(self._undecided.values())

    def entering(self, trade_id: TradeId) -> list[Waiting]:
        """Return the entries that were ordered for a trade and have no outcome yet."""
        return list(self._entering.get(trade_id, {}).values())

    def take_unsettled(self) -> list[Trade]:
        """Return the open trades that changed since the last call, oldest first."""
        unsettled, self._unsettled = self._unsettled, set()
        if not unsettled:
            return []
        return [trade for trade_id, trade in self.open.items() if trade_id in unsettled]

    def take_uncounted(self) -> set[TradeId]:
        """Return the trades, forgotten ones too, that changed since the last call."""
        taken, self._uncounted = self._uncounted, set()
        return taken

    def take_untold_orders(self) -> list[ClientOrderId]:
        """Return the orders that changed since the last call, in that order."""
        taken, self._untold_orders = self._untold_orders, {}
        return list(taken)

    def take_untold_trades(self) -> set[TradeId]:
        """Return the trades that changed since the last call, or an order of which did."""
        taken, self._untold_trades = self._untold_trades, set()
        return taken
