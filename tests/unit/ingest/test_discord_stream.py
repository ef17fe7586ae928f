from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.ingest.discord_history import History
from autoscalper.ingest.discord_message import Unreadable, Updated, Written
from tests.fakes.home import until
from tests.fakes.posts import a_post
from tests.unit.ingest.discord_rooms import CHANNEL, FIRST, Room, message


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.store.close()


@pytest.fixture
def current(room: Room) -> Room:
    """Return a room that was read up to message 5."""
    room.catch_up(message(5))
    return room


async def test_a_fresh_start_takes_nothing_that_was_written_before(current: Room) -> None:
    assert current.story() == []
    assert current.watermark() == 5


async def test_a_fresh_start_takes_what_was_heard_before_its_history_came(room: Room) -> None:
    room.write(5, 6)
    room.catch_up(message(6))
    assert room.story() == ["5", "6"]


async def test_a_fresh_start_in_an_empty_channel_takes_the_first_message(room: Room) -> None:
    room.catch_up()
    room.write(1)
    assert room.story() == ["1"]


async def test_a_live_post_is_logged_at_once_and_moves_the_watermark(current: Room) -> None:
    current.write(6)
    assert (current.story(), current.watermark()) == (["6"], 6)


async def test_a_post_and_its_edit_have_a_line_each_after_they_left(
    current: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    current.write(6)
    current.edit(6, "six", at=7)
    assert (current.story(), caplog.messages) == (["6", "6: six"], [])
    await until(lambda: len(caplog.messages) == 2, "the lines")
    named = f"message_id={FIRST + 6} channel_id={CHANNEL}"
    assert caplog.messages == [f"post heard {named}", f"edit heard {named}"]


async def test_after_a_gap_live_posts_wait_for_those_before_them(current: Room) -> None:
    current.stream.lose()
    current.write(9)
    assert (current.story(), current.watermark()) == ([], 5)
    current.catch_up(message(4), message(5), message(7), message(8), message(9))
    assert (current.story(), current.watermark()) == (["7", "8", "9"], 9)


async def test_what_came_live_after_the_history_was_read_follows_it(current: Room) -> None:
    current.stream.lose()
    current.write(9, 10)
    current.catch_up(message(5), message(8), message(9))
    assert current.story() == ["8", "9", "10"]
    assert current.watermark() == 10


async def test_a_history_from_before_another_break_is_left_alone(current: Room) -> None:
    current.stream.lose()
    gap = current.stream.gap
    current.stream.lose()
    current.stream.catch_up(History(messages=(message(5), message(6))), gap, settled=True)
    assert current.story() == []
    assert current.stream.is_behind


async def test_until_the_session_has_settled_a_live_post_does_not_hide_a_missed_one(
    current: Room,
) -> None:
    current.stream.lose()
    current.catch_up(message(5), message(6), settled=False)
    # Not told, because the server was not subscribed yet; then one that was.
    current.write(8)
    assert (current.story(), current.watermark()) == (["6", "8"], 6)
    assert current.stream.is_behind
    current.catch_up(message(6), message(7), message(8))
    assert (current.story(), current.watermark()) == (["6", "8", "7"], 8)


async def test_until_the_session_has_settled_a_held_post_does_not_hide_a_missed_one(
    current: Room,
) -> None:
    current.stream.lose()
    current.write(8)
    current.catch_up(message(5), message(6), settled=False)
    assert (current.story(), current.watermark()) == (["6", "8"], 6)
    current.catch_up(message(6), message(7), message(8))
    assert (current.story(), current.watermark()) == (["6", "8", "7"], 8)


async def test_after_a_restart_the_stream_is_behind_until_it_caught_up(current: Room) -> None:
    stream = current.new_stream()
    assert stream.is_behind
    current.write(8)
    current.catch_up(message(5), message(6), message(8))
    assert current.story() == ["6", "8"]
    assert not stream.is_behind


async def test_a_post_is_held_for_some_seconds_only_and_the_watermark_waits(current: Room) -> None:
    current.stream.lose()
    current.write(9)
    current.stream.release_overdue(5.0)
    assert current.story() == []
    current.clock.present += (message(6).timestamp or current.clock.now()) - current.clock.now()
    current.stream.release_overdue(5.0)
    assert (current.story(), current.watermark()) == (["9"], 5)
    current.write(10)
    assert (current.story(), current.watermark()) == (["9", "10"], 5)
    current.catch_up(message(5), message(8), message(9), message(10))
    assert (current.story(), current.watermark()) == (["9", "10", "8"], 10)


async def test_an_edit_is_a_version_only_if_it_changed_the_text(current: Room) -> None:
    current.write(6)
    current.edit(6, "6", at=7)
    current.edit(6, "six", at=8)
    assert current.story() == ["6", "6: six"]


async def test_an_update_without_a_time_of_edit_is_no_edit(current: Room) -> None:
    current.write(6)
    current.stream.hear(Updated(message(6, "six")))
    current.stream.hear(Updated(message(6, "six", edited=7, author=None)))
    current.stream.hear(Updated(message(6, "six", edited=7, content=None)))
    assert current.story() == ["6"]


async def test_an_edit_of_a_message_that_was_never_logged_is_nothing(current: Room) -> None:
    current.edit(3, "three", at=8)
    assert current.story() == []


async def test_an_edit_in_a_gap_is_found_in_the_history(current: Room) -> None:
    current.write(6)
    current.stream.lose()
    current.catch_up(message(5), message(6, "six", edited=8), message(7))
    assert current.story() == ["6", "6: six", "7"]


async def test_an_older_edit_that_was_heard_late_does_not_undo_a_newer_one(current: Room) -> None:
    current.stream.lose()
    current.write(6)
    current.edit(6, "older", at=7)
    current.edit(6, "newer", at=8)
    current.edit(6, "newest", at=9)
    current.catch_up(message(5), message(6, "newer", edited=8))
    assert current.story() == ["newer", "6: newest"]


async def test_a_deletion_is_logged_once_and_only_for_what_was_logged(current: Room) -> None:
    current.write(6, 7)
    current.delete(3, 6, 7)
    current.delete(6)
    assert current.story() == ["6", "7", "-6", "-7"]


async def test_a_deletion_in_a_gap_is_seen_by_what_the_history_lacks(current: Room) -> None:
    current.write(6, 7)
    current.stream.lose()
    current.catch_up(message(5), message(7), message(8))
    assert current.story() == ["6", "7", "-6", "8"]


@pytest.mark.parametrize("message_id", ["157405666816399000x", "15", f"{FIRST + 6}0"])
async def test_a_post_put_in_by_hand_is_not_missed_in_the_history(
    current: Room, message_id: str
) -> None:
    current.post_log.publish(a_post("by hand", message_id=message_id, channel_id=CHANNEL))
    current.stream.lose()
    current.catch_up(message(5), message(8))
    assert current.story() == ["by hand", "8"]


async def test_an_empty_history_deletes_nothing(current: Room) -> None:
    current.write(6, 7)
    current.stream.lose()
    current.catch_up()
    assert current.story() == ["6", "7"]


async def test_what_was_heard_and_deleted_before_the_history_was_read_has_its_place(
    current: Room,
) -> None:
    current.stream.lose()
    current.write(7)
    current.delete(7)
    current.catch_up(message(5), message(6), message(8))
    assert current.story() == ["6", "7", "8", "-7"]


async def test_catching_up_again_after_a_crash_repeats_nothing(current: Room) -> None:
    current.stream.lose()
    current.catch_up(message(5), message(6), message(7))
    # As if the process had died before it kept the watermark.
    current.store.execute("UPDATE discord_watermarks SET message_id = ?", (FIRST + 5,))
    current.new_stream()
    current.catch_up(message(5), message(6), message(7), message(8))
    assert current.story() == ["6", "7", "8"]


async def test_others_are_not_logged_but_heard(tmp_path: Path) -> None:
    room = Room(tmp_path, monitored=frozenset({"lee"}))
    room.catch_up(message(5))
    room.write(6)
    room.stream.hear(Written(message(7, type=7)))
    assert (room.story(), room.watermark()) == ([], 7)
    assert room.stream.heard == FIRST + 7
    room.store.close()


async def test_an_unreadable_message_is_told_once_and_passed(current: Room) -> None:
    bad = Unreadable(CHANNEL, str(FIRST + 6), "Expected `datetime`")
    current.stream.hear(bad)
    current.write(7)
    assert (current.story(), current.watermark()) == (["7"], 7)
    current.stream.lose()
    history = History(messages=(message(5), bad, message(7)))
    current.stream.catch_up(history, current.stream.gap, settled=True)
    assert len(current.told()) == 1
    assert current.story() == ["7"]


async def test_an_unreadable_message_in_a_gap_is_told(current: Room) -> None:
    current.stream.lose()
    bad = Unreadable(CHANNEL, str(FIRST + 6), "Expected `datetime`")
    old = Unreadable(CHANNEL, str(FIRST + 4), "Expected `datetime`")
    history = History(messages=(old, message(5), bad))
    current.stream.catch_up(history, current.stream.gap, settled=True)
    assert len(current.told()) == 1
    assert current.watermark() == 6
