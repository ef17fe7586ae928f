from datetime import UTC, datetime, timedelta

import pytest

from autoscalper.ingest.discord_patience import (
    Patience,
    Pulse,
    ailment,
    login_wait_seconds,
    pulse_at,
    retry_wait_seconds,
)

PATIENCE = Patience()
NOON = datetime(2026, 3, 18, 16, 0, tzinfo=UTC)


def ready_pulse(at: float = 1000.0) -> Pulse:
    pulse = pulse_at(at)
    pulse.connected(at)
    pulse.ready(at)
    return pulse


def test_a_new_connection_has_two_minutes_to_be_ready() -> None:
    pulse = pulse_at(1000.0)
    assert ailment(pulse, PATIENCE, 1119.0) is None
    assert ailment(pulse, PATIENCE, 1121.0) == "not ready after 121 s"


def test_a_connection_that_hears_frames_is_well() -> None:
    pulse = ready_pulse()
    pulse.last_frame_at = 5000.0
    assert ailment(pulse, PATIENCE, 5079.0) is None


def test_silence_is_noticed() -> None:
    assert ailment(ready_pulse(), PATIENCE, 1081.0) == "silent for 81 s"


def test_the_library_has_a_while_to_reconnect_from_the_first_disconnect_on() -> None:
    pulse = ready_pulse()
    pulse.disconnected(1010.0)
    pulse.disconnected(1020.0)
    assert ailment(pulse, PATIENCE, 1024.0) is None
    assert ailment(pulse, PATIENCE, 1026.0) == "disconnected for 16 s"
    pulse.ready(1026.0)
    assert ailment(pulse, PATIENCE, 1030.0) is None


def test_a_loop_of_connections_is_noticed_at_once() -> None:
    pulse = ready_pulse()
    for _ in range(9):
        pulse.connected(1001.0)
    assert ailment(pulse, PATIENCE, 1001.0) is None
    pulse.connected(1001.0)
    assert ailment(pulse, PATIENCE, 1001.0) == "11 connections in a minute"


def test_reconnecting_now_and_then_is_no_loop() -> None:
    pulse = ready_pulse()
    for minute in range(100):
        pulse.connected(1000.0 + 7 * minute)
        pulse.ready(1000.0 + 7 * minute)
    assert ailment(pulse, PATIENCE, 1000.0 + 7 * 100) is None


def test_the_fifth_login_in_five_minutes_is_the_last_for_a_quarter_of_an_hour() -> None:
    logins = [NOON + timedelta(seconds=60 * number) for number in range(5)]
    last = logins[-1]
    assert login_wait_seconds(logins[:4], PATIENCE, logins[3]) == 0
    assert login_wait_seconds(logins, PATIENCE, last) == 900
    assert login_wait_seconds(logins, PATIENCE, last + timedelta(seconds=899)) == 1
    assert login_wait_seconds(logins, PATIENCE, last + timedelta(seconds=900)) == 0


def test_after_the_rest_the_count_begins_anew() -> None:
    logins = [NOON + timedelta(seconds=60 * number) for number in range(5)]
    again = logins[-1] + timedelta(seconds=901)
    assert login_wait_seconds([*logins, again], PATIENCE, again) == 0


def test_five_logins_in_a_day_are_nothing() -> None:
    logins = [NOON + timedelta(hours=number) for number in range(5)]
    assert login_wait_seconds(logins, PATIENCE, logins[-1]) == 0


def test_logins_from_the_future_do_not_count() -> None:
    logins = [NOON + timedelta(seconds=number) for number in range(5)]
    assert login_wait_seconds(logins, PATIENCE, NOON - timedelta(days=1)) == 0


@pytest.mark.parametrize(("failures", "seconds"), [(0, 1), (1, 2), (4, 16), (5, 20), (9999, 20)])
def test_waits_double_up_to_a_limit(failures: int, seconds: float) -> None:
    assert retry_wait_seconds(failures, PATIENCE) == seconds
