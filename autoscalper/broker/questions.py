"""Follow-ups that may mean several trades: the operator is asked which, for a while. No I/O.

A question is kept until it has its answer or its time is over, over restarts. The post's one
outcome comes with its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from autoscalper.broker import correlate, entries, followups
from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command
from autoscalper.broker.orders import Trade, digest
from autoscalper.broker.records import Question, Request
from autoscalper.broker.words import understood_as
from autoscalper.domain.identity import MessageId, QuestionId, TradeId
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    NotePlan,
    NoteRisk,
    OpenTrade,
)
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.links.alert_to_broker import ChooseTrade, answer_to
from autoscalper.links.any_to_alert import Choice, CommandState, QuestionAsked
from autoscalper.links.parser_to_broker import SignalIssued, SignalRevised, SignalWithdrawn

#: How long the operator may choose; then an exit closes every candidate, the rest is dropped.
ANSWERED_WITHIN = timedelta(seconds=20)


def take(book: Book, signal: SignalIssued, now: datetime) -> list[Command]:
    """Take a signal in: carry it out, or ask which trade it means."""
    instruction = signal.instruction
    if isinstance(instruction, OpenTrade):
        return entries.begin(book, signal, None, now)
    trades = correlate.trades_meant(book, signal)
    called_off = _is_exit(instruction) and followups.call_off_waiting(book, signal, now)
    if len(trades) < 2:
        return _carry_out(book, signal, trades, now, called_off=called_off)[0]
    if isinstance(instruction, NotePlan | NoteRisk):
        return _carry_out(book, signal, [], now, called_off=False)[0]
    question = Question(
        question_id=QuestionId(digest(f"question {signal.signal_id}")),
        signal=signal,
        candidates=_ids(trades),
        asked_at=now,
        called_off=called_off,
    )
    _ask(book, question, now)
    return []


def choose(book: Book, command: ChooseTrade, now: datetime) -> list[Command]:
    """Carry out what the operator says that a post means."""
    question = book.questions.get(command.question_id)
    if question is None:
        refused = Request(
            command=command, state=CommandState.REFUSED, lines=("That question is over.",)
        )
        book.answer(refused, now)
        return []
    chosen = [
        trade
        for trade in _candidates(book, question)
        if command.is_all or trade.trade_id == command.trade_id
    ]
    if command.is_all and not _is_exit(question.signal.instruction):
        chosen = []
    book.stop_asking(question.question_id)
    if command.trade_id is None and not chosen:
        outcome = Outcome(kind=OutcomeKind.IGNORED, detail="asked, and it means none of them")
        _settle(book, question, outcome, now)
        commands: list[Command] = []
        line = str(outcome)
    else:
        commands, line = _carry_out(
            book, question.signal, chosen, now, called_off=question.called_off
        )
    book.answer(Request(command=command, state=CommandState.DONE, lines=(line,)), now)
    return commands


def run_out(book: Book, now: datetime) -> None:
    """End the questions that nobody answered in time."""
    for question in list(book.questions.values()):
        if now - question.asked_at < ANSWERED_WITHIN:
            continue
        trades = _candidates(book, question)
        if _is_exit(question.signal.instruction):
            book.stop_asking(question.question_id)
            _, line = _carry_out(book, question.signal, trades, now, called_off=question.called_off)
            _tell_end(book, question, f"no answer: {line}", now)
            continue
        named = ", ".join(str(trade.contract) for trade in trades) or "trades that are closed"
        seconds = ANSWERED_WITHIN.total_seconds()
        detail = f"which of {named}; no answer within {seconds:.0f} s, dropped"
        _end(book, question, Outcome(kind=OutcomeKind.ASKED, detail=detail), now)


def revise(book: Book, revised: SignalRevised, now: datetime) -> list[Command] | None:
    """Let the newest text count of a post that is asked about; None: nothing is asked about it."""
    question = _about(book, revised.post.message_id)
    if question is None:
        return None
    instruction = revised.instruction
    if instruction is not None and _is_alike(instruction, question.signal.instruction):
        signal = replace(question.signal, instruction=instruction)
        trades = correlate.trades_meant(book, signal)
        outcome = Outcome(kind=OutcomeKind.TRADED, detail="the newest text is what counts")
        book.settle(revised.post, outcome, now, understood=f"edit {understood_as(instruction)}")
        if len(trades) > 1:
            _ask(book, replace(question, signal=signal, candidates=_ids(trades)), now)
            return []
        book.stop_asking(question.question_id)
        commands, line = _carry_out(book, signal, trades, now, called_off=question.called_off)
        _tell_end(book, question, line, now)
        return commands
    _end(book, question, Outcome(kind=OutcomeKind.DENIED, detail="the post was edited"), now)
    called_off = Outcome(kind=OutcomeKind.IGNORED, detail="the question about it was called off")
    book.settle(revised.post, called_off, now, understood="edit")
    return []


def withdraw(book: Book, withdrawn: SignalWithdrawn, now: datetime) -> bool:
    """Call off the question about a post that was deleted; return whether there was one."""
    question = _about(book, withdrawn.post.message_id)
    if question is None:
        return False
    _end(book, question, Outcome(kind=OutcomeKind.DENIED, detail="the post was deleted"), now)
    outcome = Outcome(kind=OutcomeKind.IGNORED, detail="the question about it was called off")
    book.settle(withdrawn.post, outcome, now, understood="deleted")
    return True


def _is_exit(instruction: Instruction) -> bool:
    return isinstance(instruction, CloseTrade | CancelEntry)


def _is_alike(one: Instruction, other: Instruction) -> bool:
    # A way out stays one, however it is put.
    return type(one) is type(other) or (_is_exit(one) and _is_exit(other))


def _ids(trades: Iterable[Trade]) -> tuple[TradeId, ...]:
    return tuple(trade.trade_id for trade in trades)


def _about(book: Book, message_id: MessageId) -> Question | None:
    found = (each for each in book.questions.values() if each.signal.post.message_id == message_id)
    return next(found, None)


def _candidates(book: Book, question: Question) -> list[Trade]:
    trades = (book.trades.get(each) for each in question.candidates)
    return [trade for trade in trades if trade is not None and trade.is_open]


def _ask(book: Book, question: Question, now: datetime) -> None:
    book.ask(question)
    signal, post = question.signal, question.signal.post
    book.notify(
        f"question {question.question_id} {now.isoformat()}",
        QuestionAsked(
            question_id=question.question_id,
            channel_name=post.channel_name,
            author_name=post.author_name,
            text=post.text,
            understood=understood_as(signal.instruction),
            choices=tuple(
                Choice(trade_id=each.trade_id, contract=each.contract, held_qty=book.held(each))
                for each in _candidates(book, question)
            ),
            can_be_all=_is_exit(signal.instruction),
            asked_at=now,
            ends_at=question.asked_at + ANSWERED_WITHIN,
        ),
    )


def _carry_out(
    book: Book, signal: SignalIssued, trades: list[Trade], now: datetime, *, called_off: bool
) -> tuple[list[Command], str]:
    if isinstance(signal.instruction, AddToTrade):
        trade = trades[0] if trades else None
        return entries.begin(book, signal, trade, now), "adding within the limits"
    return [], str(followups.follow(book, signal, trades, now, called_off=called_off))


def _settle(book: Book, question: Question, outcome: Outcome, now: datetime) -> None:
    signal = question.signal
    book.settle(signal.post, outcome, now, understood=understood_as(signal.instruction))


def _end(book: Book, question: Question, outcome: Outcome, now: datetime) -> None:
    book.stop_asking(question.question_id)
    _settle(book, question, outcome, now)
    _tell_end(book, question, str(outcome), now)


def _tell_end(book: Book, question: Question, line: str, now: datetime) -> None:
    command_id = answer_to(question.question_id)
    book.tell_answer(command_id, CommandState.DONE, (line,), now)
