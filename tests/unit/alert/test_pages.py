from datetime import date
from decimal import Decimal

import msgspec
import pytest

from autoscalper.alert import pages, result_pages
from autoscalper.alert.chat_commands import MENU, Name, NotUnderstood
from autoscalper.alert.host import Host
from autoscalper.alert.markup import MAX_CAPTION, MAX_TEXT
from autoscalper.alert.stories import Story, fold
from autoscalper.alert.view import ServerView
from autoscalper.domain.identity import TradeId
from autoscalper.domain.instruction import TrailBy
from autoscalper.domain.order import OrderStatus, Purpose
from autoscalper.links.alert_to_broker import Scope
from autoscalper.runtime.supervisord import ProcessInfo
from tests.fakes.posts import an_outcome
from tests.fakes.telegram_server.markup import plain_text
from tests.unit.alert import examples

HOST = Host(
    load=0.25,
    memory_total=2 * 2**30,
    memory_available=2**30,
    disk_total=40 * 2**30,
    disk_free=10 * 2**30,
)


def story(trade: str = examples.TRADE) -> Story:
    told = Story(trade_id=TradeId(trade))
    for notice in examples.whole_life():
        told = fold(told, notice)
    return told


def lines(html: str) -> list[str]:
    return plain_text(html).splitlines()


def test_the_status_shows_money_positions_orders_today_and_processes() -> None:
    view = examples.view(told=examples.status())
    assert lines(pages.status_text(view, [examples.closed("61")], "PAPER")) == [
        "PAPER Status · 09:45:00",
        "Account DU7654321 · $10,418.20",
        "Gateway: trading for 1 h 0 min",
        "MU 127.5C Mar 20: 2 at 1.23, bid 1.41 +$36.00, stop 0.94, target 1.87",
        "Open profit and loss +$36.00",
        "Stops: 2 MU 127.5C Mar 20 at 0.94",
        "Targets: 2 MU 127.5C Mar 20 at 1.87",
        "Today: +$61.00, closed 1, won 1",
        "ingest ok · parser ok · broker ok · alert ok · watchdog ok",
    ]


def test_the_status_says_what_is_paused_waits_or_is_without_a_stop() -> None:
    told = examples.status(
        paused=True, waiting=3, trades=(examples.open_trade(protected_qty=0),), orders=()
    )
    text = plain_text(pages.status_text(examples.view(told=told), [], ""))
    assert "Paused: no new entries until /resume" in text
    assert "Waiting to be decided: 3" in text
    assert "2 without a stop" in text
    assert "No open orders." in text


def test_a_position_without_a_quote_has_no_invented_profit() -> None:
    told = examples.status(trades=(examples.open_trade(bid=None, ask=None),))
    text = plain_text(pages.status_text(examples.view(told=told), [], ""))
    assert "no quote, stop 0.94" in text
    assert "Open profit and loss +$0.00, 1 without a quote" in text


def test_an_order_in_doubt_or_at_the_market_is_shown_as_such() -> None:
    doubted = msgspec.structs.replace(
        examples.live_order(Purpose.EXIT, "1"), status=OrderStatus.IN_DOUBT, price=None
    )
    told = examples.status(orders=(doubted,))
    text = plain_text(pages.status_text(examples.view(told=told), [], ""))
    assert "Exits: 2 MU 127.5C Mar 20 at the market (in doubt)" in text


def test_every_kind_of_order_that_rests_is_listed() -> None:
    for purpose in Purpose:
        told = examples.status(orders=(examples.live_order(purpose, "1"),))
        text = plain_text(pages.status_text(examples.view(told=told), [], ""))
        assert "s: 2 MU 127.5C Mar 20 at 1.00" in text, purpose


def test_the_sale_that_rests_for_the_last_day_is_named() -> None:
    resting = msgspec.structs.replace(examples.live_order(Purpose.FLATTEN, "1"), price=None)
    told = examples.status(orders=(resting,))
    text = pages.status_text(examples.view(told=told), [], "")
    assert "Last-day sales: 2 MU 127.5C Mar 20 at the market" in lines(text)


@pytest.mark.parametrize(
    ("trail", "stop"),
    [
        (None, "stop 0.94,"),
        (TrailBy(percent=Decimal("20")), "trailing stop 0.94, 20 % behind,"),
        (TrailBy(percent=Decimal("12.5")), "trailing stop 0.94, 12.5 % behind,"),
        (TrailBy(amount=Decimal("0.1")), "trailing stop 0.94, $0.10 behind,"),
    ],
)
def test_a_stop_that_trails_is_shown_as_such(trail: TrailBy | None, stop: str) -> None:
    told = examples.status(trades=(examples.open_trade(trail=trail),))
    text = plain_text(pages.status_text(examples.view(told=told), [], ""))
    assert f"bid 1.41 +$36.00, {stop} target 1.87" in text


def test_a_status_that_is_old_says_how_old() -> None:
    text = pages.status_text(examples.view(told=examples.status(), late=90), [], "")
    assert "As of 1 min ago" in text


def test_before_the_broker_told_anything_the_pages_say_so() -> None:
    view = examples.view(beats={"broker": examples.beat("broker", age=60)})
    status = plain_text(pages.status_text(view, [], ""))
    assert "The broker has not told anything yet." in status
    assert "broker silent" in status and "parser never seen" in status
    assert "has not told anything" in pages.balance_text(view, [], "")


def test_the_server_page_has_supervisord_heartbeats_gateway_and_machine() -> None:
    process = ProcessInfo(
        name="broker", statename="RUNNING", pid=1, start=0, now=7500, exitstatus=0, description=""
    )
    server = ServerView(processes=(process,), host=HOST)
    text = plain_text(pages.server_text(examples.view(told=examples.status()), server, ""))
    assert "broker: running for 2 h 5 min" in text
    assert "ingest beat 0 s ago: posts 41, discord connected" in text
    assert "Gateway: trading for 1 h 0 min" in text
    assert text.endswith("Load 25% · memory 1.0 of 2.0 GiB · disk 10.0 of 40.0 GiB free")


def test_without_supervisord_and_heartbeats_the_server_page_says_so() -> None:
    server = ServerView(processes=None, host=HOST)
    text = plain_text(pages.server_text(examples.view(beats={}), server, ""))
    assert "supervisord does not answer" in text
    assert "broker no heartbeat" in text


def test_the_balance_says_what_risk_is_counted_from() -> None:
    text = plain_text(pages.balance_text(examples.view(told=examples.status()), [], ""))
    assert "Account DU7654321: net liquidation $10,418.20" in text
    assert "Risk is counted from $10,000.00" in text


def test_the_story_of_an_alert_goes_from_the_post_to_the_money() -> None:
    text = plain_text(pages.why_text(12, examples.traded(), story(), "PAPER"))
    for part in (
        "PAPER Alert 12 · 09:45:00",
        "BTO MU 127.5c 3/20 @ 1.20",
        "Understood: NEW MU 127.5C 2026-03-20 @ 1.20",
        "Outcome: traded bought 2 at 1.23, stop 0.94, target 1.87",
        "First order 3 ms after it was heard",
        "Order: buy 2 limit 1.25 (entry)",
        "out at 1.535: +$61.00",
    ):
        assert part in text


def test_an_alert_without_a_trade_has_a_story_too() -> None:
    text = plain_text(pages.why_text(3, an_outcome(), None, ""))
    assert "Outcome: ignored a greeting" in text
    assert "Trade:" not in text


def test_the_latest_alerts_are_listed_with_their_numbers() -> None:
    assert "/why_3 09:45:00 ignored morning all" in plain_text(
        pages.latest_text([(3, an_outcome())], "")
    )
    assert "None yet." in pages.latest_text([], "")
    assert "no alert &lt;9" in pages.no_alert_text("<9", "")


def test_help_has_every_command() -> None:
    text = plain_text(pages.help_text(""))
    assert all(f"/{name.value}" in text for name in MENU)


@pytest.mark.parametrize(("perhaps", "hint"), [(Name.STATUS, "Perhaps /status?"), (None, "See")])
def test_what_there_is_not_is_said_with_a_hint(perhaps: Name | None, hint: str) -> None:
    text = pages.not_understood_text(NotUnderstood(word="<x", perhaps=perhaps), "")
    assert "No command /&lt;x." in text and hint in text


def test_the_question_shows_what_would_be_closed() -> None:
    text = plain_text(pages.question_text(examples.view(told=examples.status()), Scope.OURS, ""))
    assert text.startswith("Close every position?")
    assert "MU 127.5C Mar 20: 2 at 1.23" in text
    assert "for 30 s" in text
    assert "has not told what is open" in pages.question_text(examples.view(), Scope.OURS, "")


def test_the_question_says_when_it_cannot_be_done_at_once() -> None:
    away = examples.status(phase="down")
    text = pages.question_text(examples.view(told=away), Scope.OURS, "")
    assert "The gateway takes no orders now" in text
    trading = pages.question_text(examples.view(told=examples.status()), Scope.OURS, "")
    assert "takes no orders" not in trading


def test_the_question_says_that_entries_are_called_off() -> None:
    entering = examples.status(orders=(examples.live_order(Purpose.ENTRY, "1.20"),))
    text = pages.question_text(examples.view(told=entering), Scope.OURS, "")
    assert "Entries that are not filled are called off." in text


@pytest.mark.parametrize(
    ("phase", "meaning"),
    [("down", "stops at IBKR rest"), ("halted", "set it right by hand"), ("trading", "")],
)
def test_the_status_says_what_the_gateways_state_means(phase: str, meaning: str) -> None:
    text = pages.status_text(examples.view(told=examples.status(phase=phase)), [], "")
    (line,) = [each for each in lines(text) if each.startswith("Gateway:")]
    assert meaning in line
    assert line.endswith("1 h 0 min") is (phase == "trading")


def test_the_status_shows_what_is_not_autoscalpers() -> None:
    told = examples.status(foreign=examples.FOREIGN)
    text = pages.status_text(examples.view(told=told), [], "")
    assert "Not AutoScalper's, left alone: 100 KO, -2 F 11P 2026-12-18" in text


def test_the_question_about_the_account_names_what_is_sold_and_bought_and_left() -> None:
    told = examples.status(foreign=examples.FOREIGN)
    text = lines(pages.question_text(examples.view(told=told), Scope.ACCOUNT, ""))
    assert text[0] == "Close everything in the account?"
    assert "sell 100 KO" in text
    assert "buy back 2 F 11P 2026-12-18" in text
    assert "Left alone, close it in IBKR's own app: MES 2026-12-18 (1)" in text
    assert "Working orders that are not AutoScalper's stay as they are." in text
    nothing = pages.question_text(examples.view(told=examples.status()), Scope.ACCOUNT, "")
    assert "Nothing else in the account" in nothing
    ours = pages.question_text(examples.view(told=told), Scope.OURS, "")
    assert "KO" not in ours


def test_nothing_is_longer_than_telegram_takes() -> None:
    many = examples.status(trades=(examples.open_trade(),) * 200, orders=())
    assert len(pages.status_text(examples.view(told=many), [], "")) <= MAX_TEXT
    summary = result_pages.summary_text(date(2026, 3, 18), [], [story()] * 100, "PAPER")
    assert len(summary) <= MAX_CAPTION


def test_what_is_on_paper_comes_after_what_is_real_and_is_marked() -> None:
    on_paper = examples.status(trades=(examples.open_trade(held_qty=1),), paused=True)
    view = msgspec.structs.replace(examples.view(told=examples.status()), paper=on_paper)
    text = lines(pages.status_text(view, [], "", [examples.closed("-20")]))
    at = next(number for number, line in enumerate(text) if line.startswith("PAPER"))
    assert [line for line in text[:at] if "MU 127.5C" in line and ": 2 at" in line]
    assert [line for line in text[at:] if "MU 127.5C" in line and ": 1 at" in line]
    assert "PAPER -$20.00, closed 1, won 0" in text[at:]
    assert "Today: +$0.00, closed 0, won 0" in text[:at]


def test_the_question_says_what_is_closed_on_paper_too() -> None:
    view = msgspec.structs.replace(examples.view(told=examples.status()), paper=examples.status())
    assert "PAPER and 1 on paper" in lines(pages.question_text(view, Scope.OURS, ""))


def test_an_alert_on_paper_is_marked_as_such() -> None:
    decided = an_outcome(is_paper=True)
    assert lines(pages.why_text(7, decided, None, ""))[0].startswith("PAPER Alert 7")
    assert "PAPER" in pages.latest_text([(7, decided)], "")
