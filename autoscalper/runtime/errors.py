"""What can go wrong in a process, by cause.

AutoScalperError
    CannotStart              the process must not run as it is set up; a person has to act
        SettingsInvalid      settings are missing, unknown, of the wrong type or contradictory
        StoreUnusable        a data file is damaged, newer than this version, or in another's hands
        AddressUnusable      a socket's address is taken or impossible
    StorageFailed            the disk refused a write while running (full, read-only, gone)
"""

from __future__ import annotations

from collections.abc import Sequence


class AutoScalperError(Exception):
    """Base of the errors that AutoScalper raises itself."""


class CannotStart(AutoScalperError):
    """The process must not run as it is set up. The message says what to do."""


class SettingsInvalid(CannotStart):
    """Settings are missing, unknown, of the wrong type or contradictory.

    Attributes:
        problems: one sentence for each, never with a secret's value.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("settings: " + "; ".join(problems))


class StoreUnusable(CannotStart):
    """A data file is damaged, newer than this version, or held by another process."""


class AddressUnusable(CannotStart):
    """A socket's address is taken, too long or cannot be created."""


class StorageFailed(AutoScalperError):
    """The disk refused a write. Nothing of the transaction was kept."""
