import asyncio
import json
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from autoscalper.domain.identity import PostId
from autoscalper.ingest.post_door import PostDoor
from autoscalper.ingest.post_log import PostLog
from autoscalper.links import cli_to_ingest
from autoscalper.links.cli_to_ingest import LineRefused, PostTaken, Reply, TakePost
from autoscalper.runtime.errors import AddressUnusable
from tests.fakes.posts import FixedClock


async def ask(address: str, *payloads: bytes) -> list[Reply]:
    socket = zmq.asyncio.Context.instance().socket(zmq.REQ)
    socket.linger = 0
    socket.connect(address)
    replies = []
    try:
        for payload in payloads:
            await socket.send(payload)
            replies.append(cli_to_ingest.decode_reply(await socket.recv()))
    finally:
        socket.close()
    return replies


async def through(door: PostDoor, address: str, *payloads: bytes) -> list[Reply]:
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(door.serve())
        async with asyncio.timeout(10):
            replies = await ask(address, *payloads)
        serving.cancel()
    return replies


def line(number: int = 1, **fields: str) -> bytes:
    return cli_to_ingest.encode(TakePost(line=json.dumps(fields), number=number))


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"ipc://{tmp_path}/door.ipc"


@pytest.fixture
def door(address: str, posts: PostLog, clock: FixedClock) -> PostDoor:
    return PostDoor(address, posts, clock)


async def test_the_reply_comes_when_the_post_is_in_the_log(
    door: PostDoor, address: str, posts: PostLog
) -> None:
    replies = await through(door, address, line(message_id="101", text="all out"))
    assert replies == [PostTaken(post_id=PostId("101.1"), is_new=True)]
    assert posts.log.has("101.1")


async def test_the_same_line_again_is_harmless(
    door: PostDoor, address: str, posts: PostLog
) -> None:
    same = line(message_id="101", text="all out")
    replies = await through(door, address, same, same)
    assert replies[1] == PostTaken(post_id=PostId("101.1"), is_new=False)
    assert posts.log.head == 1


async def test_edits_and_deletions_go_through_the_same_door(door: PostDoor, address: str) -> None:
    replies = await through(
        door,
        address,
        line(message_id="101", text="in"),
        line(edits="101", text="in half"),
        line(edits="101", text="in half"),
        line(deletes="101"),
        line(deletes="101"),
    )
    assert [(each.post_id, each.is_new) for each in replies if isinstance(each, PostTaken)] == [
        ("101.1", True),
        ("101.2", True),
        ("101.2", False),
        ("101.3", True),
        ("101.3", False),
    ]


async def test_a_line_that_is_no_post_is_refused_and_the_next_is_taken(
    door: PostDoor, address: str
) -> None:
    replies = await through(door, address, line(number=9), b"\xc1", line(text="all out"))
    assert replies[0] == LineRefused(reason="line 9: text is missing, expected what the post says")
    assert isinstance(replies[1], LineRefused)
    assert isinstance(replies[2], PostTaken)


async def test_an_edit_of_a_message_that_is_not_known_is_refused(
    door: PostDoor, address: str
) -> None:
    replies = await through(door, address, line(number=3, edits="101", text="in half"))
    assert replies == [LineRefused(reason="line 3: message 101 is not known")]


async def test_a_door_without_its_directory_is_not_opened(
    posts: PostLog, clock: FixedClock
) -> None:
    with pytest.raises(AddressUnusable, match="RUN_DIR"):
        PostDoor("ipc:///nowhere/at/all/door.ipc", posts, clock)
