"""The market of another gateway, as its ticks tell it: nothing is made up, and nothing kept."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.domain.identity import ConId
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.market import Market, Quote
from autoscalper.simulator.model import Greeks
from autoscalper.simulator.orders import Side


class FollowedMarket(Market):
    """Quotes by contract, each as it was last heard."""

    def __init__(self) -> None:
        """Know no price yet."""
        super().__init__(0)
        self._heard: set[ConId] = set()

    def hear(self, contract: Contract, name: str, value: Decimal | None) -> None:
        """Take in one price or size of a quote; ``name`` is the field of ``Quote``."""
        self._contracts[contract.con_id] = contract
        quote = self._quotes.get(contract.con_id, Quote())
        self._quotes[contract.con_id] = replace(quote, **{name: value})
        self._heard.add(contract.con_id)

    def forget(self) -> None:
        """Know no price any more: those that were heard are not those of now."""
        self._contracts.clear()
        self._quotes.clear()
        self._heard.clear()

    def quote(self, contract: Contract, now: datetime) -> Quote:
        """Return the quote of ``contract``, without prices where none was heard."""
        return self._quotes.get(contract.con_id, Quote())

    def step(self, now: datetime) -> list[tuple[Contract, Quote]]:
        """Return the quotes that changed since the last call."""
        heard, self._heard = self._heard & self._quotes.keys(), set()
        return [(self._contracts[con_id], self._quotes[con_id]) for con_id in sorted(heard)]

    def centre(self, contract: Contract) -> None:
        """Do nothing: no spot is made up."""

    def anchor(self, contract: Contract, side: Side, limit_price: Decimal, now: datetime) -> bool:
        """Return that no order moves this market."""
        return False

    def greeks(self, contract: Contract, now: datetime) -> Greeks | None:
        """Return nothing: what the other gateway says of them is handed on as it is."""
        return None
