"""What the way by the model costs above the model's own time, and whether others wait for it."""

from __future__ import annotations

import json
import statistics
import time
import urllib.request

from tests.bench import figures, stamps
from tests.bench.figures import Series
from tests.bench.ground import Ground, Written, a_ground, entry, exit_of
from tests.bench.paced import CONTRACTS
from tests.fakes.model_servers import ModelServer, a_claim, aimock, fixture

#: Milliseconds that the stand-in takes for each answer.
_LATENCY_MS = 200
_PAUSE_SECONDS = 0.6
#: What the grammar leaves to the model.
_TEXT = "{contract} 3/20 dipping a toe here 1.00 ({number})"


def measure(entries: int) -> list[Series]:
    """Return the series of posts that the model reads, and of those beside them in other channels.

    The stand-in's own time is taken off the first.
    """
    with aimock(_fixtures()) as server:
        settings = {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_API_URL": server.url}
        with a_ground(settings) as ground:
            ground.quote(CONTRACTS)
            posts = [_round(ground, number) for number in range(-len(CONTRACTS), entries)]
            ground.await_taken()
            time.sleep(2)
            ledger = ground.market.ask("ledger")["orders"]
            ways = stamps.ways(ground.data_dir, ledger, ground.handed, {})
        own = _own_time(server)
    asked = [ways[f"{unclear}.1"] for unclear, _ in posts[len(CONTRACTS) :]]
    beside = [ways[f"{clear}.1"] for _, clear in posts[len(CONTRACTS) :]]
    above = [each - own for each in figures.between(asked, stamps.HEARD, stamps.POINTS[3])]
    took = figures.between(beside, stamps.HEARD, stamps.WHOLE)
    return [
        Series(
            name="model, above its own time",
            order=figures.spread(above),
            stages=figures.stages(asked),
            more={"the stand-in's own time, ms": round(own, 1)},
        ),
        Series(
            name="beside it, other channel",
            order=figures.spread(took),
            stages=figures.stages(beside),
        ),
    ]


def _fixtures() -> list[dict[str, object]]:
    return [
        fixture(
            f"{contract} 3/20 dipping",
            a_claim(
                deed="enter",
                words="dipping a toe",
                underlying=contract.underlying,
                strike=str(contract.strike),
                right="call",
                expiry="3/20",
                price="1.00",
            ),
            latencyMs=_LATENCY_MS,
        )
        for contract in CONTRACTS
    ]


def _round(ground: Ground, number: int) -> tuple[str, str]:
    half = len(CONTRACTS) // 2
    first, second = CONTRACTS[number % half], CONTRACTS[half + number % half]
    text = _TEXT.format(contract=first, number=number)
    unclear = Written(message_id=f"u{number}", author=f"u{number}", text=text, channel="301")
    clear = entry(f"c{number}", second, "302")
    ground.hand_in([unclear])
    # While the model thinks.
    time.sleep(_LATENCY_MS / 2000)
    ground.hand_in([clear])
    time.sleep(_PAUSE_SECONDS)
    ground.hand_in([exit_of(unclear, first), exit_of(clear, second)])
    time.sleep(_PAUSE_SECONDS / 2)
    return unclear.message_id, clear.message_id


def _own_time(server: ModelServer) -> float:
    """Return the median milliseconds of a bare request and its answer."""
    question = json.dumps({"post": _TEXT.format(contract=CONTRACTS[0], number=0)})
    body = {
        "model": "any",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": question}],
    }
    took = []
    for _ in range(20):
        request = urllib.request.Request(
            f"{server.url}v1/messages",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "x-api-key": "key"},
        )
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=10) as reply:
            reply.read()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)
