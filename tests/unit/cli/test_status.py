import pytest

from autoscalper.cli.status import describe
from autoscalper.runtime.heartbeat import Heartbeat
from autoscalper.runtime.supervisord import ProcessInfo
from tests.fakes.posts import NINE_FORTY_FIVE


def process(state: str) -> ProcessInfo:
    return ProcessInfo(
        name="broker",
        statename=state,
        pid=42,
        start=0,
        now=5,
        exitstatus=0,
        description="uptime 0:00:05",
    )


def beat(monotonic: float) -> Heartbeat:
    return Heartbeat(
        process="broker",
        pid=42,
        started_at=NINE_FORTY_FIVE,
        beat_at=NINE_FORTY_FIVE,
        monotonic=monotonic,
        details={"state": "trading"},
    )


def test_a_process_is_described_by_supervisord_and_by_itself() -> None:
    status = describe(process("RUNNING"), beat(100.0), now=100.72)
    assert (status.process, status.state, status.pid) == ("broker", "RUNNING", 42)
    assert (status.beat_age_seconds, status.details) == (0.7, {"state": "trading"})


@pytest.mark.parametrize(
    ("state", "last_beat", "is_well"),
    [
        ("RUNNING", beat(99), True),
        ("RUNNING", beat(95), False),
        ("RUNNING", None, False),
        ("BACKOFF", beat(99), False),
        ("FATAL", beat(99), False),
        ("STOPPED", None, True),
    ],
)
def test_a_process_is_well_that_runs_and_beats_or_is_not_wanted(
    state: str, last_beat: Heartbeat | None, is_well: bool
) -> None:
    assert describe(process(state), last_beat, now=100).is_well == is_well
