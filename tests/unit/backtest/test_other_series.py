"""Strategies that read other timeframes and symbols see closed bars only: cutting the data off behind a moment changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, override

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.messages import Bar
from services.backtest import longer_bars, other_series
from services.backtest.bars_table import BarTable
from services.backtest.engine import BacktestRun, run
from services.backtest.longer_bars import LongerBars, longer
from services.backtest.plan import Plan, PlanError, Steps
from services.backtest.result import RunResult
from tests.unit.backtest.builders import MINUTE, T0, plan, table, walk
from tests.unit.backtest.reading import Seen, ended_by, holed, sources, writing

TWO = """
strategy = { name = "two", symbols = { "BTCUSDT" } }
function detect_opportunity(md, context, indicators)
  local hour, other = indicators.bar("5m"), indicators.bar("", "ETHUSDT")
  context.text = (hour and hour.close or "-") .. " " .. (other and other.close or "-")
  print(md.timestamp, hour and hour.timestamp, hour and hour.open, hour and hour.close, other and other.timestamp)
end
function filter_commitment(md, context, indicators) end
function manage_position(md, context, indicators) end
"""


def seen_in(of: Plan) -> tuple[RunResult, list[Seen]]:
    """Run a plan; return its result and all that strategies were shown."""
    make_host, seen = writing(of.make_host)
    result = run(replace(of, make_host=make_host))
    assert not result.error or "paused" in result.error, result.error
    return result, seen


def market(seed: int) -> tuple[BarTable, ...]:
    """Return bars of three symbols with holes, those of the third three times as long."""
    btc, eth = (holed(walk(150, seed + number, name), seed, 0.06) for number, name in enumerate(("BTCUSDT", "ETHUSDT")))
    sol = walk(50, seed + 2, "SOLUSDT")
    starts = (T0 // (3 * MINUTE) + 1) * 3 * MINUTE + np.arange(50, dtype=np.int64) * 3 * MINUTE
    sol = BarTable("SOLUSDT", "3m", starts, sol.open, sol.high, sol.low, sol.close, sol.volume)
    return btc, eth, sol


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=sources(on=("bar", "bar", "tick")), seed=st.integers(0, 10_000), cut=st.integers(6, 140))
def test_what_is_cut_off_changes_nothing_before(tmp_path: Path, source: str, seed: int, cut: int) -> None:
    tables, end_ns = market(seed), T0 + cut * MINUTE
    whole = plan(tmp_path, source, *tables)
    short = replace(whole, tables=tuple(ended_by(each, end_ns) for each in tables))
    (full, all_seen), (part, seen) = seen_in(whole), seen_in(short)
    # At the end itself a run on quotes still hears the open of the bar that begins then.
    until = end_ns / 1e9 - (1e-3 if '"tick"' in source else 0.0)
    assert [each for each in seen if each.at <= until] == [each for each in all_seen if each.at <= until]
    orders = [trade for trade in full.trades if trade.exit_ns < end_ns]
    assert part.trades[: len(orders)] == tuple(orders)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=sources(), seed=st.integers(0, 10_000))
def test_the_order_of_the_data_and_of_stepping_changes_nothing(tmp_path: Path, source: str, seed: int) -> None:
    whole = plan(tmp_path, source, *market(seed))
    seen = by_runner(seen_in(whole)[1])
    assert by_runner(seen_in(replace(whole, tables=whole.tables[::-1]))[1]) == seen
    assert by_runner(seen_in(replace(whole, steps=Steps.BAR))[1]) == seen


def by_runner(seen: Sequence[Seen]) -> dict[str, list[Seen]]:
    return {name: [each for each in seen if each.runner == name] for name in sorted({each.runner for each in seen})}


def printed(of: Plan) -> list[list[str]]:
    made = BacktestRun(of)
    assert not made.run().error
    (runner,) = made._signal.roster.runners.values()
    return [line.split("\t") for line in runner.asker.lines]


def test_a_bar_is_seen_from_the_update_at_its_end_on(tmp_path: Path) -> None:
    start = (T0 // (5 * MINUTE) + 1) * 5 * MINUTE
    rows = [(100.0 + number, 101.0 + number, 99.0 + number, 100.5 + number) for number in range(12)]
    btc, eth = (table(*rows, symbol=name) for name in ("BTCUSDT", "ETHUSDT"))
    moved = [
        BarTable(each.symbol, "1m", each.start_ns - T0 + start, each.open, each.high, each.low, each.close, each.volume)
        for each in (btc, eth)
    ]
    lines = printed(plan(tmp_path, TWO, *moved))
    ends = [None if line[1] == "nil" else (float(line[1]) * 1e9 - start) / MINUTE for line in lines]
    assert ends == [None, None, None, None, 5, 5, 5, 5, 5, 10, 10, 10]
    assert next(line[2:4] for line in lines if line[1] != "nil") == ["100.0", "104.5"]
    assert [line[4] for line in lines] == [line[0] for line in lines]


def test_a_hole_in_another_symbol_leaves_its_latest_bar(tmp_path: Path) -> None:
    btc, eth = walk(30, 1), walk(30, 2, "ETHUSDT")
    holes = eth.rows(0, 10), eth.rows(14, 30)
    columns = [np.concatenate([getattr(part, name) for part in holes]) for name in ("start_ns", "open", "high", "low")]
    columns += [np.concatenate([getattr(part, name) for part in holes]) for name in ("close", "volume")]
    lines = printed(plan(tmp_path, TWO, btc, BarTable("ETHUSDT", "1m", *columns)))
    ages = [round((float(line[0]) - float(line[4])) / 60) for line in lines]
    assert ages == [0] * 10 + [1, 2, 3, 4] + [0] * 16


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (
            'indicators.ema(3, "90s")',
            ':4: indicators.ema(3, "90s"): expected a multiple of 1m, which the data of BTCUSDT',
        ),
        ('indicators.ema(3, "1s")', ':4: indicators.ema(3, "1s"): expected a multiple of 1m'),
        (
            'indicators.ema(3, "1h", "XRPUSDT")',
            ':4: indicators.ema(3, "1h", "XRPUSDT"): expected a symbol that there are',
        ),
    ],
)
def test_what_the_data_cannot_give_is_named(tmp_path: Path, read: str, text: str) -> None:
    source = TWO.replace("  context.text", f"  context.x = {read}\n  context.text", 1)
    source = source.replace("  local hour", "  local x = 1 local hour", 1)
    with pytest.raises(PlanError, match=r"strategy0\.lua:") as caught:
        plan(tmp_path, source, walk(30, 1), walk(30, 2, "ETHUSDT"))
    assert text.partition(": ")[2] in str(caught.value)


def cut_apart(tmp_path: Path) -> tuple[list[Seen], list[Seen]]:
    """Return what is seen in the first half of a run, and in a run on the first half of its data."""
    whole = plan(tmp_path, TWO, walk(60, 3), walk(60, 4, "ETHUSDT"))
    end_ns = T0 + 33 * MINUTE
    short = replace(whole, tables=tuple(ended_by(each, end_ns) for each in whole.tables))
    return [each for each in seen_in(whole)[1] if each.at <= end_ns / 1e9], seen_in(short)[1]


def test_a_bar_that_is_told_too_early_waits_for_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Early(LongerBars):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.next_ns = 0

        @override
        def until(self, now_ns: int) -> Iterator[Bar]:
            return super().until(now_ns + 5 * MINUTE)

    full, short = cut_apart(tmp_path)
    monkeypatch.setattr(other_series, "LongerBars", Early)
    assert cut_apart(tmp_path) == (full, short) == (short, full)


def test_a_planted_leak_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer bars that already know what follows them."""

    def knowing(table: BarTable, timeframe: str) -> BarTable:
        made = longer(table, timeframe)
        later = np.minimum(np.arange(len(made)) + 1, len(made) - 1)
        prices = [column[later] for column in (made.open, made.high, made.low, made.close)]
        return BarTable(
            made.symbol, made.timeframe, made.start_ns, prices[0], prices[1], prices[2], prices[3], made.volume
        )

    monkeypatch.setattr(longer_bars, "longer", knowing)
    full, short = cut_apart(tmp_path)
    assert full != short


LATE = """
function detect_opportunity(md, context, indicators)
  context.n = (context.n or 0) + 1
  if md.timestamp > 1.6e9 and context.n > 37 then context.slow = indicators.ema(2, "5m") end
  if context.n % 9 == 0 then return { signal = "up", slow = context.slow } end
end
function filter_commitment(md, context, indicators) return { action = "enter_long", quantity = 1 } end
function manage_position(md, context, indicators)
  context.n = context.n + 1
  if context.n % 4 == 0 then return { action = "exit", reason = tostring(context.slow) } end
end
"""


def test_a_series_found_in_the_middle_begins_there_by_span_and_by_bar(tmp_path: Path) -> None:
    made = plan(tmp_path, LATE, walk(200, 5))
    assert made.longer == ()
    runs = [BacktestRun(replace(made, steps=steps)) for steps in Steps]
    results = [each.run() for each in runs]
    assert [result.error for result in results] == ["", ""]
    assert results[0].digest == results[1].digest
    assert runs[0].snapshots() == runs[1].snapshots()
    (runner,) = runs[0]._signal.roster.runners.values()
    assert runner.asker.readings.all["BTCUSDT", "5m"].seen > 20
    assert any("9" in trade.exit_reason for trade in results[0].trades)


def test_a_series_found_in_the_middle_that_cannot_be_made_ends_the_run_with_its_place(tmp_path: Path) -> None:
    result = run(plan(tmp_path, LATE.replace('"5m"', '"90s"'), walk(200, 5)))
    assert not result.is_complete
    assert "lua:4: " in result.error
    assert "expected a multiple of 1m" in result.error
