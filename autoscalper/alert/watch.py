"""What time alone brings about: outages that last, questions that expire, the day's end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, time

import msgspec

from autoscalper.alert import cards, ledger, outage_cards, result_pages
from autoscalper.alert.confirmations import Confirmations
from autoscalper.alert.escalation import Alarm, Outage, Recovered, Seen, Subject, look
from autoscalper.alert.news import News
from autoscalper.alert.outbox import Card, Outbox
from autoscalper.alert.replies import EditText, Reply
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories
from autoscalper.alert.view import View, seen_in
from autoscalper.domain.exchange import EXCHANGE_ZONE, exchange_day
from autoscalper.domain.marker import marker_of
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import AlertSettings, Loudness, NoticeKind
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS outages (subject TEXT PRIMARY KEY, outage TEXT NOT NULL) WITHOUT ROWID;
"""
#: Seconds between two looks.
LOOK_SECONDS = 1.0
#: When a day is summed up, by the exchange's time: options on the indexes trade until 16:15.
SUMMARY_AT = time(16, 20)
#: Fills and alerts that are looked through for what happened during an outage.
_LOOKED_THROUGH = 100
#: Alerts of one day that a summary counts at most.
_SUMMED_UP = 1000
_MISSED = frozenset({OutcomeKind.EXPIRED, OutcomeKind.DENIED, OutcomeKind.REJECTED})


class Watch:
    """Looks once a second."""

    def __init__(
        self,
        store: Store,
        *,
        settings: AlertSettings,
        shelf: Shelf,
        stories: Stories,
        outbox: Outbox,
        news: News,
        confirmations: Confirmations,
        see: Callable[[], View],
        give: Callable[[list[Reply]], None],
        unheard: Callable[[], str],
        clock: Clock,
    ) -> None:
        """Keep outages in ``store``, which was opened with ``SCHEMA``.

        ``unheard`` says why commands do not come through though notices do, empty if they do.
        """
        self._store = store
        self._settings = settings
        self._shelf = shelf
        self._stories = stories
        self._outbox = outbox
        self._news = news
        self._confirmations = confirmations
        self._see = see
        self._give = give
        self._unheard = unheard
        self._clock = clock
        self._marker = marker_of(settings)
        self._outages = {
            Subject(subject): msgspec.json.decode(text, type=Outage)
            for subject, text in store.execute("SELECT subject, outage FROM outages")
        }

    async def watch(self) -> None:
        """Look, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look_once()

    def look_once(self) -> None:
        """Look at everything once."""
        view = self._see()
        for seen in [*self._gateway(), *seen_in(view), self._commands(view.now)]:
            self._look_at(seen, view)
        self._expire_questions()
        self._sum_up(view.now)

    def _gateway(self) -> list[Seen]:
        changed = self._shelf.gateway()
        if changed is None:
            return []
        return [
            Seen(
                subject=Subject.GATEWAY,
                is_up=changed.state == "trading",
                since=changed.changed_at,
                reason=changed.reason,
                needs_a_person=changed.state == "halted",
            )
        ]

    def _commands(self, now: datetime) -> Seen:
        reason = self._unheard()
        return Seen(subject=Subject.COMMANDS, is_up=not reason, since=now, reason=reason)

    def _look_at(self, seen: Seen, view: View) -> None:
        before = self._outages.get(seen.subject)
        after, news = look(before, seen, view.now, exposed=view.is_exposed)
        if after == before and news is None:
            return
        with self._store.transaction():
            self._keep(seen.subject, after)
            match news:
                case Alarm():
                    text = outage_cards.alarm_text(
                        news, view.status, self._settings, view.now, self._marker
                    )
                    self._news.line(NoticeKind.OUTAGE, text, urgent=True)
                case Recovered():
                    self._news.line(NoticeKind.OUTAGE, self._recovered(news, view), urgent=True)
                case None:
                    pass

    def _keep(self, subject: Subject, outage: Outage | None) -> None:
        if outage is None:
            self._outages.pop(subject, None)
            self._store.execute("DELETE FROM outages WHERE subject = ?", (subject.value,))
            return
        self._outages[subject] = outage
        self._store.execute(
            "INSERT OR REPLACE INTO outages VALUES (?, ?)",
            (subject.value, msgspec.json.encode(outage).decode()),
        )

    def _recovered(self, recovered: Recovered, view: View) -> str:
        since = recovered.outage.since
        filled = [
            fill
            for fill in reversed(self._shelf.latest_fills(_LOOKED_THROUGH))
            if fill.executed_at >= since
        ]
        skipped = [
            decided
            for _, decided in reversed(self._shelf.latest(_LOOKED_THROUGH))
            if decided.decided_at >= since
            and decided.outcome.kind in _MISSED
            and not decided.is_paper
        ]
        return outage_cards.recovered_text(recovered, view.status, filled, skipped, self._marker)

    def _expire_questions(self) -> None:
        now = self._clock.now()
        if not self._confirmations.have_expired(now):
            return
        with self._store.transaction():
            expired = self._confirmations.expire(now)
        html = cards.marked(self._marker, "Nobody answered within 30 s: nothing was done.")
        self._give([EditText(message_id=message_id, html=html) for message_id in expired])

    def _sum_up(self, now: datetime) -> None:
        day = exchange_day(now)
        slot = f"summary {day.isoformat()}"
        loudness = self._settings.loudness_of(NoticeKind.SUMMARY)
        is_time = now.astimezone(EXCHANGE_ZONE).time() >= SUMMARY_AT
        is_weekend = day.weekday() >= 5
        if loudness is Loudness.OFF or is_weekend or not is_time or self._outbox.has(slot):
            return
        starts = ledger.start_of(day)
        latest = self._shelf.latest(_SUMMED_UP)
        decided = [each for _, each in latest if each.posted_at >= starts and not each.is_paper]
        stories, on_paper = self._stories.since(starts), self._stories.since(starts, is_paper=True)
        if not decided and not stories and not on_paper:
            return
        html = result_pages.summary_text(day, decided, stories, self._marker, on_paper)
        card = Card(html=html, loud=loudness is Loudness.LOUD, picture=slot)
        with self._store.transaction():
            self._outbox.put(slot, card)
