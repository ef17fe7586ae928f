"""Renders docs/gallery: what the user sees in Telegram, by the renderers that alert uses.

``python -m tests.unit.alert.gallery`` writes it anew; ``test_gallery`` compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from autoscalper.alert import cards, charts, outage_cards, pages, result_pages
from autoscalper.alert.chat import Button, Keyboard
from autoscalper.alert.escalation import Alarm, Outage, Recovered, Rung, Subject
from autoscalper.alert.host import Host
from autoscalper.alert.pictures import panel_of
from autoscalper.alert.stories import Story, fold
from autoscalper.alert.view import ServerView
from autoscalper.domain.identity import CommandId
from autoscalper.domain.instruction import TrailBy
from autoscalper.domain.marker import marker_of
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import AlertSettings
from autoscalper.links.alert_to_broker import Scope
from autoscalper.links.any_to_alert import CommandAnswered, CommandState, Level, Reported
from autoscalper.runtime.supervisord import ProcessInfo
from tests.fakes.posts import NINE_FORTY_FIVE
from tests.unit.alert import examples
from tests.unit.alert.examples import after

PLACE = Path(__file__).parents[3] / "docs" / "gallery"
SETTINGS = AlertSettings(dry_run=False)
MARKER = marker_of(SETTINGS)
REFRESH: Keyboard = ((Button(label="Refresh", data="r:x"),),)
YES_NO: Keyboard = ((Button(label="Yes, close all", data="y:x"), Button(label="No", data="n:x")),)

#: Results of a month of trading days.
RESULTS = (38, -22, 61, 14, -45, 0, 52, 27, -18, 33, 80, -36, 12, 44, -9, 21, 61)
DAYS = [
    (day, Decimal(result))
    for day, result in zip(
        (
            each
            for each in (date(2026, 2, 24) + timedelta(days=number) for number in range(30))
            if each.weekday() < 5
        ),
        RESULTS,
        strict=False,
    )
]


def texts() -> Iterator[tuple[str, str, Keyboard]]:
    """Yield title, text and buttons of every message."""
    yield from _trade()
    yield from _alerts()
    yield from _pages()
    yield from _closing()
    yield from _outages()


def pictures() -> dict[str, Callable[[], bytes]]:
    """Return what draws each picture, by its file's name."""
    panel = panel_of(_story(99))
    return {
        "pnl.png": lambda: charts.draw_days(DAYS, "Last 30 days, $ a day"),
        "trade.png": lambda: charts.draw_trade(panel),
        "summary.png": lambda: charts.draw_summary(DAYS[-8:], "To Mar 18, $ a day", [panel]),
    }


def page() -> str:
    """Return the gallery's page, in Markdown."""
    lines = [
        "# What Telegram shows",
        "",
        "Made by `scripts/render-gallery` with the renderers that alert uses, from a made-up day.",
        "",
    ]
    for title, html, buttons in texts():
        lines += [f"### {title}", ""]
        lines += [f"> {line}<br>" for line in html.splitlines()]
        lines += [f"> `[ {' ]` `[ '.join(each.label for each in row)} ]`" for row in buttons]
        lines.append("")
    captions = {
        "pnl.png": "/pnl: the days and what they add up to",
        "trade.png": "A trade's fills against the posted price",
        "summary.png": "The day's summary, after the close",
    }
    for name, caption in captions.items():
        lines += [f"### {caption}", "", f"![{caption}]({name})", ""]
    return "\n".join(lines)


def write() -> None:
    """Write the gallery anew."""
    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / "README.md").write_text(page(), encoding="utf-8")
    for name, draw in pictures().items():
        (PLACE / name).write_bytes(draw())


def _story(count: int) -> Story:
    story = Story(trade_id=examples.TRADE)
    for notice in examples.whole_life()[:count]:
        story = fold(story, notice)
    return story


def _trade() -> Iterator[tuple[str, str, Keyboard]]:
    for title, count in (
        ("One message for each trade, edited as it lives: ordered", 1),
        ("… filled", 5),
        ("… trimmed, the stop moved", 9),
        ("… and closed", 99),
    ):
        story = _story(count)
        yield title, cards.trade_text(story, MARKER), cards.trade_buttons(story)


def _alerts() -> Iterator[tuple[str, str, Keyboard]]:
    denial = "one contract risks $75.00, the budget is $50.00"
    denied = examples.skipped(OutcomeKind.DENIED, denial)
    yield "An alert that was not traded", cards.skipped_text(denied, 41, MARKER), ()
    late = examples.skipped(OutcomeKind.EXPIRED, "240 s old, 60 s are allowed")
    buttons = cards.offer_buttons(late, 42)
    yield "An alert that came too late", cards.skipped_text(late, 42, MARKER), buttons
    question = cards.late_text(examples.missed(), NINE_FORTY_FIVE, MARKER)
    take: Keyboard = ((Button(label="Yes, take it", data="y:x"), Button(label="No", data="n:x")),)
    yield "… and can be taken by hand", question, take
    asked = cards.question_card(examples.question(), MARKER)
    yield "A follow-up that may mean two trades", asked.html, asked.buttons
    report = Reported(
        level=Level.CRITICAL,
        text="the stop for MU 127.5C 2026-03-20 is refused (201 no margin): closing the trade",
        reported_at=NINE_FORTY_FIVE,
    )
    yield "Something that wants a person", cards.report_text(report, MARKER), ()
    overtaken = "That was 5 min ago: nothing was done. Again?"
    yield "A command that comes too late", cards.marked(MARKER, overtaken), ()


def _pages() -> Iterator[tuple[str, str, Keyboard]]:
    view = examples.view(told=examples.status())
    closed = [examples.closed("61")]
    yield "/status", pages.status_text(view, closed, MARKER), REFRESH
    paused = examples.status(paused=True, trades=(), orders=())
    yield "… while paused", pages.status_text(examples.view(told=paused), [], MARKER), REFRESH
    trailing = examples.status(
        trades=(
            examples.open_trade(trail=TrailBy(percent=Decimal(20)), stop_price=Decimal("1.13")),
        ),
        orders=(
            examples.live_order(Purpose.STOP_LOSS, "1.13"),
            examples.live_order(Purpose.TAKE_PROFIT, "1.87"),
            msgspec.structs.replace(examples.live_order(Purpose.FLATTEN, "1"), price=None),
        ),
    )
    trailing_view = examples.view(told=trailing)
    yield (
        "… with a trailing stop, and a sale for the last day",
        pages.status_text(trailing_view, [], MARKER),
        REFRESH,
    )
    naked = examples.open_trade(protected_qty=1)
    away = examples.status(phase="down", trades=(naked,), foreign=examples.FOREIGN)
    away_view = examples.view(told=away)
    yield "… while the gateway is away", pages.status_text(away_view, closed, MARKER), REFRESH
    process = ProcessInfo(
        name="broker", statename="RUNNING", pid=7, start=0, now=93600, exitstatus=0, description=""
    )
    gibibyte = 2**30
    host = Host(
        load=0.08,
        memory_total=2 * gibibyte,
        memory_available=gibibyte,
        disk_total=40 * gibibyte,
        disk_free=31 * gibibyte,
    )
    server = ServerView(processes=(process,), host=host)
    yield "/server", pages.server_text(view, server, MARKER), REFRESH
    yield "/balance", pages.balance_text(view, closed, MARKER), REFRESH
    trades = result_pages.trades_text([_story(99), _story(5)], NINE_FORTY_FIVE, MARKER)
    yield "/trades", trades, ((Button(label="Chart 1", data="p:x"),), *REFRESH)
    yield "/why 12", pages.why_text(12, examples.traded(), _story(99), MARKER), ()
    yield "/help", pages.help_text(MARKER), ()


def _closing() -> Iterator[tuple[str, str, Keyboard]]:
    view = examples.view(told=examples.status())
    question = pages.question_text(view, Scope.OURS, MARKER)
    yield "/closeall asks first", question, YES_NO
    away = examples.view(told=examples.status(phase="down"))
    later = pages.question_text(away, Scope.OURS, MARKER)
    yield "… while the gateway is away", later, YES_NO
    whole = examples.view(told=examples.status(foreign=examples.FOREIGN))
    account = pages.question_text(whole, Scope.ACCOUNT, MARKER)
    yield "/closeall account names the rest of it", account, YES_NO
    contract = examples.CONTRACT
    done = f"{contract}: flat, 2 bought at 1.23, sold at 1.41, +$36.00"
    for title, state, lines in (
        (
            "… says how far it is",
            CommandState.UNDER_WAY,
            (f"{contract}: selling 2", "KO: selling 100 at the market, sold 40 at 61.20 so far"),
        ),
        (
            "… and reports each position",
            CommandState.DONE,
            (done, "KO: sold 100 at 61.26", "F 11P 2026-12-18: bought 2 at 0.35"),
        ),
        (
            "… or what could not be closed",
            CommandState.PARTLY,
            (
                done,
                "KO: sold 70 at 61.25, 30 left to other working orders",
                "F 11P 2026-12-18: nothing bought: refused, 201 no trading permissions",
            ),
        ),
    ):
        answer = CommandAnswered(
            command_id=CommandId("button x"),
            state=state,
            lines=lines,
            answered_at=NINE_FORTY_FIVE,
        )
        yield title, cards.command_card(answer, MARKER).html, ()


def _outages() -> Iterator[tuple[str, str, Keyboard]]:
    reason = "127.0.0.1:4002: Connection refused"
    outage = Outage(subject=Subject.GATEWAY, since=after(0), reason=reason)
    status = examples.status(phase="down", attempts=118)
    for rung, seconds in ((Rung.WARNING, 60), (Rung.SEVERE, 3600)):
        alarm = Alarm(outage=outage, rung=rung)
        text = outage_cards.alarm_text(alarm, status, SETTINGS, after(seconds), MARKER)
        yield f"The gateway is away: {rung.value.lower()}", text, ()
    night = outage.since + timedelta(hours=14)
    waiting = Outage(subject=Subject.GATEWAY, since=night, reason=reason)
    alarm = Alarm(outage=waiting, rung=Rung.WARNING)
    now = night + timedelta(minutes=5)
    approval = outage_cards.alarm_text(
        alarm, examples.status(trades=(), attempts=540), SETTINGS, now, MARKER
    )
    yield "… after its daily restart", approval, ()
    sunday = datetime(2026, 3, 22, 5, 0, tzinfo=UTC)
    ended = Outage(subject=Subject.GATEWAY, since=sunday, reason="Peer closed connection.")
    alarm = Alarm(outage=ended, rung=Rung.CRITICAL)
    now = sunday + timedelta(minutes=17)
    flat = examples.status(trades=(), attempts=1020)
    weekly = outage_cards.alarm_text(alarm, flat, SETTINGS, now, MARKER)
    yield "… on a Sunday", weekly, ()
    recovered = Recovered(outage=outage, ended_at=after(600))
    stopped = examples.fill(9, 1, "0.93", seconds=130, purpose=Purpose.STOP_LOSS)
    late = examples.skipped(OutcomeKind.EXPIRED, "90 s old, 60 s are allowed")
    text = outage_cards.recovered_text(recovered, examples.status(), [stopped], [late], MARKER)
    yield "… and back", text, ()
    wrong = "DU7654321 is a paper account, TRADING_MODE is live"
    refused = Outage(subject=Subject.GATEWAY, since=after(0), reason=wrong)
    alarm = Alarm(outage=refused, rung=Rung.CRITICAL, needs_a_person=True)
    text = outage_cards.alarm_text(alarm, flat, SETTINGS, after(5), MARKER)
    yield "The gateway is logged in as another account", text, ()
    for subject, why, seconds in (
        (Subject.DISCORD, "no heartbeat answered", 60),
        (Subject.BROKER, "no heartbeat", 60),
        (Subject.MODEL, "no credit left", 300),
    ):
        outage = Outage(subject=subject, since=after(0), reason=why)
        alarm = Alarm(outage=outage, rung=Rung.WARNING)
        text = outage_cards.alarm_text(alarm, status, SETTINGS, after(seconds), MARKER)
        yield f"Away: {subject.value}", text, ()


if __name__ == "__main__":
    write()
