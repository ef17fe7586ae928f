import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.cli.__main__ import main
from autoscalper.cli.sim import argument
from tests.fakes.control_socket import a_control_socket


@pytest.fixture
def run_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="as-") as directory:
        monkeypatch.setenv("RUN_DIR", directory)
        yield Path(directory)


def test_a_command_and_its_arguments_go_to_the_running_gateway(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_control_socket(run_dir, lambda request: {"bid": request["bid"]}) as asked:
        assert main(["sim", "quote", "underlying=IWM", "bid=0.42", "--json"]) == 0
    assert asked == [{"command": "quote", "underlying": "IWM", "bid": "0.42"}]
    assert json.loads(capsys.readouterr().out) == {"bid": "0.42"}


def test_a_gateway_that_does_not_run_is_one_line_and_code_one(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sim", "ledger"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("autoscalper: the simulator does not answer")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("strike=210", ("strike", "210")),
        ("reason=a=b", ("reason", "a=b")),
        ('contract={"right": "C"}', ("contract", {"right": "C"})),
    ],
)
def test_an_argument_is_text_but_for_json_objects(text: str, expected: tuple[str, object]) -> None:
    assert argument(text) == expected


def test_an_argument_without_a_value_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sim", "quote", "underlying"])
    assert "NAME=VALUE" in capsys.readouterr().err
