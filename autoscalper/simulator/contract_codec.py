"""Contracts on the wire, as requests carry them and as replies do."""

from __future__ import annotations

from autoscalper.domain.identity import ConId
from autoscalper.simulator.codec import FieldReader, Value, decimal
from autoscalper.simulator.instruments import Contract, ContractSpec


def read_contract(fields: FieldReader) -> ContractSpec:
    """Read the twelve fields of a contract in a request."""
    con_id = ConId(fields.integer())
    symbol, sec_type, expiry, strike, right, _, exchange, _, currency, local, trading_class = (
        fields.texts(11)
    )
    return ContractSpec(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        expiry=expiry,
        strike=decimal(strike) or None,
        right=right,
        exchange=exchange,
        currency=currency,
        local_symbol=local,
        trading_class=trading_class,
    )


def written(contract: Contract, exchange: str = "SMART") -> tuple[Value, ...]:
    """Return the eleven fields of a contract in a reply: no primary exchange.

    A right that does not exist is ``0`` here and ``?`` in orders, as a gateway writes it.
    """
    return (
        contract.con_id,
        contract.symbol,
        contract.sec_type,
        "" if contract.expiry is None else f"{contract.expiry:%Y%m%d}",
        0 if contract.strike is None else contract.strike,
        "0" if contract.right is None else contract.right.value,
        contract.multiplier if contract.strike is not None else "",
        exchange,
        "USD",
        contract.local_symbol,
        contract.trading_class,
    )
