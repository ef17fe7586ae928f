"""Runs the simulated gateway: ``python -m autoscalper.simulator``."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from autoscalper.domain.settings import BY_PROCESS, contradictions
from autoscalper.runtime import config
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.process import Process
from autoscalper.runtime.retention import forgetting
from autoscalper.runtime.service import run, serve
from autoscalper.simulator.control import Control
from autoscalper.simulator.gateway import Gateway
from autoscalper.simulator.operations import Operations
from autoscalper.simulator.script import Script
from autoscalper.simulator.server import Server
from autoscalper.simulator.settings import SimulatorSettings
from autoscalper.simulator.state import State
from autoscalper.simulator.upstream import Upstream
from autoscalper.simulator.world import World

logger = logging.getLogger(__name__)

#: Seconds between two looks at the clock while the market stands still.
_LOOK_SECONDS = 0.25


async def simulate() -> None:
    """Be a gateway until told to stop."""
    settings = config.load(
        SimulatorSettings, known=BY_PROCESS.values(), contradictions=contradictions
    )
    process = Process("simulator", settings)
    script = _script_of(settings)
    # What a dry run made up must not be met again on the gateway's market.
    name = "simulator-upstream" if settings.follows_gateway else "simulator"
    world = World(settings, process.clock, State(process.store_path.with_stem(name)))
    server = Server(Gateway(world))
    operations = Operations(server)
    control = Control(server, operations)
    await control.open(process.run_dir / "simulator.sock")
    upstream = None if server.gateway.relay is None else Upstream(server, server.gateway.relay)
    if upstream is None:
        await server.listen()
    (process.run_dir / "simulator.port").write_text(f"{server.port}\n")

    async def market() -> None:
        await _move(server, operations, script, settings.simulator_step_seconds)

    def details() -> dict[str, str]:
        told = {"port": str(server.port), "clients": str(len(world.sessions))}
        return told if upstream is None else {**told, "market": upstream.away or "followed"}

    await serve(
        control.serve,
        server.reopen,
        market,
        *(() if upstream is None else (upstream.follow_for_ever,)),
        forgetting(process),
        beating("simulator", process.run_dir, process.clock, details),
    )


async def _move(
    server: Server, operations: Operations, script: Script | None, step_seconds: float
) -> None:
    started_at = server.monotonic()
    while True:
        server.gateway.step(moves=step_seconds > 0)
        due = script.due(server.monotonic() - started_at, server.now()) if script else []
        for quote in due:
            operations.execute(quote)
        server.flush()
        await asyncio.sleep(step_seconds or _LOOK_SECONDS)


def _script_of(settings: SimulatorSettings) -> Script | None:
    kind, _, path = settings.simulator_market.partition(":")
    return Script(Path(path)) if kind == "script" else None


if __name__ == "__main__":
    sys.exit(run(simulate))
