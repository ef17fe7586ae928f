from datetime import timedelta

from autoscalper.cli.outcomes import Numbered
from autoscalper.cli.player import Played
from autoscalper.cli.scenes import Expected, Scene
from autoscalper.cli.verdict import (
    ENTRY_HEADER,
    entry_rows,
    problems_of,
    rows_of,
    story_of,
    summary_of,
)
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import OutcomeDecided
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome

SCENE = Scene(number=4, line="{}", written_at=NINE_FORTY_FIVE)
BOUGHT = an_outcome(
    OutcomeKind.TRADED,
    "bought 2 at 0.88",
    understood="NEW IWM 210C 2026-03-18 @ 0.88",
    text="BTO IWM 210c 0.88",
    orders=("buy 2",),
    ordered_at=NINE_FORTY_FIVE + timedelta(milliseconds=2),
)


def played(decided: OutcomeDecided, problem: str = "") -> Played:
    return Played(scene=SCENE, post_id=decided.post_id, decided=decided, problem=problem)


def kept(*decided: OutcomeDecided) -> list[Numbered]:
    return [Numbered(number=number, decided=each) for number, each in enumerate(decided, start=1)]


def test_a_day_in_which_every_post_has_its_right_outcome_has_no_problems() -> None:
    assert problems_of([played(BOUGHT)], kept(BOUGHT), (), ()) == []


def test_every_kind_of_problem_is_named() -> None:
    stranger = an_outcome(post_id="999.1")
    refused = Played(
        scene=Scene(
            number=5,
            line="{",
            written_at=NINE_FORTY_FIVE,
            expected=Expected(kind=OutcomeKind.TRADED),
        ),
        refusal="line 5: no JSON",
    )
    day = [played(BOUGHT, "expected ignored"), refused]
    problems = problems_of(day, kept(BOUGHT, stranger), ("broker",), ("IWM 210 C",))
    assert problems == [
        "line 4: expected ignored",
        "line 5: no JSON",
        "post 999.1 has an outcome and was never put in",
        "broker was restarted",
        "IWM 210 C is held without a stop",
    ]


def test_a_line_of_somebody_elses_file_that_is_refused_is_no_problem_of_the_day() -> None:
    assert problems_of([Played(scene=SCENE, refusal="line 4: no JSON")], [], (), ()) == []


def test_moves_of_the_market_are_not_in_the_table() -> None:
    assert len(rows_of([Played(scene=SCENE), played(BOUGHT)])) == 1


def test_only_what_was_bought_is_listed_as_an_entry() -> None:
    sold = an_outcome(OutcomeKind.TRADED, "closing 1", understood="EXIT IWM 210C")
    denied = an_outcome(OutcomeKind.DENIED, "risk", understood="NEW IWM 210C @ 9")
    (row,) = entry_rows([played(sold), played(BOUGHT), played(denied)])
    assert len(row) == len(ENTRY_HEADER)
    assert row[2:] == ("BTO IWM 210c 0.88", BOUGHT.understood, "bought 2 at 0.88")


def test_the_summary_counts_posts_outcomes_and_orders() -> None:
    day = [played(BOUGHT), played(an_outcome()), played(an_outcome()), Played(scene=SCENE)]
    assert summary_of(day) == "3 posts, 3 outcomes (2 ignored, 1 traded), 1 orders"


def test_who_watches_sees_the_story_of_every_post() -> None:
    assert story_of(played(BOUGHT)).splitlines() == [
        "09:45:00  Dana: BTO IWM 210c 0.88",
        "          understood  NEW IWM 210C 2026-03-18 @ 0.88",
        "          ordered     buy 2",
        "          traded      bought 2 at 0.88 (2.0 ms)",
    ]
    assert story_of(played(an_outcome())).splitlines() == [
        "09:45:00  Dana: morning all",
        "          ignored     a greeting (4.0 ms)",
    ]
    assert story_of(Played(scene=SCENE, refusal="line 4: no JSON")) == "refused   line 4: no JSON"
    assert story_of(Played(scene=SCENE)) == ""
