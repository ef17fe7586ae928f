"""Telegram's HTML: words of others made harmless, and texts made to fit. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from autoscalper.domain.contract import OptionContract
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.pricing import shown

#: Most characters of a message and of a picture's caption (Bot API, sendMessage and sendPhoto).
#: Counted with the markup, which is more than Telegram counts.
MAX_TEXT = 4096
MAX_CAPTION = 1024

_TAG = re.compile(r"<[^>]*>")


def escaped(text: str) -> str:
    """Return ``text`` with nothing in it that could be taken for markup."""
    printable = "".join(each if each.isprintable() or each == "\n" else " " for each in text)
    return html.escape(printable, quote=False)


def bold(text: str) -> str:
    """Return ``text`` made harmless, in bold."""
    return f"<b>{escaped(text)}</b>"


def fitted(lines: Sequence[str], most: int = MAX_TEXT) -> str:
    """Return as many of ``lines`` as fit into one message, and how many did not.

    Each line must have its tags closed.
    """
    # Room for the word on what is left out; Telegram counts UTF-16 units.
    room = most - 40
    shown: list[str] = []
    for number, line in enumerate(lines):
        size = len(line.encode("utf-16-le")) // 2 + 1
        if size > room:
            return "\n".join([*shown, f"<i>… and {len(lines) - number} more lines</i>"])
        room -= size
        shown.append(line)
    return "\n".join(shown)


def plain(text: str) -> str:
    """Return the text of Telegram's HTML without its tags, still escaped."""
    return _TAG.sub("", text)


def dollars(amount: Decimal) -> str:
    """Return an amount with its sign: ``+$12.50``, ``-$3.00``."""
    return f"{'-' if amount < 0 else '+'}${abs(amount):,.2f}"


def price(amount: Decimal) -> str:
    """Return a price per share with cents, and with up to two more digits where there are."""
    return shown(amount.quantize(Decimal("0.0001")))


def clock_time(moment: datetime) -> str:
    """Return the time of day in New York, with seconds."""
    return f"{moment.astimezone(EXCHANGE_ZONE):%H:%M:%S}"


def short_contract(contract: OptionContract) -> str:
    """Return a contract as traders write it: ``SPY 685C Nov 27``."""
    strike = f"{contract.strike.normalize():f}{contract.right.value}"
    return f"{contract.underlying} {strike} {contract.expiry:%b} {contract.expiry.day}"


def span(seconds: float) -> str:
    """Return a duration in the two units that matter: ``45 s``, ``5 min``, ``2 h 5 min``."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{whole} s"
