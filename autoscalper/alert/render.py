"""Notices in words: one readable line each. Pure."""

from __future__ import annotations

from typing import assert_never

from autoscalper.domain.marker import PAPER
from autoscalper.domain.pricing import shown, signed
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import (
    CommandAnswered,
    GatewayChanged,
    OrderChanged,
    OrderFilled,
    OutcomeDecided,
    QuestionAsked,
    Reported,
    TradeChanged,
    TradeClosed,
)

#: Characters of a post's text that are shown in a line.
_SHOWN_CHARACTERS = 80


def render(notice: any_to_alert.Message) -> str:
    """Return ``notice`` as one line without line breaks or control characters."""
    return f"{PAPER} {_rendered(notice)}" if notice.is_paper else _rendered(notice)


def _rendered(notice: any_to_alert.Message) -> str:
    match notice:
        case OutcomeDecided():
            return _outcome(notice)
        case OrderChanged():
            return one_line(f"order {notice.what} {notice.status.value} {notice.error}")
        case OrderFilled():
            return (
                f"{notice.side.value} {notice.purpose.value} filled {notice.last_qty}"
                f" {notice.contract} at {notice.last_price}"
            )
        case TradeClosed():
            return (
                f"trade closed {notice.contract}: {notice.bought_qty} bought at"
                f" {notice.avg_entry_price}, sold at {notice.avg_exit_price},"
                f" {signed(notice.realized)}"
            )
        case TradeChanged():
            return (
                f"trade {notice.contract}: {notice.held_qty} of {notice.order_qty} held,"
                f" stop {shown(notice.stop_price)}, target {shown(notice.target_price)}"
            )
        case QuestionAsked():
            named = " or ".join(str(each.contract) for each in notice.choices)
            return one_line(
                f"which trade is meant, {named}? {notice.author_name} in {notice.channel_name}:"
                f' "{shortened(notice.text)}"'
            )
        case CommandAnswered():
            return one_line(
                f"command {notice.command_id} {notice.state.value}: {'; '.join(notice.lines)}"
            )
        case GatewayChanged():
            reason = f" ({notice.reason})" if notice.reason else ""
            return one_line(f"gateway {notice.state}{reason}")
        case Reported():
            return one_line(notice.text)
        case _:
            assert_never(notice)


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space and control characters as one space."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())


def shortened(text: str, width: int = _SHOWN_CHARACTERS) -> str:
    """Return ``text`` as one line of at most ``width`` characters."""
    line = one_line(text)
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _outcome(decided: OutcomeDecided) -> str:
    orders = f" [{'; '.join(decided.orders)}]" if decided.orders else ""
    return one_line(
        f"{decided.outcome}{orders} - {decided.author_name} in {decided.channel_name}:"
        f' "{shortened(decided.text)}"'
    )
