import ast
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from autoscalper.domain.contract import Right
from autoscalper.simulator import (
    market_rules,
    replies,
    request_codec,
    requests,
    upstream,
    upstream_talk,
)
from autoscalper.simulator.codec import ProtocolError, split_frames
from autoscalper.simulator.instruments import ContractSpec
from autoscalper.simulator.upstream_talk import Question
from tests.unit.simulator.stand import option_contract

#: Everything that a client can say to change something at a gateway, or to take what is another's.
NEVER = {
    "placeOrder",
    "cancelOrder",
    "reqGlobalCancel",
    "reqAutoOpenOrders",
    "reqOpenOrders",
    "reqIds",
    "unknown",
}


def payload(frame: bytes) -> bytes:
    (only,) = split_frames(bytearray(frame))
    return only


def fields(frame: bytes) -> list[str]:
    return payload(frame).decode().removesuffix("\0").split("\0")


def test_no_question_is_about_an_order() -> None:
    names = {request_codec.name_of(payload(upstream_talk.said(each))) for each in Question}
    assert len(names) == len(Question)
    assert not names & NEVER


def test_nothing_but_the_greeting_and_questions_is_ever_written() -> None:
    assert upstream.__file__ is not None
    with open(upstream.__file__) as source:
        tree = ast.parse(source.read())
    written = [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("write", "writelines", "sendall", "send")
    ]
    assert written == ["upstream_talk.GREETING", "upstream_talk.said(question, *fields)"]


@pytest.mark.parametrize("version", [157, 163, 164, 176, 178])
def test_a_contract_is_read_as_a_gateway_tells_it(version: int) -> None:
    contract = option_contract()
    frame = replies.contract_details(5, contract, date(2026, 3, 18), version)
    told = fields(frame)
    at = upstream_talk.id_at(upstream_talk.Answer.CONTRACT, version)
    assert at is not None
    assert told[at] == "5"
    read = upstream_talk.contract_in(told, version)
    assert (read.con_id, read.symbol, read.expiry) == (contract.con_id, "SPY", contract.expiry)
    assert (read.strike, read.right) == (Decimal(685), Right.CALL)
    assert (read.rule, read.late) == (market_rules.PENNY, True)


def test_what_is_no_contract_is_a_breach_of_the_protocol() -> None:
    with pytest.raises(ProtocolError, match="expected a contract"):
        upstream_talk.contract_in(["10", "1", "SPY"], 178)


@pytest.mark.parametrize("version", [157, 178])
def test_a_question_about_a_contract_is_read_as_it_was_meant(version: int) -> None:
    spec = ContractSpec(symbol="SPY", sec_type="OPT", expiry="20260320", exchange="SMART")
    asked = upstream_talk.contract_details(9, spec, version)
    read = request_codec.read(
        payload(upstream_talk.said(Question.CONTRACT_DETAILS, *asked)), version
    )
    assert read == requests.RequestContractDetails(req_id=9, contract=spec)


def test_a_stream_of_quotes_is_asked_for_by_the_contracts_id() -> None:
    contract = option_contract()
    asked = upstream_talk.market_data(7, contract)
    read = request_codec.read(payload(upstream_talk.said(Question.MARKET_DATA, *asked)), 178)
    assert isinstance(read, requests.RequestMarketData)
    assert (read.req_id, read.contract.con_id, read.snapshot) == (7, contract.con_id, False)


@pytest.mark.parametrize(
    ("field", "price"), [("0.42", Decimal("0.42")), ("-1", None), ("NaN", None), ("", None)]
)
def test_what_is_no_price_is_none(field: str, price: Decimal | None) -> None:
    assert upstream_talk.price_in(field) == price


def test_an_answer_to_nobody_has_no_request() -> None:
    now = datetime(2026, 3, 18, tzinfo=UTC)
    told = fields(replies.current_time(now))
    assert upstream_talk.id_at(upstream_talk.Answer(int(told[0])), 178) is None
