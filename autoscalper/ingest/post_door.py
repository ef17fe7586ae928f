"""The door for posts that are put in by hand or from a file: answers `links/cli_to_ingest`."""

from __future__ import annotations

import logging
from typing import assert_never

import msgspec
import zmq

from autoscalper.domain.identity import MessageId
from autoscalper.ingest.post_line import Deleted, Edited, Written, read_line
from autoscalper.ingest.post_log import PostLog
from autoscalper.links import cli_to_ingest
from autoscalper.links.cli_to_ingest import LineRefused, PostTaken, TakePost
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.errors import AddressUnusable
from autoscalper.runtime.sockets import Ear

logger = logging.getLogger(__name__)


class PostDoor:
    """Takes one line at a time and answers when the post is in the log."""

    def __init__(self, address: str, post_log: PostLog, clock: Clock) -> None:
        """Bind ``address`` now, so that a process that cannot be reached does not start.

        Raises:
            AddressUnusable: the address is taken or cannot be created.
        """
        self._post_log = post_log
        self._clock = clock
        self._ear = Ear(zmq.REP)
        try:
            self._ear.socket.bind(address)
        except zmq.ZMQError as error:
            self._ear.close()
            raise AddressUnusable(
                f"{address} cannot be bound ({error}); is RUN_DIR there, and no other ingest?"
            ) from error

    async def serve(self) -> None:
        """Answer until cancelled."""
        try:
            while True:
                payload = b"".join(await self._ear.receive())
                self._ear.send(cli_to_ingest.encode(self._answer(payload)))
        finally:
            self._ear.close()

    def _answer(self, payload: bytes) -> cli_to_ingest.Reply:
        try:
            request = cli_to_ingest.decode_request(payload)
        except msgspec.DecodeError as error:
            return LineRefused(reason=f"request not understood: {error}")
        return self.take(request)

    def take(self, request: TakePost) -> cli_to_ingest.Reply:
        """Put the line of ``request`` into the log and return what became of it."""
        line = read_line(request, now=self._clock.now())
        match line:
            case Written(post):
                return self._taken(request, post.message_id, self._post_log.publish(post))
            case Edited(post):
                return self._taken(request, post.message_id, self._post_log.edit(post))
            case Deleted(message_id, deleted_at):
                is_new = self._post_log.delete(message_id, deleted_at=deleted_at)
                return self._taken(request, message_id, is_new)
            case LineRefused():
                logger.warning("line refused reason=%s", line.reason)
                return line
            case _:
                assert_never(line)

    def _taken(
        self, request: TakePost, message_id: MessageId, is_new: bool
    ) -> PostTaken | LineRefused:
        newest = self._post_log.newest(message_id)
        if newest is None:
            return LineRefused(reason=f"line {request.number}: message {message_id} is not known")
        return PostTaken(post_id=newest, is_new=is_new)
