import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autoscalper.cli.gateway_probe import GatewaySilent, ask
from tests.fakes.home import Home, wait_until


@contextmanager
def a_listener(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection with ``behave``; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                behave(line)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listener.getsockname()[1]
        finally:
            serving.join()


def a_gateway(home: Home, **settings: str) -> int:
    home.start("simulator", SIMULATOR_PORT="0", **settings)
    port_file: Path = home.run_dir / "simulator.port"
    wait_until(port_file.exists, "the simulator to listen")
    return int(port_file.read_text())


def test_a_gateway_tells_its_accounts(home: Home) -> None:
    answer = ask("127.0.0.1", a_gateway(home, SIMULATOR_ACCOUNT="DU42"), 90_001)
    assert (answer.accounts, answer.is_read_only) == (("DU42",), False)


def test_a_gateway_that_may_only_read_is_told_apart(home: Home) -> None:
    assert ask("127.0.0.1", a_gateway(home, SIMULATOR_READ_ONLY="true"), 90_001).is_read_only


def test_a_client_id_in_use_is_told(home: Home) -> None:
    port = a_gateway(home)
    with socket.create_connection(("127.0.0.1", port)) as other:
        other.sendall(b"API\0\0\0\0\x09v157..178")
        other.recv(100)
        other.sendall(b"\0\0\0\x0b71\x002\x0090001\0\0"[:4] + b"71\x002\x0090001\0\0")
        other.recv(100)
        with pytest.raises(GatewaySilent, match="326"):
            ask("127.0.0.1", port, 90_001)


def test_nobody_there_is_silence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(GatewaySilent, match="does not answer"):
            ask("127.0.0.1", free.getsockname()[1], 90_001)


def test_a_relay_before_a_dead_gateway_is_silence() -> None:
    with a_listener(lambda line: None) as port, pytest.raises(GatewaySilent, match="does not"):
        ask("127.0.0.1", port, 90_001)


def test_a_gateway_that_takes_bytes_and_says_nothing_is_silence() -> None:
    def stay_mute(line: socket.socket) -> None:
        while line.recv(100):
            pass

    with a_listener(stay_mute) as port, pytest.raises(GatewaySilent, match="does not answer"):
        ask("127.0.0.1", port, 90_001, patience_seconds=0.2)
