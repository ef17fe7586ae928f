"""The live orders, found by everything that the book looks them up by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autoscalper.domain.identity import ConId, PermId
from autoscalper.simulator.orders import Order, OrderKey

#: (which relation, to what)
_Relation = tuple[str, ConId | PermId | OrderKey | str]


class LiveOrders:
    """A set of orders by permanent id, with an index for each relation between them."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        """Start with ``orders``, all of them live."""
        self._orders: dict[PermId, Order] = {}
        self._related: dict[_Relation, dict[PermId, None]] = {}
        for order in orders:
            self.put(order)

    def __contains__(self, perm_id: PermId) -> bool:
        return perm_id in self._orders

    def __iter__(self) -> Iterator[Order]:
        """Yield the orders, oldest first, from a copy: the set may change on the way."""
        return iter([self._orders[perm_id] for perm_id in sorted(self._orders)])

    def get(self, perm_id: PermId | None) -> Order | None:
        """Return the order of that permanent id, or None."""
        return None if perm_id is None else self._orders.get(perm_id)

    def named(self, key: OrderKey) -> Order | None:
        """Return the order that a client names so, the newest of several, or None."""
        found = self._all(("name", key))
        return found[-1] if found else None

    def contracts(self) -> set[ConId]:
        """Return the contracts that have orders."""
        return {order.terms.con_id for order in self._orders.values()}

    def of_contract(self, con_id: ConId) -> list[Order]:
        """Return the orders of a contract, oldest first."""
        return self._all(("contract", con_id))

    def of_group(self, oca_group: str) -> list[Order]:
        """Return the orders of an OCA group, oldest first."""
        return self._all(("group", oca_group))

    def children_of(self, perm_id: PermId) -> list[Order]:
        """Return the orders that hang on a parent, oldest first."""
        return self._all(("parent", perm_id))

    def put(self, order: Order) -> None:
        """Add an order, or put its newest record in the place of the old one."""
        if order.perm_id not in self._orders:
            for relation in _relations(order):
                self._related.setdefault(relation, {})[order.perm_id] = None
        self._orders[order.perm_id] = order

    def remove(self, perm_id: PermId) -> None:
        """Forget an order."""
        order = self._orders.pop(perm_id)
        for relation in _relations(order):
            related = self._related[relation]
            del related[perm_id]
            if not related:
                del self._related[relation]

    def _all(self, relation: _Relation) -> list[Order]:
        return [self._orders[perm_id] for perm_id in self._related.get(relation, ())]


def _relations(order: Order) -> Iterator[_Relation]:
    yield "name", order.key
    yield "contract", order.terms.con_id
    if order.oca_group:
        yield "group", order.oca_group
    if order.parent_perm_id is not None:
        yield "parent", order.parent_perm_id
