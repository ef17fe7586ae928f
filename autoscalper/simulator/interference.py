"""What faults do to messages: the acting half of ``faults``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from autoscalper.domain.identity import IbOrderId
from autoscalper.simulator import request_codec
from autoscalper.simulator.commands import Restart
from autoscalper.simulator.connection import Connection
from autoscalper.simulator.faults import Action, Fault
from autoscalper.simulator.orders import Status
from autoscalper.simulator.session import Session

if TYPE_CHECKING:
    from autoscalper.simulator.server import Server


def interfere(
    server: Server, connection: Connection, session: Session, payload: bytes, fault: Fault
) -> None:
    """Act on a client's message in the way that ``fault`` has it."""
    match fault.action:
        case Action.DROP_BEFORE:
            connection.close(reset=fault.reset)
        case Action.LATE_ACCEPT:
            connection.close(reset=fault.reset)
            server.later(fault.seconds, lambda: server.act(connection, session, payload))
        case Action.VANISH | Action.OMIT:
            pass
        case Action.MUTE:
            connection.is_mute = True
        case Action.REFUSE:
            session.error(_subject(session, payload), fault.code, fault.text)
        case Action.REJECT | Action.PARTIAL | Action.FILL_FIRST | Action.FILL_AFTER:
            _act_on_order(server, connection, session, payload, fault)
        case _:
            _act_and_spoil(server, connection, session, payload, fault)


def _act_on_order(
    server: Server, connection: Connection, session: Session, payload: bytes, fault: Fault
) -> None:
    orders, book = server.gateway.orders, server.gateway.world.book
    key = (session.client_id or 0, IbOrderId(_subject(session, payload)))
    order = book.live.named(key)
    if order is not None and order.status is Status.STAGED:
        # The exchange never had it: nothing can fill there.
        order = None
    if fault.action is Action.FILL_FIRST and order is not None:
        orders.fill(order, order.leaves_qty)
    if fault.action in (Action.REJECT, Action.PARTIAL):
        with orders.without_matching():
            server.act(connection, session, payload)
        placed = book.live.named(key)
        if placed is not None and fault.action is Action.REJECT:
            orders.publish(book.reject(placed, fault.code, fault.text, server.now()))
        elif placed is not None:
            book.slice_fills(placed, fault.parts)
        return
    server.act(connection, session, payload)
    if fault.action is Action.FILL_AFTER and order is not None:
        orders.fill_late(order, fault.qty)


def _act_and_spoil(
    server: Server, connection: Connection, session: Session, payload: bytes, fault: Fault
) -> None:
    # What was said before this message is not its answer.
    server.flush()
    server.act(connection, session, payload)
    server.gateway.world.commit()
    answer, session.outbox = session.outbox, []
    match fault.action:
        case Action.RESTART:
            server.scenarios.restart(
                Restart(down_seconds=fault.seconds, lose_orders=fault.lose_orders)
            )
        case Action.DROP_AFTER_ACCEPT:
            connection.close(reset=fault.reset)
        case Action.DROP_AFTER_ACK:
            connection.write(b"".join(_before_status(answer)))
            connection.close(reset=fault.reset)
        case Action.DROP_MID_FRAME:
            first = b"".join(answer[:1])
            connection.write(first[: len(first) // 2])
            connection.close(reset=fault.reset)
        case Action.NO_ANSWER:
            pass
        case Action.LATE_ANSWER | Action.DELAY:
            server.later(fault.seconds, lambda: connection.write(b"".join(answer)))
        case Action.DUPLICATE:
            session.send(*answer, *answer)
        case Action.REORDER:
            session.send(*reversed(answer))
        case Action.NOTICE:
            session.send(*answer)
            session.error(_subject(session, payload), fault.code, fault.text)
        case _:
            # An action for what the gateway says, armed on what a client says.
            session.send(*answer)


def spoil(
    server: Server, connection: Connection, session: Session, frames: list[bytes]
) -> list[bytes]:
    """Return what is sent of ``frames``, after the faults that they meet."""
    sent: list[bytes] = []
    for frame in frames:
        fault = server.faults.meet(session.client_id, _reply_name(frame))
        if fault is None:
            sent.append(frame)
        elif fault.action is Action.DUPLICATE:
            sent += [frame, frame]
        elif fault.action is Action.DELAY:
            server.later(fault.seconds, functools.partial(connection.write, frame))
    return sent


def _subject(session: Session, payload: bytes) -> int:
    # The order or request that an error about the message names.
    request = request_codec.read(payload, session.version)
    return getattr(request, "order_id", getattr(request, "req_id", -1))


def _before_status(answer: list[bytes]) -> list[bytes]:
    for index, frame in enumerate(answer):
        if _reply_name(frame) == "orderStatus":
            return answer[:index]
    return answer


def _reply_name(frame: bytes) -> str:
    return REPLY_NAMES.get(frame[4:].partition(b"\0")[0].decode(), "")


#: EWrapper's name of each message of the gateway that a fault can be armed on.
REPLY_NAMES = {
    "1": "tickPrice",
    "3": "orderStatus",
    "4": "error",
    "5": "openOrder",
    "6": "updateAccountValue",
    "7": "updatePortfolio",
    "9": "nextValidId",
    "10": "contractDetails",
    "11": "execDetails",
    "15": "managedAccounts",
    "49": "currentTime",
    "52": "contractDetailsEnd",
    "53": "openOrderEnd",
    "55": "execDetailsEnd",
    "59": "commissionReport",
    "61": "position",
    "62": "positionEnd",
    "101": "completedOrder",
    "102": "completedOrdersEnd",
}
