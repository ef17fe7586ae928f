import json
from datetime import timedelta

import pytest

from autoscalper.cli.scenes import Expected, Quote, Scene, read_scenes
from autoscalper.domain.outcome import Outcome, OutcomeKind
from tests.fakes.posts import NINE_FORTY_FIVE

QUOTE = {
    "underlying": "IWM",
    "expiry": "2026-03-18",
    "strike": "210",
    "right": "C",
    "bid": "0.87",
    "ask": "0.88",
}


def scene_of(**line: object) -> Scene:
    (scene,) = read_scenes([json.dumps(line)], now=NINE_FORTY_FIVE)
    return scene


def test_a_line_says_what_shall_happen_around_its_post() -> None:
    scene = scene_of(
        text="BTO IWM 210c 0.88",
        posted_at="2026-03-18T09:45:00-04:00",
        delay_seconds=90,
        quotes=[QUOTE],
        expect={"kind": "traded", "detail": "^bought 2"},
        holds=2,
        rests=1,
    )
    assert scene.played_at == scene.written_at + timedelta(seconds=90)
    assert scene.quotes == (Quote(**QUOTE),)
    assert scene.expected == Expected(kind=OutcomeKind.TRADED, detail="^bought 2")
    assert (scene.holds, scene.rests, scene.has_post) == (2, 1, True)


def test_a_line_without_a_post_only_moves_the_market() -> None:
    assert not scene_of(posted_at="2026-03-18T09:45:00-04:00", quotes=[QUOTE]).has_post
    assert scene_of(deletes="5").has_post


def test_scenes_come_in_the_order_of_their_times() -> None:
    lines = [
        json.dumps({"text": "second", "ts": "2026-03-18T09:46:00-04:00"}),
        json.dumps({"text": "first", "ts": "2026-03-18T13:45:00Z"}),
    ]
    assert [scene.number for scene in read_scenes(lines, now=NINE_FORTY_FIVE)] == [2, 1]


def test_a_line_without_a_time_or_sense_follows_the_one_above_it() -> None:
    lines = [
        json.dumps({"text": "later", "ts": "2026-03-18T09:46:00-04:00"}),
        json.dumps({"text": "no time"}),
        "{",
        "",
        json.dumps({"text": "earlier", "ts": "2026-03-18T09:45:00-04:00"}),
    ]
    assert [scene.number for scene in read_scenes(lines, now=NINE_FORTY_FIVE)] == [5, 1, 2, 3]


def test_a_first_line_without_a_time_is_played_with_the_first_that_has_one() -> None:
    lines = [json.dumps({"text": "x"}), json.dumps({"text": "y", "ts": "2026-03-18T10:00:00Z"})]
    first, second = read_scenes(lines, now=NINE_FORTY_FIVE)
    assert (first.number, first.written_at) == (1, second.written_at)


def test_a_file_without_times_is_played_now() -> None:
    assert scene_of(text="x").written_at == NINE_FORTY_FIVE


@pytest.mark.parametrize(
    ("kind", "detail", "is_met"),
    [
        (OutcomeKind.DENIED, "risk: the budget is $50.00", True),
        (OutcomeKind.DENIED, "no open trade", False),
        (OutcomeKind.TRADED, "risk: the budget is $50.00", False),
    ],
)
def test_an_expectation_is_a_kind_and_a_pattern(
    kind: OutcomeKind, detail: str, is_met: bool
) -> None:
    expected = Expected(kind=OutcomeKind.DENIED, detail=r"budget is \$\d+")
    assert expected.is_met_by(Outcome(kind=kind, detail=detail)) == is_met


def test_an_expectation_is_shown_as_an_outcome_is() -> None:
    assert str(Expected(kind=OutcomeKind.IGNORED)) == "ignored"
    assert str(Expected(kind=OutcomeKind.DENIED, detail="risk")) == "denied: risk"
