import struct
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest

from autoscalper.alert.charts import (
    WIDTH_PIXELS,
    Mark,
    TradePanel,
    draw_days,
    draw_summary,
    draw_trade,
    merged,
)
from tests.unit.alert.examples import after

DAYS = [(date(2026, 3, 2) + timedelta(days=n), Decimal(40 - 17 * (n % 5))) for n in range(40)]
PANEL = TradePanel(
    title="MU 127.5C Mar 20  +$61.00",
    posted_price=Decimal("1.20"),
    stop_price=Decimal("0.94"),
    marks=(
        Mark(at=after(0), price=Decimal("1.23"), qty=2, is_buy=True),
        Mark(at=after(1500), price=Decimal("1.55"), qty=2, is_buy=False),
    ),
)
EMPTY = TradePanel(title="none", posted_price=None, stop_price=None, marks=())


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("days", [DAYS, DAYS[:1], DAYS[:6], []], ids=len)
def test_days_are_a_picture_as_wide_as_a_phone(days: list[tuple[date, Decimal]]) -> None:
    width, height = size(draw_days(days, "Last 30 days, $ a day"))
    assert width == WIDTH_PIXELS
    assert height < width * 1.3


@pytest.mark.parametrize("panel", [PANEL, EMPTY], ids=["a trade", "nothing"])
def test_a_trade_is_a_small_picture(panel: TradePanel) -> None:
    width, height = size(draw_trade(panel))
    assert (width, height < width) == (WIDTH_PIXELS, True)


def test_a_single_fill_without_a_posted_price_can_be_drawn() -> None:
    panel = TradePanel(title="x", posted_price=None, stop_price=None, marks=PANEL.marks[:1])
    size(draw_trade(panel))


def mark(seconds: float, price: str, *, qty: int = 1, is_buy: bool = True) -> Mark:
    return Mark(at=after(seconds), price=Decimal(price), qty=qty, is_buy=is_buy)


def test_fills_that_would_cover_each_other_are_drawn_as_one_at_their_average() -> None:
    marks = [mark(0, "1.22"), mark(1, "1.24"), mark(600, "1.52", is_buy=False)]
    assert merged(marks) == [mark(0, "1.23", qty=2), mark(600, "1.52", is_buy=False)]


def test_fills_that_are_apart_stay_apart() -> None:
    marks = [mark(0, "1.22"), mark(0, "1.23", is_buy=False), mark(300, "1.10"), mark(600, "1.52")]
    assert merged(marks) == marks
    assert merged([]) == []


def test_levels_near_each_other_can_be_drawn() -> None:
    panel = TradePanel(
        title="x", posted_price=Decimal("1.20"), stop_price=Decimal("1.20"), marks=PANEL.marks
    )
    size(draw_trade(panel))


def test_a_summary_grows_with_its_trades_up_to_a_limit() -> None:
    heights = [size(draw_summary(DAYS, "x", [PANEL] * count))[1] for count in (0, 1, 4, 9)]
    assert heights[0] < heights[1] < heights[2] == heights[3]


def test_the_same_is_drawn_the_same() -> None:
    assert draw_trade(PANEL) == draw_trade(PANEL)
    assert draw_trade(PANEL) != draw_trade(EMPTY)


def test_importing_the_module_does_not_load_the_library() -> None:
    code = "import sys, autoscalper.alert.charts; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
