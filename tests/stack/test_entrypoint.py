import subprocess
import sys
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).parent.parent.parent / "docker" / "entrypoint"
LIVE = {"DRY_RUN": "false", "TRADING_MODE": "live", "IBKR_ACCOUNT": "U7654321"}
MARK = "[channels.lab]\npaper = true\n"


def started(directory: Path, marks: str, **settings: str) -> dict[str, str]:
    """Return the environment in which supervisord would start."""
    for name in ("bin", "run", "data", "logs"):
        (directory / name).mkdir()
    # No supervisord: its environment is what is looked at.
    commands = {"supervisord": "env", "autoscalper": f'{sys.executable} -m autoscalper.cli "$@"'}
    for name, command in commands.items():
        (directory / "bin" / name).write_text(f"#!/bin/sh\nexec {command}\n")
        (directory / "bin" / name).chmod(0o755)
    (directory / "channels.toml").write_text(marks)
    (directory / "run" / "paper.heartbeat").write_text("{}")
    done = subprocess.run(
        ["sh", ENTRYPOINT],
        env={
            "PATH": f"{directory}/bin:/usr/bin:/bin",
            "RUN_DIR": str(directory / "run"),
            "DATA_DIR": str(directory / "data"),
            "LOG_DIR": str(directory / "logs"),
            "CONFIG_FILE": str(directory / "channels.toml"),
            **settings,
        },
        cwd=ENTRYPOINT.parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


@pytest.mark.parametrize(
    ("settings", "marks", "expected"),
    [
        ({}, MARK, ("true", "false", None)),
        (LIVE, "", ("false", "false", None)),
        (LIVE, MARK, ("true", "true", "upstream")),
    ],
)
def test_which_programs_start_follows_from_settings_and_marks(
    tmp_path: Path,
    settings: dict[str, str],
    marks: str,
    expected: tuple[str, str, str | None],
) -> None:
    seen = started(tmp_path, marks, **settings)
    names = ("SIMULATOR_AUTOSTART", "PAPER_AUTOSTART", "SIMULATOR_MARKET")
    assert tuple(seen.get(name) for name in names) == expected
    assert not (tmp_path / "run" / "paper.heartbeat").exists()
