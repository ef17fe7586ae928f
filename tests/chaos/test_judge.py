from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from autoscalper.broker.orders import digest
from autoscalper.domain.outcome import OutcomeKind
from tests.chaos.evidence import Evidence, HandedIn, HistoryLine, LedgerFill, LedgerOrder, Told
from tests.chaos.judge import Verdict, judge
from tests.chaos.naked import Span
from tests.chaos.trader import Alert, Contract, Kind
from tests.fakes.posts import an_outcome

ORIGIN = datetime(2026, 3, 18, 14, tzinfo=UTC)
TRADE = digest("m1.1")
CONTRACT = Contract(underlying="SPY", strike=600, right="C")
ENTRY = Alert(at=0, kind=Kind.ENTRY, message_id="m1", contract=CONTRACT)


def at(seconds: float) -> datetime:
    return ORIGIN + timedelta(seconds=seconds)


def order(ref: str, *, side: str = "SELL", kind: str = "LMT", **fields: Any) -> LedgerOrder:
    """Return an order for 2 that rests since the first second."""
    number = len(ref) + sum(map(ord, ref))
    given: dict[str, Any] = {
        "client_id": 1,
        "order_id": number,
        "perm_id": number,
        "order_ref": f"AS1|{TRADE}|{ref}",
        "parent_id": 0,
        "contract": {"underlying": "SPY", "strike": "600", "right": "C"},
        "side": side,
        "order_type": kind,
        "cum_qty": Decimal(0),
        "order_qty": Decimal(2),
        "stop_price": None,
        "status": "Submitted",
        "reason": "",
        "anomaly": "",
        "accepted_at": at(1),
        "history": (line(1, "Submitted"),),
        "fills": (),
    }
    return LedgerOrder(**(given | fields))


def line(seconds: float, status: str, cum_qty: int = 0, order_qty: int = 2) -> HistoryLine:
    return HistoryLine(
        at=at(seconds), status=status, cum_qty=Decimal(cum_qty), order_qty=Decimal(order_qty)
    )


def filled(ref: str, seconds: float, qty: int = 2, **fields: Any) -> LedgerOrder:
    """Return an order that filled wholly."""
    fill = LedgerFill(exec_id=f"{ref}.01", qty=Decimal(qty), price=Decimal(1), at=at(seconds))
    history = (line(1, "Submitted", 0, qty), line(seconds, "Filled", qty, qty))
    given: dict[str, Any] = {
        "cum_qty": Decimal(qty),
        "order_qty": Decimal(qty),
        "status": "Filled",
        "fills": (fill,),
        "history": history,
    }
    return order(ref, **(given | fields))


BOUGHT = filled("E0", 1, side="BUY")
STOP = order("S0", kind="STP", stop_price=Decimal("0.75"))
TRADED = ("m1.1", OutcomeKind.TRADED, "bought 2 at 1.00")

Ending = tuple[str, OutcomeKind, str]


def judged(
    orders: Sequence[LedgerOrder],
    told: Sequence[Ending] = (TRADED,),
    said: Sequence[Alert] = (),
    *,
    away: Sequence[Span] = (),
    ordered_at: float | None = None,
    chat: Told | None = None,
    posted_at: Mapping[str, datetime] | None = None,
    **fields: Any,
) -> Verdict:
    handed_in = tuple(
        HandedIn(alert=alert, post_id=f"{alert.message_id}.1") for alert in (ENTRY, *said)
    )
    posted = dict.fromkeys((post_id for post_id, _, _ in told), ORIGIN) | dict(posted_at or {})
    outcomes = {
        post_id: an_outcome(
            kind, detail, post_id=post_id, posted_at=posted[post_id], decided_at=at(number)
        )
        for number, (post_id, kind, detail) in enumerate(told)
    }
    if ordered_at is not None:
        outcomes["m1.1"] = replace(outcomes["m1.1"], ordered_at=at(ordered_at))
    evidence = Evidence(
        handed_in=handed_in,
        outcomes=outcomes,
        outcome_entries=Counter(list(outcomes)),
        orders=tuple(orders),
        fill_order=tuple(fill.exec_id for each in orders for fill in each.fills),
        known_refs=frozenset(each.order_ref for each in orders),
        late_refs=frozenset(),
        states=(),
        told=chat or Told(),
    )
    return judge(
        replace(evidence, **fields),
        away=away,
        moment_of=lambda shown: (shown - ORIGIN).total_seconds(),
        end=60.0,
    )


def kinds(verdict: Verdict) -> list[str]:
    return [finding.kind for finding in verdict.findings]


def a_reply(kind: Kind, message_id: str = "m2") -> Alert:
    return Alert(at=1, kind=kind, message_id=message_id, reply_to="m1")


def test_a_trade_as_it_should_be_is_not_complained_of() -> None:
    verdict = judged([BOUGHT, STOP])
    assert verdict.findings == ()
    assert verdict.figures["orders"] == 2
    assert verdict.figures["naked_seconds_max"] == 0


def test_an_alert_without_an_outcome_is_lost() -> None:
    assert kinds(judged([], told=[])) == ["lost"]


def test_a_second_outcome_in_any_log_is_found() -> None:
    found = judged([BOUGHT, STOP], outcome_entries=Counter({"m1.1": 2}))
    assert kinds(found) == ["outcome"]


def test_a_fill_that_was_told_and_never_happened_is_lost() -> None:
    assert kinds(judged([])) == ["lost"]


def test_a_fill_that_was_told_otherwise_is_a_wrong_outcome() -> None:
    told = [("m1.1", OutcomeKind.EXPIRED, "not filled at 1.00 within 8 s")]
    assert kinds(judged([BOUGHT, STOP], told)) == ["outcome"]
    late = frozenset({BOUGHT.order_ref})
    assert kinds(judged([BOUGHT, filled("X0", 4)], told, late_refs=late)) == []


def test_an_entry_that_is_denied_without_a_reason_of_its_own_is_lost() -> None:
    told = [("m1.1", OutcomeKind.DENIED, "SPY 600C 2026-03-20: 200 no such contract")]
    assert kinds(judged([], told)) == ["lost"]


def test_two_orders_of_one_reference_are_a_duplicate() -> None:
    twin = replace(STOP, perm_id=99)
    assert "duplicate" in kinds(judged([BOUGHT, STOP, twin]))


def test_an_order_that_the_gateway_itself_lost_is_none() -> None:
    history = (line(1, "Submitted"), line(2, "Cancelled"))
    lost = replace(STOP, perm_id=99, anomaly="lost", status="Cancelled", history=history)
    again = replace(STOP, history=(line(2.5, "Submitted"),))
    assert kinds(judged([BOUGHT, lost, again])) == []


def test_a_lost_order_that_was_sent_again_under_another_id_is_a_duplicate() -> None:
    history = (line(1, "Submitted"), line(2, "Cancelled"))
    lost = replace(STOP, perm_id=99, anomaly="lost", status="Cancelled", history=history)
    again = replace(STOP, order_id=STOP.order_id + 1)
    assert kinds(judged([BOUGHT, lost, again])) == ["duplicate"]


def test_a_reference_that_is_live_twice_must_be_live_once_again_soon() -> None:
    def twice_until(seconds: float) -> Verdict:
        history = (line(1, "Submitted"), line(seconds, "Cancelled"))
        fork = replace(STOP, perm_id=99, anomaly="forked", status="Cancelled", history=history)
        return judged([BOUGHT, STOP, fork])

    assert kinds(twice_until(5.9)) == []
    assert kinds(twice_until(6.1)) == ["fork"]
    assert twice_until(6.1).figures["fork_seconds_max"] == 5.1


def test_two_orders_of_one_reference_protect_as_one() -> None:
    bought = filled("E0", 1, qty=4, side="BUY")
    fork = replace(STOP, perm_id=99, anomaly="forked")
    assert "naked" in kinds(judged([bought, STOP, fork]))


def test_a_second_entry_for_one_alert_is_a_duplicate() -> None:
    second = filled("E1", 2, side="BUY")
    stops = [STOP, order("S1", kind="STP", stop_price=Decimal("0.75"))]
    assert kinds(judged([BOUGHT, second, *stops])) == ["duplicate"]


def test_a_stop_that_would_sell_more_than_is_held_is_found() -> None:
    sold = filled("X0", 3, qty=1)
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "selling 1 of 2")]
    assert kinds(judged([BOUGHT, STOP, sold], told, [a_reply(Kind.TRIM)])) == ["unprotected"]


def test_a_stop_far_below_the_entry_protects_nothing() -> None:
    loose = replace(STOP, stop_price=Decimal("0.6"))
    assert kinds(judged([BOUGHT, loose])) == ["unprotected"]


def test_an_entry_that_was_given_up_and_came_late_must_be_sold_again() -> None:
    told = [("m1.1", OutcomeKind.EXPIRED, "never reached the gateway, given up after 3 s")]
    late = frozenset({BOUGHT.order_ref})
    assert kinds(judged([BOUGHT, STOP], told, late_refs=late)) == ["lost"]
    assert kinds(judged([BOUGHT, filled("X0", 4)], told, late_refs=late)) == []


def test_an_order_that_is_left_over_is_found() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "closing 2")]
    target = order("T0")
    found = judged([BOUGHT, filled("X0", 2), target], told, [a_reply(Kind.EXIT)])
    assert kinds(found) == ["unprotected"]


def test_an_entry_that_is_accepted_long_after_its_post_is_late() -> None:
    bought = replace(filled("E0", 30, side="BUY"), accepted_at=at(30))
    assert "late" in kinds(judged([bought, replace(STOP, history=(line(30, "Submitted"),))]))


def test_an_absence_of_the_gateway_does_not_begin_an_episode_anew() -> None:
    late = replace(STOP, history=(line(9, "PreSubmitted"),))
    verdict = judged([BOUGHT, late], away=[(5.0, 6.0)])
    assert kinds(verdict) == []
    assert verdict.figures["naked_seconds_max"] == 4
    assert verdict.figures["naked_episode_seconds_max"] == 7


def test_a_process_that_ends_by_itself_is_a_crash() -> None:
    assert kinds(judged([BOUGHT, STOP], crashes=((3.0, "broker"),))) == ["crash"]


def test_a_line_that_is_taken_for_two_posts_is_a_duplicate() -> None:
    twice = tuple(
        HandedIn(alert=replace(ENTRY, kind=kind), post_id=post_id)
        for kind, post_id in ((Kind.ENTRY, "m1.1"), (Kind.SAME_LINE, "m1.2"))
    )
    told = [TRADED, ("m1.2", OutcomeKind.DUPLICATE, "the same alert again")]
    assert kinds(judged([BOUGHT, STOP], told, handed_in=twice)) == ["duplicate"]


def test_an_outcome_that_no_alert_has_is_found() -> None:
    told = [TRADED, ("m9.1", OutcomeKind.IGNORED, "nothing")]
    assert kinds(judged([BOUGHT, STOP], told)) == ["outcome"]


def test_a_storm_in_which_nothing_is_traded_says_nothing() -> None:
    entries = [replace(ENTRY, message_id=f"n{number}") for number in range(20)]
    told = [
        TRADED,
        *(
            (f"n{number}.1", OutcomeKind.EXPIRED, "16 s old, 15 s are allowed")
            for number in range(20)
        ),
    ]
    assert kinds(judged([BOUGHT, STOP], told, entries)) == ["idle"]


def test_a_repost_that_was_ordered_is_a_duplicate() -> None:
    repost = Alert(at=1, kind=Kind.REPOST, message_id="m2", contract=CONTRACT)
    other = replace(BOUGHT, order_ref=f"AS1|{digest('m2.1')}|E0", fills=())
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "bought 2 at 1.00")]
    assert "duplicate" in kinds(judged([BOUGHT, STOP, other], told, [repost]))


def test_an_order_that_the_broker_does_not_know_is_unknown() -> None:
    found = judged([BOUGHT, STOP], known_refs=frozenset({BOUGHT.order_ref}))
    assert kinds(found) == ["unknown order"]


def test_selling_more_than_is_held_is_found_even_if_it_was_bought_back() -> None:
    sold, again = filled("X0", 2, qty=3), filled("A0", 3, qty=1, side="BUY")
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "bought 1 at 1.00")]
    assert "oversold" in kinds(judged([BOUGHT, sold, again], told, [a_reply(Kind.ADD)]))


def test_a_position_after_its_exit_is_lost() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "closing 2")]
    assert kinds(judged([BOUGHT, STOP], told, [a_reply(Kind.EXIT)])) == ["lost"]


def test_an_exit_that_was_denied_while_something_is_held_is_lost() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.DENIED, "no open trade")]
    assert kinds(judged([BOUGHT, STOP], told, [a_reply(Kind.EXIT)])) == ["lost"]


def test_an_exit_from_before_the_entry_by_their_own_times_speaks_of_nothing() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.DENIED, "no open trade")]
    earlier = {"m2.1": ORIGIN - timedelta(seconds=1)}
    assert kinds(judged([BOUGHT, STOP], told, [a_reply(Kind.EXIT)], posted_at=earlier)) == []


def test_a_trim_is_sold_once() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "selling 1 of 2")]
    said = [a_reply(Kind.TRIM)]
    rest = replace(STOP, order_qty=Decimal(1), history=(line(1, "Submitted"),))
    assert kinds(judged([BOUGHT, rest, filled("X0", 2, qty=1)], told, said)) == []
    assert kinds(judged([BOUGHT, STOP], told, said)) == ["lost"]
    twice = [filled("X0", 2, qty=1), filled("X1", 3, qty=1)]
    assert kinds(judged([BOUGHT, *twice], told, said)) == ["duplicate"]


def test_what_fills_after_the_cancel_of_its_entry_may_be_sold_without_a_word() -> None:
    history = (line(1, "Submitted"), line(2, "Cancelled"), line(2.1, "Cancelled", 2))
    late = replace(BOUGHT, history=history, status="Cancelled")
    assert kinds(judged([late, filled("X0", 3)])) == []
    assert kinds(judged([late, filled("X0", 3), filled("X1", 4, qty=1)])) != []
    assert kinds(judged([BOUGHT, filled("X0", 3)])) == ["duplicate"]


def test_an_add_that_was_told_is_bought_once() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "bought 2 at 1.00")]
    said = [a_reply(Kind.ADD)]
    stops = [STOP, order("S1", kind="STP", stop_price=Decimal("0.75"))]
    adds = [filled("A0", 2, side="BUY"), filled("A1", 3, side="BUY")]
    assert kinds(judged([BOUGHT, *stops, adds[0]], told, said)) == []
    assert kinds(judged([BOUGHT, STOP], told, said)) == ["lost"]
    assert "duplicate" in kinds(judged([BOUGHT, *stops, STOP, *adds], told, said))


def test_a_stop_rests_where_it_was_told() -> None:
    told = [TRADED, ("m2.1", OutcomeKind.TRADED, "stop to 0.80")]
    said = [a_reply(Kind.STOP)]
    moved = replace(STOP, stop_price=Decimal("0.8"))
    assert kinds(judged([BOUGHT, moved], told, said)) == []
    assert kinds(judged([BOUGHT, STOP], told, said)) == ["lost"]


def test_a_position_without_a_stop_for_too_long_is_naked() -> None:
    late = replace(STOP, history=(line(5.9, "PreSubmitted"),))
    assert kinds(judged([BOUGHT, late])) == []
    later = replace(STOP, history=(line(6.1, "PreSubmitted"),))
    assert kinds(judged([BOUGHT, later])) == ["naked"]


def test_a_stop_that_is_held_back_covers_nothing() -> None:
    staged = replace(STOP, history=(line(1, "Staged"),))
    assert kinds(judged([BOUGHT, staged])) == ["naked"]


def test_the_stop_of_an_entry_that_has_not_filled_covers_nothing() -> None:
    rests = order("A0", side="BUY")
    child = replace(STOP, parent_id=rests.order_id)
    assert "naked" in kinds(judged([BOUGHT, rests, child]))
