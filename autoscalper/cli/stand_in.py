"""Writes the demo's posts in a stand-in for Discord, from which ingest's real client hears them."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.domain.identity import MessageId, post_id
from autoscalper.links.cli_to_ingest import PostTaken, TakePost
from autoscalper.runtime import heartbeat
from autoscalper.runtime.errors import CannotStart

#: Seconds in which the stand-in must listen, and then ingest be connected to it.
_START_SECONDS = 30.0
_LOOK_SECONDS = 0.02
#: Seconds that one command may take.
_PATIENCE_SECONDS = 10.0


class _Line(msgspec.Struct, frozen=True):
    channel_id: str
    author_id: str
    author_name: str
    posted_at: str
    text: str = ""
    message_id: str = ""
    reply_to: str | None = None
    edits: str | None = None
    deletes: str | None = None


class StandIn:
    """Takes posts as ingest's door does, and writes them in their channels.

    Attributes:
        environment: the settings with which ingest listens to it.
    """

    def __init__(self, environment: Mapping[str, str], control_url: str) -> None:
        """Command the stand-in that listens at ``control_url``."""
        self.environment = environment
        self._control = urllib.parse.urlsplit(control_url).netloc
        #: The ids that messages were given, by those in the file, and how often each was changed.
        self._ids: dict[str, str] = {}
        self._versions: dict[str, int] = {}

    def hand_in(self, request: TakePost, *, patience_seconds: float = 0.0) -> PostTaken:
        """Write, edit or delete what the line of ``request`` says, at its own time."""
        line = msgspec.json.decode(request.line, type=_Line)
        if line.deletes is not None:
            return self._changed(line.deletes, {"do": "delete"})
        if line.edits is not None:
            edit = {"do": "edit", "text": line.text, "at": line.posted_at}
            return self._changed(line.edits, edit)
        return self._written(line)

    def _written(self, line: _Line) -> PostTaken:
        post = {
            "do": "post",
            "text": line.text,
            "channel": line.channel_id,
            "author": {"id": line.author_id, "name": line.author_name},
            "at": line.posted_at,
        }
        if line.reply_to is not None:
            post["reply_to"] = self._ids[line.reply_to]
        self._ids[line.message_id] = self._tell(post)["id"]
        return self._taken(line.message_id)

    def _changed(self, message_id: str, command: dict[str, Any]) -> PostTaken:
        self._tell({**command, "id": self._ids[message_id]})
        return self._taken(message_id)

    def _taken(self, message_id: str) -> PostTaken:
        version = self._versions[message_id] = self._versions.get(message_id, 0) + 1
        given = MessageId(self._ids[message_id])
        return PostTaken(post_id=post_id(given, version), is_new=True)

    def _tell(self, command: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection(self._control, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("POST", "/", msgspec.json.encode(command))
            answer = connection.getresponse()
            result = msgspec.json.decode(answer.read())
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise CannotStart(f"the stand-in for Discord refused {command}: {result['error']}")
        return result


@contextmanager
def a_stand_in(root: Path, run_dir: Path, lines: Iterable[str]) -> Iterator[StandIn]:
    """Run a stand-in with the channels that ``lines`` name, from the clone in ``root``.

    Raises:
        CannotStart: it does not listen.
    """
    channels = {msgspec.json.decode(line, type=_Line).channel_id for line in lines}
    ready_file = run_dir / "discord.ready"
    command = (
        *(sys.executable, "-m", "tests.fakes.discord_server"),
        *("--ready-file", str(ready_file), "--channels", ",".join(sorted(channels))),
    )
    with ExitStack() as open_now:
        output = open_now.enter_context((run_dir / "discord.log").open("wb"))
        # A process group of its own: Ctrl-C must not take it away before its client.
        child = open_now.enter_context(
            subprocess.Popen(
                command, cwd=root, stdout=output, stderr=output, start_new_session=True
            )
        )
        open_now.callback(child.terminate)
        yield _when_ready(ready_file, child)


def await_listener(run_dir: Path) -> None:
    """Return when ingest hears what is written from now on.

    Raises:
        CannotStart: it is not connected in time.
    """
    deadline = time.monotonic() + _START_SECONDS
    while not _is_listening(run_dir):
        if time.monotonic() > deadline:
            raise CannotStart("ingest is not connected to the stand-in for Discord; read its log")
        time.sleep(_LOOK_SECONDS)


def _is_listening(run_dir: Path) -> bool:
    beat = heartbeat.read(run_dir, "ingest")
    if beat is None or beat.details.get("discord") != "connected":
        return False
    return beat.details.get("discord_channels_behind") == "0"


def _when_ready(ready_file: Path, child: subprocess.Popen[bytes]) -> StandIn:
    deadline = time.monotonic() + _START_SECONDS
    while not ready_file.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            raise CannotStart("the stand-in for Discord does not start; run the demo from a clone")
        time.sleep(_LOOK_SECONDS)
    ready = msgspec.json.decode(ready_file.read_bytes(), type=dict[str, str])
    return StandIn(ready, ready.pop("control_url"))
