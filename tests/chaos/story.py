"""Tells what is known about one alert: what a person reads when a storm found a fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autoscalper.broker.orders import digest
from tests.chaos.evidence import Evidence, LedgerOrder, log_lines
from tests.chaos.findings import Finding
from tests.chaos.stack import Stack

_PROCESSES = ("ingest", "parser", "broker", "simulator")


def story(stack: Stack, evidence: Evidence, finding: Finding) -> str:
    """Return the story of what a finding is about: alerts, outcomes, orders and log lines."""
    lines = [f"== {finding.kind}: {finding.text}"]
    lines += _alerts(evidence, finding)
    orders = [order for order in evidence.orders if _is_about(order, finding)]
    for order in orders:
        lines += _order(stack, order)
    words = {finding.trade, *(f"ib_order_id={order.order_id} " for order in orders)} - {""}
    if finding.post_id:
        words.add(f"post_id={finding.post_id}")
    told = sorted(
        (at, process, message)
        for process in _PROCESSES
        for at, message in log_lines(stack, process)
        if any(word in message for word in words)
    )
    lines += [f"  log   {at:8.3f} {process} {message}" for at, process, message in told]
    lines += [f"  kill  {at:8.3f} {process}" for at, process in _near(stack.kills, told)]
    lines += [f"  storm {at:8.3f} {text}" for at, text in _near(stack.notes, told)]
    return "\n".join(lines)


def _alerts(evidence: Evidence, finding: Finding) -> Iterator[str]:
    entries = [
        each
        for each in evidence.handed_in
        if finding.trade == digest(each.post_id)
        or str(each.alert.contract) == finding.trade
        or each.post_id == finding.post_id
    ]
    ids = {each.alert.message_id for each in entries}
    for each in evidence.handed_in:
        if ids.isdisjoint({each.alert.message_id, each.alert.reply_to}):
            continue
        decided = evidence.outcomes.get(each.post_id)
        outcome = f"{decided.outcome}" if decided else "no outcome"
        yield f"  alert {each.alert.at:8.3f} {each.post_id} {each.alert.kind.value}:" + (
            f" {each.alert.text!r} -> {outcome}"
        )


def _is_about(order: LedgerOrder, finding: Finding) -> bool:
    named = order.contract
    contract = f"{named['underlying']} {named['strike']}{named['right']}"
    return finding.trade in (order.trade, contract)


def _order(stack: Stack, order: LedgerOrder) -> Iterator[str]:
    yield (
        f"  order {order.order_ref} id={order.order_id} perm={order.perm_id} {order.side}"
        f" {order.order_type} {order.cum_qty}/{order.order_qty} {order.status}"
        f" {order.reason} {order.anomaly}".rstrip()
    )
    for line in order.history:
        moment = stack.moment_of(line.at)
        yield f"        {moment:8.3f} {line.status} {line.cum_qty}/{line.order_qty}"


def _near(
    happened: Sequence[tuple[float, str]], told: list[tuple[float, str, str]]
) -> Iterator[tuple[float, str]]:
    if told:
        for at, text in happened:
            if told[0][0] - 1 < at < told[-1][0] + 1:
                yield at, text
