"""Scores readings of labelled posts: how many entries are exactly right, how many false. Pure.

A labelled post says what its event is, which events are accepted besides, and whether opening a
trade on it is right (``enter_allowed``): ``yes``, ``no``, ``context_only`` (with the contract of
an earlier post) or ``either`` (not scored). An abstention is neither right nor wrong, but an entry
that nobody read is not read exactly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from autoscalper.parser.prediction import Prediction

_SALES = frozenset(("TRIM", "EXIT", "TP", "SL"))
_ONE_ROOT = {"SPXW": "SPX", "NDXP": "NDX", "BRKB": "BRK.B", "BRK/B": "BRK.B"}
_SAME = 1e-6
#: How far a fraction may be from the label's.
_FRACTION_TOLERANCE = 0.05
_CONTEXT = re.compile(r"([A-Z.]+) ([0-9.]+)([CP])(?: (.+))?")


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What a post says, as a careful reader wrote it down."""

    event: str
    underlying: str | None = None
    direction: str | None = None
    strike: float | None = None
    expiry_iso: str | None = None
    price: float | None = None
    price_max: float | None = None
    fraction: float | None = None
    stop: float | str | None = None
    targets: list[float] | None = None


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled post."""

    id: str
    text: str = ""
    room: str = ""
    author: str = ""
    ts: datetime
    context: list[str] = []
    label: Label
    ambiguous: bool = False
    acceptable_events: list[str]
    enter_allowed: str
    entry_complete: bool
    context_contract: str | None = None


def score(posts: Sequence[Labelled], predictions: Mapping[str, Prediction]) -> dict[str, Any]:
    """Return the figures of ``predictions``, by post id; rates are None where nothing counts."""
    counts: Counter[str] = Counter()
    for post in posts:
        got = predictions.get(post.id)
        counts["unanswered"] += got is None
        _count(counts, post, got or {})
    return _figures(counts, len(posts))


def _count(counts: Counter[str], post: Labelled, got: Prediction) -> None:
    has_abstained = bool(got.get("abstain"))
    event = None if has_abstained else str(got.get("event") or "IGNORE")
    counts["abstained"] += has_abstained
    counts["covered"] += not has_abstained
    counts["event_right"] += event in post.acceptable_events
    _count_due_entry(counts, post, got, event)
    _count_entry(counts, post, got, event)
    _count_sale(counts, post, got, event)
    _count_levels(counts, post, got, event)


def _count_due_entry(
    counts: Counter[str], post: Labelled, got: Prediction, event: str | None
) -> None:
    if not post.entry_complete or post.enter_allowed != "yes":
        return
    counts["entries"] += 1
    if event is None:
        counts["entries_abstained"] += 1
    elif event != "NEW":
        counts["missed_entries"] += 1
    elif not _is_contract(got, post.label):
        counts["wrong_contract"] += 1
    else:
        counts["contract_right"] += 1
        counts["exact" if _is_price(got, post.label) else "wrong_price"] += 1


def _count_entry(counts: Counter[str], post: Labelled, got: Prediction, event: str | None) -> None:
    enters = event == "NEW"
    if post.enter_allowed == "no" and post.label.event != "ADD":
        counts["non_entries"] += 1
        if enters:
            counts["false_entries"] += 1
            sold = post.label.event in _SALES
            counts[f"on {'exit' if sold else post.label.event.lower()}"] += 1
    in_context = post.enter_allowed == "context_only"
    is_right_in_context = enters and in_context and _is_context_contract(got, post)
    counts["context_only"] += in_context
    counts["context_only_entered"] += enters and in_context
    counts["context_only_right"] += is_right_in_context
    if enters and post.enter_allowed != "either":
        is_due = post.enter_allowed == "yes" and post.entry_complete
        counts["enter_total"] += 1
        counts["enter_right"] += is_right_in_context or (is_due and _is_contract(got, post.label))


def _count_sale(counts: Counter[str], post: Labelled, got: Prediction, event: str | None) -> None:
    label, sells = post.label, event in _SALES
    if _SALES.isdisjoint(post.acceptable_events):
        counts["non_exits"] += 1
        counts["false_exits"] += sells
    if label.event not in _SALES or not _SALES.issuperset(post.acceptable_events):
        return
    counts["exits"] += 1
    counts["exits_found"] += sells
    counts["part_or_full_right"] += sells and (label.event == "TRIM") == (event == "TRIM")
    if sells and label.underlying:
        counts["exits_named"] += 1
        counts["exits_named_right"] += _root(got.get("underlying")) == _root(label.underlying)
    if label.fraction is not None:
        counts["fractions"] += 1
        counts["fractions_right"] += sells and _is_near(
            got.get("fraction"), label.fraction, _FRACTION_TOLERANCE
        )


def _count_levels(counts: Counter[str], post: Labelled, got: Prediction, event: str | None) -> None:
    label = post.label
    if post.ambiguous:
        return
    stop = got.get("stop") if event is not None else None
    if label.event == "MOVE_STOP":
        counts["stop_moves"] += 1
        counts["stop_moves_found"] += event == "MOVE_STOP"
    if label.stop == "BE":
        counts["stops_to_entry"] += 1
        counts["stops_to_entry_right"] += stop == "BE"
    elif (wanted := _as_number(label.stop)) is not None:
        counts["stop_values"] += 1
        counts["stop_values_right"] += _is_near(stop, wanted)
    if label.targets:
        targets = got.get("targets") if event is not None else None
        counts["target_lists"] += 1
        counts["target_lists_right"] += isinstance(targets, list) and sorted(targets) == sorted(
            label.targets
        )


def _figures(counts: Counter[str], messages: int) -> dict[str, Any]:
    def rate(part: str, whole: int) -> float | None:
        return round(counts[part] / whole, 4) if whole else None

    return {
        "messages": messages,
        "unanswered": counts["unanswered"],
        "exact_entry_rate": rate("exact", counts["entries"]),
        "event_accuracy": rate("event_right", counts["covered"]),
        "false_entry_rate": rate("false_entries", counts["non_entries"]),
        "enter_precision": rate("enter_right", counts["enter_total"]),
        "exits_recall": rate("exits_found", counts["exits"]),
        "fraction_accuracy": rate("fractions_right", counts["fractions"]),
        "stop_move_recall": rate("stop_moves_found", counts["stop_moves"]),
        "stop_value_accuracy": rate("stop_values_right", counts["stop_values"]),
        "abstain_rate": rate("abstained", messages),
        "wrong_contract": counts["wrong_contract"],
        "counts": _counts(counts),
    }


_PLAIN_COUNTS = (
    "entries", "exact", "contract_right", "wrong_price", "missed_entries", "entries_abstained",
    "non_entries", "false_entries", "enter_total", "enter_right", "context_only",
    "context_only_entered", "context_only_right", "exits", "exits_found", "non_exits",
    "false_exits", "fractions", "fractions_right", "stop_moves", "stop_moves_found",
    "stop_values", "stop_values_right", "stops_to_entry", "stops_to_entry_right",
    "target_lists", "target_lists_right", "abstained", "covered", "event_right",
)  # fmt: skip


def _counts(counts: Counter[str]) -> dict[str, Any]:
    false_on = {name[3:]: counts[name] for name in sorted(counts) if name.startswith("on ")}
    return {
        **{name: counts[name] for name in _PLAIN_COUNTS},
        "false_entries_on": false_on,
        "exits_right_ticker": [counts["exits_named_right"], counts["exits_named"]],
        "part_or_full_right": [counts["part_or_full_right"], counts["exits_found"]],
    }


def _is_contract(got: Prediction, label: Label) -> bool:
    return (
        _root(got.get("underlying")) == _root(label.underlying)
        and got.get("direction") == label.direction
        and _is_near(got.get("strike"), label.strike)
        and (not label.expiry_iso or got.get("expiry") == label.expiry_iso)
    )


def _is_price(got: Prediction, label: Label) -> bool:
    if label.price is None:
        return True
    low, high = sorted((label.price, label.price_max or label.price))
    price = got.get("price")
    return isinstance(price, float | int) and low - _SAME <= price <= high + _SAME


def _is_context_contract(got: Prediction, post: Labelled) -> bool:
    found = _CONTEXT.fullmatch(post.context_contract or "")
    if found is None:
        return False
    wanted = Label(
        event="NEW",
        underlying=found[1],
        strike=float(found[2]),
        direction="CALL" if found[3] == "C" else "PUT",
        expiry_iso=_expiry(found[4] or "", post.ts.year),
    )
    return _is_contract(got, wanted)


def _expiry(text: str, year: int) -> str | None:
    digits = [int(part) for part in re.findall(r"\d{1,2}", text)]
    if re.fullmatch(r"\d{6}", text):
        return date(2000 + digits[0], digits[1], digits[2]).isoformat()
    if re.fullmatch(r"\d{1,2}/\d{1,2}", text):
        return date(year, digits[0], digits[1]).isoformat()
    return None


def _as_number(value: float | str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        # Such as "low of day".
        return None


def _root(symbol: object) -> str:
    name = str(symbol or "").strip().upper().lstrip("$")
    return _ONE_ROOT.get(name, name)


def _is_near(got: object, wanted: object, tolerance: float = _SAME) -> bool:
    return (
        isinstance(got, float | int)
        and isinstance(wanted, float | int)
        and abs(got - wanted) <= tolerance
    )
