"""What can be said to the bot: commands, their other names, and the menu. Pure."""

from __future__ import annotations

import difflib
import enum

import msgspec


class Name(enum.Enum):
    """A command, by its main name."""

    STATUS = "status"
    SERVER = "server"
    TRADES = "trades"
    BALANCE = "balance"
    PNL = "pnl"
    WHY = "why"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE_ALL = "closeall"
    HELP = "help"


#: What each does, in the order of the menu; with what may follow it.
MENU: dict[Name, tuple[str, str]] = {
    Name.STATUS: ("", "positions, orders, balance, processes"),
    Name.TRADES: ("", "today's trades, with charts"),
    Name.PNL: ("[days]", "profit and loss as a chart"),
    Name.BALANCE: ("", "the account"),
    Name.WHY: ("[n]", "the whole story of an alert"),
    Name.SERVER: ("", "processes, connections, machine"),
    Name.PAUSE: ("", "no new entries"),
    Name.RESUME: ("", "entries again"),
    Name.CLOSE_ALL: ("[account]", "close every position, after a question"),
    Name.HELP: ("", "this list"),
}

ALIASES = {
    "start": Name.HELP,
    "commands": Name.HELP,
    "s": Name.STATUS,
    "st": Name.STATUS,
    "positions": Name.STATUS,
    "health": Name.SERVER,
    "srv": Name.SERVER,
    "t": Name.TRADES,
    "b": Name.BALANCE,
    "bal": Name.BALANCE,
    "profit": Name.PNL,
    "daily": Name.PNL,
    "w": Name.WHY,
    "explain": Name.WHY,
    "stopentry": Name.PAUSE,
    "continue": Name.RESUME,
    "unpause": Name.RESUME,
    "ca": Name.CLOSE_ALL,
    "flat": Name.CLOSE_ALL,
    "flatten": Name.CLOSE_ALL,
    "panic": Name.CLOSE_ALL,
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was understood."""

    name: Name
    #: What follows it, without white space around.
    argument: str = ""


class NotUnderstood(msgspec.Struct, frozen=True, kw_only=True):
    """A command that there is not; ``perhaps`` is one that looks like it."""

    word: str
    perhaps: Name | None


def read(text: str) -> Asked | NotUnderstood | None:
    """Return what ``text`` asks for, None if it is no command at all."""
    if not text.startswith("/"):
        return None
    first, _, rest = text[1:].strip().partition(" ")
    # In groups the chat adds the bot's name: /status@some_bot. A command in a text can only be
    # touched as one word: /why_17.
    word, _, joined = first.partition("@")[0].lower().partition("_")
    argument = f"{joined} {rest}"
    names = {each.value: each for each in Name} | ALIASES
    if word in names:
        return Asked(name=names[word], argument=" ".join(argument.split()))
    alike = difflib.get_close_matches(word, names, n=1)
    return NotUnderstood(word=word, perhaps=names[alike[0]] if alike else None)


def menu() -> list[tuple[str, str]]:
    """Return names and descriptions for the chat's own menu of commands."""
    return [(name.value, f"{argument} {what}".strip()) for name, (argument, what) in MENU.items()]
