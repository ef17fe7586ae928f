import pytest

from autoscalper.domain.room import Room, in_words, judge

GB = 1_000_000_000
MB = 1_000_000


@pytest.mark.parametrize(
    ("free", "total", "expected"),
    [
        (GB, 100 * GB, Room.AMPLE),
        (GB - 1, 100 * GB, Room.SCARCE),
        (200 * MB, 100 * GB, Room.SCARCE),
        (200 * MB - 1, 100 * GB, Room.CRITICAL),
        (0, 100 * GB, Room.CRITICAL),
        # A small disk is judged by its share.
        (800_000, 8 * MB, Room.AMPLE),
        (799_999, 8 * MB, Room.SCARCE),
        (239_999, 8 * MB, Room.CRITICAL),
    ],
)
def test_room_is_judged_by_what_is_free_and_by_its_share(
    free: int, total: int, expected: Room
) -> None:
    assert judge(free, total) is expected


def test_it_is_better_only_when_it_is_clearly_better() -> None:
    assert judge(GB + 1, 100 * GB, Room.SCARCE) is Room.SCARCE
    assert judge(2 * GB, 100 * GB, Room.SCARCE) is Room.AMPLE
    assert judge(201 * MB, 100 * GB, Room.CRITICAL) is Room.CRITICAL
    assert judge(300 * MB, 100 * GB, Room.CRITICAL) is Room.SCARCE
    assert judge(2 * GB, 100 * GB, Room.CRITICAL) is Room.AMPLE


def test_sizes_are_said_as_people_say_them() -> None:
    assert in_words(1_340_000_000) == "1.3 GB"
    assert in_words(420_000) == "0.4 MB"
