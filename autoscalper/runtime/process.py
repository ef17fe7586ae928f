"""What every process does first: read its settings, open its clock, begin to log."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from autoscalper.runtime import config, crashpoints, logs
from autoscalper.runtime.clock import Clock, open_clock
from autoscalper.runtime.link import address_of


class Common(Protocol):
    """What the settings of every process hold."""

    @property
    def log_level(self) -> enum.Enum: ...
    @property
    def log_dir(self) -> str: ...
    @property
    def data_dir(self) -> str: ...
    @property
    def run_dir(self) -> str: ...
    @property
    def link_addresses(self) -> Mapping[str, str]: ...
    @property
    def clock_file(self) -> str: ...
    @property
    def crash_dir(self) -> str: ...
    @property
    def keep_logs_days(self) -> int: ...
    @property
    def keep_data_days(self) -> int: ...


S = TypeVar("S", bound=Common)


class Process(Generic[S]):
    """A process that has read its settings: its name, its time and its places."""

    def __init__(self, name: str, settings: S) -> None:
        """Open the clock and begin to log as ``name``.

        Raises:
            CannotStart: the log directory or the clock's file cannot be used.
        """
        self.name = name
        self.settings = settings
        self.clock: Clock = open_clock(Path(settings.clock_file) if settings.clock_file else None)
        self.run_dir = Path(settings.run_dir)
        crashpoints.arm(Path(settings.crash_dir) if settings.crash_dir else None)
        logs.set_up(
            name,
            level=str(settings.log_level.value),
            log_dir=Path(settings.log_dir),
            clock=self.clock,
            secrets=config.secrets_of(settings),
        )

    @property
    def store_path(self) -> Path:
        """Return where the process keeps what it knows."""
        return Path(self.settings.data_dir) / f"{self.name}.db"

    def address(self, link: str) -> str:
        """Return the address of ``link``.

        Raises:
            AddressUnusable: the path of its socket would be too long.
        """
        return address_of(link, self.run_dir, self.settings.link_addresses)
