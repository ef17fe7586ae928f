"""What a notice does to the chat: one card or line for each kind, as loud as the user wants it."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from autoscalper.alert import cards
from autoscalper.alert.outbox import Card, Outbox
from autoscalper.alert.stories import Story
from autoscalper.domain import marker
from autoscalper.domain.identity import CommandId
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import AlertSettings, Loudness, NoticeKind
from autoscalper.links import any_to_alert
from autoscalper.links.alert_to_broker import answer_to
from autoscalper.links.any_to_alert import (
    CommandAnswered,
    GatewayChanged,
    Level,
    OrderChanged,
    OrderFilled,
    OutcomeDecided,
    QuestionAsked,
    Reported,
    TradeChanged,
    TradeClosed,
)

_BY_LEVEL = {
    Level.INFO: NoticeKind.INFO,
    Level.WARNING: NoticeKind.WARNING,
    Level.CRITICAL: NoticeKind.CRITICAL,
}


def slot_of(command_id: CommandId, *, is_paper: bool) -> str:
    """Return where the card about a command stands: the two brokers' answers never share one."""
    return f"paper command {command_id}" if is_paper else f"command {command_id}"


class News:
    """Puts notices into the outbox, inside the caller's transaction."""

    def __init__(self, outbox: Outbox, settings: AlertSettings) -> None:
        """Tell through ``outbox``, with the marks and the loudness of ``settings``."""
        self._outbox = outbox
        self._settings = settings
        self._marker = marker.marker_of(settings)

    def tell(self, notice: any_to_alert.Message, story: Story | None, number: int) -> None:
        """Tell of a new notice; ``story`` is its trade's, ``number`` that of an outcome."""
        mark = self._marker_of(notice)
        match notice:
            case OutcomeDecided():
                self._outcome(notice, story, number)
            case TradeChanged() | OrderFilled() | TradeClosed():
                if story is not None:
                    self._trade(story)
                if isinstance(notice, TradeClosed):
                    self.line(NoticeKind.CLOSED, cards.closed_text(notice, mark))
            case QuestionAsked():
                slot = slot_of(answer_to(notice.question_id), is_paper=notice.is_paper)
                self._outbox.put(slot, _in_turn(cards.question_card(notice, mark), notice))
            case CommandAnswered():
                slot = slot_of(notice.command_id, is_paper=notice.is_paper)
                self._outbox.put(slot, _in_turn(cards.command_card(notice, mark), notice))
            case Reported():
                kind = _BY_LEVEL[notice.level]
                text = cards.report_text(notice, mark)
                is_urgent = notice.level is Level.CRITICAL and not notice.is_paper
                self.line(kind, text, urgent=is_urgent)
            case OrderChanged():
                # A part of the story that is told where somebody asks for the whole.
                return
            case GatewayChanged():
                # Told by how long it lasts, not by each change.
                return
            case _:
                assert_never(notice)

    def line(self, kind: NoticeKind, html: str, *, urgent: bool = False) -> None:
        """Say a line of ``kind``, unless the user does not want such."""
        loudness = self._settings.loudness_of(kind)
        if loudness is not Loudness.OFF:
            self._outbox.say(Card(html=html, loud=loudness is Loudness.LOUD, urgent=urgent))

    def _marker_of(self, notice: any_to_alert.Message) -> str:
        return marker.PAPER if notice.is_paper else self._marker

    def _trade(self, story: Story) -> None:
        loudness = self._settings.loudness_of(NoticeKind.TRADE)
        # Nothing to show before it is told what the trade is.
        if loudness is Loudness.OFF or story.trade is None:
            return
        card = Card(
            html=cards.trade_text(story, self._marker_of(story.trade)),
            buttons=cards.trade_buttons(story),
            loud=loudness is Loudness.LOUD,
        )
        self._outbox.put(f"trade {story.trade_id}", card)

    def _outcome(self, decided: OutcomeDecided, story: Story | None, number: int) -> None:
        if story is not None and story.trade is not None:
            self._trade(story)
            return
        ignored = decided.outcome.kind is OutcomeKind.IGNORED
        kind = NoticeKind.IGNORED if ignored else NoticeKind.SKIPPED
        loudness = self._settings.loudness_of(kind)
        if loudness is Loudness.OFF:
            return
        card = Card(
            html=cards.skipped_text(decided, number, self._marker_of(decided)),
            buttons=cards.offer_buttons(decided, number),
            loud=loudness is Loudness.LOUD,
        )
        self._outbox.say(card)


def _in_turn(card: Card, notice: any_to_alert.Message) -> Card:
    # What is on paper never goes before what is real.
    return replace(card, urgent=card.urgent and not notice.is_paper)
