from hypothesis import given
from hypothesis import strategies as st

from autoscalper.simulator.faults import Action, Fault, FaultPlan


def test_a_fault_meets_the_message_it_waits_for_once() -> None:
    plan = FaultPlan()
    fault = Fault(on="placeOrder", action=Action.NO_ANSWER, nth=2)
    plan.arm(fault)
    met = [plan.meet(1, kind) for kind in ("placeOrder", "reqIds", "placeOrder", "placeOrder")]
    assert met == [None, None, fault, None]
    assert plan.armed() == {}


@given(nth=st.integers(1, 5), times=st.integers(0, 4))
def test_a_fault_meets_as_many_messages_as_it_was_told(nth: int, times: int) -> None:
    plan = FaultPlan()
    plan.arm(Fault(on="x", action=Action.OMIT, nth=nth, times=times))
    met = [plan.meet(1, "x") is not None for _ in range(12)]
    last = 12 if times == 0 else nth + times - 1
    assert met == [nth <= number <= last for number in range(1, 13)]


def test_a_fault_for_one_client_lets_others_pass() -> None:
    plan = FaultPlan()
    plan.arm(Fault(on="x", action=Action.OMIT, client=7))
    assert plan.meet(8, "x") is None
    assert plan.meet(None, "x") is None
    assert plan.meet(7, "x") is not None


def test_of_two_faults_the_older_is_met_and_both_count() -> None:
    plan = FaultPlan()
    plan.arm(Fault(on="x", action=Action.OMIT))
    plan.arm(Fault(on="any", action=Action.DELAY, nth=2))
    first, second = plan.meet(1, "x", "any"), plan.meet(1, "x", "any")
    assert first is not None and first.action is Action.OMIT
    assert second is not None and second.action is Action.DELAY


def test_faults_can_be_cleared_one_by_one_or_all() -> None:
    plan = FaultPlan()
    first = plan.arm(Fault(on="x", action=Action.OMIT))
    second = plan.arm(Fault(on="y", action=Action.OMIT))
    plan.clear(first)
    assert list(plan.armed()) == [second]
    plan.clear()
    assert plan.armed() == {}
