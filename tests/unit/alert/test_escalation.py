from datetime import timedelta

import pytest

from autoscalper.alert.escalation import (
    Alarm,
    Outage,
    Recovered,
    Rung,
    Seen,
    Subject,
    look,
    rung_of,
)
from tests.unit.alert.examples import after


class Story:
    """Looks at one subject, a second apart."""

    def __init__(self, subject: Subject = Subject.GATEWAY) -> None:
        self.subject = subject
        self.outage: Outage | None = None
        self.said: list[tuple[float, str]] = []

    def run(
        self,
        first: int,
        last: int,
        *,
        is_up: bool,
        exposed: bool = False,
        needs_a_person: bool = False,
        step: int = 1,
    ) -> None:
        """Look from second ``first`` to ``last``; it is so since ``first``."""
        for second in range(first, last + 1, step):
            seen = Seen(
                subject=self.subject,
                is_up=is_up,
                since=after(first),
                reason="refused",
                needs_a_person=needs_a_person,
            )
            self.outage, news = look(self.outage, seen, after(second), exposed=exposed)
            match news:
                case Alarm(rung=rung):
                    self.said.append((second, rung.value))
                case Recovered():
                    self.said.append((second, "RECOVERED"))
                case None:
                    pass


def test_a_short_outage_is_quiet() -> None:
    story = Story()
    story.run(0, 299, is_up=False)
    story.run(300, 310, is_up=True)
    assert story.said == []


def test_a_long_outage_climbs_the_ladder_and_then_repeats_every_hour() -> None:
    story = Story()
    story.run(0, 4 * 3600, is_up=False)
    story.run(4 * 3600 + 1, 4 * 3600 + 9, is_up=True)
    assert story.said == [
        (300, "WARNING"),
        (1020, "CRITICAL"),
        (3600, "SEVERE"),
        (7200, "OUTAGE"),
        (10800, "OUTAGE"),
        (14400, "OUTAGE"),
        (14401, "RECOVERED"),
    ]


def test_with_positions_open_the_first_word_comes_after_a_minute() -> None:
    story = Story()
    story.run(0, 400, is_up=False, exposed=True)
    assert story.said == [(60, "WARNING")]


def test_what_a_person_must_mend_is_said_at_once() -> None:
    story = Story()
    story.run(0, 400, is_up=False, needs_a_person=True)
    assert story.said == [(0, "CRITICAL")]
    token = Seen(
        subject=Subject.DISCORD, is_up=False, since=after(0), reason="refused", needs_a_person=True
    )
    _, alarm = look(None, token, after(0), exposed=False)
    assert isinstance(alarm, Alarm)
    assert alarm.needs_a_person


def test_a_restart_of_alert_in_the_middle_repeats_nothing_and_skips_to_what_is() -> None:
    story = Story()
    story.run(0, 310, is_up=False)
    story.run(0, 4000, is_up=False, step=4000)
    assert [rung for _, rung in story.said] == ["WARNING", "SEVERE"]


def test_coming_back_and_leaving_again_is_a_new_outage() -> None:
    story = Story()
    story.run(0, 320, is_up=False)
    story.run(321, 322, is_up=True)
    story.run(323, 500, is_up=False)
    assert [what for _, what in story.said] == ["WARNING", "RECOVERED"]
    assert story.outage is not None and story.outage.since == after(323)


def test_the_newest_reason_is_remembered_and_the_beginning_stays() -> None:
    outage = Outage(subject=Subject.GATEWAY, since=after(0), reason="refused")
    seen = Seen(subject=Subject.GATEWAY, is_up=False, since=after(9), reason="silent")
    later, _ = look(outage, seen, after(10), exposed=False)
    assert later is not None
    assert (later.since, later.reason) == (after(0), "silent")


@pytest.mark.parametrize(
    ("seconds", "exposed", "rung"),
    [
        (59, True, Rung.QUIET),
        (60, True, Rung.WARNING),
        (299, False, Rung.QUIET),
        (300, False, Rung.WARNING),
        (1019, False, Rung.WARNING),
        (1020, False, Rung.CRITICAL),
        (3600, False, Rung.SEVERE),
        (7200, True, Rung.OUTAGE),
    ],
)
def test_each_rung_has_its_age(seconds: int, exposed: bool, rung: Rung) -> None:
    assert rung_of(timedelta(seconds=seconds), exposed=exposed) is rung
