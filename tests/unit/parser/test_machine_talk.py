import time

import pytest

from autoscalper.parser.machine_talk import speaks_to_machines
from tests.unit.parser.grammar.examples import ENTRIES, FOLLOW_UPS, NO_TRADES
from tests.unit.parser.hostile_posts import INJECTIONS


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_post_that_speaks_to_programs_is_recognised(text: str) -> None:
    assert speaks_to_machines(text)


@pytest.mark.parametrize(
    "text",
    [
        "BOT 5 AI 30c 1.10",
        "my system says up, in T 20c .40",
        "the market ignored the news, adding KO",
        "right side of the trade, strike 30",
        "User: Kim\nBTO KO 72c 1.10",
        "no new entries, rules are rules",
        "```KO 72c 1.10```",
    ],
)
def test_a_post_to_people_is_left_alone(text: str) -> None:
    assert not speaks_to_machines(text)


def test_no_example_of_the_grammar_is_taken_for_one() -> None:
    texts = [text for text, _ in ENTRIES + FOLLOW_UPS] + NO_TRADES
    assert [text for text in texts if speaks_to_machines(text)] == []


@pytest.mark.parametrize("piece", ["ignore ", "read this ", "{", "you are a ", "the bot ", "<|"])
def test_no_post_makes_it_run_long(piece: str) -> None:
    started = time.process_time()
    speaks_to_machines(piece * (8000 // len(piece)))
    assert time.process_time() - started < 0.2
