from __future__ import annotations

import msgspec
import pytest

from autoscalper.runtime import frames

FOLLOW = frames.Follow(stream=3, epoch="e", after=17)
BATCH = frames.Batch(
    stream=3, epoch="e", restarted=False, after=17, head=19, entries=((18, b"a"), (19, b"b"))
)


def test_a_follow_survives_the_wire() -> None:
    assert frames.decode_follow(frames.encode(FOLLOW)) == FOLLOW


def test_a_batch_survives_the_wire() -> None:
    assert frames.decode_batch(frames.encode(BATCH)) == BATCH


def test_the_one_is_never_taken_for_the_other() -> None:
    with pytest.raises(msgspec.ValidationError):
        frames.decode_batch(frames.encode(FOLLOW))
    with pytest.raises(msgspec.ValidationError):
        frames.decode_follow(frames.encode(BATCH))


def test_a_follower_asks_again_long_before_it_is_forgotten() -> None:
    assert frames.HEARTBEAT_SECONDS < frames.SILENCE_SECONDS / 2
    assert frames.SILENCE_SECONDS < frames.FORGET_SECONDS / 2
    assert frames.RENEW_SECONDS < frames.FORGET_SECONDS / 2
