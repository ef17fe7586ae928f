from __future__ import annotations

import socket
from pathlib import Path

import pytest

from autoscalper.watchdog import supervisor_client
from autoscalper.watchdog.supervisor_client import ProcessInfo, Supervisor, SupervisorFailed
from tests.unit.watchdog.conftest import FakeSupervisord


@pytest.fixture
def client(tmp_path: Path) -> Supervisor:
    return Supervisor(tmp_path / "supervisor.sock")


def test_processes_are_what_supervisord_says(
    supervisord: FakeSupervisord, client: Supervisor
) -> None:
    supervisord.runs("broker", state="BACKOFF", pid=0, up=3)
    assert client.processes() == [
        ProcessInfo(
            name="broker", statename="BACKOFF", pid=0, start=1_770_000_000, now=1_770_000_003
        )
    ]


def test_a_start_does_not_wait(supervisord: FakeSupervisord, client: Supervisor) -> None:
    client.start("broker")
    assert supervisord.told == [("start", "broker", False)]


def test_a_signal_goes_by_its_name(supervisord: FakeSupervisord, client: Supervisor) -> None:
    client.signal("broker", "KILL")
    assert supervisord.told == [("signal", "broker", "KILL")]


def test_a_refusal_is_our_error(supervisord: FakeSupervisord, client: Supervisor) -> None:
    with pytest.raises(SupervisorFailed, match="startProcess: .*BAD_NAME"):
        client.start("unknown")


def test_nobody_there_is_our_error(client: Supervisor) -> None:
    with pytest.raises(SupervisorFailed, match="getAllProcessInfo"):
        client.processes()


def test_somebody_who_never_answers_is_our_error(
    tmp_path: Path, client: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_client, "TIMEOUT_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "supervisor.sock"))
        mute.listen()
        with pytest.raises(SupervisorFailed, match="timed out"):
            client.processes()
