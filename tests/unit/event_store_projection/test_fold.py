"""The fold: one state for one history, however it was heard, cut, or where it is folded."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    Fill,
    Halt,
    OperatorCommand,
    OrderRefused,
    RejectReason,
    RunnerFailed,
    RunnerState,
    RunnerTransitioned,
)
from services.event_store.core.projection.compare import compare
from services.event_store.core.projection.fold import UNDECODABLE, Projection
from services.event_store.core.projection.shown import describe
from services.event_store.core.stored import Stored
from tests.unit.event_store_projection.runs import (
    as_stored,
    digest_of_the_run,
    folded,
    interleaved,
    stack,
    streams,
)
from tests.unit.test_cores_together import Stack, Step, steps

AT: dict[str, Any] = {"event_ns": 7, "received_ns": 8}
RUNNER: dict[str, Any] = {"runner": "ema:BTCUSDT", "strategy": "ema", "symbol": "BTCUSDT"}


@pytest.fixture(scope="module")
def run() -> Stack:
    return stack()


def test_the_state_does_not_depend_on_how_streams_interleave(run: Stack) -> None:
    found = streams(run)
    one_after_the_other = [message for messages in found.values() for message in messages]
    reports_first = [message for name in reversed(found) for message in found[name]]
    for kept in (0, 10, 1_000):
        expected = folded(one_after_the_other, kept)
        assert folded(reports_first, kept).digests() == expected.digests()
        for seed in range(5):
            assert folded(interleaved(found, seed), kept).snapshot() == expected.snapshot()


@given(steps, st.integers(0, 1_000), st.sampled_from((0, 3, 1_000)))
def test_any_run_folds_to_one_state_that_the_services_have(flow: list[Step], seed: int, kept: int) -> None:
    made = Stack()
    for step in flow:
        made.step(step)
    found = streams(made)
    one = folded([message for messages in found.values() for message in messages], kept)
    other = folded(interleaved(found, seed), kept)
    assert one.snapshot() == other.snapshot()
    assert compare(other.state, risk=made.risk.status(), execution=made.execution.status()) == []


def test_orders_that_are_over_leave_for_the_digest(run: Stack) -> None:
    found = interleaved(streams(run), 3)
    few, many = folded(found, 3).state.orders, folded(found, 10_000).state.orders
    assert few.ended.count == many.ended.count > 50
    assert few.refused.count == many.refused.count > 20
    assert len(few.ended.ids) == len(few.refused.ids) == 3
    assert len(few.by_id) < len(many.by_id)
    assert few.ended.digest != few.refused.digest != b""
    assert many.ended.digest == b""
    assert few.repeats == few.ended.incomplete == 0


def test_the_projection_agrees_with_the_services(run: Stack) -> None:
    projection = folded(interleaved(streams(run), 4))
    statuses = {"risk": run.risk.status(), "execution": run.execution.status()}
    assert compare(projection.state, **statuses) == []


def test_a_fill_that_is_missing_is_seen_by_the_comparison(run: Stack) -> None:
    found = interleaved(streams(run), 4)
    last = max(number for number, message in enumerate(found) if isinstance(message, Fill))
    projection = folded([*found[:last], *found[last + 1 :]])
    differences = compare(projection.state, risk=run.risk.status(), execution=run.execution.status())
    assert {difference.service for difference in differences} == {"execution"}
    assert any(difference.what.startswith("holding ") for difference in differences)


def test_a_snapshot_goes_on_identically(run: Stack) -> None:
    events = as_stored(interleaved(streams(run), 5))
    whole = Projection(10).take_all(events)
    for cut in (0, 1, len(events) // 2, len(events)):
        first = Projection(10).take_all(events[:cut])
        second = Projection()
        second.restore(first.snapshot())
        second.take_all(events[cut:])
        assert second.sequence == whole.sequence == len(events)
        assert second.snapshot() == whole.snapshot()
        assert second.digest() == whole.digest()


def test_the_digest_is_of_the_state_and_not_of_its_place_in_the_log(run: Stack) -> None:
    events = as_stored(interleaved(streams(run), 5))
    later = [Stored(e.sequence + 5, e.stored_ns, e.publisher, e.topic, e.number, e.payload) for e in events]
    assert Projection(10).take_all(later).digest() == Projection(10).take_all(events).digest()


def test_any_single_event_left_out_changes_the_digest(run: Stack) -> None:
    found = interleaved(streams(run), 6)[:120]
    whole = folded(found).digest()
    digests = {folded([*found[:n], *found[n + 1 :]]).digest() for n in range(len(found))}
    assert whole not in digests


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_another_process_gives_the_same_digest(seed: str, project_root: Path, tmp_path: Path) -> None:
    code = "from tests.unit.event_store_projection.runs import digest_of_the_run; print(digest_of_the_run())"
    environment = {
        **os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8", "HOME": str(tmp_path),
        "PYTHONPATH": str(project_root),
    }  # fmt: skip
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == digest_of_the_run()


def test_runners_halts_and_breaker() -> None:
    projection = folded([
        RunnerTransitioned(
            **AT, **RUNNER, before=RunnerState.IDLE, after=RunnerState.ANALYZING, reason="bullish", cause="bar:1"
        ),
        RunnerFailed(**AT, **RUNNER, error="x.lua:1: no", error_count=5, paused=True, cause="bar:2"),
        Halt(**AT, service="signal", error="AssertionError"),
        OrderRefused(
            **AT, runner="ema:BTCUSDT", symbol="BTCUSDT", intent_id="ema:BTCUSDT-1", reason=RejectReason.BREAKER_OPEN,
            limit="80", found="lost 81", detail="", cause="ema:BTCUSDT-1",
        ),
    ])  # fmt: skip
    shown = describe(projection.state)
    assert shown["runners"]["ema:BTCUSDT"] == {
        "state": "analyzing", "since_ns": 7, "reason": "bullish", "transitions": 1, "errors": 1,
        "last_error": "x.lua:1: no", "paused": True,
    }  # fmt: skip
    for at_ns, name, paused in ((9, "runner.resume", False), (12, "runner.pause", True), (10, "runner.resume", True)):
        command = OperatorCommand(
            id="x", service="signal", name=name, arguments={"runner": "ema:BTCUSDT"}, event_ns=at_ns, received_ns=at_ns
        )
        projection.apply(command)
        assert describe(projection.state)["runners"]["ema:BTCUSDT"]["paused"] is paused
    projection.apply(
        OperatorCommand(id="y", service="risk_manager", name="reset_breaker", arguments={}, event_ns=8, received_ns=8)
    )
    assert describe(projection.state)["breaker"] == {"reason": "", "refusals": 1}
    assert shown["halts"] == {"signal": "AssertionError"}
    assert shown["breaker"] == {"reason": "lost 81", "refusals": 1}
    assert shown["orders"]["open"]["ema:BTCUSDT-1"]["stage"] == "refused"


def test_the_flow_digest_is_not_moved_by_market_data(run: Stack) -> None:
    found = interleaved(streams(run), 7)
    projection = folded(found)
    before = projection.flow_digest(), projection.digest()
    projection.apply(run.risk._desk.state.markets["BTCUSDT"].quote)  # type: ignore[arg-type]  # there was a quote
    assert projection.flow_digest() == before[0]
    assert projection.digest() != before[1]


def test_bytes_of_another_schema_are_counted() -> None:
    projection = Projection()
    projection.take(Stored(1, 1, "signal", "intents", 1, b"\x81\xa4type\xa3new"))
    assert projection.state.counts == {UNDECODABLE: 1}
    with pytest.raises(ValueError, match="no projection"):
        projection.restore(b"\xc1")
