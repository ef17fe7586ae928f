from __future__ import annotations

from autoscalper.domain.reading import Evidence
from autoscalper.parser.grammar.findings import evidence
from autoscalper.parser.grammar.tokens import tokenise


def test_evidence_is_where_the_token_stands() -> None:
    tokens = tokenise("MSFT  505c")
    assert evidence(tokens, underlying=0, strike=1, price=None) == (
        Evidence(field="underlying", start=0, end=4),
        Evidence(field="strike", start=6, end=10),
    )
