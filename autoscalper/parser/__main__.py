"""Start parser: posts in, signals and outcomes out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable

from autoscalper.domain import profiles
from autoscalper.domain.settings import BY_PROCESS, ParserMode, ParserSettings, contradictions
from autoscalper.links import any_to_alert, ingest_to_parser, parser_to_broker
from autoscalper.parser import grammar, line, memory
from autoscalper.parser.answers import Answers
from autoscalper.parser.consultant import Consultant
from autoscalper.runtime import config_file, crashpoints
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.process import Process
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.retention import RECEIVERS_MARGIN, forgetting
from autoscalper.runtime.service import run, serve
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)


async def parser() -> None:
    """Answer what ingest logs, until told to stop."""
    settings, tables = config_file.load(
        ParserSettings,
        profiles.FORMS,
        known=BY_PROCESS.values(),
        contradictions=contradictions,
    )
    process = Process("parser", settings)
    clock = process.clock
    store = _store(process)
    mode = _mode(settings)
    rooms, is_real = profiles.profiles_of(tables), settings.is_real
    desk = Answers(store, grammar.read, clock, mode=mode, profiles=rooms, are_orders_real=is_real)
    consultant = None
    if mode is not ParserMode.GRAMMAR:
        consultant = Consultant(desk, store, settings, clock)
    address = process.address
    signals = Publisher(desk.signals, address(parser_to_broker.LINK.name), clock, at_once=True)
    notices = Publisher(desk.notices, address(any_to_alert.FROM_PARSER.name), clock)
    posts = Follower(ingest_to_parser.LINK, address(ingest_to_parser.LINK.name), store, clock)

    def details() -> dict[str, str]:
        return {
            "posts": str(posts.received),
            "waiting": str(max(0, posts.head - posts.received)),
            "signals": str(desk.signals.head),
            "model": consultant.state if consultant else "off",
            "waiting_for_model": str(desk.waiting),
        }

    with store.transaction():
        desk.resume()
    desk.tell()
    logger.info("parser ready posts=%s signals=%s", posts.received, desk.signals.head)
    await serve(
        _answering(desk, posts, store),
        signals.publish,
        notices.publish,
        forgetting(process, signals, notices, margin=RECEIVERS_MARGIN, too=desk.forget),
        beating("parser", process.run_dir, clock, details),
        *([consultant.consult] if consultant else []),
    )


def _answering(
    desk: Answers, posts: Follower[ingest_to_parser.Message], store: Store
) -> Callable[[], Awaitable[None]]:
    async def answer_posts() -> None:
        async for batch in posts.batches():
            with store.transaction():
                for entry in batch:
                    desk.take(entry.message)
                posts.keep(batch)
                crashpoints.reach("parser-before-commit")
            crashpoints.reach("parser-after-commit")
            desk.tell()

    return answer_posts


def _store(process: Process[ParserSettings]) -> Store:
    return Store(
        process.store_path,
        durable=False,
        schema=memory.SCHEMA + line.SCHEMA,
        version=memory.VERSION,
        migrations=memory.MIGRATIONS,
    )


def _mode(settings: ParserSettings) -> ParserMode:
    if settings.anthropic_api_key.value:
        return settings.parser_mode
    if settings.parser_mode is not ParserMode.GRAMMAR:
        logger.warning("grammar reads alone: set ANTHROPIC_API_KEY for the model to read the rest")
    return ParserMode.GRAMMAR


if __name__ == "__main__":
    sys.exit(run(parser))
