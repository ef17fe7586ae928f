"""A process that starts on the data of an earlier or a later AutoScalper."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from autoscalper.domain.reading import Ignored
from autoscalper.parser import memory
from autoscalper.parser.core import Heard
from autoscalper.parser.memory import Memory
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home, until
from tests.fakes.posts import a_post
from tests.process.test_parser import CHATTER, ENTRY, ingest_in_this_process

#: What parser kept beside its logs in version 1.
SCHEMA_OF_VERSION_1 = """
CREATE TABLE heard (message_id TEXT PRIMARY KEY, heard BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE conversations (
    channel_id TEXT, author_id TEXT, conversation BLOB NOT NULL,
    PRIMARY KEY (channel_id, author_id)) WITHOUT ROWID;
CREATE TABLE last_words (
    channel_id TEXT, author_id TEXT, texts BLOB NOT NULL,
    PRIMARY KEY (channel_id, author_id)) WITHOUT ROWID;
CREATE TABLE model_answers (key TEXT PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE waiting (
    place INTEGER PRIMARY KEY, post_id TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL,
    channel_id TEXT NOT NULL, message BLOB NOT NULL, question BLOB NOT NULL, key TEXT NOT NULL,
    is_asked INTEGER NOT NULL);
CREATE INDEX waiting_by_channel ON waiting (channel_id, place);
"""


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


def data_of_version_1(path: Path) -> None:
    """Leave what parser had when it had answered post 1 and was ended."""
    with closing(Store(path, durable=False, schema=SCHEMA_OF_VERSION_1, version=1)) as store:
        Memory(store).keep(Heard(post=a_post(message_id="1"), reading=Ignored(reason="chatter")))
        store.execute("INSERT INTO model_answers VALUES ('key', x'01')")
        store.execute(
            "INSERT INTO entries VALUES"
            " ('parser_to_broker', 1, '1.1', '2026-03-18T13:45:00+00:00', x'')"
        )


def facts(path: Path) -> tuple[int, list[str], list[str]]:
    """Return the version of parser's data, the answered posts, the columns of model_answers."""
    with closing(sqlite3.connect(path)) as file:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        answered = [key for (key,) in file.execute("SELECT key FROM entries ORDER BY key")]
        columns = [row[1] for row in file.execute("PRAGMA table_info(model_answers)")]
    return int(version), answered, columns


async def test_older_data_are_taken_forward_kept_as_they_were_and_gone_on_with(home: Home) -> None:
    path = home.data_dir / "parser.db"
    data_of_version_1(path)
    before = facts(path)
    async with ingest_in_this_process(home) as posts:
        posts.publish(a_post(ENTRY, message_id="1"))
        posts.publish(a_post(CHATTER, message_id="2"))
        home.start("parser")
        await until(lambda: "2.1" in facts(path)[1], "the new post to be answered")
    version, answered, columns = facts(path)
    assert version == memory.VERSION
    assert answered == ["1.1", "2.1"]
    assert columns == ["key", "answer", "answered_at"]
    assert facts(path.with_name("parser.db.version-1")) == before
    assert "store taken forward" in home.output("parser")


def test_newer_data_are_refused_and_left_as_they_are(home: Home) -> None:
    path = home.data_dir / "parser.db"
    Store(path, durable=False, version=memory.VERSION + 1).close()
    content = path.read_bytes()
    code, complaint = home.refused("parser")
    assert code == 2
    assert "was written by a newer AutoScalper" in complaint
    assert path.read_bytes() == content
