from pathlib import Path

import msgspec
import pytest

from autoscalper.alert.escalation import Subject
from autoscalper.alert.view import SILENT_SECONDS, View, look, look_at_server, seen_in
from autoscalper.links import broker_to_alert
from autoscalper.runtime import heartbeat
from tests.fakes.posts import FixedClock
from tests.unit.alert import examples


def up(view: View) -> dict[Subject, bool]:
    return {seen.subject: seen.is_up for seen in seen_in(view)}


def test_everything_is_read_from_where_the_processes_leave_it(tmp_path: Path) -> None:
    beat = examples.beat("broker", state="trading")
    heartbeat.path_of(tmp_path, "broker").write_bytes(msgspec.json.encode(beat))
    broker_to_alert.leave(tmp_path, examples.status())
    seen = look(tmp_path, FixedClock())
    assert seen.status == examples.status()
    assert seen.beats == {"broker": beat}
    assert seen.detail("broker", "state") == "trading"
    assert seen.detail("broker", "nothing") == seen.detail("parser", "state") == ""


def test_nothing_left_is_nothing_seen(tmp_path: Path) -> None:
    seen = look(tmp_path, FixedClock())
    assert (seen.status, seen.beats, seen.is_exposed) == (None, {}, False)
    assert look_at_server(tmp_path, tmp_path).processes is None


def test_open_positions_expose_and_unfilled_entries_do_not() -> None:
    assert examples.view(told=examples.status()).is_exposed
    unfilled = examples.open_trade(held_qty=0)
    assert not examples.view(told=examples.status(trades=(unfilled,))).is_exposed


def test_who_beats_is_up() -> None:
    assert up(examples.view()) == {
        Subject.INGEST: True,
        Subject.PARSER: True,
        Subject.BROKER: True,
        Subject.DISCORD: True,
    }


@pytest.mark.parametrize(("age", "is_up"), [(SILENT_SECONDS, True), (SILENT_SECONDS + 1, False)])
def test_who_is_silent_for_too_long_is_away_since_the_last_beat(age: float, is_up: bool) -> None:
    view = examples.view(beats={"broker": examples.beat("broker", age=age)})
    seen = next(each for each in seen_in(view) if each.subject is Subject.BROKER)
    assert seen.is_up is is_up
    assert is_up or seen.since == examples.after(-age)


def test_who_never_beat_is_away() -> None:
    assert up(examples.view(beats={})) == {
        Subject.INGEST: False,
        Subject.PARSER: False,
        Subject.BROKER: False,
    }


@pytest.mark.parametrize(
    ("state", "is_up", "needs_a_person"),
    [("connected", True, False), ("reconnecting", False, False), ("token refused", False, True)],
)
def test_discord_is_what_ingest_says_of_it(state: str, is_up: bool, needs_a_person: bool) -> None:
    view = examples.view(beats={"ingest": examples.beat("ingest", discord=state)})
    seen = next(each for each in seen_in(view) if each.subject is Subject.DISCORD)
    assert (seen.is_up, seen.needs_a_person, seen.reason) == (is_up, needs_a_person, state)


def test_discord_is_not_blamed_when_ingest_itself_is_silent() -> None:
    view = examples.view(beats={"ingest": examples.beat("ingest", age=60, discord="connected")})
    assert Subject.DISCORD not in up(view)


@pytest.mark.parametrize(
    ("state", "is_up"),
    [("ready", True), ("loading", True), ("off", True), ("the key is refused", False)],
)
def test_the_model_is_what_parser_says_of_it(state: str, is_up: bool) -> None:
    view = examples.view(beats={"parser": examples.beat("parser", model=state)})
    assert up(view)[Subject.MODEL] is is_up


def test_paper_is_looked_at_where_it_runs_and_not_elsewhere(tmp_path: Path) -> None:
    broker_to_alert.leave(tmp_path, examples.status(), broker_to_alert.PAPER)
    beat = examples.beat("paper", state="trading")
    heartbeat.path_of(tmp_path, "paper").write_bytes(msgspec.json.encode(beat))
    alone = look(tmp_path, FixedClock())
    assert (alone.paper, alone.beats) == (None, {})
    assert Subject.PAPER not in up(alone)
    beside = look(tmp_path, FixedClock(), has_paper=True)
    assert beside.paper == examples.status()
    assert (beside.status, beside.is_exposed) == (None, False)
    assert Subject.PAPER in up(beside)
