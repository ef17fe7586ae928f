"""Writes a reading in the flat format in which labelled alert files and their scorers speak."""

from __future__ import annotations

from typing import assert_never

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    ExitCause,
    Instruction,
    MoveStop,
    NotePlan,
    NoteRisk,
    OpenTrade,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    StopRule,
    TrailBy,
    TrimTrade,
)
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reading

Prediction = dict[str, str | float | bool | list[float] | None]

_EXITS = {ExitCause.EXIT: "EXIT", ExitCause.TAKE_PROFIT: "TP", ExitCause.STOP_LOSS: "SL"}
_DIRECTIONS = {Right.CALL: "CALL", Right.PUT: "PUT"}


def prediction(reading: Reading) -> Prediction:
    """Return the reading as one record: an event name and the fields that the event has."""
    match reading:
        case Instructed():
            instruction = reading.instruction
            return {**_contract(instruction.contract), **_fields(instruction), "abstain": False}
        case Ignored():
            return {"event": "IGNORE", "abstain": False}
        case Abstained():
            return {"event": None, "abstain": True}
        case _:
            assert_never(reading)


def _contract(contract: ContractTerms) -> Prediction:
    return {
        "underlying": contract.underlying,
        "direction": _DIRECTIONS[contract.right] if contract.right else None,
        "strike": float(contract.strike) if contract.strike is not None else None,
        "expiry": contract.expiry.isoformat() if contract.expiry else None,
    }


def _fields(instruction: Instruction) -> Prediction:
    match instruction:
        case OpenTrade(price=price, stop=stop, targets=targets):
            prices = [float(target) for target in targets.prices] if targets else None
            return {"event": "NEW", "price": _number(price), "stop": _stop(stop), "targets": prices}
        case AddToTrade(price=price, stop=stop):
            return {"event": "ADD", "price": _number(price), "stop": _stop(stop)}
        case TrimTrade(fraction=fraction, price=price, stop=stop):
            return {
                "event": "TRIM",
                "fraction": _number(fraction),
                "price": _number(price),
                "stop": _stop(stop),
            }
        case CloseTrade(cause=cause, price=price):
            return {"event": _EXITS[cause], "price": _number(price)}
        case MoveStop(stop=stop):
            return {"event": "MOVE_STOP", "stop": _stop(stop)}
        case SetTargets(targets=levels):
            return {"event": "TARGETS", "targets": [float(target) for target in levels.prices]}
        case CancelEntry():
            return {"event": "CANCEL"}
        case NotePlan():
            return {"event": "PLAN"}
        case NoteRisk():
            return {"event": "RISK_NOTE"}
        case _:
            assert_never(instruction)


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _stop(stop: StopRule | None) -> str | float | None:
    match stop:
        case None | StopBelow() | TrailBy():
            return None
        case StopAt(price=price):
            return float(price)
        case StopAtBreakEven():
            return "BE"
        case _:
            assert_never(stop)
