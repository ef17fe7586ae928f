from __future__ import annotations

import pytest

from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import FROM_BROKER, FROM_INGEST, FROM_PARSER
from tests.fakes.posts import an_outcome
from tests.links.examples import ANY_TO_ALERT


def test_every_sender_has_a_log_of_its_own() -> None:
    assert [link.name for link in (FROM_INGEST, FROM_PARSER, FROM_BROKER)] == [
        "ingest_to_alert",
        "parser_to_alert",
        "broker_to_alert",
    ]


@pytest.mark.parametrize("name", ANY_TO_ALERT)
def test_every_sender_may_say_everything(name: str) -> None:
    for link in (FROM_INGEST, FROM_PARSER, FROM_BROKER):
        assert link.decode(link.encode(ANY_TO_ALERT[name])) == ANY_TO_ALERT[name]


@pytest.mark.parametrize("kind", OutcomeKind)
def test_every_kind_of_outcome_passes(kind: OutcomeKind) -> None:
    outcome = an_outcome(kind)
    assert FROM_PARSER.decode(FROM_PARSER.encode(outcome)) == outcome
