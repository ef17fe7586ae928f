from __future__ import annotations

import json

import pytest

from autoscalper.cli.__main__ import main


def test_a_reading_is_told_with_the_characters_it_comes_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["parse", "BTO KO 72c 3/20 @ .80", "--on", "2026-03-18"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["read", "as", "NEW"]
    assert "from       4-6      underlying: KO" in shown
    assert "expiry     2026-03-20" in shown
    assert shown[-1].endswith("would not be asked")


def test_a_doubt_is_told_with_what_the_model_would_be_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["parse", "KO 72c"]) == 0
    shown = capsys.readouterr().out
    assert "not sure" in shown
    assert 'would be asked: {"post":"KO 72c"}' in shown


def test_json_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "good morning", "--json"]) == 0
    reply = json.loads(capsys.readouterr().out)
    assert reply["reading"]["type"] == "Ignored"
    assert set(reply) == {"reading", "prediction", "evidence", "question", "would_ask"}
