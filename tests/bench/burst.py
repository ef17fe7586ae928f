"""Many posts at once: when the last order is out, when every post is decided, and in what order."""

from __future__ import annotations

import time
from collections.abc import Sequence

from autoscalper.links import parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from tests.bench import figures, paced, stamps
from tests.bench.figures import Series
from tests.bench.ground import Contract, Ground, Written, entry, exit_of
from tests.bench.stamps import Way

#: As many as IBKR streams quotes of.
CONTRACTS = tuple(
    Contract(underlying, first + number)
    for underlying, first in (("SPY", 650), ("QQQ", 575))
    for number in range(30)
) + tuple(Contract("IWM", 225 + number) for number in range(40))
CHANNELS = tuple(f"{number}" for number in range(201, 211))
SIZES = (10, 100, 1000)
_PAUSE_SECONDS = 0.03


def measure(ground: Ground, size: int, rounds: int) -> Series:
    """Return the series of ``rounds`` bursts of ``size`` entries, all trades closed in between.

    With more posts than contracts the later ones are denied, as their contract is open already.
    """
    ways: list[Way] = []
    last_order, decided, unordered = [], [], 0
    for number in range(rounds):
        posts = [
            entry(
                f"burst{size}.{number}.{each}",
                CONTRACTS[each % len(CONTRACTS)],
                CHANNELS[each % len(CHANNELS)],
            )
            for each in range(size)
        ]
        began = ground.clock.now()
        ground.hand_in(posts)
        ground.await_taken()
        outcomes = _decided(ground, posts)
        found = _ways(ground, posts)
        ways += found
        orders = [way[stamps.WHOLE] for way in found if stamps.WHOLE in way]
        last_order.append((max(orders) - began).total_seconds() * 1000)
        # An entry is decided with its order; its outcome tells of the fill as well.
        ends = [max(orders), *(each.decided_at for each in outcomes if each.trade_id is None)]
        decided.append((max(ends) - began).total_seconds() * 1000)
        unordered += _out_of_order(ground, posts)
        _close(ground, posts[: len(CONTRACTS)])
    took = figures.between(ways, stamps.POINTS[0], stamps.WHOLE)
    series = Series(name=f"{size} at once", order=figures.spread(took), stages=figures.stages(ways))
    series.more = {
        "last order out, ms, median": figures.spread(last_order).p50,
        "last order out, ms, worst": figures.spread(last_order).max,
        "every post decided, ms, worst": figures.spread(decided).max,
        "signals out of their channel's order": unordered,
    }
    return series


def warm_up(ground: Ground) -> None:
    """Let the gateway say what each contract is, and its quotes come."""
    posts = []
    ground.quote(CONTRACTS)
    for number, contract in enumerate(CONTRACTS):
        posts.append(entry(f"warm{number}", contract))
        ground.hand_in(posts[-1:])
        time.sleep(_PAUSE_SECONDS)
    ground.await_taken()
    _decided(ground, posts)
    _close(ground, posts)


def _decided(ground: Ground, posts: Sequence[Written]) -> list[OutcomeDecided]:
    wanted = {f"{each.message_id}.1" for each in posts}
    ground.until(lambda: wanted <= stamps.outcomes(ground.data_dir).keys(), "the last outcome")
    return [each for post, each in stamps.outcomes(ground.data_dir).items() if post in wanted]


def _ways(ground: Ground, posts: Sequence[Written]) -> list[Way]:
    ledger = ground.market.ask("ledger")["orders"]
    handed = {each: ground.handed[each] for each in (f"{post.message_id}.1" for post in posts)}
    return list(stamps.ways(ground.data_dir, ledger, handed, {}).values())


def _out_of_order(ground: Ground, posts: Sequence[Written]) -> int:
    places = {f"{post.message_id}.1": place for place, post in enumerate(posts)}
    latest: dict[str, int] = {}
    count = 0
    for key, _, payload in stamps.rows(ground.data_dir / "parser.db", parser_to_broker.LINK.name):
        if key in places:
            signal = parser_to_broker.LINK.decode(payload)
            assert not isinstance(signal, parser_to_broker.TickerMentioned)
            channel = signal.post.channel_id
            count += places[key] < latest.get(channel, -1)
            latest[channel] = places[key]
    return count


def _close(ground: Ground, posts: Sequence[Written]) -> None:
    exits = []
    for post in posts:
        contract = next(each for each in CONTRACTS if f" {each} " in post.text)
        exits.append(exit_of(post, contract))
        ground.hand_in(exits[-1:])
        time.sleep(_PAUSE_SECONDS)
    ground.await_taken()
    _decided(ground, exits)
    ground.until(lambda: not ground.protected(), "flat trades")
    time.sleep(paced.REST_SECONDS)
