"""The backtest on recorded events: order, determinism, warm-up, and what a fault leaves behind."""

from pathlib import Path

import pytest

from common.messages import AnyMessage
from services.backtest.events import run_events
from services.backtest.plan import PlanError
from tests.unit.backtest.builders import ONCE, T0
from tests.unit.backtest.event_runs import (
    MILLISECOND,
    SECOND,
    Timed,
    bar,
    event_plan,
    quote,
    recorded_messages,
    run_recording,
)

EMA = Path("strategies") / "ema_crossover.lua"
RECORDING = Path("tests") / "fixtures" / "binance" / "btcusdt_20240808_ws.jsonl.gz"


def seconds(count: int, price: float = 100.0) -> list[Timed]:
    """Return a quote half way through each second, and a bar at its end."""
    return [
        event
        for n in range(count)
        for event in (quote(n * 1_000 + 500, price + n, price + n + 1), bar(n * 1_000 + 1_000, price + n))
    ]


def once(tmp_path: Path, answer: str) -> Path:
    path = tmp_path / "once.lua"
    path.write_text(ONCE % answer)
    return path


def test_a_recording_of_frames_runs_through_all_cores_and_repeats_itself(project_root: Path) -> None:
    plan = event_plan(project_root / EMA)
    first, again = (run_recording(plan, project_root / RECORDING) for _ in range(2))
    assert first.error == ""
    assert first.events > 1_000
    assert first.bars > 5
    assert (first.digest, first.digests) == (again.digest, again.digests)
    assert set(first.digests) == {"intents", "decisions", "reports"}


def test_messages_as_published_give_what_frames_through_the_core_give(project_root: Path) -> None:
    plan = event_plan(project_root / EMA)
    messages = recorded_messages(plan, project_root / RECORDING)
    assert [at for at, _ in messages] == sorted(at for at, _ in messages)
    assert run_events(plan, messages).digest == run_recording(plan, project_root / RECORDING).digest


def test_an_order_decided_at_a_bar_fills_at_the_quote_that_stood_then(tmp_path: Path) -> None:
    plan = event_plan(once(tmp_path, 'action = "enter_long", quantity = 2'), params={"leave": 2})
    result = run_events(plan, seconds(8))
    assert result.error == ""
    (trade,) = result.trades
    # The third bar decides, the ask of 2.5 s stands; the fifth manages a second time, and the bid of 4.5 s stands.
    assert (trade.entry_ns, float(trade.entry_price)) == (T0 + 3 * SECOND, 103.0)
    assert (trade.exit_ns, float(trade.exit_price), float(trade.pnl)) == (T0 + 5 * SECOND, 104.0, 2.0)


def test_what_comes_later_changes_nothing_before_it(tmp_path: Path) -> None:
    plan = event_plan(once(tmp_path, 'action = "enter_long", quantity = 2'))
    short = run_events(plan, seconds(4))
    other = run_events(plan, [*seconds(4), *(quote(4_000 + n, 1.0, 2.0) for n in range(50))])
    assert short.fills == other.fills == 1
    assert short.digests == other.digests


def test_before_the_start_nothing_is_asked_and_at_the_end_nothing_is_taken(tmp_path: Path) -> None:
    plan = event_plan(
        once(tmp_path, 'action = "enter_long", quantity = 2'), start_ns=T0 + 4 * SECOND, end_ns=T0 + 9 * SECOND
    )
    events = [event for event in seconds(20) if event[0] != T0 + 4 * SECOND]
    result = run_events(plan, events)
    assert (result.bars, result.fills) == (4, 1)
    assert result.equity[-1].time_ns <= T0 + 9 * SECOND


def test_the_curve_is_cash_plus_what_is_held_at_its_mid(tmp_path: Path) -> None:
    plan = event_plan(once(tmp_path, 'action = "enter_long", quantity = 2'))
    result = run_events(plan, seconds(6))
    last = result.equity[-1]
    assert last.exposure == 2 * (105.0 + 106.0) / 2
    assert last.equity == pytest.approx(float(result.initial_cash) - 2 * 103.0 + last.exposure)
    assert len({len(column) for column in result.closes.values()} | {len(result.equity)}) == 1


def test_a_fault_keeps_what_was_found(tmp_path: Path) -> None:
    class Broken:
        """Events that cannot be read further."""

        def __iter__(self) -> "Broken":
            return self

        def __init__(self) -> None:
            self._left = seconds(4)

        def __next__(self) -> tuple[int, AnyMessage]:
            if not self._left:
                raise ValueError("the tape is torn")
            return self._left.pop(0)

    result = run_events(event_plan(once(tmp_path, 'action = "enter_long", quantity = 2')), Broken())
    assert not result.is_complete
    assert "event 9: ValueError: the tape is torn" in result.error
    assert (result.events, result.fills) == (8, 1)


def test_a_plan_without_runners_or_range_is_refused(tmp_path: Path) -> None:
    script = once(tmp_path, 'action = "enter_long", quantity = 2')
    with pytest.raises(PlanError, match="expected a strategy"):
        event_plan(script, symbols=())
    with pytest.raises(PlanError, match="expected each once"):
        event_plan(script, symbols=("BTCUSDT", "BTCUSDT"))
    with pytest.raises(PlanError, match="expected an end after the start"):
        event_plan(script, start_ns=T0 + MILLISECOND, end_ns=T0)
