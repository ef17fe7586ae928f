import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.runtime import supervisord
from autoscalper.runtime.supervisord import ProcessInfo, Supervisor, SupervisorFailed
from tests.fakes.home import wait_until

CONFIGURATION = """
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile={run_dir}/supervisord.pid
[unix_http_server]
file={run_dir}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:idler]
command=sleep 600
startsecs=0
[program:unwanted]
command=sleep 600
autostart=false
"""


@pytest.fixture
def run_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="as-") as directory:
        yield Path(directory)


@pytest.fixture
def supervisor(run_dir: Path) -> Iterator[Supervisor]:
    configuration = run_dir / "supervisord.conf"
    configuration.write_text(CONFIGURATION.format(run_dir=run_dir))
    command = (sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            wait_until((run_dir / "supervisor.sock").exists, "supervisord's socket")
            yield Supervisor(run_dir)
        finally:
            child.terminate()


def by_name(supervisor: Supervisor) -> dict[str, ProcessInfo]:
    return {process.name: process for process in supervisor.processes()}


def test_every_process_is_described_and_all_stop_together(supervisor: Supervisor) -> None:
    wait_until(lambda: by_name(supervisor)["idler"].statename == "RUNNING", "the idler to run")
    processes = by_name(supervisor)
    assert processes["unwanted"].statename == "STOPPED"
    os.kill(processes["idler"].pid, 0)
    supervisor.stop_all()
    assert by_name(supervisor)["idler"].statename == "STOPPED"
    with pytest.raises(ProcessLookupError):
        os.kill(processes["idler"].pid, 0)


def test_a_supervisord_that_does_not_run_is_named_by_its_socket(run_dir: Path) -> None:
    with pytest.raises(SupervisorFailed, match="supervisor.sock"):
        Supervisor(run_dir).processes()


def test_a_process_is_started_and_signaled_by_its_name(supervisor: Supervisor) -> None:
    wait_until(lambda: by_name(supervisor)["idler"].statename == "RUNNING", "the idler to run")
    first = by_name(supervisor)["idler"].pid
    supervisor.signal("idler", "KILL")
    wait_until(lambda: by_name(supervisor)["idler"].pid not in (0, first), "another idler")
    supervisor.stop_all()
    supervisor.start("idler")
    wait_until(lambda: by_name(supervisor)["idler"].statename == "RUNNING", "it to run again")


def test_a_refusal_is_our_error(supervisor: Supervisor) -> None:
    with pytest.raises(SupervisorFailed, match="startProcess: .*BAD_NAME"):
        supervisor.start("unknown")


def test_somebody_who_never_answers_is_our_error(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisord, "TIMEOUT_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(run_dir / "supervisor.sock"))
        mute.listen()
        with pytest.raises(SupervisorFailed, match="timed out"):
            Supervisor(run_dir).processes()
