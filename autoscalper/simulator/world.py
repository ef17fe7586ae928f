"""Everything behind the sockets, in one place, for the desks that answer requests."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from autoscalper.domain.identity import ConId
from autoscalper.runtime.clock import Clock
from autoscalper.simulator.account import Account
from autoscalper.simulator.book import FIRST_PERM_ID
from autoscalper.simulator.followed_market import FollowedMarket
from autoscalper.simulator.instruments import Contract, ContractSpec, Instruments
from autoscalper.simulator.market import Market, Quote
from autoscalper.simulator.orders import OrderKey, Status
from autoscalper.simulator.session import Session
from autoscalper.simulator.sessions import Hours, exchange_day
from autoscalper.simulator.settings import SimulatorSettings
from autoscalper.simulator.state import Changes, State
from autoscalper.simulator.timing import Timing
from autoscalper.simulator.unruly_book import UnrulyBook


class World:
    """The book, the market, the account and the file, and the clients that are connected."""

    def __init__(self, settings: SimulatorSettings, clock: Clock, state: State) -> None:
        """Go on where the file says the last run stopped."""
        self.settings = settings
        self.clock = clock
        self.state = state
        self.sessions: list[Session] = []
        anchored = settings.simulator_market == "anchored"
        self.hours = Hours(always_open=settings.is_always_open)
        self.instruments = Instruments(state.contracts(), any_expiry=anchored)
        self.followed = FollowedMarket() if settings.follows_gateway else None
        self.market = self.followed or Market(
            settings.simulator_seed,
            anchored=anchored,
            spots=state.spots(),
            own_prices=[(self.contract(own.con_id), own) for own in state.prices()],
        )
        cash = state.cash()
        self.account = Account(settings.simulator_cash if cash is None else cash, state.positions())
        self._kept_spots: dict[str, Decimal] = {}
        self.changes = Changes()
        self.book = UnrulyBook(
            self,
            Timing(self.hours, lambda con_id: self.contract(con_id).late),
            live=self.state.live_orders(),
            next_perm_id=self.state.next_perm_id() or FIRST_PERM_ID,
            highest_ids=self.state.highest_ids(),
        )

    def final_status(self, key: OrderKey) -> Status | None:
        """Return how the done order of that key ended, or None if there was none."""
        self.commit()
        return self.state.final_status(key)

    def is_group_spent(self, oca_group: str) -> bool:
        """Return whether an order of that OCA group filled completely."""
        self.commit()
        return self.state.is_group_spent(oca_group)

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return self.clock.now()

    def contract(self, con_id: ConId) -> Contract:
        """Return a contract that was given out before."""
        contract = self.instruments.by_id(con_id)
        if contract is None:
            raise LookupError(f"expected a contract that was given out, was {con_id}")
        return contract

    def find_contracts(self, spec: ContractSpec) -> list[Contract]:
        """Return the contracts that a request means today.

        Those of IBKR's gateway are known by the ids that it gave out, and in no other way.
        """
        if self.followed is not None:
            known = self.instruments.by_id(spec.con_id)
            return [] if known is None else [known]
        spot = self.market.spot(spec.symbol.upper()) if spec.symbol and not spec.strike else None
        found = self.instruments.find(spec, exchange_day(self.now()), spot)
        for contract in found[:1]:
            self.market.centre(contract)
        return found

    def wanted_contracts(self) -> set[ConId]:
        """Return the contracts that are ordered, held or looked at."""
        wanted = self.book.live.contracts()
        wanted |= {held.con_id for held in self.account.positions() if held.qty}
        for session in self.sessions:
            wanted |= {each.contract.con_id for each in session.quotes.values()}
            wanted |= {each.contract.con_id for each in session.ticks.values()}
        return wanted

    def quote(self, contract: Contract) -> Quote:
        """Return what the market shows of ``contract``."""
        return self.market.quote(contract, self.now())

    def price_of(self, con_id: ConId) -> Decimal:
        """Return what one share of a position's contract is worth: the middle of its quote.

        While IBKR's gateway has not quoted it, that is what it cost.
        """
        contract = self.contract(con_id)
        mid = self.quote(contract).mid
        if mid is None and self.followed is not None:
            held = self.account.position(con_id, contract.multiplier)
            return held.avg_cost / contract.multiplier
        return mid or Decimal(0)

    def roll_back_ids(self, clients: set[int]) -> None:
        """Let ``clients`` use the ids again that are above those of all orders that are known."""
        self.commit()
        for client_id in clients:
            highest = self.state.highest_known_id(client_id)
            self.book.highest_ids[client_id] = highest
            self.changes.highest_ids[client_id] = highest
        self.commit()

    def commit(self) -> None:
        """Write everything that changed to the file; nothing may be sent before.

        Raises:
            StorageFailed: the disk refused; the next commit tries again.
        """
        changes = self.changes
        changes.contracts += self.instruments.take_new()
        prices, spots = self.market.take_changes()
        changes.prices |= prices
        if spots != self._kept_spots:
            changes.spots = self._kept_spots = dict(spots)
        if changes != Changes():
            self.state.commit(changes)
            self.changes = Changes()
