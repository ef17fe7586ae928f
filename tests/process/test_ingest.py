import json
import socket
from collections.abc import Iterator

import pytest

from autoscalper.cli.door import Door, IngestSilent
from autoscalper.domain.identity import PostId
from autoscalper.links.cli_to_ingest import LineRefused, PostTaken, TakePost
from autoscalper.links.ingest_to_parser import LINK, Message
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home, wait_until
from tests.fakes.posts import FixedClock


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@pytest.fixture
def door(home: Home) -> Iterator[Door]:
    door = Door(f"ipc://{home.run_dir}/cli_to_ingest.ipc")
    yield door
    door.close()


def request(number: int) -> TakePost:
    line = {"message_id": f"m{number}", "text": f"post {number}"}
    return TakePost(line=json.dumps(line), number=number)


async def followed(home: Home, count: int) -> list[Message]:
    store = Store(home.data_dir / "follower.db", durable=False)
    address = f"ipc://{home.run_dir}/{LINK.name}.ipc"
    heard: list[Message] = []
    async for batch in Follower(LINK, address, store, FixedClock()).batches():
        heard += [entry.message for entry in batch]
        if len(heard) >= count:
            break
    store.close()
    return heard


async def test_what_is_put_in_at_the_door_comes_to_whoever_follows(home: Home, door: Door) -> None:
    home.start("ingest")
    for number in range(3):
        door.hand_in(request(number))
    assert [each.post_id for each in await followed(home, 3)] == ["m0.1", "m1.1", "m2.1"]


async def test_a_kill_between_any_two_posts_loses_none_and_doubles_none(
    home: Home, door: Door
) -> None:
    for number in range(30):
        if number % 6 == 0:
            home.start("ingest")
        door.hand_in(request(number))
        if number % 6 == 5:
            home.kill("ingest")
    home.start("ingest")
    assert door.hand_in(request(29)) == PostTaken(post_id=PostId("m29.1"), is_new=False)
    heard = await followed(home, 30)
    assert [each.post_id for each in heard] == [f"m{number}.1" for number in range(30)]


@pytest.mark.parametrize("point", ["ingest-before-commit", "ingest-after-commit"])
async def test_a_death_around_the_commit_of_a_post_leaves_it_in_the_log_once(
    home: Home, door: Door, point: str
) -> None:
    home.arm(point)
    home.start("ingest")
    with pytest.raises(IngestSilent):
        door.hand_in(request(0), patience_seconds=0.3)
    wait_until(lambda: home.has_died("ingest"), "ingest to die")
    home.start("ingest")
    reply = door.hand_in(request(0))
    assert reply == PostTaken(post_id=PostId("m0.1"), is_new=point == "ingest-before-commit")
    door.hand_in(request(1))
    assert [each.post_id for each in await followed(home, 2)] == ["m0.1", "m1.1"]


def test_a_line_that_is_no_post_is_refused_and_ingest_goes_on(home: Home, door: Door) -> None:
    child = home.start("ingest")
    reply = door.hand_in(TakePost(line="{", number=7))
    assert isinstance(reply, LineRefused)
    assert reply.reason.startswith("line 7: ")
    assert isinstance(door.hand_in(request(1)), PostTaken)
    assert child.poll() is None


def test_a_stop_is_clean(home: Home) -> None:
    home.start("ingest")
    assert home.terminate("ingest") == 0


@pytest.mark.parametrize("process", ["ingest", "parser", "broker", "alert"])
@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"DRY_RUN": "perhaps"}, "DRY_RUN is 'perhaps', expected true or false"),
        ({"MAX_CONTRACT": "3"}, "MAX_CONTRACT is not a setting, expected perhaps MAX_CONTRACTS"),
        ({"LOG_DIR": "/nowhere/logs"}, "create LOG_DIR"),
        ({"DATA_DIR": "/nowhere/data"}, "create /nowhere/data"),
    ],
)
def test_what_a_person_must_mend_is_one_line_and_code_two(
    home: Home, process: str, settings: dict[str, str], complaint: str
) -> None:
    code, said = home.refused(process, **settings)
    assert code == 2
    assert complaint in said
    assert said.startswith("autoscalper: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("process", ["ingest", "parser", "broker", "alert"])
def test_a_second_process_of_the_same_kind_does_not_start(home: Home, process: str) -> None:
    home.start(process)
    code, said = home.refused(process)
    assert (code, "in use by another process" in said) == (2, True)


def test_an_address_that_is_taken_is_named(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        code, said = home.refused("ingest", LINK_ADDRESSES=f"cli_to_ingest={address}")
    assert (code, address in said) == (2, True)
