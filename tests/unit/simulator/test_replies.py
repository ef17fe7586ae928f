from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.identity import ConId, ExecId, IbOrderId, PermId
from autoscalper.simulator import instruments, replies
from autoscalper.simulator.account import Position
from autoscalper.simulator.codec import UNSET_DOUBLE
from autoscalper.simulator.model import Greeks
from autoscalper.simulator.orders import Execution, Side
from tests.unit.simulator.stand import EXPIRY, WEDNESDAY, option_contract
from tests.unit.simulator.test_order_replies import fields
from tests.unit.simulator.test_orders import order

CALL = option_contract()
SPY = instruments.underlying_of("SPY")
assert SPY is not None
HELD = Position(con_id=CALL.con_id, multiplier=100, qty=Decimal(2), avg_cost=Decimal("43.65"))
FILL = Execution(
    exec_id=ExecId("0000e0d5.00000001.01.01"),
    perm_id=PermId(1),
    client_id=1,
    order_id=IbOrderId(5),
    con_id=ConId(7),
    side=Side.SELL,
    account="DU1234567",
    order_ref="ref",
    last_qty=Decimal(2),
    last_price=Decimal("0.43"),
    cum_qty=Decimal(2),
    avg_price=Decimal("0.43"),
    commission=Decimal("1.30"),
    executed_at=WEDNESDAY,
)


@pytest.mark.parametrize(
    ("frame", "count"),
    [
        # Counts with the message id, as IBKR's clients read them.
        (replies.hello(178, WEDNESDAY), 2),
        (replies.error(-1, 2104, "ok", 178), 6),
        (replies.error(-1, 2104, "ok", 157), 5),
        (replies.next_valid_id(1), 3),
        (replies.managed_accounts("DU1"), 3),
        (replies.current_time(WEDNESDAY), 3),
        (replies.open_order_end(), 2),
        (replies.completed_orders_end(), 1),
        (replies.order_status(order()), 12),
        (replies.execution(-1, FILL, CALL, 178), 32),
        (replies.execution(-1, FILL, CALL, 177), 31),
        (replies.execution_end(2), 3),
        (replies.commission_report(FILL), 8),
        (replies.contract_details(1, CALL, date(2026, 3, 18), 178), 40),
        (replies.contract_details(1, CALL, date(2026, 3, 18), 163), 40),
        (replies.contract_details(1, CALL, date(2026, 3, 18), 157), 39),
        (replies.contract_details_end(1), 3),
        (replies.option_parameters(1, "SMART", SPY, "SPY", [EXPIRY], [Decimal(1)] * 3), 12),
        (replies.option_parameters_end(1), 2),
        (replies.symbol_samples(1, [SPY, SPY], 178), 3 + 2 * 9),
        (replies.symbol_samples(1, [SPY], 157), 3 + 7),
        (replies.market_rule(239), 3 + 4),
        (replies.position("DU1", HELD, CALL), 16),
        (replies.position_end(), 2),
        (replies.portfolio("DU1", HELD, CALL, Decimal("0.5")), 20),
        (replies.account_value("NetLiquidation", Decimal(1), "DU1"), 6),
        (replies.account_time(WEDNESDAY), 3),
        (replies.account_download_end("DU1"), 3),
        (replies.account_multi(1, "DU1", "", "NetLiquidation", Decimal(1)), 8),
        (replies.account_multi_end(1), 3),
        (replies.account_summary(1, "DU1", "NetLiquidation", Decimal(1)), 7),
        (replies.account_summary_end(1), 3),
        (replies.pnl(1, Decimal(1), Decimal(2)), 5),
        (replies.pnl_single(1, HELD, Decimal("0.5")), 7),
        (replies.market_data_type(1, 3), 4),
        (replies.tick_parameters(1, CALL), 5),
        (replies.tick_price(1, 1, Decimal(1), 5), 7),
        (replies.tick_size(1, 0, 5), 5),
        (replies.tick_snapshot_end(1), 3),
        (replies.by_tick_bid_ask(1, WEDNESDAY, (1, 2, 3, 4)), 9),
        (replies.by_tick_last(1, 1, WEDNESDAY, 1, 2), 9),
        (replies.by_tick_mid(1, WEDNESDAY, 1), 5),
    ],
)
def test_messages_have_exactly_the_fields_that_clients_read(frame: bytes, count: int) -> None:
    assert len(fields(frame)) == count


def test_a_fill_says_whose_it_is_in_ibkrs_words() -> None:
    row = fields(replies.execution(-1, FILL, CALL, 178))
    assert row[14] == FILL.exec_id
    assert row[15] == "20260318 10:00:00 US/Eastern"
    assert row[18:21] == ["SLD", "2", "0.43"]
    assert row[26] == "ref"


def test_an_opening_fill_has_no_profit() -> None:
    assert fields(replies.commission_report(FILL))[5] == UNSET_DOUBLE


def test_a_contract_says_when_it_trades_and_by_which_rule() -> None:
    row = fields(replies.contract_details(1, CALL, date(2026, 3, 18), 178))
    assert row[27].startswith("20260318:0930-20260318:1615;20260319:0930")
    exchanges, rules = row[16].split(","), row[34].split(",")
    assert len(exchanges) == len(rules)
    assert set(rules) == {"26"}
    assert (row[32], row[33]) == ("SPY", "STK")


def test_words_have_no_currency() -> None:
    assert fields(replies.account_value("AccountReady", "true", "DU1"))[4] == ""
    assert fields(replies.account_value("BuyingPower", Decimal(1), "DU1"))[4] == "USD"


def test_greeks_are_plain_numbers() -> None:
    greeks = Greeks(volatility=0.2, value=1e-9, delta=0.5, gamma=0.1, vega=0.1, theta=-1, spot=685)
    row = fields(replies.tick_option(1, 13, greeks))
    assert len(row) == 12
    assert row[6] == "0.00000000"
