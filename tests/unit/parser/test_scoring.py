from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from autoscalper.parser.prediction import Prediction
from autoscalper.parser.scoring import Label, Labelled, score

NEW_YORK = ZoneInfo("America/New_York")
ENTRY: dict[str, Any] = {
    "event": "NEW",
    "underlying": "PFE",
    "direction": "CALL",
    "strike": 29.0,
    "expiry_iso": "2026-03-20",
    "price": 0.8,
}
RIGHT: Prediction = {
    "event": "NEW",
    "underlying": "PFE",
    "direction": "CALL",
    "strike": 29.0,
    "expiry": "2026-03-20",
    "price": 0.8,
    "abstain": False,
}
ABSTAINED: Prediction = {"event": None, "abstain": True}


def labelled(label: dict[str, Any], **fields: Any) -> Labelled:
    given: dict[str, Any] = {
        "id": "x",
        "ts": datetime(2026, 3, 18, 10, 0, tzinfo=NEW_YORK),
        "label": Label(**label),
        "acceptable_events": [label["event"]],
        "enter_allowed": "yes" if label["event"] == "NEW" else "no",
        "entry_complete": label["event"] == "NEW",
    }
    return Labelled(**(given | fields))


def figures(post: Labelled, got: Prediction | None) -> dict[str, Any]:
    found = score([post], {} if got is None else {"x": got})
    return {**found.pop("counts"), **found}


def test_a_right_entry_is_exact_and_precise() -> None:
    found = figures(labelled(ENTRY), RIGHT)
    assert (found["exact_entry_rate"], found["enter_precision"], found["event_accuracy"]) == (
        1.0, 1.0, 1.0,
    )  # fmt: skip
    assert found["false_entry_rate"] is None


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        ({"underlying": "KO"}, "wrong_contract"),
        ({"direction": "PUT"}, "wrong_contract"),
        ({"strike": 30.0}, "wrong_contract"),
        ({"expiry": None}, "wrong_contract"),
        ({"price": 0.9}, "wrong_price"),
        ({"price": None}, "wrong_price"),
        ({"event": "PLAN"}, "missed_entries"),
        ({"event": None, "abstain": True}, "entries_abstained"),
    ],
)
def test_an_entry_can_go_wrong_in_one_way_at_a_time(change: Prediction, counted: str) -> None:
    found = figures(labelled(ENTRY), {**RIGHT, **change})
    assert (found[counted], found["exact"]) == (1, 0)


def test_no_prediction_counts_as_ignored() -> None:
    found = figures(labelled(ENTRY), None)
    assert (found["unanswered"], found["missed_entries"], found["covered"]) == (1, 1, 1)


def test_roots_of_one_underlying_are_the_same() -> None:
    found = figures(labelled({**ENTRY, "underlying": "SPXW"}), {**RIGHT, "underlying": "SPX"})
    assert found["exact"] == 1


@pytest.mark.parametrize(("price", "exact"), [(0.8, 1), (0.85, 1), (0.9, 1), (0.91, 0)])
def test_a_price_inside_a_range_is_right(price: float, exact: int) -> None:
    found = figures(labelled({**ENTRY, "price_max": 0.9}), {**RIGHT, "price": price})
    assert found["exact"] == exact


def test_an_entry_where_none_may_be_is_false_and_told_by_what_the_post_was() -> None:
    for event, on in (("TRIM", "exit"), ("RISK_NOTE", "risk_note")):
        found = figures(labelled({"event": event}), RIGHT)
        assert (found["false_entry_rate"], found["false_entries_on"]) == (1.0, {on: 1})
        assert found["enter_precision"] == 0.0


def test_an_entry_instead_of_an_add_or_where_either_is_right_is_not_false() -> None:
    assert figures(labelled({"event": "ADD"}), RIGHT)["false_entries"] == 0
    found = figures(labelled(ENTRY, enter_allowed="either"), RIGHT)
    assert (found["enter_total"], found["entries"]) == (0, 0)


@pytest.mark.parametrize(
    ("said", "right"),
    [("PFE 29C 3/20", 1), ("PFE 29C 260320", 1), ("PFE 29C weekly", 1), ("PFE 29P", 0), ("?", 0)],
)
def test_an_entry_in_context_is_right_with_the_contract_of_the_context(
    said: str, right: int
) -> None:
    post = labelled(ENTRY, enter_allowed="context_only", context_contract=said)
    found = figures(post, RIGHT)
    assert (found["context_only_entered"], found["context_only_right"]) == (1, right)
    assert found["enter_right"] == right


def test_any_sale_finds_an_exit_but_a_part_is_not_all() -> None:
    post = labelled({"event": "TRIM", "fraction": 0.5, "underlying": "PFE"})
    found = figures(post, {"event": "EXIT", "fraction": 0.52, "underlying": "PFE"})
    assert (found["exits_recall"], found["fraction_accuracy"]) == (1.0, 1.0)
    assert (found["part_or_full_right"], found["exits_right_ticker"]) == ([0, 1], [1, 1])
    missed = figures(post, ABSTAINED)
    assert (missed["exits_recall"], missed["fraction_accuracy"]) == (0.0, 0.0)


def test_a_sale_where_none_is_accepted_is_a_false_exit() -> None:
    assert figures(labelled({"event": "IGNORE"}), {"event": "TRIM"})["false_exits"] == 1


@pytest.mark.parametrize(
    ("label", "stop", "right"),
    [(0.5, 0.5, 1), (0.5, 0.6, 0), ("0.5", 0.5, 1), ("low of day", 0.5, None)],
)
def test_a_stop_move_is_scored_with_its_value(
    label: float | str, stop: float, right: int | None
) -> None:
    post = labelled({"event": "MOVE_STOP", "stop": label})
    found = figures(post, {"event": "MOVE_STOP", "stop": stop})
    assert found["stop_move_recall"] == 1.0
    assert (found["stop_values"], found["stop_values_right"]) == (
        (0, 0) if right is None else (1, right)
    )


def test_a_stop_at_the_entry_is_counted_by_itself() -> None:
    post = labelled({"event": "MOVE_STOP", "stop": "BE"})
    assert figures(post, {"event": "MOVE_STOP", "stop": "BE"})["stops_to_entry_right"] == 1
    assert figures(post, {"event": "MOVE_STOP", "stop": 0.5})["stops_to_entry_right"] == 0


def test_targets_are_right_all_together() -> None:
    post = labelled({"event": "TARGETS", "targets": [1.0, 2.0]})
    assert figures(post, {"event": "TARGETS", "targets": [2.0, 1.0]})["target_lists_right"] == 1
    assert figures(post, {"event": "TARGETS", "targets": [1.0]})["target_lists_right"] == 0


def test_an_ambiguous_post_scores_no_levels() -> None:
    post = labelled({"event": "MOVE_STOP", "stop": 0.5}, ambiguous=True)
    found = figures(post, ABSTAINED)
    assert (found["stop_moves"], found["stop_values"], found["abstain_rate"]) == (0, 0, 1.0)
    assert found["event_accuracy"] is None
