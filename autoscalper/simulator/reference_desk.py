"""Answers what is asked about contracts: details, chains, price steps, symbols, history."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import assert_never

from autoscalper.simulator import (
    history_replies,
    instruments,
    market_rules,
    replies,
    requests,
    sessions,
    times,
)
from autoscalper.simulator.order_desk import NO_DEFINITION
from autoscalper.simulator.requests import (
    RequestContractDetails,
    RequestHistoricalData,
    RequestMatchingSymbols,
    RequestOptionParameters,
)
from autoscalper.simulator.session import Session
from autoscalper.simulator.world import World

_DAYS_OF_SCHEDULE = 5


class ReferenceDesk:
    """Requests about what can be traded."""

    def __init__(self, world: World) -> None:
        """Work on ``world``."""
        self._world = world

    def answer(self, session: Session, request: requests.ReferenceRequest) -> None:
        """Do what a client asks about contracts."""
        match request:
            case requests.RequestContractDetails():
                self._contract_details(session, request)
            case requests.RequestOptionParameters():
                self._option_parameters(session, request)
            case requests.RequestMatchingSymbols():
                self._matching_symbols(session, request)
            case requests.RequestMarketRule(rule=rule):
                self._market_rule(session, rule)
            case requests.RequestHistoricalData():
                self._history(session, request)
            case requests.CancelHistoricalData():
                pass  # the answer was complete
            case _:
                assert_never(request)

    def _contract_details(self, session: Session, request: RequestContractDetails) -> None:
        found = self._world.find_contracts(request.contract)
        if not found:
            session.error(request.req_id, 200, NO_DEFINITION)
            return
        today = sessions.exchange_day(self._world.now())
        for contract in found:
            session.send(replies.contract_details(request.req_id, contract, today, session.version))
        session.send(replies.contract_details_end(request.req_id))

    def _option_parameters(self, session: Session, request: RequestOptionParameters) -> None:
        underlying = instruments.underlying_of(request.symbol.upper())
        wrong_id = request.con_id not in (0, instruments.con_id_of(request.symbol.upper()))
        if underlying is None or wrong_id:
            cause = f"Invalid underlying {request.symbol!r}"
            session.invalid(request.req_id, cause)
            return
        today = sessions.exchange_day(self._world.now())
        listed = instruments.expiries(underlying, today)
        strikes = instruments.strikes(underlying, self._world.market.spot(underlying.symbol))
        classes = {name for day in listed for name in instruments.classes_on(underlying, day)}
        for trading_class in sorted(classes):
            days = [d for d in listed if trading_class in instruments.classes_on(underlying, d)]
            for exchange in ("SMART", "CBOE"):
                session.send(
                    replies.option_parameters(
                        request.req_id, exchange, underlying, trading_class, days, strikes
                    )
                )
        session.send(replies.option_parameters_end(request.req_id))

    def _matching_symbols(self, session: Session, request: RequestMatchingSymbols) -> None:
        pattern = request.pattern.upper()
        found = [each for each in instruments.known_symbols() if each.symbol.startswith(pattern)]
        exact = instruments.underlying_of(pattern)
        if exact is not None and exact not in found:
            found.insert(0, exact)
        session.send(replies.symbol_samples(request.req_id, found, session.version))

    def _market_rule(self, session: Session, rule: int) -> None:
        if rule in market_rules.BANDS:
            session.send(replies.market_rule(rule))
        else:
            session.invalid(-1, f"Invalid rule {rule}")

    def _history(self, session: Session, request: RequestHistoricalData) -> None:
        found = self._world.find_contracts(request.contract)
        if len(found) != 1:
            session.error(request.req_id, 200, NO_DEFINITION)
            return
        now = self._world.now()
        if request.what == "SCHEDULE":
            last = sessions.exchange_day(now)
            days = [last - timedelta(days=back) for back in range(_DAYS_OF_SCHEDULE, -1, -1)]
            session.send(history_replies.schedule(request.req_id, days))
            return
        end = times.parse(request.end) if request.end else now
        seconds = history_replies.seconds_of(request.bar_size)
        if end is None or seconds is None:
            cause = f"Invalid bar size {request.bar_size!r} or end {request.end!r}"
            session.invalid(request.req_id, cause)
            return
        price = self._world.quote(found[0]).mid or Decimal(0)
        session.send(history_replies.bars(request.req_id, price, end, seconds, request.duration))
