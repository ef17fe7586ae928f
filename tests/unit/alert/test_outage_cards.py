from datetime import UTC, datetime, timedelta

import pytest

from autoscalper.alert.escalation import Alarm, Outage, Recovered, Rung, Subject
from autoscalper.alert.outage_cards import (
    Approval,
    alarm_text,
    approval_of,
    protection_lines,
    recovered_text,
)
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import AlertSettings
from tests.fakes.telegram_server.markup import plain_text
from tests.unit.alert import examples
from tests.unit.alert.examples import after

SETTINGS = AlertSettings()
#: A quarter to midnight in New York, when the gateway restarts.
RESTART = datetime(2026, 3, 19, 3, 45, tzinfo=UTC)
#: One in the night of a Sunday in New York, when every login ends.
SUNDAY = datetime(2026, 3, 22, 5, 0, tzinfo=UTC)


def outage(subject: Subject = Subject.GATEWAY, since: datetime | None = None) -> Outage:
    return Outage(subject=subject, since=since or after(0), reason="127.0.0.1:4002: refused")


def alarm(rung: Rung, subject: Subject = Subject.GATEWAY) -> Alarm:
    return Alarm(outage=outage(subject), rung=rung)


def text_of(rung: Rung, subject: Subject = Subject.GATEWAY, **status: object) -> str:
    told = examples.status(**status)
    return plain_text(alarm_text(alarm(rung, subject), told, SETTINGS, after(301), "PAPER"))


def test_a_warning_says_how_long_how_often_why_and_that_nothing_is_to_be_done() -> None:
    text = text_of(Rung.WARNING, attempts=37)
    assert text.startswith("PAPER WARNING: IB Gateway away for 5 min")
    assert "Since 09:45:00 New York: 127.0.0.1:4002: refused" in text
    assert "37 attempts to reconnect so far" in text
    assert "Nothing to do yet." in text


@pytest.mark.parametrize(
    ("rung", "advice"),
    [
        (Rung.CRITICAL, "docker compose logs ib-gateway"),
        (Rung.SEVERE, "docker compose restart ib-gateway"),
        (Rung.OUTAGE, "Restart it by hand"),
    ],
)
def test_each_rung_says_what_to_do(rung: Rung, advice: str) -> None:
    assert advice in text_of(rung)


@pytest.mark.parametrize(
    ("subject", "advice"),
    [(Subject.GATEWAY, "IBKR_ACCOUNT"), (Subject.DISCORD, "a new DISCORD_USER_TOKEN")],
)
def test_what_waiting_does_not_mend_says_what_does(subject: Subject, advice: str) -> None:
    wrong = Alarm(outage=outage(subject), rung=Rung.CRITICAL, needs_a_person=True)
    text = plain_text(alarm_text(wrong, examples.status(), SETTINGS, after(5), ""))
    assert "cannot be used for 5 s" in text
    assert advice in text
    assert "IB Key" not in text


def test_an_alarm_lists_what_is_protected_and_what_is_not() -> None:
    naked = examples.open_trade(protected_qty=1)
    text = text_of(Rung.WARNING, trades=(examples.open_trade(), naked))
    assert "MU 127.5C Mar 20: 2 held, stop 0.94 rests at IBKR" in text
    assert "MU 127.5C Mar 20: 2 held, 1 without a stop: watch it in IBKR Mobile" in text


def test_nothing_open_and_nothing_known_are_said_as_such() -> None:
    assert protection_lines(examples.status(trades=())) == ["No position is open."]
    assert "not known" in protection_lines(None)[0]


@pytest.mark.parametrize("subject", [each for each in Subject if each is not Subject.GATEWAY])
@pytest.mark.parametrize("rung", [Rung.WARNING, Rung.SEVERE])
def test_everybody_elses_absence_is_told_by_name_with_advice(subject: Subject, rung: Rung) -> None:
    text = text_of(rung, subject)
    assert subject.value in text.lower() or subject.value in text
    leaves_alone = subject not in (Subject.MODEL, Subject.COMMANDS, Subject.PAPER)
    assert ("2 held, stop 0.94 rests at IBKR" in text) is leaves_alone
    assert len(text.splitlines()) == 4 + leaves_alone


@pytest.mark.parametrize(
    ("since", "minutes", "expected"),
    [
        (RESTART, 2, Approval.NO),
        (RESTART, 4, Approval.PERHAPS),
        (RESTART - timedelta(minutes=4), 10, Approval.PERHAPS),
        (RESTART + timedelta(minutes=30), 10, Approval.NO),
        (SUNDAY, 2, Approval.NO),
        (SUNDAY, 4, Approval.WEEKLY),
        (SUNDAY, 1000, Approval.WEEKLY),
        (SUNDAY - timedelta(minutes=10), 10, Approval.NO),
        # The restart of that night is the first that wants a login.
        (SUNDAY + timedelta(hours=22, minutes=45), 4, Approval.WEEKLY),
        (SUNDAY + timedelta(hours=24), 10, Approval.NO),
    ],
)
def test_when_it_began_says_whether_it_may_wait_for_an_approval(
    since: datetime, minutes: int, expected: Approval
) -> None:
    now = since + timedelta(minutes=minutes)
    assert approval_of(outage(since=since), SETTINGS, now) is expected


def approval_text(since: datetime, rung: Rung) -> str:
    waiting = Alarm(outage=outage(since=since), rung=rung)
    return plain_text(alarm_text(waiting, None, SETTINGS, since + timedelta(minutes=20), ""))


def test_an_approval_is_guessed_and_never_claimed() -> None:
    weekly, daily = (approval_text(each, Rung.WARNING) for each in (SUNDAY, RESTART))
    assert "Looks like the weekly IB Key approval" in weekly
    assert "Perhaps it waits for an IB Key approval" in daily
    for text in (weekly, daily):
        assert "Nothing to do yet" not in text


def test_the_longer_it_lasts_the_less_an_approval_is_all_that_is_said() -> None:
    text = approval_text(SUNDAY, Rung.SEVERE)
    assert "Looks like the weekly IB Key approval" in text
    assert "docker compose restart ib-gateway" in text


def test_the_recovery_tells_what_filled_what_was_skipped_and_what_is_protected() -> None:
    recovered = Recovered(outage=outage(), ended_at=after(600))
    stopped = examples.fill(3, 2, "0.93", seconds=120, purpose=Purpose.STOP_LOSS)
    late = examples.skipped(OutcomeKind.EXPIRED, "90 s old")
    text = plain_text(recovered_text(recovered, examples.status(), [stopped], [late], ""))
    assert text.splitlines() == [
        "RECOVERED: IB Gateway is back after 10 min",
        "Filled meanwhile:",
        "09:47:00 sold 2 MU 127.5C Mar 20 at 0.93 (stop loss)",
        "Skipped meanwhile:",
        "09:45:00 NEW MU 127.5C 2026-03-20 @ 1.20: expired",
        "MU 127.5C Mar 20: 2 held, stop 0.94 rests at IBKR",
    ]


def test_a_quiet_outage_says_that_nothing_filled() -> None:
    recovered = Recovered(outage=outage(), ended_at=after(600))
    assert "Nothing filled meanwhile." in recovered_text(recovered, None, [], [], "")


def test_the_recovery_of_others_is_one_line() -> None:
    recovered = Recovered(outage=outage(Subject.DISCORD), ended_at=after(600))
    text = plain_text(recovered_text(recovered, None, [], [], ""))
    assert text == "RECOVERED: Discord is back after 10 min"
