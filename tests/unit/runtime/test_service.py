from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from autoscalper.runtime.errors import CannotStart, SettingsInvalid
from autoscalper.runtime.service import run, run_until_one_ends, serve

#: A process with two tasks that say when they begin and when they are stopped.
PROCESS = """
import asyncio, logging, sys
from autoscalper.runtime.errors import *
from autoscalper.runtime.service import run, serve

logging.basicConfig(level="INFO")

async def forever(name):
    print(name, "began", flush=True)
    try:
        await asyncio.sleep(3600)
    finally:
        print(name, "stopped", flush=True)

async def first(): await forever("first")
async def second(): {second}

async def main():
    {before}
    await serve(first, second)

sys.exit(run(main))
"""
FOREVER = "await forever('second')"


@contextmanager
def started(second: str, before: str = "pass") -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS.format(second=second, before=before)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def ended(second: str, before: str = "pass") -> tuple[int, str, str]:
    with started(second, before) as process:
        output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_told_to_stop_stops_its_tasks_and_exits_with_0(
    signum: signal.Signals,
) -> None:
    with started(FOREVER) as process:
        assert process.stdout is not None
        assert {process.stdout.readline(), process.stdout.readline()} == {
            "first began\n",
            "second began\n",
        }
        process.send_signal(signum)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert sorted(output.splitlines()) == ["first stopped", "second stopped"]
    assert "stop requested" in errors
    assert "Traceback" not in errors


def test_a_task_that_breaks_takes_the_process_with_it() -> None:
    code, output, errors = ended("raise ZeroDivisionError('here')")
    assert code == 1
    assert "first stopped" in output
    assert "process ends" in errors
    assert "ZeroDivisionError: here" in errors


def test_a_task_that_returns_takes_the_process_with_it_and_is_named() -> None:
    code, output, errors = ended("return")
    assert code == 1
    assert "first stopped" in output
    assert "task second returned; it should run until cancelled" in errors


@pytest.mark.parametrize(
    ("error", "code"), [("CannotStart('do this')", 2), ("StorageFailed('do this')", 1)]
)
def test_what_a_person_has_to_mend_is_one_line(error: str, code: int) -> None:
    assert ended(f"raise {error}") == (
        code,
        "first began\nfirst stopped\n",
        "autoscalper: do this\n",
    )


def test_before_the_tasks_begin_it_is_the_same_and_nothing_is_half_started() -> None:
    assert ended(FOREVER, before="raise SettingsInvalid(['A is 1', 'B is 2'])") == (
        2,
        "",
        "autoscalper: settings: A is 1; B is 2\n",
    )


def test_a_process_that_breaks_before_its_tasks_begin_exits_with_1() -> None:
    code, output, errors = ended(FOREVER, before="raise ZeroDivisionError('here')")
    assert (code, output) == (1, "")
    assert "ZeroDivisionError: here" in errors


async def _nothing() -> None:
    pass


@pytest.mark.parametrize("error", [CannotStart("a"), SettingsInvalid(["a"])])
def test_of_several_causes_the_one_for_a_person_decides_the_code(
    error: Exception, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        raise ExceptionGroup("both", [ValueError("b"), ExceptionGroup("inner", [error])])

    assert run(main) == 2
    assert capsys.readouterr().err == f"autoscalper: {error}\n"
    assert [record.getMessage() for record in caplog.records] == ["process ends"]


def test_a_main_that_ends_by_itself_exits_with_0() -> None:
    assert run(_nothing) == 0


LOST = """
        try:
            await forever("second")
        except asyncio.CancelledError:
            await forever("second again")
"""


@pytest.mark.parametrize("breaks", [False, True], ids=["told to stop", "another task breaks"])
def test_a_task_that_loses_a_cancel_is_cancelled_again(*, breaks: bool) -> None:
    """Before Python 3.12 asyncio.wait_for does that, where what it waits for comes just then."""
    before = "import autoscalper.runtime.service as s; s.CANCEL_AGAIN_SECONDS = 0.05"
    if breaks:
        before += "; global first; first = breaking"
    with started(f"{LOST}\nasync def breaking(): raise ZeroDivisionError", before) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "second began\n":
            pass
        if not breaks:
            process.send_signal(signal.SIGTERM)
        # Not ``communicate``, which forgets what ``readline`` had read ahead.
        output = process.stdout.read()
        assert process.wait(timeout=30) == (1 if breaks else 0)
    assert "second again stopped" in output


async def _sleep_until_canceled(canceled: asyncio.Event) -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        canceled.set()


async def _break() -> None:
    raise ConnectionError("gone")


async def test_what_runs_together_ends_with_the_first_and_its_error_comes_out_as_it_is() -> None:
    canceled = asyncio.Event()
    with pytest.raises(ConnectionError, match="gone"):
        await run_until_one_ends(breaks=_break(), sleeps=_sleep_until_canceled(canceled))
    assert canceled.is_set()
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_what_runs_together_is_cancelled_even_as_one_of_them_breaks() -> None:
    rounds = 0

    async def try_for_ever() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            with suppress(ConnectionError):
                await run_until_one_ends(breaks=_break(), sleeps=asyncio.sleep(3600))

    trying = asyncio.ensure_future(try_for_ever())
    # One step for the tasks to begin, one in which the first of them has broken.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    trying.cancel()
    await asyncio.wait([trying], timeout=10)
    assert trying.cancelled()
    assert rounds == 1


async def test_tasks_are_named_after_what_they_do() -> None:
    names: set[str] = set()

    async def watch_the_others() -> None:
        await asyncio.sleep(0)
        names.update(task.get_name() for task in asyncio.all_tasks())
        raise CannotStart("enough")

    async def wait_for_it() -> None:
        await asyncio.sleep(3600)

    with pytest.raises(ExceptionGroup):
        await serve(watch_the_others, wait_for_it)
    assert any(name.endswith("watch_the_others") for name in names)
    assert any(name.endswith("wait_for_it") for name in names)
