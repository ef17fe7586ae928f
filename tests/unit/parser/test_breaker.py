from autoscalper.parser.breaker import (
    FIRST_REST_SECONDS,
    LONGEST_REST_SECONDS,
    MOST_FAILURES,
    REFUSED_REST_SECONDS,
    Breaker,
)


def failing(times: int, *, at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.failed("is away", at)
    return breaker


def test_a_few_failures_are_forgiven() -> None:
    assert failing(MOST_FAILURES - 1).refuses(0.0) == ""


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = failing(MOST_FAILURES - 1)
    breaker.succeeded(0.0)
    breaker.failed("is away", 0.0)
    assert breaker.refuses(0.0) == ""


def test_failures_in_a_row_earn_a_rest_that_says_why() -> None:
    breaker = failing(MOST_FAILURES)
    assert breaker.refuses(FIRST_REST_SECONDS - 0.1) == "is left alone: is away"
    assert breaker.rest_seconds(1.0) == FIRST_REST_SECONDS - 1.0


def test_after_the_rest_one_question_is_let_through_until_it_is_decided() -> None:
    breaker = failing(MOST_FAILURES)
    assert breaker.refuses(FIRST_REST_SECONDS) == ""
    assert breaker.refuses(FIRST_REST_SECONDS) != ""
    breaker.succeeded(FIRST_REST_SECONDS)
    assert breaker.refuses(FIRST_REST_SECONDS) == ""
    assert breaker.reason == ""


def test_a_failed_trial_rests_twice_as_long_up_to_a_bound() -> None:
    breaker = failing(MOST_FAILURES)
    now, rests = FIRST_REST_SECONDS, []
    for _ in range(8):
        breaker.refuses(now)
        breaker.failed("is away", now)
        rests.append(breaker.rest_seconds(now))
        now += rests[-1]
    assert rests[:2] == [2 * FIRST_REST_SECONDS, 4 * FIRST_REST_SECONDS]
    assert rests[-1] == LONGEST_REST_SECONDS


def test_a_wait_that_was_asked_for_is_kept_up_to_a_bound_and_ends_without_a_trial() -> None:
    breaker = Breaker()
    breaker.told_to_wait("asked", 7.0, 0.0)
    assert breaker.refuses(6.9) != ""
    assert [breaker.refuses(7.0), breaker.refuses(7.0)] == ["", ""]
    breaker.told_to_wait("asked", float("inf"), 7.0)
    assert breaker.rest_seconds(7.0) == LONGEST_REST_SECONDS


def test_an_answer_from_before_the_rest_does_not_end_it() -> None:
    breaker = Breaker()
    breaker.told_to_wait("asked", 7.0, 0.0)
    breaker.succeeded(1.0)
    assert breaker.refuses(2.0) != ""


def test_what_a_person_has_to_mend_is_asked_seldom() -> None:
    breaker = Breaker()
    breaker.refused("has no such key", 0.0)
    assert breaker.rest_seconds(0.0) == REFUSED_REST_SECONDS
