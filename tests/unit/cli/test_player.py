import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from autoscalper.cli import player as players
from autoscalper.cli.door import Door
from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.player import Pace, Played, Player
from autoscalper.cli.scenes import Scene, read_scenes
from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.runtime.clock import ShiftedClock
from tests.fakes.control_socket import a_control_socket
from tests.fakes.home import Home, a_home
from tests.fakes.posts import NINE_FORTY_FIVE

CHATTER, ENTRY = "good morning everyone", "BTO IWM 210c 0.88"
SECOND = timedelta(seconds=1)


class Theatre:
    """A player before real processes, all but the broker, and a simulator of the test's own."""

    def __init__(self, home: Home, clock: ShiftedClock) -> None:
        self.clock = clock
        self.outcomes = Outcomes(home.data_dir / "alert.db")
        self.door = Door(f"ipc://{home.run_dir}/cli_to_ingest.ipc")
        market = SimulatorControl(home.run_dir)
        self.player = Player(self.door, self.outcomes, market, clock, Pace(), self.trades_known)
        self.asked: list[dict[str, Any]] = []
        #: What broker knows of, and what the simulator replies; the last word is repeated.
        self.trades: list[int | None] = [None]
        self.replies: dict[str, list[Any]] = {"quote": [{}]}

    def trades_known(self) -> int | None:
        return self.trades.pop(0) if len(self.trades) > 1 else self.trades[0]

    def answer(self, request: dict[str, Any]) -> Any:
        replies = self.replies[request["command"]]
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def play(self, scene: Scene) -> Played:
        return self.player.see_out(self.player.put_in(scene))

    def close(self) -> None:
        self.door.close()
        self.outcomes.close()


@pytest.fixture
def theatre() -> Iterator[Theatre]:
    with a_home() as home:
        path = home.run_dir / "clock"
        clock = ShiftedClock(path)
        clock.move_to(NINE_FORTY_FIVE - 60 * SECOND)
        for process in ("ingest", "parser", "alert"):
            home.start(process, CLOCK_FILE=str(path))
        theatre = Theatre(home, clock)
        with a_control_socket(home.run_dir, theatre.answer) as asked:
            theatre.asked = asked
            yield theatre
        theatre.close()


def scene(text: str | None, at: datetime = NINE_FORTY_FIVE, **fields: Any) -> Scene:
    line = {"text": text, "posted_at": at.isoformat(), **fields}
    given = json.dumps({name: each for name, each in line.items() if each})
    (read,) = read_scenes([given], now=NINE_FORTY_FIVE)
    return read


def test_a_post_is_put_in_at_its_own_time_and_its_outcome_awaited(theatre: Theatre) -> None:
    played = theatre.play(scene(CHATTER))
    assert played.decided is not None
    assert played.decided.outcome.kind is OutcomeKind.IGNORED
    assert played.problem == ""
    assert played.decided.posted_at == NINE_FORTY_FIVE
    assert timedelta() <= played.decided.received_at - NINE_FORTY_FIVE < 5 * SECOND


def test_a_post_that_comes_late_is_put_in_late(theatre: Theatre) -> None:
    played = theatre.play(scene(CHATTER, delay_seconds=90))
    assert played.decided is not None
    assert played.decided.posted_at == NINE_FORTY_FIVE
    assert played.decided.received_at - NINE_FORTY_FIVE >= 90 * SECOND


def test_time_never_goes_back_and_a_post_that_was_overtaken_is_written_now(
    theatre: Theatre,
) -> None:
    theatre.clock.move_to(NINE_FORTY_FIVE + 600 * SECOND)
    played = theatre.play(scene(CHATTER))
    assert played.decided is not None
    assert played.decided.posted_at >= NINE_FORTY_FIVE + 600 * SECOND


def test_the_wrong_outcome_is_a_problem_that_says_both(theatre: Theatre) -> None:
    played = theatre.play(scene(CHATTER, expect={"kind": "traded", "detail": "bought"}))
    assert played.problem.startswith("expected traded: bought, was ignored: ")


def test_quotes_are_set_before_the_post_is_put_in(theatre: Theatre) -> None:
    quote = {"underlying": "IWM", "expiry": "2026-03-18", "strike": "210", "right": "C"}
    quote |= {"bid": "0.87", "ask": "0.88"}
    assert theatre.play(scene(None, quotes=[quote])).post_id is None
    assert theatre.asked == [{"command": "quote", **quote}]


def test_a_line_that_is_no_post_is_played_as_refused(theatre: Theatre) -> None:
    (broken,) = read_scenes(["{"], now=NINE_FORTY_FIVE)
    played = theatre.play(broken)
    assert played.refusal.startswith("line 1: ")
    assert played.post_id is None


def test_an_edit_that_changes_nothing_has_no_outcome_to_wait_for(theatre: Theatre) -> None:
    theatre.play(scene(CHATTER, message_id="5"))
    assert theatre.play(scene(CHATTER, edits="5")).post_id is None


def test_while_nothing_comes_the_clock_is_moved_and_in_the_end_patience(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "_PATIENCE_SECONDS", 1.0)
    played = theatre.play(scene(ENTRY))
    assert played.problem == "no outcome in 1 s"
    assert played.is_lost
    assert theatre.clock.now() - NINE_FORTY_FIVE >= 6 * SECOND


def test_the_next_scene_waits_until_the_account_holds_what_it_shall(theatre: Theatre) -> None:
    none, two = ({"positions": [{"qty": qty}]} for qty in ("0", "2"))
    theatre.replies["positions"] = [none, none, two]
    assert theatre.play(scene(CHATTER, holds=2)).problem == ""
    assert len(theatre.asked) == 3


def test_after_a_move_of_the_market_broker_must_have_heard_what_it_did(theatre: Theatre) -> None:
    theatre.replies["positions"] = [{"positions": [{"qty": "2"}, {"qty": "0"}]}]
    theatre.trades = [None, 2, 1]
    assert theatre.play(scene(None, holds=2)).problem == ""
    assert theatre.trades == [1]


def test_an_account_that_holds_something_else_is_a_problem(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "_PATIENCE_SECONDS", 1.0)
    theatre.replies["positions"] = [{"positions": [{"qty": "1"}]}]
    assert theatre.play(scene(CHATTER, holds=2)).problem == (
        "expected 2 contracts in the account, was 1"
    )


def test_a_scene_with_orders_at_rest_is_over_when_they_rest(theatre: Theatre) -> None:
    entry = {"side": "BUY", "status": "Submitted"}
    theatre.replies["ledger"] = [{"orders": []}, {"orders": [entry]}]
    put_in = theatre.player.put_in(scene(ENTRY, rests=1))
    assert put_in.problem == ""
    assert put_in.decided is None
    assert len(theatre.asked) == 2
