from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from autoscalper.domain.identity import ConId, ExecId, IbOrderId, PermId
from autoscalper.runtime.errors import StoreUnusable
from autoscalper.simulator.account import Position
from autoscalper.simulator.market import OwnPrice
from autoscalper.simulator.orders import Status
from autoscalper.simulator.state import LOST, Changes, State
from autoscalper.simulator.transitions import filled, with_status
from tests.unit.simulator.stand import WEDNESDAY, option_contract, quoted, terms
from tests.unit.simulator.test_orders import order


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "simulator.db"


def test_what_was_kept_is_there_in_the_next_run(path: Path) -> None:
    live, fill = filled(order(order_qty=Decimal(5)), Decimal(2), Decimal("0.43"), WEDNESDAY)
    held = Position(con_id=ConId(7), multiplier=100, qty=Decimal(2))
    own = OwnPrice(con_id=ConId(7), quote=quoted("1", "2"), price=Decimal(1), moves=False)
    changes = Changes(
        orders={live.perm_id: live},
        executions=[fill],
        contracts=[option_contract()],
        positions={held.con_id: held},
        cash=Decimal("914.00"),
        next_perm_id=PermId(2),
        highest_ids={1: 5},
        prices={own.con_id: own},
        spots={"SPY": Decimal(685)},
    )
    first = State(path)
    first.commit(changes)
    first.close()

    state = State(path)
    assert state.live_orders() == [live]
    assert state.executions(WEDNESDAY.date()) == state.executions_of(PermId(1)) == [fill]
    assert state.execution(ExecId(fill.exec_id)) == fill
    assert state.execution(ExecId("other")) is None
    assert state.contracts() == [option_contract()]
    assert state.positions() == [held]
    assert state.prices() == [own]
    assert state.spots() == {"SPY": Decimal(685)}
    assert (state.cash(), state.next_perm_id(), state.highest_ids()) == (
        Decimal("914.00"),
        2,
        {1: 5},
    )
    state.close()


def test_a_new_file_knows_nothing(path: Path) -> None:
    state = State(path)
    assert (state.cash(), state.next_perm_id(), state.highest_ids()) == (None, None, {})
    assert list(state.all_orders()) == state.completed_orders(WEDNESDAY.date()) == []
    state.close()


def test_a_done_order_is_remembered_by_its_name_and_its_day(path: Path) -> None:
    done = with_status(order(terms=terms(oca_group="A")), Status.FILLED, "", WEDNESDAY)
    state = State(path)
    state.commit(Changes(orders={done.perm_id: done}))
    assert state.final_status(done.key) is Status.FILLED
    assert state.final_status((1, IbOrderId(6))) is None
    assert state.is_group_spent("A")
    assert not state.is_group_spent("B")
    assert state.completed_orders(date(2026, 3, 18)) == [done]
    assert state.completed_orders(date(2026, 3, 19)) == []
    state.close()


def test_a_lost_order_is_in_the_record_and_nowhere_else(path: Path) -> None:
    lost = with_status(order(anomaly=LOST), Status.CANCELLED, "", WEDNESDAY)
    state = State(path)
    state.commit(Changes(orders={lost.perm_id: lost}))
    assert state.final_status(lost.key) is None
    assert state.completed_orders(date(2026, 3, 18)) == []
    assert list(state.all_orders()) == [lost]
    state.close()


def test_positions_can_be_forgotten(path: Path) -> None:
    held = Position(con_id=ConId(7), multiplier=100, qty=Decimal(2))
    other = msgspec.structs.replace(held, con_id=ConId(8))
    state = State(path)
    state.commit(Changes(positions={held.con_id: held}))
    state.commit(Changes(positions={other.con_id: other}, forget_positions=True))
    assert state.positions() == [other]
    state.close()


def test_one_file_has_one_simulator(path: Path) -> None:
    state = State(path)
    with pytest.raises(StoreUnusable, match="in use"):
        State(path)
    state.close()
