from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from autoscalper.domain.identity import ConId
from autoscalper.simulator.account import Account, commission_of

SPY = ConId(7)


def price(_: ConId) -> Decimal:
    return Decimal("0.50")


def test_a_round_trip_realises_its_profit_net_of_commissions() -> None:
    account = Account(Decimal(1000))

    assert account.trade(SPY, 100, Decimal(2), Decimal("0.43"), Decimal("1.30")) is None
    assert account.position(SPY, 100).avg_cost == Decimal("43.65")
    assert account.trade(SPY, 100, Decimal(-2), Decimal("0.60"), Decimal("1.30")) == Decimal("31.4")
    assert account.cash == Decimal("1031.40")
    assert account.position(SPY, 100).qty == 0


def test_adding_averages_the_cost_and_trimming_keeps_it() -> None:
    account = Account(Decimal(1000))
    account.trade(SPY, 100, Decimal(1), Decimal("0.40"), Decimal(1))
    account.trade(SPY, 100, Decimal(1), Decimal("0.50"), Decimal(1))
    assert account.position(SPY, 100).avg_cost == Decimal(46)
    account.trade(SPY, 100, Decimal(-1), Decimal("0.60"), Decimal(1))
    assert account.position(SPY, 100).avg_cost == Decimal(46)


def test_selling_more_than_is_held_turns_the_position() -> None:
    account = Account(Decimal(1000))
    account.trade(SPY, 100, Decimal(1), Decimal("0.40"), Decimal(0))
    realized = account.trade(SPY, 100, Decimal(-3), Decimal("0.50"), Decimal(0))

    assert realized == Decimal(10)
    assert account.position(SPY, 100).qty == -2
    assert account.position(SPY, 100).avg_cost == Decimal(50)


trades = st.lists(
    st.tuples(st.sampled_from([-3, -2, -1, 1, 2, 3]), st.decimals("0.01", "5", places=2)),
    max_size=12,
)


@given(trades)
def test_cash_and_profit_agree_whatever_was_traded(fills: list[tuple[int, Decimal]]) -> None:
    account = Account(Decimal(0))
    for qty, at in fills:
        account.trade(SPY, 100, Decimal(qty), at, commission_of(abs(Decimal(qty))))
    held = account.position(SPY, 100)
    # What came in is what was realised, less what the open position cost.
    difference = account.cash - (held.realized_pnl - held.qty * held.avg_cost)
    assert abs(difference) < Decimal("1e-15")


def test_the_values_add_up() -> None:
    account = Account(Decimal(1000))
    account.trade(SPY, 100, Decimal(2), Decimal("0.43"), Decimal("1.30"))
    values = account.values(price)

    assert values["TotalCashValue"] == Decimal("912.70")
    assert values["NetLiquidation"] == Decimal("1012.70")
    assert values["UnrealizedPnL"] == Decimal("12.70")


def test_an_expired_position_turns_into_cash() -> None:
    account = Account(Decimal(0))
    account.trade(SPY, 100, Decimal(2), Decimal("0.43"), Decimal(0))
    account.settle(SPY, Decimal("0.10"))
    account.settle(SPY, Decimal("0.10"))

    assert account.cash == Decimal("-66.00")
    assert account.positions() == []


def test_a_new_day_forgets_flat_positions_and_old_profit() -> None:
    account = Account(Decimal(0))
    account.trade(SPY, 100, Decimal(2), Decimal("0.43"), Decimal(0))
    account.trade(SPY, 100, Decimal(-1), Decimal("0.53"), Decimal(0))
    account.trade(ConId(8), 100, Decimal(1), Decimal("0.43"), Decimal(0))
    account.trade(ConId(8), 100, Decimal(-1), Decimal("0.43"), Decimal(0))
    account.forget_day()

    assert [(held.con_id, held.realized_pnl) for held in account.positions()] == [(SPY, Decimal(0))]


def test_commission_is_by_contract_with_a_minimum() -> None:
    assert [commission_of(Decimal(qty)) for qty in (0, 1, 2)] == [0, Decimal(1), Decimal("1.30")]
