"""supervisord itself is killed: what it started trades on alone, and is never doubled."""

from __future__ import annotations

import os
import signal
from contextlib import closing, suppress
from pathlib import Path

from autoscalper.domain.outcome import OutcomeKind
from autoscalper.runtime.errors import CannotStart
from autoscalper.runtime.supervisord import SupervisorFailed
from tests.chaos.floor import Floor, a_stack
from tests.chaos.trader import Kind

PROCESSES = ("simulator", "alert", "broker", "parser", "ingest")
IN_USE = "is in use by another process"


def parent_of(pid: int) -> int:
    # After the name, which stands in parentheses: the state and the parent (proc(5)).
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_processes_trade_on_without_supervisord_and_a_second_set_waits_for_their_end() -> None:
    with a_stack() as stack, closing(Floor(stack)) as floor:
        pids = [stack.pid(name) for name in PROCESSES]
        os.kill(parent_of(pids[0]), signal.SIGKILL)
        try:
            floor.until(lambda: not stack.pid("broker"), "the end of supervisord")
            floor.show(floor.call, "1.20")
            entry = floor.enter(floor.call, "1.20")
            assert floor.outcome(entry).kind is OutcomeKind.TRADED

            stack.stage.stop()
            with suppress(SupervisorFailed, CannotStart):
                stack.stage.start()
            said = stack.log_dir / "supervisord.log"
            floor.until(lambda: IN_USE in said.read_text(), "the second set to be refused")
            leave = floor.say(Kind.EXIT, "all out", entry)
            assert floor.outcome(leave).kind is OutcomeKind.TRADED
            assert [order.cum_qty for order in floor.orders(entry, "E")] == [3]
            assert not any(is_gone(pid) for pid in pids)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
        floor.until(lambda: all(map(is_gone, pids)), "the old set to end")

        floor.await_trading()
        floor.show(floor.put, "0.80")
        following = floor.enter(floor.put, "0.80")
        assert floor.outcome(following).kind is OutcomeKind.TRADED
        assert [order.cum_qty for order in floor.orders(following, "E")] == [3]
        assert [order.order_qty for order in floor.orders(following, "S")] == [3]
