"""One example of every message, with every field set to something."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from autoscalper.domain.contract import ContractTerms, OptionContract, Right
from autoscalper.domain.identity import (
    AuthorId,
    ChannelId,
    ClientOrderId,
    CommandId,
    ConId,
    ExecId,
    MessageId,
    QuestionId,
    SignalId,
    TradeId,
)
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    ExitCause,
    Instruction,
    MoveStop,
    NotePlan,
    NoteRisk,
    OpenTrade,
    PriceBasis,
    RiskLevel,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    Targets,
    TrailBy,
    TrimTrade,
)
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.post import Post, Source
from autoscalper.domain.reading import Reader
from autoscalper.links import (
    alert_to_broker,
    any_to_alert,
    broker_to_alert,
    cli_to_ingest,
    ingest_to_parser,
    parser_to_broker,
)

AT = datetime(2026, 3, 18, 13, 45, 1, 250_000, tzinfo=UTC)
TERMS = ContractTerms(
    underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal("210.5"), right=Right.PUT
)
CONTRACT = OptionContract(
    underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal("210.5"), right=Right.PUT
)
POST = Post(
    message_id=MessageId("1201"),
    version=2,
    channel_id=ChannelId("7"),
    channel_name="iwm-room",
    author_id=AuthorId("8"),
    author_name="Dana",
    text="BTO IWM 210.5p 0.88",
    posted_at=AT,
    received_at=AT + timedelta(seconds=1),
    reply_to=MessageId("1200"),
    attachments=("chart.png",),
    source=Source.REPLAY,
)

INSTRUCTIONS: dict[str, Instruction] = {
    "OpenTrade": OpenTrade(
        contract=TERMS,
        price=Decimal("0.88"),
        price_max=Decimal("0.90"),
        quantity=5,
        stop=StopAt(price=Decimal("0.60"), basis=PriceBasis.UNDERLYING),
        targets=Targets(prices=(Decimal("1.20"), Decimal(2)), basis=PriceBasis.PREMIUM),
        risk_level=RiskLevel.EXTREME,
    ),
    "AddToTrade": AddToTrade(
        contract=TERMS,
        price=Decimal("0.70"),
        average=Decimal("0.79"),
        quantity=1,
        stop=TrailBy(amount=Decimal("0.10")),
        risk_level=RiskLevel.HIGH,
    ),
    "TrimTrade": TrimTrade(
        contract=TERMS,
        fraction=Decimal("0.5"),
        quantity=2,
        price=Decimal("1.10"),
        stop=StopAtBreakEven(),
    ),
    "CloseTrade": CloseTrade(contract=TERMS, cause=ExitCause.STOP_LOSS, price=Decimal("0.60")),
    "MoveStop": MoveStop(contract=TERMS, stop=TrailBy(percent=Decimal(20))),
    "SetTargets": SetTargets(
        contract=TERMS, targets=Targets(prices=(Decimal(212),), basis=PriceBasis.UNDERLYING)
    ),
    "CancelEntry": CancelEntry(contract=TERMS),
    "NotePlan": NotePlan(contract=TERMS),
    "NoteRisk": NoteRisk(contract=TERMS, risk_level=RiskLevel.EXTREME),
}


def _signal(instruction: Instruction) -> parser_to_broker.SignalIssued:
    return parser_to_broker.SignalIssued(
        signal_id=SignalId("1201.2"),
        post=POST,
        instruction=instruction,
        read_by=Reader.MODEL,
        read_at=AT,
    )


PARSER_TO_BROKER: dict[str, Any] = {
    "SignalIssued on paper": replace(_signal(INSTRUCTIONS["CancelEntry"]), is_paper=True),
    **{f"SignalIssued {name}": _signal(each) for name, each in INSTRUCTIONS.items()},
    "SignalRevised": parser_to_broker.SignalRevised(
        signal_id=SignalId("1201.1"),
        post=POST,
        instruction=CloseTrade(),
        read_by=Reader.GRAMMAR,
        read_at=AT,
    ),
    "SignalRevised to nothing": parser_to_broker.SignalRevised(
        signal_id=SignalId("1201.1"),
        post=POST,
        instruction=None,
        read_by=Reader.GRAMMAR,
        read_at=AT,
    ),
    "SignalWithdrawn": parser_to_broker.SignalWithdrawn(
        signal_id=SignalId("1201.1"), post=POST, withdrawn_at=AT
    ),
    "TickerMentioned": parser_to_broker.TickerMentioned(underlying="IWM", mentioned_at=AT),
}

INGEST_TO_PARSER: dict[str, Any] = {
    "PostPublished": ingest_to_parser.PostPublished(post=POST),
    "PostEdited": ingest_to_parser.PostEdited(post=POST),
    "PostDeleted": ingest_to_parser.PostDeleted(
        message_id=POST.message_id, version=3, channel_id=POST.channel_id, deleted_at=AT
    ),
}

_DENIED = replace(
    any_to_alert.outcome_decided(
        POST,
        Outcome(kind=OutcomeKind.DENIED, detail="spread: wide"),
        understood="open IWM 210.5P",
        decided_at=AT,
    ),
    received_at=AT,
)

ANY_TO_ALERT: dict[str, Any] = {
    "OutcomeDecided": replace(
        _DENIED,
        outcome=Outcome(kind=OutcomeKind.TRADED, detail="bought 2 at 0.88"),
        trade_id=TradeId("1201.2"),
        orders=("buy 2 limit 0.88",),
        ordered_at=AT,
    ),
    "OutcomeDecided with what it was decided on": replace(
        _DENIED,
        decision=any_to_alert.Decision(
            decided_at=AT,
            bid=Decimal("0.80"),
            ask=Decimal("0.88"),
            underlying=Decimal("209.40"),
            quoted_at=AT,
            limit_price=Decimal("0.88"),
            stop_price=Decimal("0.66"),
            measured=("size: 2", "spread: 9.5 %, 5 % are allowed"),
        ),
    ),
    "OrderChanged": any_to_alert.OrderChanged(
        client_order_id=ClientOrderId("1201.2.entry"),
        trade_id=TradeId("1201.2"),
        status=OrderStatus.PARTIALLY_FILLED,
        what="buy 2 limit 0.88 (entry)",
        cum_qty=1,
        error="110 The price does not conform",
        changed_at=AT,
    ),
    "OrderFilled": any_to_alert.OrderFilled(
        exec_id=ExecId("0001"),
        client_order_id=ClientOrderId("1201.2.entry"),
        trade_id=TradeId("1201.2"),
        contract=CONTRACT,
        side=Side.BUY,
        purpose=Purpose.ENTRY,
        last_qty=2,
        last_price=Decimal("0.88"),
        executed_at=AT,
    ),
    "TradeClosed": any_to_alert.TradeClosed(
        trade_id=TradeId("1201.2"),
        contract=CONTRACT,
        bought_qty=2,
        avg_entry_price=Decimal("0.88"),
        avg_exit_price=Decimal("1.105"),
        realized=Decimal("45.00"),
        closed_at=AT,
    ),
    "TradeChanged": any_to_alert.TradeChanged(
        trade_id=TradeId("1201.2"),
        contract=CONTRACT,
        message_id=POST.message_id,
        author_name=POST.author_name,
        channel_name=POST.channel_name,
        posted_price=Decimal("0.88"),
        opened_at=AT,
        limit_price=Decimal("0.92"),
        order_qty=3,
        bought_qty=2,
        held_qty=2,
        hold_qty=1,
        avg_price=Decimal("0.885"),
        stop_price=Decimal("0.66"),
        target_price=Decimal("1.30"),
        changed_at=AT,
        multiplier=Decimal(10),
    ),
    "QuestionAsked": any_to_alert.QuestionAsked(
        question_id=QuestionId("k3j2a7qwer"),
        channel_name=POST.channel_name,
        author_name=POST.author_name,
        text="out of IWM",
        understood="EXIT IWM",
        choices=(any_to_alert.Choice(trade_id=TradeId("1201.2"), contract=CONTRACT, held_qty=2),),
        can_be_all=True,
        asked_at=AT,
        ends_at=AT + timedelta(seconds=20),
    ),
    "CommandAnswered": any_to_alert.CommandAnswered(
        command_id=CommandId("closeall-1"),
        state=any_to_alert.CommandState.UNDER_WAY,
        lines=("closing IWM 210.5P 2026-03-18",),
        answered_at=AT,
    ),
    "GatewayChanged": any_to_alert.GatewayChanged(
        state="reconciling", reason="connected", changed_at=AT
    ),
    "Reported on paper": any_to_alert.Reported(
        level=any_to_alert.Level.INFO, text="a target was reached", reported_at=AT, is_paper=True
    ),
    "Reported": any_to_alert.Reported(
        level=any_to_alert.Level.CRITICAL, text="a position has no stop", reported_at=AT
    ),
}

CLI_TO_INGEST: dict[str, Any] = {
    "TakePost": cli_to_ingest.TakePost(line='{"text": "hi"}', number=4, as_of_now=True),
    "PostTaken": cli_to_ingest.PostTaken(post_id=POST.post_id, is_new=True),
    "LineRefused": cli_to_ingest.LineRefused(reason="line 4: no text"),
}

FOREIGN = alert_to_broker.NamedPosition(con_id=ConId(8314), name="KO", qty=-100)

ALERT_TO_BROKER: dict[str, Any] = {
    "PauseEntries": alert_to_broker.PauseEntries(command_id=CommandId("pause-1"), given_at=AT),
    "ResumeEntries": alert_to_broker.ResumeEntries(command_id=CommandId("resume-1"), given_at=AT),
    "CloseTrades": alert_to_broker.CloseTrades(
        command_id=CommandId("closeall-1"),
        given_at=AT,
        scope=alert_to_broker.Scope.ACCOUNT,
    ),
    "CloseTrades of the account": alert_to_broker.CloseTrades(
        command_id=CommandId("closeall-2"),
        given_at=AT,
        scope=alert_to_broker.Scope.ACCOUNT,
        positions=(FOREIGN,),
    ),
    "TakeEntry on paper": alert_to_broker.TakeEntry(
        command_id=CommandId("take-2"), given_at=AT, post_id=POST.post_id, is_paper=True
    ),
    "TakeEntry": alert_to_broker.TakeEntry(
        command_id=CommandId("take-1"), given_at=AT, post_id=POST.post_id
    ),
    "ChooseTrade": alert_to_broker.ChooseTrade(
        command_id=CommandId("answer k3j2a7qwer"),
        given_at=AT,
        question_id=QuestionId("k3j2a7qwer"),
        trade_id=TradeId("1201.2"),
        is_all=True,
    ),
}

BROKER_TO_ALERT: dict[str, Any] = {
    "Status": broker_to_alert.Status(
        written_at=AT,
        phase="trading",
        phase_since=AT,
        attempts=2,
        account="DU7654321",
        paused=True,
        waiting=1,
        net_liquidation=Decimal("10123.45"),
        balance=Decimal(10000),
        reconciled_at=AT,
        trades=(
            broker_to_alert.OpenTrade(
                trade_id=TradeId("1201.2"),
                contract=CONTRACT,
                opened_at=AT,
                held_qty=2,
                avg_price=Decimal("0.885"),
                bid=Decimal("0.95"),
                ask=Decimal("0.97"),
                multiplier=Decimal(100),
                protected_qty=2,
                stop_price=Decimal("0.66"),
                target_price=Decimal("1.30"),
            ),
        ),
        orders=(
            broker_to_alert.LiveOrder(
                client_order_id=ClientOrderId("1201.2.stop"),
                contract=CONTRACT,
                purpose=Purpose.STOP_LOSS,
                side=Side.SELL,
                status=OrderStatus.NEW,
                leaves_qty=2,
                price=Decimal("0.66"),
            ),
        ),
        missed=(
            broker_to_alert.MissedEntry(
                post_id=POST.post_id,
                contract=CONTRACT,
                posted_price=Decimal("0.88"),
                posted_at=AT,
                bid=Decimal("0.95"),
                ask=Decimal("0.97"),
            ),
        ),
    ),
    "Status with what is foreign": broker_to_alert.Status(
        written_at=AT,
        phase="down",
        phase_since=AT,
        account="DU7654321",
        paused=False,
        waiting=0,
        net_liquidation=None,
        balance=Decimal(10000),
        reconciled_at=None,
        foreign=(FOREIGN,),
    ),
}

#: By the name of the file in ``links/``.
BY_LINK: dict[str, dict[str, Any]] = {
    "alert_to_broker": ALERT_TO_BROKER,
    "any_to_alert": ANY_TO_ALERT,
    "broker_to_alert": BROKER_TO_ALERT,
    "cli_to_ingest": CLI_TO_INGEST,
    "ingest_to_parser": INGEST_TO_PARSER,
    "parser_to_broker": PARSER_TO_BROKER,
}
