import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from autoscalper.cli.simulator_control import SimulatorControl, SimulatorSilent
from tests.fakes.control_socket import Refused, a_control_socket


def test_a_command_is_one_line_and_its_result_comes_back(tmp_path: Path) -> None:
    with a_control_socket(tmp_path, lambda request: [request["strike"]]) as asked:
        assert SimulatorControl(tmp_path).ask("quote", strike="210") == ["210"]
    assert asked == [{"command": "quote", "strike": "210"}]


def test_a_refusal_says_what_was_refused_and_why(tmp_path: Path) -> None:
    def refuse(request: dict[str, Any]) -> None:
        raise Refused("expected a strike, was none")

    with (
        a_control_socket(tmp_path, refuse),
        pytest.raises(SimulatorSilent, match="refused quote: expected a strike, was none"),
    ):
        SimulatorControl(tmp_path).ask("quote")


def test_a_simulator_that_is_not_there_is_named_by_its_socket(tmp_path: Path) -> None:
    with pytest.raises(SimulatorSilent, match="simulator.sock.*is it running"):
        SimulatorControl(tmp_path).ask("ledger")


def test_a_simulator_that_hangs_up_in_the_middle_is_no_reply(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "simulator.sock"))
        listener.listen()
        listener.settimeout(5)
        control = SimulatorControl(tmp_path)

        def hang_up() -> None:
            line, _ = listener.accept()
            line.recv(1000)
            line.sendall(b'{"ok": tr')
            line.close()

        hanging = threading.Thread(target=hang_up)
        hanging.start()
        with pytest.raises(SimulatorSilent, match="hung up on ledger"):
            control.ask("ledger")
        hanging.join()
