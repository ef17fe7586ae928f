"""Between IBKR's words and ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import ib_async
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ib_async.objects import Execution
from msgspec.structs import replace

from autoscalper.broker import foreign_orders, ib_mapping
from autoscalper.broker.commands import PlaceOrders
from autoscalper.broker.events import ContractDetails
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.broker.orders import Order, Terms
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.identity import CommandId, ConId, IbOrderId
from autoscalper.domain.order import OrderStatus, Side
from autoscalper.domain.pricing import COARSE_TICKS
from autoscalper.domain.settings import BrokerSettings
from tests.unit.broker.model_gateway import PENNIES
from tests.unit.broker.story import CALL, MORNING, SETTINGS, Story, entry

DETAILS = ContractDetails(
    con_id=ConId(71), trading_class="IWM", multiplier=Decimal(100), ticks=PENNIES
)
TRADED = ib_async.Contract(conId=7)
INDEX = OptionContract(
    underlying="SPX", expiry=date(2026, 11, 20), strike=Decimal(6850), right=Right.CALL
)


def bracket(settings: BrokerSettings = SETTINGS) -> tuple[Order, Order, Order]:
    story = Story(settings)
    story.connect()
    story.post(entry())
    (placed,) = [each for each in story.commands if isinstance(each, PlaceOrders)]
    buy, target, _, stop = placed.orders
    return buy, target, stop


def sent(order: Order, terms: Terms | None = None, *, transmit: bool = True) -> ib_async.Order:
    return ib_mapping.order_of(order, terms or order.terms, "DU1", transmit=transmit)


def details(
    contract: OptionContract = CALL,
    *,
    trading_class: str = "",
    multiplier: str = "100",
    expiry: str = "",
    right: str = "C",
) -> ib_async.ContractDetails:
    return ib_async.ContractDetails(
        contract=ib_async.Contract(
            conId=71,
            symbol=contract.underlying,
            tradingClass=trading_class or contract.underlying,
            multiplier=multiplier,
            right=right,
            lastTradeDateOrContractMonth=expiry or f"{contract.expiry:%Y%m%d}",
        ),
        validExchanges="SMART,AMEX,CBOE",
        marketRuleIds="26,109,110",
    )


@pytest.mark.parametrize(
    ("word", "cum_qty", "status"),
    [
        ("ApiPending", 0, OrderStatus.PENDING_NEW),
        ("PendingSubmit", 0, OrderStatus.PENDING_NEW),
        ("PreSubmitted", 0, OrderStatus.NEW),
        ("Submitted", 0, OrderStatus.NEW),
        ("Submitted", 1, OrderStatus.PARTIALLY_FILLED),
        ("PendingCancel", 1, OrderStatus.PENDING_CANCEL),
        ("Cancelled", 0, OrderStatus.CANCELED),
        ("Cancelled", 1, OrderStatus.CANCELED),
        ("ApiCancelled", 0, OrderStatus.CANCELED),
        ("Filled", 2, OrderStatus.FILLED),
        ("Inactive", 0, OrderStatus.IN_DOUBT),
    ],
)
def test_each_of_ibkrs_states_has_one_of_ours(word: str, cum_qty: int, status: OrderStatus) -> None:
    assert ib_mapping.status_of(word, cum_qty) is status


@given(st.text(), st.integers(0, 9))
def test_a_state_that_nobody_knows_is_in_doubt_and_never_a_default(word: str, filled: int) -> None:
    assert ib_mapping.status_of(f"{word}?", filled) is OrderStatus.IN_DOUBT


@pytest.mark.parametrize(
    ("number", "price"),
    [
        (0.43, Decimal("0.43")),
        (0.1 + 0.2, Decimal("0.3")),
        (0.0, Decimal(0)),
        (float("nan"), None),
        (float("inf"), None),
        (1.7976931348623157e308, None),
        (-1.0, None),
        (None, None),
    ],
)
def test_ibkrs_ways_to_say_that_there_is_no_price_are_no_prices(
    number: float | None, price: Decimal | None
) -> None:
    assert ib_mapping.price_of(number) == price


@pytest.mark.parametrize("number", [float("nan"), -1.0, 0.0])
def test_a_side_of_a_quote_without_a_price_is_missing(number: float) -> None:
    assert ib_mapping.quote_side(number) is None
    assert ib_mapping.quote_side(0.01) == Decimal("0.01")


def test_a_bracket_is_said_in_ibkrs_words() -> None:
    buy, target, stop = (sent(order) for order in bracket())

    assert (buy.action, buy.orderType, buy.lmtPrice, buy.tif) == ("BUY", "LMT", 0.43, "GTD")
    assert (target.action, target.orderType) == ("SELL", "LMT")
    assert (stop.action, stop.orderType, stop.auxPrice) == ("SELL", "STP", 0.33)
    assert target.parentId == stop.parentId == buy.orderId
    assert target.ocaGroup == stop.ocaGroup != ""
    assert (target.ocaType, stop.ocaType, buy.ocaType) == (2, 2, 0)
    assert buy.ocaGroup == ""
    assert {each.account for each in (buy, target, stop)} == {"DU1"}
    assert not any(each.outsideRth for each in (buy, target, stop))


def test_what_protects_a_position_outlives_the_day_and_an_entry_does_not() -> None:
    assert [sent(order).tif for order in bracket()] == ["GTD", "GTC", "GTC"]


def test_an_entry_says_in_utc_when_it_ends_and_a_change_says_it_again() -> None:
    buy, target, stop = bracket()
    end = f"{MORNING + timedelta(seconds=90):%Y%m%d-%H:%M:%S}"
    assert end == "20261120-15:01:30"
    assert sent(buy).goodTillDate == end
    changed = sent(buy, Terms(order_qty=1, limit_price=Decimal("0.41")))
    assert (changed.tif, changed.goodTillDate) == ("GTD", end)
    assert sent(target).goodTillDate == sent(stop).goodTillDate == ""


def test_an_entry_at_the_market_is_for_the_day() -> None:
    buy, *_ = bracket(BrokerSettings(force_market_orders=True))
    assert (sent(buy).orderType, sent(buy).tif, sent(buy).goodTillDate) == ("MKT", "DAY", "")


@pytest.mark.parametrize("transmit", [True, False])
def test_an_order_is_transmitted_when_it_shall_be(transmit: bool) -> None:
    assert sent(bracket()[0], transmit=transmit).transmit is transmit


def test_a_change_keeps_every_word_but_its_terms() -> None:
    stop = bracket()[2]
    before = sent(stop)
    after = sent(stop, Terms(order_qty=1, stop_price=Decimal("0.36")))

    assert (after.totalQuantity, after.auxPrice) == (1, 0.36)
    after.totalQuantity, after.auxPrice = before.totalQuantity, before.auxPrice
    assert vars(after) == vars(before)


def test_our_id_is_in_every_order_and_short_enough_for_ibkr() -> None:
    for order in bracket():
        assert sent(order).orderRef == order.client_order_id
        assert len(order.client_order_id) <= 32
        assert order.client_order_id.isascii()
        assert "?" not in order.client_order_id


def test_an_open_order_reads_back_as_it_was_sent() -> None:
    for order in bracket():
        report = ib_mapping.report_of_open(sent(order), "PreSubmitted", TRADED)
        assert report.client_order_id == order.client_order_id
        assert report.ib_order_id == order.ib_order_id
        assert report.status is OrderStatus.NEW
        assert report.perm_id is None
        assert (
            Terms(
                order_qty=report.order_qty or 0,
                limit_price=report.limit_price,
                stop_price=report.stop_price,
            )
            == order.terms
        )


def test_an_open_order_says_what_it_trades_and_which_way() -> None:
    order = ib_async.Order(orderId=4, action="SELL", orderType="MKT", totalQuantity=1)
    report = ib_mapping.report_of_open(order, "Submitted", TRADED)
    assert (report.con_ids, report.side) == ((7,), Side.SELL)
    legs = [ib_async.ComboLeg(conId=8), ib_async.ComboLeg(conId=9)]
    spread = ib_async.Contract(conId=0, secType="BAG", comboLegs=legs)
    assert ib_mapping.report_of_open(order, "Submitted", spread).con_ids == (0, 8, 9)


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        (
            ib_async.Option("F", "20261218", 11.5, "P", "SMART", conId=5, currency="USD"),
            "F 11.5P 2026-12-18",
        ),
        (ib_async.Stock("KO", "SMART", "USD", conId=5), "KO"),
        (ib_async.Future("MES", "202612", "CME", conId=5, currency="USD"), "MES 202612"),
        (ib_async.Forex("EURUSD", conId=5), "EUR.USD"),
    ],
)
def test_what_the_account_holds_has_a_name(contract: ib_async.Contract, name: str) -> None:
    holding = ib_mapping.holding_of(contract, -2.5)
    assert (holding.name, holding.kind, holding.qty) == (name, contract.secType, Decimal("-2.5"))


def test_the_order_that_closes_a_holding_names_it_by_its_id_and_goes_at_the_market() -> None:
    held = ib_async.Stock("KO", "SMART", "USD", conId=5)
    order = ForeignOrder(
        client_order_id=foreign_orders.client_order_id_of(CommandId("button x"), ConId(2**31)),
        ib_order_id=IbOrderId(12),
        holding=ib_mapping.holding_of(held, 100),
        side=Side.SELL,
        order_qty=100,
        created_at=MORNING,
    )
    contract = ib_mapping.foreign_contract_of(order.holding)
    assert (contract.conId, contract.secType, contract.exchange) == (5, "STK", "SMART")
    placed = ib_mapping.foreign_order_of(order, "DU1")
    assert (placed.action, placed.totalQuantity, placed.orderType) == ("SELL", 100, "MKT")
    assert (placed.tif, placed.account, placed.transmit) == ("DAY", "DU1", True)
    assert placed.orderRef == order.client_order_id
    assert len(placed.orderRef) <= 32


def test_a_market_order_has_no_price() -> None:
    order = ib_async.Order(orderId=4, orderType="MKT", totalQuantity=1, lmtPrice=0.0, auxPrice=0.0)
    report = ib_mapping.report_of_open(order, "Submitted", TRADED)
    assert (report.limit_price, report.stop_price, report.client_order_id) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "filled", "status", "cum_qty"),
    [
        ("Filled", 2.0, OrderStatus.FILLED, 2),
        ("Cancelled", 1.0, OrderStatus.CANCELED, 1),
        ("Cancelled", 1.7976931348623157e308, OrderStatus.CANCELED, None),
        ("Inactive", 0.0, OrderStatus.REJECTED, 0),
    ],
)
def test_a_completed_order_says_what_it_filled_if_it_knows(
    word: str, filled: float, status: OrderStatus, cum_qty: int | None
) -> None:
    order = ib_async.Order(orderRef="AS1|a|E0", permId=9, filledQuantity=filled)
    report = ib_mapping.report_of_completed(order, word)
    assert (report.client_order_id, report.status, report.cum_qty) == ("AS1|a|E0", status, cum_qty)


def test_a_fill_is_told_in_utc_and_in_our_words() -> None:
    execution = Execution(
        execId="0000e0d5.65.01.01",
        time=datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
        side="SLD",
        shares=2.0,
        price=0.33,
        permId=9,
        orderId=3,
        orderRef="AS1|a|S0",
    )
    fill = ib_mapping.fill_of(ib_async.Contract(conId=71), execution)
    assert (fill.side, fill.last_qty, fill.last_price) == (Side.SELL, 2, Decimal("0.33"))
    assert (fill.con_id, fill.exec_id) == (71, "0000e0d5.65.01.01")
    assert fill.executed_at.tzinfo is UTC


def test_a_contract_is_asked_for_by_what_identifies_it() -> None:
    query = ib_mapping.query_of(CALL)
    assert (query.symbol, query.strike, query.right) == ("IWM", 241.0, "C")
    assert (query.lastTradeDateOrContractMonth, query.exchange) == ("20261120", "SMART")
    named = ib_mapping.contract_of(CALL, DETAILS)
    assert (named.conId, named.tradingClass, named.multiplier) == (71, "IWM", "100")


def test_the_standard_contract_is_chosen() -> None:
    wanted = details()
    adjusted = details(multiplier="103", trading_class="IWM1")
    assert ib_mapping.choose(CALL, [adjusted, wanted]) is wanted


def test_an_index_option_that_settles_in_the_afternoon_is_preferred() -> None:
    weekly, monthly = details(INDEX, trading_class="SPXW"), details(INDEX, trading_class="SPX")
    assert ib_mapping.choose(INDEX, [monthly, weekly]) is weekly
    assert ib_mapping.choose(INDEX, [monthly]) is monthly


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([], "lists no such contract"),
        ([details(multiplier="10")], "only adjusted"),
        ([details(expiry="20261127")], "only adjusted"),
        ([details(right="P")], "only adjusted"),
        ([details(trading_class="A"), details(trading_class="B")], "2 contracts fit"),
    ],
)
def test_what_is_not_one_standard_contract_is_not_traded(
    found: list[ib_async.ContractDetails], why: str
) -> None:
    chosen = ib_mapping.choose(CALL, found)
    assert isinstance(chosen, str)
    assert why in chosen


def test_the_market_rule_is_that_of_smart_routing() -> None:
    assert ib_mapping.market_rule_of(details()) == 26

    shuffled = details()
    shuffled.validExchanges = "AMEX,SMART,CBOE"
    assert ib_mapping.market_rule_of(shuffled) == 109

    unaligned = details()
    unaligned.marketRuleIds = "32"
    assert ib_mapping.market_rule_of(unaligned) == 32

    silent = details()
    silent.marketRuleIds = ""
    assert ib_mapping.market_rule_of(silent) is None


def test_prices_follow_the_market_rule_and_without_one_the_coarsest_grid() -> None:
    rule = [
        ib_async.PriceIncrement(lowEdge=0.0, increment=0.01),
        ib_async.PriceIncrement(lowEdge=3.0, increment=0.05),
    ]
    known = ib_mapping.details_of(details(), rule)
    assert known.ticks.down(Decimal("0.434")) == Decimal("0.43")
    assert known.ticks.down(Decimal("3.07")) == Decimal("3.05")
    assert known.multiplier == 100

    assert ib_mapping.details_of(details(), None).ticks.bands == COARSE_TICKS
    assert ib_mapping.details_of(details(), []).ticks.bands == COARSE_TICKS


def test_a_search_for_any_expiry_names_none() -> None:
    assert ib_mapping.query_of(CALL, any_expiry=True).lastTradeDateOrContractMonth == ""
    assert ib_mapping.query_of(CALL).lastTradeDateOrContractMonth == "20261120"


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (("20261218", "20261127", "20261119"), date(2026, 11, 27)),
        (("20261127", "20261120"), CALL.expiry),
        (("20261119",), CALL.expiry),
        ((), CALL.expiry),
    ],
)
def test_the_nearest_expiry_is_the_first_that_is_not_before(
    listed: tuple[str, ...], expected: date
) -> None:
    found = [details(expiry=each) for each in listed]
    assert ib_mapping.nearest(CALL, found) == replace(CALL, expiry=expected)
