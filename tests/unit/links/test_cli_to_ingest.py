from __future__ import annotations

import msgspec
import pytest

from autoscalper.domain.identity import PostId
from autoscalper.links.cli_to_ingest import (
    LineRefused,
    PostTaken,
    Reply,
    TakePost,
    decode_reply,
    decode_request,
    encode,
)


def test_a_request_comes_out_as_it_went_in() -> None:
    request = TakePost(line='{"text": "hi"}', number=3, as_of_now=True)
    assert decode_request(encode(request)) == request


def test_a_line_is_taken_at_its_own_time_unless_told_otherwise() -> None:
    assert not TakePost(line="", number=1).as_of_now


@pytest.mark.parametrize(
    "reply",
    [PostTaken(post_id=PostId("5.1"), is_new=False), LineRefused(reason="line 3: no text")],
)
def test_both_replies_stay_apart(reply: Reply) -> None:
    assert decode_reply(encode(reply)) == reply


def test_a_request_is_no_reply() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_reply(encode(TakePost(line="", number=1)))
