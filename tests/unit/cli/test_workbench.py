import pytest

from autoscalper.cli.workbench import WorkbenchFailed, ask


def test_a_request_gets_its_reply() -> None:
    reply = ask({"type": "read", "text": "all out of KO", "posted_on": "2026-03-18"})
    assert reply["prediction"]["event"] == "EXIT"


def test_a_request_that_cannot_be_answered_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARSER_MODE", "guess")
    with pytest.raises(WorkbenchFailed, match="PARSER_MODE"):
        ask({"type": "read", "text": "gm", "posted_on": "2026-03-18"})
