from __future__ import annotations

from collections.abc import Iterator

import pytest

from autoscalper.alert import shelf, stories
from autoscalper.alert.chat_commands import Name
from autoscalper.alert.page_maker import PageMaker
from autoscalper.alert.pictures import Pictures
from autoscalper.alert.replies import ShowPage
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories
from autoscalper.domain.settings import AlertSettings
from autoscalper.links import broker_to_alert
from autoscalper.runtime.process import Process
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home
from tests.fakes.posts import FixedClock
from tests.fakes.telegram_server.markup import plain_text
from tests.unit.alert import examples


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@pytest.fixture
def maker(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageMaker]:
    settings = AlertSettings(
        run_dir=str(home.run_dir), data_dir=str(home.data_dir), log_dir=str(home.log_dir)
    )
    monkeypatch.setattr("autoscalper.runtime.process.logs.set_up", lambda *_, **__: None)
    process = Process("alert", settings)
    monkeypatch.setattr(process, "clock", FixedClock())
    store = Store(process.store_path, durable=False, schema=shelf.SCHEMA + stories.SCHEMA)
    kept, told = Shelf(store), Stories(store)
    with store.transaction():
        for notice in examples.whole_life():
            kept.take(notice)
            told.take(notice)
    broker_to_alert.leave(home.run_dir, examples.status())
    yield PageMaker(process, kept, told, Pictures(told, process.clock), "PAPER")
    store.close()


@pytest.mark.parametrize(
    ("page", "argument", "part", "buttons"),
    [
        (Name.STATUS, "", "Today: +$61.00", ["r:status"]),
        (Name.BALANCE, "", "Risk is counted from", ["r:balance"]),
        (Name.SERVER, "", "supervisord does not answer", ["r:server"]),
        (Name.TRADES, "", "1. 09:45:00 MU", [f"p:trade {examples.TRADE}", "r:trades"]),
        (Name.WHY, "", "/why_1 09:45:00 traded", []),
        (Name.WHY, "1", "Trade: 09:45:00 MU 127.5C", []),
        (Name.WHY, "99", "There is no alert 99", []),
        (Name.WHY, "x", "There is no alert x", []),
        (Name.HELP, "", "/closeall", []),
    ],
)
async def test_each_page_is_made_of_what_there_is(
    maker: PageMaker, page: Name, argument: str, part: str, buttons: list[str]
) -> None:
    html, keyboard = await maker.render(ShowPage(page=page, argument=argument))
    text = plain_text(html)
    assert text.startswith("PAPER ")
    assert part in text
    assert [button.data for row in keyboard for button in row] == buttons


@pytest.mark.parametrize(
    ("name", "part", "buttons"),
    [
        ("pnl 30", "Profit and loss, 30 days: +$61.00", ["r:pnl 30"]),
        (f"trade {examples.TRADE}", "out at 1.535", []),
        ("trade unknown", "Nothing is known of that trade.", []),
    ],
)
async def test_each_picture_has_its_caption(
    maker: PageMaker, name: str, part: str, buttons: list[str]
) -> None:
    html, keyboard, picture = await maker.paint(name)
    assert part in plain_text(html)
    assert [button.data for row in keyboard for button in row] == buttons
    assert picture.startswith(b"\x89PNG")
