"""Decides what comes of each update: refused, answered, asked back, or given to the broker.

Everything that must not be lost or done twice happens here, in one transaction and before any
answer is on its way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from autoscalper.alert import cards, pages
from autoscalper.alert.chat import Incoming, Pressed, Said
from autoscalper.alert.chat_commands import Asked, Name, NotUnderstood, read
from autoscalper.alert.confirmations import CloseAll, Confirmations, TakeLate, Void, Wish
from autoscalper.alert.guard import Guard, Refused, Strangers
from autoscalper.alert.markup import escaped, span
from autoscalper.alert.news import News, slot_of
from autoscalper.alert.outbox import Card, Outbox
from autoscalper.alert.pictures import is_picture
from autoscalper.alert.replies import (
    AnswerPress,
    Ask,
    EditText,
    Reply,
    SayText,
    ShowPage,
    ShowPicture,
)
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.view import View
from autoscalper.domain.identity import CommandId, QuestionId, TradeId
from autoscalper.domain.marker import PAPER
from autoscalper.domain.settings import NoticeKind
from autoscalper.links import alert_to_broker
from autoscalper.links.alert_to_broker import (
    ChooseTrade,
    CloseTrades,
    PauseEntries,
    ResumeEntries,
    Scope,
    TakeEntry,
    ToOne,
    answer_to,
)
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

_PAGES = frozenset({Name.STATUS, Name.SERVER, Name.BALANCE, Name.TRADES, Name.WHY, Name.HELP})
#: Days that /pnl shows unless it is told, and at most.
PNL_DAYS = 30
MOST_PNL_DAYS = 366


class OperatorDesk:
    """Takes updates one after the other."""

    def __init__(
        self,
        store: Store,
        *,
        guard: Guard,
        shelf: Shelf,
        outbox: Outbox,
        news: News,
        confirmations: Confirmations,
        commands: Log[alert_to_broker.Message],
        look: Callable[[], View],
        clock: Clock,
        real_clock: Clock,
        marker: str,
    ) -> None:
        """Keep everything in ``store``; ``real_clock`` is the one that Telegram's dates are by."""
        self._store = store
        self._guard = guard
        self._strangers = Strangers()
        self._shelf = shelf
        self._outbox = outbox
        self._news = news
        self._confirmations = confirmations
        self._commands = commands
        self._look = look
        self._clock = clock
        self._real_clock = real_clock
        self._marker = marker

    def take(self, incoming: Incoming) -> list[Reply]:
        """Return the answers to ``incoming``, once everything it does is kept."""
        refused = self._guard.check(incoming, self._real_clock.now())
        if refused is not None:
            return self._refuse(incoming, refused)
        with self._store.transaction():
            match incoming:
                case Said():
                    return self._said(incoming)
                case Pressed():
                    return self._pressed(incoming)
                case _:
                    assert_never(incoming)

    def _refuse(self, incoming: Incoming, refused: Refused) -> list[Reply]:
        if refused.cause == "too old":
            age = span(refused.age.total_seconds())
            logger.warning("command refused cause=too old age=%s", age)
            return [SayText(html=self._marked(f"That was {age} ago: nothing was done. Again?"))]
        logger.warning(
            "command refused cause=%s user=%d chat=%d",
            refused.cause,
            incoming.user_id,
            incoming.chat_id,
        )
        word = self._strangers.note(incoming, self._clock.now())
        if word is not None:
            with self._store.transaction():
                self._news.line(NoticeKind.WARNING, self._marked(escaped(word)))
        return []

    def _said(self, said: Said) -> list[Reply]:
        asked = read(said.text)
        if asked is None:
            return []
        if isinstance(asked, NotUnderstood):
            return [SayText(html=pages.not_understood_text(asked, self._marker))]
        given_at = self._clock.now() - (self._real_clock.now() - said.said_at)
        command_id = CommandId(f"message {said.chat_id}.{said.message_id}")
        match asked.name:
            case Name.PNL:
                return self._pnl(asked)
            case Name.CLOSE_ALL:
                return self._ask_to_close(asked)
            case Name.PAUSE:
                self._give(PauseEntries(command_id=command_id, given_at=given_at))
            case Name.RESUME:
                self._give(ResumeEntries(command_id=command_id, given_at=given_at))
            case _:
                return [ShowPage(page=asked.name, argument=asked.argument)]
        return []

    def _pnl(self, asked: Asked) -> list[Reply]:
        text = asked.argument or str(PNL_DAYS)
        if not (_is_number(text) and 1 <= int(text) <= MOST_PNL_DAYS):
            return [SayText(html=f"/pnl wants a number of days from 1 to {MOST_PNL_DAYS}.")]
        return [ShowPicture(picture=f"pnl {int(text)}")]

    def _ask_to_close(self, asked: Asked) -> list[Reply]:
        scopes = {"": Scope.OURS, "account": Scope.ACCOUNT}
        scope = scopes.get(asked.argument.lower())
        if scope is None:
            return [SayText(html="/closeall closes all trades, /closeall account everything.")]
        view = self._look()
        wants_rest = scope is Scope.ACCOUNT
        named = view.status.foreign if wants_rest and view.status is not None else ()
        wish = CloseAll(scope=scope, positions=named)
        nonce = self._confirmations.offer(wish, self._clock.now())
        html = pages.question_text(view, scope, self._marker)
        return [Ask(nonce=nonce, html=html, yes="Yes, close all")]

    def _pressed(self, pressed: Pressed) -> list[Reply]:
        kind, _, rest = pressed.data.partition(":")
        match kind:
            case "y" | "n":
                return self._confirm(pressed, rest, is_yes=kind == "y")
            case "r":
                return self._refresh(pressed, rest)
            case "p" if is_picture(rest):
                return [
                    AnswerPress(query_id=pressed.query_id, text="Drawing"),
                    ShowPicture(picture=rest),
                ]
            case "t":
                return self._offer_late(pressed, rest)
            case "a" | "pa":
                return self._answer(pressed, rest, is_paper=kind == "pa")
            case _:
                word = "This button means nothing any more."
                return [AnswerPress(query_id=pressed.query_id, text=word)]

    def _confirm(self, pressed: Pressed, nonce: str, *, is_yes: bool) -> list[Reply]:
        now = self._clock.now()
        wish = self._confirmations.spend(nonce, pressed.message_id, now)
        if isinstance(wish, Void):
            logger.warning("button refused cause=%s", wish.value)
            word = f"Nothing was done: {wish.value}."
            replies: list[Reply] = [AnswerPress(query_id=pressed.query_id, text=word)]
            if wish is Void.EXPIRED:
                html = self._marked(f"{word} Give the command again.")
                replies.append(EditText(message_id=pressed.message_id, html=html))
            return replies
        if not is_yes:
            html = self._marked("Called off, nothing was done.")
            return [
                AnswerPress(query_id=pressed.query_id, text="Called off"),
                EditText(message_id=pressed.message_id, html=html),
            ]
        command = _command_for(wish, CommandId(f"button {nonce}"), now)
        self._give(command, shown_by=pressed.message_id)
        return [AnswerPress(query_id=pressed.query_id, text="Given to the broker")]

    def _refresh(self, pressed: Pressed, what: str) -> list[Reply]:
        answer = AnswerPress(query_id=pressed.query_id)
        name, _, argument = what.partition(" ")
        if name == Name.PNL.value and is_picture(what):
            return [answer, ShowPicture(picture=what, message_id=pressed.message_id)]
        pages_by_name = {page.value: page for page in _PAGES}
        if name not in pages_by_name:
            return [answer]
        page = ShowPage(page=pages_by_name[name], argument=argument, message_id=pressed.message_id)
        return [answer, page]

    def _offer_late(self, pressed: Pressed, number: str) -> list[Reply]:
        decided = self._shelf.outcome(int(number)) if _is_number(number) else None
        is_paper = decided is not None and decided.is_paper
        view = self._look()
        status = view.paper if is_paper else view.status
        missed = status.missed if status is not None else ()
        found = [each for each in missed if decided and each.post_id == decided.post_id]
        if not found:
            word = "That alert cannot be taken any more."
            return [AnswerPress(query_id=pressed.query_id, text=word)]
        entry = found[0]
        wish = TakeLate(post_id=entry.post_id, is_paper=is_paper)
        nonce = self._confirmations.offer(wish, self._clock.now())
        html = cards.late_text(entry, self._clock.now(), PAPER if is_paper else self._marker)
        return [
            AnswerPress(query_id=pressed.query_id),
            Ask(nonce=nonce, html=html, yes="Yes, take it"),
        ]

    def _answer(self, pressed: Pressed, rest: str, *, is_paper: bool) -> list[Reply]:
        question, _, answer = rest.partition(":")
        question_id = QuestionId(question)
        command = ChooseTrade(
            command_id=answer_to(question_id),
            given_at=self._clock.now(),
            question_id=question_id,
            trade_id=None if answer in ("all", "none") else TradeId(answer),
            is_all=answer == "all",
            is_paper=is_paper,
        )
        is_first = self._give(command, shown_by=pressed.message_id)
        word = "Given to the broker" if is_first else "Nothing was done: answered already."
        return [AnswerPress(query_id=pressed.query_id, text=word)]

    def _give(self, command: alert_to_broker.Message, *, shown_by: int | None = None) -> bool:
        if not self._commands.append(command.command_id, command):
            return False
        logger.info(
            "command given command_id=%s command=%s", command.command_id, type(command).__name__
        )
        is_paper = isinstance(command, ToOne) and command.is_paper
        marker = PAPER if is_paper else self._marker
        html = cards.marked(marker, "Given to the broker, no answer yet.")
        card = Card(html=html, urgent=not is_paper)
        slot = slot_of(command.command_id, is_paper=is_paper)
        self._outbox.put(slot, card, shown_by=shown_by)
        return True

    def _marked(self, html: str) -> str:
        return cards.marked(self._marker, html)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _command_for(wish: Wish, command_id: CommandId, given_at: datetime) -> alert_to_broker.Message:
    match wish:
        case CloseAll():
            return CloseTrades(
                command_id=command_id,
                given_at=given_at,
                scope=wish.scope,
                positions=wish.positions,
            )
        case TakeLate():
            return TakeEntry(
                command_id=command_id,
                given_at=given_at,
                post_id=wish.post_id,
                is_paper=wish.is_paper,
            )
        case _:
            assert_never(wish)
