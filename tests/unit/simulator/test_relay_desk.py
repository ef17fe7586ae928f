from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.simulator import replies, requests
from autoscalper.simulator.codec import Value, split_frames
from autoscalper.simulator.instruments import Contract, ContractSpec
from autoscalper.simulator.relay_desk import RelayDesk
from autoscalper.simulator.session import Session
from autoscalper.simulator.upstream_talk import Question
from tests.unit.simulator.stand import WEDNESDAY, Stand, option_contract

CALL = option_contract()


class Line:
    """A stand, its relay, and what the relay asked."""

    def __init__(self, directory: Path) -> None:
        self.stand = Stand(directory, simulator_market="upstream", dry_run=False)
        assert self.stand.gateway.relay is not None
        self.relay: RelayDesk = self.stand.gateway.relay
        self.asked: list[tuple[Question, tuple[Value, ...]]] = []
        self.relay.begin(self.ask, 178)
        self.session = self.client(1)

    def client(self, number: int) -> Session:
        session = Session(178)
        session.client_id = number
        self.stand.world.sessions.append(session)
        return session

    def ask(self, question: Question, *fields: Value) -> None:
        self.asked.append((question, fields))

    def hear(self, frame: bytes) -> None:
        (payload,) = split_frames(bytearray(frame))
        self.relay.hear(payload.decode().removesuffix("\0").split("\0"))

    def learn(self, contract: Contract = CALL) -> None:
        self.hear(replies.contract_details(99, contract, WEDNESDAY.date(), 178))

    def watch(self, session: Session, req_id: int) -> None:
        spec = ContractSpec(con_id=CALL.con_id)
        wanted = requests.RequestMarketData(
            req_id=req_id, contract=spec, generic_ticks="", snapshot=False
        )
        self.relay.answer(session, wanted)


def told(session: Session) -> list[list[str]]:
    payloads = split_frames(bytearray(b"".join(session.outbox)))
    session.outbox = []
    return [each.decode().removesuffix("\0").split("\0") for each in payloads]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path)
    yield line
    line.stand.close()


def test_an_answer_comes_back_under_the_clients_own_id(line: Line) -> None:
    wanted = requests.RequestContractDetails(req_id=70, contract=ContractSpec(symbol="SPY"))
    line.relay.answer(line.session, wanted)
    ((question, fields),) = line.asked
    assert (question, fields[1]) == (Question.CONTRACT_DETAILS, 1)
    line.hear(replies.contract_details(1, CALL, WEDNESDAY.date(), 178))
    line.hear(replies.contract_details_end(1))
    details, end = told(line.session)
    assert (details[1], end[2]) == ("70", "70")
    line.hear(replies.contract_details_end(1))
    assert told(line.session) == []


def test_a_contract_that_was_never_told_cannot_be_watched(line: Line) -> None:
    line.watch(line.session, 5)
    assert [each[3] for each in told(line.session)] == ["200"]
    assert line.asked == []


def test_one_stream_serves_all_and_ends_with_the_last(line: Line) -> None:
    line.learn()
    other = line.client(2)
    line.watch(line.session, 5)
    line.hear(replies.tick_price(1, 66, "0.42", 10))
    line.watch(other, 6)
    assert [each[:5] for each in told(other)] == [["1", "6", "6", "66", "0.42"]]
    assert [question for question, _ in line.asked] == [Question.MARKET_DATA]
    for session, req_id in ((line.session, 5), (other, 6)):
        line.relay.answer(session, requests.CancelMarketData(req_id=req_id))
    line.relay.tend()
    assert line.asked[1:] == [(Question.CANCEL_MARKET_DATA, (1, 1))]


def test_ticks_make_the_market_and_those_of_a_refusal_do_not(line: Line) -> None:
    line.learn()
    line.watch(line.session, 5)
    line.hear(replies.tick_price(1, 1, "0.42", 10))
    line.hear(replies.tick_price(1, 2, "-1", 0))
    line.hear(replies.tick_size(1, 0, 7))
    line.hear(replies.error(1, 10167, "delayed", 178))
    quote = line.stand.world.quote(CALL)
    assert (str(quote.bid), quote.ask, str(quote.bid_size)) == ("0.42", None, "7")
    assert told(line.session)[-1][:4] == ["4", "2", "5", "10167"]


def test_a_rule_goes_to_all_who_asked_for_it(line: Line) -> None:
    other = line.client(2)
    for session in (line.session, other):
        line.relay.answer(session, requests.RequestMarketRule(rule=26))
    line.hear(replies.market_rule(26))
    assert told(line.session) == told(other) == [["93", "26", "1", "0", "0.01"]]


def test_a_lost_gateway_leaves_nothing_behind(line: Line) -> None:
    line.learn()
    line.watch(line.session, 5)
    line.hear(replies.tick_price(1, 1, "0.42", 10))
    line.relay.end()
    assert line.stand.world.quote(CALL).bid is None
    line.asked.clear()
    line.relay.tend()
    assert line.asked == []
    line.relay.begin(line.ask, 178)
    assert [question for question, _ in line.asked] == [Question.MARKET_DATA]


def test_what_is_not_understood_is_passed_over(line: Line) -> None:
    line.relay.hear(["5", "1"])
    line.relay.hear(["9999", "1"])
    line.relay.hear(["1", "6"])
    assert told(line.session) == []
