"""Finds what a reading claims and its text does not show."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from autoscalper.domain.instruction import OpenTrade, StopAt
from autoscalper.domain.reading import Instructed, Reading

#: The one root under which other roots are read.
ROOTS = {
    "SPX": ("SPX", "SPXW"),
    "NDX": ("NDX", "NDXP"),
    "VIX": ("VIX", "VIXW"),
    "BRK.B": ("BRK.B", "BRKB", "BRK/B"),
}


def invented(text: str, reading: Reading) -> str | None:
    """Return what an entry claims and the text does not show, or None."""
    if not isinstance(reading, Instructed):
        return None
    for each in reading.evidence:
        if not 0 <= each.start < each.end <= len(text):
            return f"evidence outside the text: {each}"
    if not isinstance(reading.instruction, OpenTrade):
        return None
    shown = unicodedata.normalize("NFKC", text).replace(",", "").upper()
    contract = reading.instruction.contract
    if not any(
        root in shown
        for root in ROOTS.get(contract.underlying or "", (contract.underlying or "?",))
    ):
        return f"underlying {contract.underlying}"
    for number in _numbers(reading.instruction):
        if not _is_shown(number, shown):
            return f"number {number}"
    return None


def _numbers(entry: OpenTrade) -> list[Decimal]:
    numbers = [entry.contract.strike, entry.price, entry.price_max]
    if entry.quantity is not None:
        numbers.append(Decimal(entry.quantity))
    if isinstance(entry.stop, StopAt):
        numbers.append(entry.stop.price)
    if entry.targets is not None:
        numbers += entry.targets.prices
    return [number for number in numbers if number is not None]


def _is_shown(number: Decimal, shown: str) -> bool:
    as_listed = f"{int(number * 1000):08d}"
    return any(form in shown for form in (f"{number:f}", f"{number:f}".lstrip("0"), as_listed))
