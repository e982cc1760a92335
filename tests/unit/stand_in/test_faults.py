"""Planned faults: read from text, taken once, in order."""

import pytest

from orrery.stand_in.errors import StandInError
from orrery.stand_in.faults import Fault, FaultKind, FaultPlan, fault_plans


def test_faults_of_frames_and_of_rest_are_planned_apart() -> None:
    frames, rest = fault_plans(["stall@20:0.5", "rest_429@1:7", "drop@10", "skip@5:depth", "close@30"])
    assert frames.take(4) == []
    assert frames.take(10, "trade") == [Fault(FaultKind.DROP, 10, "", 0.0)]
    assert frames.take(11, "depth") == [Fault(FaultKind.SKIP, 5, "depth", 0.0)]
    assert frames.take(100) == [Fault(FaultKind.STALL, 20, "", 0.5), Fault(FaultKind.CLOSE, 30, "", 1001.0)]
    assert frames.take(1_000) == []
    assert rest.take(1) == [Fault(FaultKind.REST_429, 1, "", 7.0)]


@pytest.mark.parametrize("kind", FaultKind)
def test_every_kind_can_be_planned(kind: FaultKind) -> None:
    plans = fault_plans([f"{kind}@3"])
    assert sum(len(plan.take(3)) for plan in plans) == 1


def test_equal_faults_happen_as_often_as_they_are_planned() -> None:
    plan, _ = fault_plans(["drop@1", "drop@1"])
    assert len(plan.take(1)) == 2
    assert FaultPlan([]).take(1) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("explode@3", "expected kind@number"),
        ("drop", "expected kind@number"),
        ("drop@0", "expected kind@number"),
        ("drop@x", "expected kind@number"),
        ("drop@3:now", "expected no argument to drop, found 'now'"),
        ("stall@3:long", "expected a number from 0 as argument, found 'long'"),
        ("stall@3:-1", "expected a number from 0 as argument, found '-1'"),
        ("stall@3:inf", "expected a number from 0 as argument, found 'inf'"),
    ],
)
def test_a_fault_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(StandInError) as raised:
        fault_plans([text])
    assert said in str(raised.value)
