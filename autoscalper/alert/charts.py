"""Pictures for a phone: days with their equity, and a trade's fills against its post.

matplotlib is loaded with the first picture, which takes a second: never in the event loop. The
pictures bring their own dark ground, so that they read the same in a dark and a light chat.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

import msgspec

from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.pricing import shown

#: Width in pixels, which phones show without scaling up.
WIDTH_PIXELS = 1080
_DPI = 180
_INCHES = WIDTH_PIXELS / _DPI

_GROUND, _INK, _FAINT = "#17212b", "#f2f5f7", "#6d7f8f"
#: Told apart without red and green, too: by lightness, and by up and down.
_GAIN, _LOSS, _POST = "#4fd38a", "#ff6b6b", "#ffd166"
#: Days up to which each bar gets its own date.
_MOST_LABELS = 8
#: Part of a trade's time within which two fills of one side cover each other in the picture.
_COVERED = 0.12
#: Trades of a summary that get a panel.
MOST_PANELS = 4


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One fill."""

    at: datetime
    price: Decimal
    qty: int
    is_buy: bool


class TradePanel(msgspec.Struct, frozen=True, kw_only=True):
    """One trade to draw; prices are dollars per share."""

    title: str
    posted_price: Decimal | None
    stop_price: Decimal | None
    marks: tuple[Mark, ...]


def draw_days(days: Sequence[tuple[date, Decimal]], title: str) -> bytes:
    """Return a PNG of each day's result, and below it of what they add up to."""
    figure, (bars, equity) = _panels(2, 0.85)
    _draw_bars(bars, days, title)
    _draw_equity(equity, days)
    return _png(figure)


def draw_trade(panel: TradePanel) -> bytes:
    """Return a PNG of a trade's fills against the posted price."""
    figure, (axes,) = _panels(1, 0.62)
    _draw_trade(axes, panel)
    return _png(figure)


def draw_summary(
    days: Sequence[tuple[date, Decimal]], title: str, trades: Sequence[TradePanel]
) -> bytes:
    """Return a PNG of the days, their equity, and the first few of today's trades."""
    shown_trades = trades[:MOST_PANELS]
    figure, axes = _panels(2 + len(shown_trades), 0.8 + 0.42 * len(shown_trades))
    _draw_bars(axes[0], days, title)
    _draw_equity(axes[1], days)
    for each, panel in zip(axes[2:], shown_trades, strict=True):
        _draw_trade(each, panel)
    return _png(figure)


def _panels(count: int, height: float) -> tuple[Any, list[Any]]:
    """Return a figure with ``count`` panels; ``height`` is a part of its width."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_INCHES, _INCHES * height), dpi=_DPI, facecolor=_GROUND)
    figure.set_layout_engine("constrained", h_pad=0.12, w_pad=0.1)
    panels = list(figure.subplots(count, 1, squeeze=False)[:, 0])
    for axes in panels:
        axes.set_facecolor(_GROUND)
        axes.tick_params(colors=_INK, labelsize=10, length=0)
        axes.grid(axis="y", color=_FAINT, alpha=0.35, linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(_FAINT)
    return figure, panels


def _title(axes: Any, text: str) -> None:
    # A dollar sign would begin a formula.
    escaped = text.replace("$", r"\$")
    axes.set_title(escaped, color=_INK, fontsize=12, loc="left", fontweight="bold")


def _nothing(axes: Any, text: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, color=_INK, fontsize=12, ha="center", transform=axes.transAxes)


def _draw_bars(axes: Any, days: Sequence[tuple[date, Decimal]], title: str) -> None:
    _title(axes, title)
    if not days:
        _nothing(axes, "no trade was closed")
        return
    results = [float(result) for _, result in days]
    colors = [_GAIN if result >= 0 else _LOSS for result in results]
    axes.bar(range(len(days)), results, color=colors, width=0.7)
    axes.axhline(0, color=_FAINT, linewidth=0.8)
    if len(days) <= _MOST_LABELS:
        for place, result in enumerate(results):
            above = result >= 0
            axes.annotate(
                f"{result:+,.0f}",
                (place, result),
                xytext=(0, 3 if above else -3),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                color=_INK,
                fontsize=10,
            )
        axes.margins(y=0.2)
    _date_ticks(axes, days)


def _draw_equity(axes: Any, days: Sequence[tuple[date, Decimal]]) -> None:
    _title(axes, "added up")
    if not days:
        _nothing(axes, "nothing yet")
        return
    sums = [float(total) for total in accumulate(result for _, result in days)]
    places = range(len(sums))
    axes.plot(places, sums, color=_INK, linewidth=2, marker="o", markersize=4)
    axes.fill_between(places, sums, color=_GAIN if sums[-1] >= 0 else _LOSS, alpha=0.25)
    axes.axhline(0, color=_FAINT, linewidth=0.8)
    axes.annotate(
        f"{sums[-1]:+,.0f}",
        (places[-1], sums[-1]),
        xytext=(0, 6),
        textcoords="offset points",
        ha="right",
        color=_INK,
        fontsize=11,
        fontweight="bold",
    )
    axes.margins(y=0.25)
    _date_ticks(axes, days)


def _date_ticks(axes: Any, days: Sequence[tuple[date, Decimal]]) -> None:
    step = max(1, -(-len(days) // _MOST_LABELS))
    places = range(0, len(days), step)
    axes.set_xticks(list(places), [f"{days[place][0]:%b} {days[place][0].day}" for place in places])


def _draw_trade(axes: Any, panel: TradePanel) -> None:
    _title(axes, panel.title)
    if not panel.marks:
        _nothing(axes, "nothing was bought")
        return
    began = panel.marks[0].at
    for mark in merged(panel.marks):
        minutes = (mark.at - began).total_seconds() / 60
        axes.plot(
            minutes,
            float(mark.price),
            marker="^" if mark.is_buy else "v",
            color=_GAIN if mark.is_buy else _LOSS,
            markersize=11,
            linestyle="none",
        )
        axes.annotate(
            f"{mark.qty} at {shown(mark.price)}",
            (minutes, float(mark.price)),
            xytext=(0, -14 if mark.is_buy else 10),
            textcoords="offset points",
            ha="center",
            va="top" if mark.is_buy else "bottom",
            color=_INK,
            fontsize=10,
        )
    _draw_levels(axes, panel)
    axes.yaxis.set_major_formatter("{x:.2f}")
    lasted = (panel.marks[-1].at - began).total_seconds() / 60
    axes.set_xlim(-0.12 * max(lasted, 1), 1.18 * max(lasted, 1))
    axes.margins(y=0.4)
    _time_ticks(axes, began, panel.marks[-1].at)


def merged(marks: Sequence[Mark]) -> list[Mark]:
    """Return ``marks`` with those as one, at their average, that would cover each other."""
    if not marks:
        return []
    span = max((marks[-1].at - marks[0].at).total_seconds(), 60.0)
    groups: list[list[Mark]] = []
    for mark in marks:
        near = [
            group
            for group in groups
            if group[0].is_buy is mark.is_buy
            and (mark.at - group[0].at).total_seconds() <= _COVERED * span
        ]
        if near:
            near[0].append(mark)
        else:
            groups.append([mark])
    return [_average(group) for group in groups]


def _average(group: list[Mark]) -> Mark:
    qty = sum(mark.qty for mark in group)
    spent = sum((mark.price * mark.qty for mark in group), Decimal(0))
    price = (spent / qty).quantize(Decimal("0.001")).normalize()
    return Mark(at=group[0].at, price=price, qty=qty, is_buy=group[0].is_buy)


def _draw_levels(axes: Any, panel: TradePanel) -> None:
    levels = [(panel.posted_price, "posted", _POST), (panel.stop_price, "stop", _FAINT)]
    known = [(price, what, color) for price, what, color in levels if price is not None]
    for place, (price, what, color) in enumerate(sorted(known)):
        # The lower one says so below its line: they can be near each other.
        below = place == 0 and len(known) > 1
        axes.axhline(float(price), color=color, linewidth=1.4, linestyle="--")
        axes.annotate(
            f"{what} {shown(price)}",
            (1.0, float(price)),
            xycoords=("axes fraction", "data"),
            xytext=(0, -3 if below else 3),
            textcoords="offset points",
            ha="right",
            va="top" if below else "bottom",
            color=color if color != _FAINT else _INK,
            fontsize=9,
        )


def _time_ticks(axes: Any, began: datetime, ended: datetime) -> None:
    lasted = (ended - began).total_seconds() / 60
    places = sorted({0.0, lasted / 2, lasted}) if lasted >= 2 else [0.0]
    labels = [
        f"{datetime.fromtimestamp(began.timestamp() + 60 * place, EXCHANGE_ZONE):%H:%M}"
        for place in places
    ]
    axes.set_xticks(places, labels)


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    # A figure that no window knows is drawn by the Agg renderer.
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
