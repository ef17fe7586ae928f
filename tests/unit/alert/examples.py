"""A trade in Micron and what is told of it, for tests of alert and for the gallery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from autoscalper.alert.view import View
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.identity import (
    ClientOrderId,
    ConId,
    ExecId,
    MessageId,
    PostId,
    QuestionId,
    TradeId,
)
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.alert_to_broker import NamedPosition
from autoscalper.links.any_to_alert import (
    Choice,
    OrderFilled,
    OutcomeDecided,
    QuestionAsked,
    TradeChanged,
    TradeClosed,
)
from autoscalper.links.broker_to_alert import LiveOrder, MissedEntry, OpenTrade, Status
from autoscalper.runtime.heartbeat import Heartbeat
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome

TRADE = TradeId("mutrade234")
CONTRACT = OptionContract(
    underlying="MU", expiry=date(2026, 3, 20), strike=Decimal("127.5"), right=Right.CALL
)


def after(seconds: float) -> datetime:
    """Return the moment so many seconds after a quarter to ten in New York."""
    return NINE_FORTY_FIVE + timedelta(seconds=seconds)


def changed(seconds: float = 1, **fields: Any) -> TradeChanged:
    """Return how the trade stands: two bought, unless ``fields`` say otherwise."""
    given: dict[str, Any] = {
        "trade_id": TRADE,
        "contract": CONTRACT,
        "message_id": MessageId("101"),
        "author_name": "Dana",
        "channel_name": "chips-room",
        "posted_price": Decimal("1.20"),
        "opened_at": NINE_FORTY_FIVE,
        "limit_price": Decimal("1.25"),
        "order_qty": 2,
        "bought_qty": 2,
        "held_qty": 2,
        "hold_qty": 2,
        "avg_price": Decimal("1.23"),
        "stop_price": Decimal("0.94"),
        "target_price": Decimal("1.87"),
        "changed_at": after(seconds),
    }
    return TradeChanged(**(given | fields))


def question(*, can_be_all: bool = True) -> QuestionAsked:
    """Return the question which of two trades in Micron a post means."""
    later = replace(CONTRACT, expiry=date(2026, 3, 27))
    return QuestionAsked(
        question_id=QuestionId("k3j2a7qwer"),
        channel_name="chips-room",
        author_name="Dana",
        text="out of MU",
        understood="EXIT MU",
        choices=(
            Choice(trade_id=TRADE, contract=CONTRACT, held_qty=2),
            Choice(trade_id=TradeId("othertrade"), contract=later, held_qty=1),
        ),
        can_be_all=can_be_all,
        asked_at=NINE_FORTY_FIVE,
        ends_at=after(20),
    )


def ordered() -> TradeChanged:
    """Return the trade before anything is bought."""
    return changed(0, bought_qty=0, held_qty=0, avg_price=None)


def fill(
    number: int, qty: int, price: str, *, seconds: float, purpose: Purpose = Purpose.ENTRY
) -> OrderFilled:
    """Return a fill of the trade."""
    buys = purpose in (Purpose.ENTRY, Purpose.ADD)
    return OrderFilled(
        exec_id=ExecId(f"x{number}.01"),
        client_order_id=ClientOrderId(f"AS1|{TRADE}|{number}"),
        trade_id=TRADE,
        contract=CONTRACT,
        side=Side.BUY if buys else Side.SELL,
        purpose=purpose,
        last_qty=qty,
        last_price=Decimal(price),
        executed_at=after(seconds),
    )


def closed(realized: str = "61", *, seconds: float = 1500, trade: TradeId = TRADE) -> TradeClosed:
    """Return the end of the trade."""
    return TradeClosed(
        trade_id=trade,
        contract=CONTRACT,
        bought_qty=2,
        avg_entry_price=Decimal("1.23"),
        avg_exit_price=Decimal("1.535"),
        realized=Decimal(realized),
        closed_at=after(seconds),
    )


def traded(detail: str = "bought 2 at 1.23, stop 0.94, target 1.87") -> OutcomeDecided:
    """Return the outcome of the alert that opened it."""
    return an_outcome(
        OutcomeKind.TRADED,
        detail,
        trade_id=TRADE,
        channel_name="chips-room",
        text="BTO MU 127.5c 3/20 @ 1.20",
        understood="NEW MU 127.5C 2026-03-20 @ 1.20",
        orders=("buy 2 limit 1.25 (entry)", "sell 2 stop 0.94 (stop loss)"),
        ordered_at=after(0.003),
    )


def follow_up(number: int, text: str, detail: str, *, seconds: float) -> OutcomeDecided:
    """Return the outcome of something the trader said later."""
    return an_outcome(
        OutcomeKind.TRADED,
        detail,
        post_id=PostId(f"{number}.1"),
        message_id=MessageId(str(number)),
        trade_id=TRADE,
        text=text,
        understood=text,
        posted_at=after(seconds),
        received_at=after(seconds),
        decided_at=after(seconds),
    )


def whole_life() -> list[TradeChanged | OrderFilled | OutcomeDecided | TradeClosed]:
    """Return everything that is told of the trade, in its order."""
    return [
        ordered(),
        fill(1, 1, "1.22", seconds=1),
        fill(2, 1, "1.24", seconds=2),
        changed(2),
        traded(),
        follow_up(102, "out half, stop to BE", "selling 1 of 2; stop to 1.23", seconds=600),
        changed(600, hold_qty=1, stop_price=Decimal("1.23")),
        fill(3, 1, "1.52", seconds=601, purpose=Purpose.EXIT),
        changed(601, held_qty=1, hold_qty=1, stop_price=Decimal("1.23")),
        fill(4, 1, "1.55", seconds=1500, purpose=Purpose.TAKE_PROFIT),
        changed(1500, held_qty=0, hold_qty=1, stop_price=Decimal("1.23")),
        closed(),
    ]


def open_trade(**fields: Any) -> OpenTrade:
    """Return the trade as the broker's status has it: two held and protected."""
    given: dict[str, Any] = {
        "trade_id": TRADE,
        "contract": CONTRACT,
        "opened_at": NINE_FORTY_FIVE,
        "held_qty": 2,
        "avg_price": Decimal("1.23"),
        "bid": Decimal("1.41"),
        "ask": Decimal("1.44"),
        "multiplier": Decimal(100),
        "protected_qty": 2,
        "stop_price": Decimal("0.94"),
        "target_price": Decimal("1.87"),
    }
    return OpenTrade(**(given | fields))


def live_order(purpose: Purpose, price: str, *, qty: int = 2) -> LiveOrder:
    """Return an order that works."""
    return LiveOrder(
        client_order_id=ClientOrderId(f"AS1|{TRADE}|{purpose.name}"),
        contract=CONTRACT,
        purpose=purpose,
        side=Side.SELL,
        status=OrderStatus.NEW,
        leaves_qty=qty,
        price=Decimal(price),
    )


def missed(**fields: Any) -> MissedEntry:
    """Return an entry that came too late."""
    given: dict[str, Any] = {
        "post_id": PostId("101.1"),
        "contract": CONTRACT,
        "posted_price": Decimal("1.20"),
        "posted_at": after(-240),
        "bid": Decimal("1.26"),
        "ask": Decimal("1.29"),
    }
    return MissedEntry(**(given | fields))


#: What the account holds beyond the trades: shares, a short put, and what cannot be closed.
FOREIGN = (
    NamedPosition(con_id=ConId(501), name="KO", qty=100),
    NamedPosition(con_id=ConId(502), name="F 11P 2026-12-18", qty=-2),
    NamedPosition(con_id=ConId(503), name="MES 2026-12-18", qty=1, is_closable=False),
)


def status(**fields: Any) -> Status:
    """Return the broker with the trade open, at a quarter to ten."""
    given: dict[str, Any] = {
        "written_at": NINE_FORTY_FIVE,
        "phase": "trading",
        "phase_since": after(-3600),
        "account": "DU7654321",
        "paused": False,
        "waiting": 0,
        "net_liquidation": Decimal("10418.20"),
        "balance": Decimal("10000"),
        "reconciled_at": after(-3600),
        "trades": (open_trade(),),
        "orders": (
            live_order(Purpose.STOP_LOSS, "0.94"),
            live_order(Purpose.TAKE_PROFIT, "1.87"),
        ),
    }
    return Status(**(given | fields))


def beat(process: str, *, age: float = 0.4, **details: str) -> Heartbeat:
    """Return a heartbeat that is ``age`` seconds old at ``view()``."""
    return Heartbeat(
        process=process,
        pid=4321,
        started_at=after(-7200),
        beat_at=after(-age),
        monotonic=1000.0 - age,
        details=details,
    )


def view(
    *, beats: Mapping[str, Heartbeat] | None = None, told: Status | None = None, late: float = 0
) -> View:
    """Return everything at a quarter to ten, or ``late`` seconds after it."""
    if beats is None:
        beats = {
            "ingest": beat("ingest", posts="41", discord="connected"),
            "parser": beat("parser", posts="41", waiting="0"),
            "broker": beat("broker", state="trading", open_trades="1"),
            "alert": beat("alert", outcomes="41", telegram="polled"),
            "watchdog": beat("watchdog"),
        }
    return View(now=after(late), monotonic=1000.0 + late, status=told, beats=beats)


def skipped(kind: OutcomeKind, detail: str, **fields: Any) -> OutcomeDecided:
    """Return the outcome of an entry that did not become a trade."""
    return an_outcome(
        kind,
        detail,
        text="BTO MU 127.5c 3/20 @ 1.20",
        understood="NEW MU 127.5C 2026-03-20 @ 1.20",
        channel_name="chips-room",
        **fields,
    )
