"""The contracts that can be traded: underlyings, their option chains, and what a request means.

Any symbol of up to six letters exists, so that a client can trade what it likes; its spot is made
up unless it is one of the well-known ones. A contract's id is derived from what it is, so it is the
same in every run and survives the loss of the state file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import Right
from autoscalper.domain.identity import ConId
from autoscalper.simulator import market_rules, sessions

_SYMBOL = re.compile(r"[A-Z][A-Z0-9.]{0,5}")
_LISTED_AHEAD = timedelta(days=1100)
_EXCHANGES = ("SMART", "AMEX", "CBOE", "CBOE2", "ISE", "NASDAQOM", "PHLX", "PSE")


class Underlying(msgspec.Struct, frozen=True, kw_only=True):
    """What options are written on."""

    symbol: str
    name: str
    is_index: bool = False
    spot: Decimal
    rule: int = market_rules.PENNY_PROGRAMME
    strike_step: Decimal = Decimal("0.5")
    #: Whether options expire on every trading day rather than on Fridays.
    daily: bool = False
    #: Whether its options trade until a quarter past the close.
    late: bool = False
    #: Trading class of the expiries other than the third Friday of the month.
    weekly_class: str = ""

    @property
    def sec_type(self) -> str:
        """Return IBKR's security type."""
        return "IND" if self.is_index else "STK"

    @property
    def exchange(self) -> str:
        """Return where the underlying is listed."""
        return "CBOE" if self.is_index else "ARCA" if self.daily else "NASDAQ"


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """One contract, fully named, as IBKR describes it."""

    con_id: ConId
    symbol: str
    sec_type: str
    expiry: date | None = None
    strike: Decimal | None = None
    right: Right | None = None
    exchange: str = "SMART"
    primary_exchange: str = ""
    local_symbol: str
    trading_class: str
    rule: int
    under_con_id: ConId = ConId(0)
    name: str = ""
    #: Whether it trades until a quarter past the close.
    late: bool = False

    @property
    def multiplier(self) -> int:
        """Return how many shares one contract is."""
        return 100 if self.sec_type == "OPT" else 1

    @property
    def exchanges(self) -> tuple[str, ...]:
        """Return where it trades, in the order of its market rules."""
        return _EXCHANGES if self.sec_type == "OPT" else ("SMART", self.exchange)


class ContractSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as a client wrote it: any part may be missing."""

    con_id: ConId = ConId(0)
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    strike: Decimal | None = None
    right: str = ""
    exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""


def _well_known() -> dict[str, Underlying]:
    step = Decimal(5)
    one = Decimal(1)
    rows = (
        Underlying(symbol="SPY", name="SPDR S&P 500 ETF TRUST", spot=Decimal(685),
                   rule=market_rules.PENNY, strike_step=one, daily=True, late=True),
        Underlying(symbol="QQQ", name="INVESCO QQQ TRUST SERIES 1", spot=Decimal(610),
                   rule=market_rules.PENNY, strike_step=one, daily=True, late=True),
        Underlying(symbol="IWM", name="ISHARES RUSSELL 2000 ETF", spot=Decimal(245),
                   rule=market_rules.PENNY, strike_step=one, daily=True, late=True),
        Underlying(symbol="SPX", name="S&P 500 Stock Index", is_index=True, spot=Decimal(6850),
                   rule=market_rules.NICKEL, strike_step=step, daily=True, late=True,
                   weekly_class="SPXW"),
        Underlying(symbol="NDX", name="NASDAQ 100 Stock Index", is_index=True, spot=Decimal(25000),
                   rule=market_rules.NICKEL, strike_step=step, daily=True, late=True,
                   weekly_class="NDXP"),
        Underlying(symbol="TSLA", name="TESLA INC", spot=Decimal(430)),
        Underlying(symbol="NVDA", name="NVIDIA CORP", spot=Decimal(190)),
        Underlying(symbol="AAPL", name="APPLE INC", spot=Decimal(270)),
        Underlying(symbol="AMZN", name="AMAZON.COM INC", spot=Decimal(230)),
        Underlying(symbol="MSFT", name="MICROSOFT CORP", spot=Decimal(510)),
        Underlying(symbol="META", name="META PLATFORMS INC-CLASS A", spot=Decimal(640)),
        Underlying(symbol="AMD", name="ADVANCED MICRO DEVICES", spot=Decimal(240)),
    )  # fmt: skip
    return {row.symbol: row for row in rows}


_WELL_KNOWN = _well_known()


def underlying_of(symbol: str) -> Underlying | None:
    """Return the underlying of that symbol, or None for something that is no symbol."""
    symbol = {"SPXW": "SPX", "NDXP": "NDX"}.get(symbol, symbol)
    known = _WELL_KNOWN.get(symbol)
    if known is not None or not _SYMBOL.fullmatch(symbol):
        return known
    spot = Decimal(20 + _number_from(symbol) % 380)
    return Underlying(symbol=symbol, name=f"{symbol} CORP", spot=spot)


def known_symbols() -> Iterable[Underlying]:
    """Return the underlyings that need not be asked for to exist."""
    return _WELL_KNOWN.values()


def _number_from(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def con_id_of(local_symbol: str) -> ConId:
    """Return the id of the contract with that OCC symbol: 28 bits of its digest, never zero."""
    return ConId(10_000_000 + _number_from(local_symbol) % 2**28)


def stock(underlying: Underlying) -> Contract:
    """Return the contract of an underlying itself."""
    return Contract(
        con_id=con_id_of(underlying.symbol),
        symbol=underlying.symbol,
        sec_type=underlying.sec_type,
        exchange=underlying.exchange,
        primary_exchange=underlying.exchange,
        local_symbol=underlying.symbol,
        trading_class=underlying.symbol,
        rule=market_rules.PENNY,
        name=underlying.name,
    )


def option(
    underlying: Underlying, expiry: date, strike: Decimal, right: Right, trading_class: str
) -> Contract:
    """Return one option contract."""
    local = f"{trading_class:<6}{expiry:%y%m%d}{right.value}{int(strike * 1000):08d}"
    return Contract(
        con_id=con_id_of(local),
        symbol=underlying.symbol,
        sec_type="OPT",
        expiry=expiry,
        strike=strike,
        right=right,
        local_symbol=local,
        trading_class=trading_class,
        rule=underlying.rule,
        under_con_id=con_id_of(underlying.symbol),
        name=underlying.name,
        late=underlying.late,
    )


def is_monthly(day: date) -> bool:
    """Return whether ``day`` is a third Friday, or the Thursday before one that is a holiday."""
    friday = day + timedelta(days=(4 - day.weekday()) % 7)
    return 15 <= friday.day <= 21 and day == sessions.expiry_on_or_before(friday)


def is_expiry(underlying: Underlying, day: date) -> bool:
    """Return whether options of ``underlying`` expire on ``day``."""
    if not sessions.is_trading_day(day):
        return False
    if underlying.daily:
        return True
    friday = day + timedelta(days=(4 - day.weekday()) % 7)
    return day == sessions.expiry_on_or_before(friday)


def classes_on(underlying: Underlying, expiry: date) -> tuple[str, ...]:
    """Return the trading classes that expire on ``expiry``.

    An index has a morning-settled class on third Fridays beside its weekly one, so a request that
    names no class has two answers there.
    """
    if not underlying.weekly_class:
        return (underlying.symbol,)
    if is_monthly(expiry):
        return (underlying.symbol, underlying.weekly_class)
    return (underlying.weekly_class,)


def expiries(underlying: Underlying, today: date) -> list[date]:
    """Return the listed expiries: two weeks as the class has them, then weekly, then monthly."""
    days = (today + timedelta(days=offset) for offset in range(730))
    return [day for day in days if is_expiry(underlying, day) and _is_listed(day, today)]


def _is_listed(day: date, today: date) -> bool:
    ahead = (day - today).days
    if ahead <= 14 or is_monthly(day):
        return True
    return ahead <= 60 and day == sessions.expiry_on_or_before(
        day + timedelta(days=(4 - day.weekday()) % 7)
    )


def strikes(underlying: Underlying, spot: Decimal) -> list[Decimal]:
    """Return the strikes that a chain lists: forty on each side of ``spot``."""
    step = max(underlying.strike_step, _listed_step(spot))
    middle = spot // step * step
    return [middle + step * offset for offset in range(-40, 41) if middle + step * offset > 0]


def _listed_step(spot: Decimal) -> Decimal:
    if spot < 25:
        return Decimal("0.5")
    return Decimal(1) if spot < 200 else Decimal("2.5") if spot < 500 else Decimal(5)


def parse_expiry(text: str) -> tuple[date, date] | None:
    """Return the first and last day that ``yyyymmdd`` or ``yyyymm`` covers, or None."""
    try:
        if len(text) == 8:
            day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
            return day, day
        if len(text) == 6:
            first = date(int(text[:4]), int(text[4:]), 1)
            following = (first + timedelta(days=31)).replace(day=1)
            return first, following - timedelta(days=1)
    except ValueError:
        pass
    return None


class Instruments:
    """Finds the contracts that a request means, and remembers every contract it gave out."""

    def __init__(self, known: Iterable[Contract] = (), *, any_expiry: bool = False) -> None:
        """Start with the contracts of earlier runs.

        With ``any_expiry`` options on every symbol expire on every trading day: for a replay whose
        real listing dates nobody knows.
        """
        self._by_id = {contract.con_id: contract for contract in known}
        self._any_expiry = any_expiry
        self._new: list[Contract] = []

    def by_id(self, con_id: ConId) -> Contract | None:
        """Return the contract of that id, if it was ever given out."""
        return self._by_id.get(con_id)

    def learn(self, contract: Contract) -> Contract:
        """Remember a contract that another gateway gave out, and return it as it is known."""
        return self._remember(contract)

    def take_new(self) -> list[Contract]:
        """Return the contracts given out for the first time since the last call."""
        new, self._new = self._new, []
        return new

    def find(self, spec: ContractSpec, today: date, spot: Decimal | None = None) -> list[Contract]:
        """Return the contracts that ``spec`` means on ``today``; none if there is no such contract.

        Options that expired before ``today`` are not found. ``spot`` centres the strikes of a
        request that names none.
        """
        known = self._by_id.get(spec.con_id) if spec.con_id else None
        if known is not None:
            return [known] if known.expiry is None or known.expiry >= today else []
        if spec.local_symbol and not spec.symbol:
            parsed = _from_local_symbol(spec)
            return [] if parsed is None else self.find(parsed, today, spot)
        underlying = underlying_of(spec.symbol.upper())
        if underlying is None or spec.currency not in ("", "USD") or spec.con_id:
            return []
        if spec.sec_type == "OPT":
            found = list(self._options(underlying, spec, today, spot or underlying.spot))
        else:
            found = [stock(underlying)] if spec.sec_type == underlying.sec_type else []
        return [self._remember(contract) for contract in found]

    def _remember(self, contract: Contract) -> Contract:
        if contract.con_id not in self._by_id:
            self._by_id[contract.con_id] = contract
            self._new.append(contract)
        return self._by_id[contract.con_id]

    def _options(
        self, underlying: Underlying, spec: ContractSpec, today: date, spot: Decimal
    ) -> Iterable[Contract]:
        rights = [right for right in Right if spec.right in ("", "?", right.value, right.name)]
        wanted_class = spec.trading_class or _class_named_by(spec.symbol)
        for expiry in self._expiries(underlying, spec, today):
            for trading_class in classes_on(underlying, expiry):
                if wanted_class and trading_class != wanted_class:
                    continue
                for strike in _strikes_asked(underlying, spec, spot):
                    for right in rights:
                        yield option(underlying, expiry, strike, right, trading_class)

    def _expiries(self, underlying: Underlying, spec: ContractSpec, today: date) -> list[date]:
        if not spec.expiry:
            return expiries(underlying, today)
        covered = parse_expiry(spec.expiry)
        if covered is None:
            return []
        first, last = covered
        if first != last:
            return [day for day in expiries(underlying, today) if first <= day <= last]
        listed = is_expiry(underlying, first) or (
            self._any_expiry and sessions.is_trading_day(first)
        )
        return [first] if listed and today <= first <= today + _LISTED_AHEAD else []


def _class_named_by(symbol: str) -> str:
    return symbol.upper() if symbol.upper() in ("SPXW", "NDXP") else ""


def _strikes_asked(underlying: Underlying, spec: ContractSpec, spot: Decimal) -> Iterable[Decimal]:
    if not spec.strike:
        return strikes(underlying, spot)
    on_grid = 0 < spec.strike < 100_000 and spec.strike % underlying.strike_step == 0
    return [spec.strike] if on_grid else []


def _from_local_symbol(spec: ContractSpec) -> ContractSpec | None:
    match = re.fullmatch(r"([A-Z0-9.]{1,6}) *(\d{6})([CP])(\d{8})", spec.local_symbol)
    if match is None:
        return None
    trading_class, expiry, right, strike = match.groups()
    return ContractSpec(
        symbol=trading_class,
        sec_type="OPT",
        expiry=f"20{expiry}",
        strike=Decimal(strike) / 1000,
        right=right,
        trading_class=trading_class,
    )
