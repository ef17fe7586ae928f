"""Start ingest: what traders write, into one log."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from autoscalper.domain.settings import BY_PROCESS, IngestSettings, contradictions
from autoscalper.ingest import discord_watermarks, post_log
from autoscalper.ingest.notices import Notices
from autoscalper.ingest.post_door import PostDoor
from autoscalper.ingest.post_log import PostLog
from autoscalper.links import any_to_alert, cli_to_ingest, ingest_to_parser
from autoscalper.runtime import config
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.process import Process
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.retention import forgetting
from autoscalper.runtime.service import run, serve
from autoscalper.runtime.store import Store

if TYPE_CHECKING:
    from autoscalper.ingest.discord_client import DiscordClient

logger = logging.getLogger(__name__)

_SCHEMA = post_log.SCHEMA + discord_watermarks.SCHEMA


async def ingest() -> None:
    """Take posts from the door and, with a token, from Discord, until told to stop."""
    settings = config.load(IngestSettings, known=BY_PROCESS.values(), contradictions=contradictions)
    process = Process("ingest", settings)
    clock = process.clock
    store = Store(process.store_path, durable=False, schema=_SCHEMA)
    posts = PostLog(store, clock)
    notices = Notices(store, clock)
    posts_publisher = Publisher(
        posts.log, process.address(ingest_to_parser.LINK.name), clock, at_once=True
    )
    notices_publisher = Publisher(
        notices.log, process.address(any_to_alert.FROM_INGEST.name), clock
    )
    door = PostDoor(process.address(cli_to_ingest.NAME), posts, clock)
    discord = _discord(process, store, posts, notices)

    def details() -> dict[str, str]:
        return {"posts": str(posts.log.head), **(discord.details() if discord else {})}

    logger.info("ingest ready posts=%s discord=%s", posts.log.head, discord is not None)
    await serve(
        posts_publisher.publish,
        notices_publisher.publish,
        door.serve,
        *([discord.listen] if discord else []),
        forgetting(process, posts_publisher, notices_publisher, too=posts.forget),
        beating("ingest", process.run_dir, clock, details),
    )


def _discord(
    process: Process[IngestSettings], store: Store, posts: PostLog, notices: Notices
) -> DiscordClient | None:
    if not process.settings.discord_user_token.value:
        return None
    # Only now: the library takes a second and many megabytes to load.
    from autoscalper.ingest.discord_client import DiscordClient

    return DiscordClient(
        process.settings, store=store, post_log=posts, notices=notices, clock=process.clock
    )


if __name__ == "__main__":
    sys.exit(run(ingest))
