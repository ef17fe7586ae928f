"""Whether a day that was played went as it should. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autoscalper.cli.outcomes import Numbered
from autoscalper.cli.player import Played
from autoscalper.cli.showing import row
from autoscalper.cli.table import one_line
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import OutcomeDecided

#: How an instruction to buy begins in the words in which it was understood.
_BUYS = ("NEW", "ADD")


def problems_of(
    day: Sequence[Played],
    kept: Sequence[Numbered],
    restarted: Sequence[str],
    unprotected: Sequence[str],
) -> list[str]:
    """Return what did not go as it should, one sentence each.

    ``kept`` are all outcomes that there are, ``restarted`` the processes that did not live
    through the day, ``unprotected`` the positions without a stop.
    """
    problems = [f"line {each.scene.number}: {each.problem}" for each in day if each.problem]
    problems += [each.refusal for each in day if each.refusal and each.scene.expected]
    posts = Counter(each.post_id for each in day if each.post_id is not None)
    outcomes = Counter(each.decided.post_id for each in kept)
    problems += [f"post {each} has an outcome and was never put in" for each in outcomes - posts]
    problems += [f"{name} was restarted" for name in restarted]
    problems += [f"{contract} is held without a stop" for contract in unprotected]
    return problems


def rows_of(day: Sequence[Played]) -> list[tuple[str, ...]]:
    """Return a row for each post of the day, in the order in which they were put in."""
    return [row(each.decided) for each in day if each.decided is not None]


def entries_of(day: Sequence[Played]) -> list[OutcomeDecided]:
    """Return the outcomes of the day's posts that bought."""
    return [
        each.decided
        for each in day
        if each.decided is not None
        and each.decided.outcome.kind is OutcomeKind.TRADED
        and each.decided.understood.startswith(_BUYS)
    ]


def entry_rows(day: Sequence[Played]) -> list[tuple[str, ...]]:
    """Return what was bought: when and where, what the post said and what was understood."""
    return [
        (
            f"{each.posted_at:%Y-%m-%d %H:%M}",
            each.channel_name,
            each.text,
            each.understood,
            each.outcome.detail,
        )
        for each in entries_of(day)
    ]


#: Heads of the columns of ``entry_rows``.
ENTRY_HEADER = ("written (UTC)", "room", "post", "understood as", "outcome")


def summary_of(day: Sequence[Played]) -> str:
    """Return how many posts there were and how they ended, in a line."""
    decided = [each.decided for each in day if each.decided is not None]
    kinds = Counter(each.outcome.kind.value for each in decided)
    posts = sum(each.post_id is not None for each in day)
    orders = sum(len(each.orders) for each in decided)
    ended = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{posts} posts, {len(decided)} outcomes ({ended}), {orders} orders"


def story_of(played: Played) -> str:
    """Return what became of one scene in a few lines, for somebody who watches."""
    if played.refusal:
        return f"refused   {played.refusal}"
    if played.decided is None:
        return ""
    decided = played.decided
    time, author, text, understood, _, orders, latency = row(decided)
    told = [
        ("", f"{author}: {one_line(text)}"),
        ("understood", "" if decided.outcome.kind is OutcomeKind.IGNORED else understood),
        ("ordered", orders),
        (decided.outcome.kind.value, f"{decided.outcome.detail} ({latency})"),
    ]
    lines = [f"{name:<12}{fact}" if name else fact for name, fact in told if fact]
    return f"\n{'':10}".join([f"{time}  {lines[0]}", *lines[1:]])
