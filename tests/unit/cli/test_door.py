import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from autoscalper.cli import door as doors
from autoscalper.cli.door import Door, IngestSilent
from autoscalper.domain.identity import PostId
from autoscalper.links import cli_to_ingest
from autoscalper.links.cli_to_ingest import LineRefused, PostTaken, Reply, TakePost

REQUEST = TakePost(line='{"text": "all out"}', number=1)
TAKEN = PostTaken(post_id=PostId("101.1"), is_new=True)


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"ipc://{tmp_path}/door.ipc"


@pytest.fixture
def door(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(doors, "_REPLY_SECONDS", 0.1)
    door = Door(address)
    yield door
    door.close()


@contextmanager
def an_ingest(address: str, answer: Callable[[TakePost], Reply | None]) -> Iterator[None]:
    """Answer at ``address`` as ingest does; None leaves a request without its reply."""
    ended = threading.Event()
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.bind(address)

    def serve() -> None:
        while not ended.is_set():
            if socket.poll(10):
                *envelope, payload = socket.recv_multipart()
                reply = answer(cli_to_ingest.decode_request(payload))
                if reply is not None:
                    socket.send_multipart([*envelope, cli_to_ingest.encode(reply)])

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield
    finally:
        ended.set()
        serving.join()
        socket.close()


@pytest.mark.parametrize("reply", [TAKEN, LineRefused(reason="line 1: no post")])
def test_the_reply_of_ingest_is_handed_back(address: str, door: Door, reply: Reply) -> None:
    with an_ingest(address, lambda request: reply):
        assert door.hand_in(REQUEST) == reply
        assert door.hand_in(REQUEST) == reply


def test_the_same_is_asked_again_until_there_is_a_reply(address: str, door: Door) -> None:
    asked = []

    def answer(request: TakePost) -> Reply | None:
        asked.append(request)
        return TAKEN if len(asked) == 3 else None

    with an_ingest(address, answer):
        assert door.hand_in(REQUEST) == TAKEN
    assert asked == [REQUEST] * 3


def test_an_ingest_that_comes_back_later_gets_the_post(address: str, door: Door) -> None:
    with pytest.raises(IngestSilent):
        door.hand_in(REQUEST, patience_seconds=0.15)
    with an_ingest(address, lambda request: TAKEN):
        assert door.hand_in(REQUEST) == TAKEN


def test_an_ingest_that_is_not_there_is_named_by_its_address(address: str, door: Door) -> None:
    with pytest.raises(IngestSilent, match=r"does not answer at ipc://.*RUN_DIR"):
        door.hand_in(REQUEST, patience_seconds=0.05)
