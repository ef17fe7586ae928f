from decimal import Decimal
from pathlib import Path

import pytest

from autoscalper.domain.identity import ConId
from autoscalper.runtime.errors import StorageFailed
from autoscalper.simulator import commands
from autoscalper.simulator.instruments import ContractSpec
from tests.unit.simulator.stand import Stand, option_contract
from tests.unit.simulator.test_operations import place


def test_a_new_account_has_the_cash_it_was_given(tmp_path: Path) -> None:
    stand = Stand(tmp_path, simulator_cash=Decimal(5000))
    assert stand.world.account.cash == 5000
    stand.close()


def test_a_later_run_goes_on_with_cash_prices_and_ids(tmp_path: Path) -> None:
    first = Stand(tmp_path)
    place(first)
    first.execute(commands.Fill(order_ref="ref"))
    place(first, 2)
    spot = first.world.market.spot("SPY")
    first.execute(commands.SetSpot(underlying="SPY", price=spot + 3))
    first.close()

    later = Stand(tmp_path, simulator_cash=Decimal(1))
    assert later.world.account.cash == Decimal("99912.70")
    assert later.world.quote(option_contract()).bid == Decimal("0.40")
    assert later.world.market.spot("SPY") == spot + 3
    assert later.world.book.next_order_id(1) == 3
    assert [order.order_id for order in later.world.book.live] == [2]
    later.close()


def test_an_id_that_was_never_given_out_is_an_error(stand: Stand) -> None:
    with pytest.raises(LookupError, match="99"):
        stand.world.contract(ConId(99))


def test_a_made_up_symbol_is_centred_on_its_first_strike(stand: Stand) -> None:
    spec = ContractSpec(
        symbol="ZZQ", sec_type="OPT", expiry="20260320", strike=Decimal(50), right="C"
    )
    assert len(stand.world.find_contracts(spec)) == 1
    chain = ContractSpec(symbol="ZZQ", sec_type="OPT", expiry="20260320", right="C")
    strikes = [contract.strike for contract in stand.world.find_contracts(chain)]
    assert min(each for each in strikes if each) < 50 < max(each for each in strikes if each)


def test_nothing_is_written_when_nothing_changed(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    monkeypatch.setattr(stand.state, "commit", written.append)
    stand.world.commit()
    assert written == []
    stand.quote("0.40", "0.41")
    assert len(written) == 1


def test_what_the_disk_refused_is_written_the_next_time(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise StorageFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(stand.state, "commit", refuse)
        with pytest.raises(StorageFailed):
            place(stand)
    stand.world.commit()
    assert stand.state.contracts() != []
