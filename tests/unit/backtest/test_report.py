"""The report: whole in one file, bounded, honest, and safe against what names and reasons hold."""

import json
import math
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, override

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backtest.data_quality import Finding, Problem, QualityReport
from services.backtest.engine import run as run_plan
from services.backtest.events import run_events
from services.backtest.metrics import compute
from services.backtest.on_bad import OnBad
from services.backtest.report import render, trade_rows
from services.backtest.report.calendar import daily, monthly, yearly
from services.backtest.report.distribution import histogram
from services.backtest.report.indicators import BarTap, event_indicator_series, indicator_series
from services.backtest.report.thinning import MS_NS, thin
from services.backtest.report.words import TIERS, duration, number, percent
from services.backtest.result import DataTier, EquityPoint, RunResult
from services.signal.core.indicators.ema import Ema
from tests.unit.backtest.builders import EMA, MINUTE, T0, plan, walk
from tests.unit.backtest.event_runs import bar, event_plan, quote
from tests.unit.backtest.runs import DAY_NS, MINUTE_NS, START_NS, run, trade, wave

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """What a browser would find: tags, attributes, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.data: dict[str, Any] = {}
        self.words: list[str] = []
        self._is_data = False
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self._is_data = ("id", "data") in attrs

    @override
    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.data, self._is_data = json.loads(data), False
        self.words.append(data)


def page(result: RunResult, **more: Any) -> Page:
    return Page(render(result, compute(result), **more))


def values_of(curve: list[Any]) -> list[float]:
    return list(curve[1])


def test_a_report_holds_everything_it_shows() -> None:
    trades = (trade(0, "10.5"), trade(1, "-3"))
    shown = page(run([5 * value for value in wave(500)], trades=trades))
    text = " ".join(shown.words)
    assert set(shown.links) == {"data:,"}
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\((?!#)", text)
    for expected in ("ema_crossover", "2 duplicates dropped", "ab" * 32, "0123456789abcdef" * 4, "fast", "Sharpe"):
        assert expected in text
    assert shown.data["trades"]["pnl"] == [10.5, -3.0]


def test_nothing_from_outside_becomes_markup() -> None:
    result = run(
        [100_000.0, 99_000.0],
        name=EVIL,
        strategies=(EVIL,),
        params={EVIL: {EVIL: EVIL}},
        settings={EVIL: EVIL},
        closes={EVIL: (1.0, 2.0)},
        trades=(trade(0, "1", EVIL, entry_reason=EVIL, symbol=EVIL),),
        digest=EVIL,
        error=EVIL,
        is_complete=False,
    )
    shown = page(result, indicators={EVIL: {EVIL: [1.0, 2.0]}})
    assert shown.tags.count("script") == 2
    assert "img" not in shown.tags
    assert EVIL in shown.data["trades"]["words"]


@pytest.mark.parametrize("tier", list(DataTier))
def test_each_tier_says_what_it_cannot_know(tier: DataTier) -> None:
    text = " ".join(page(run([100_000.0], tier=tier)).words)
    assert TIERS[tier].can in text
    assert TIERS[tier].cannot in text


@pytest.mark.parametrize("values", [[], [100_000.0], [100_000.0] * 40, [0.0, 0.0, -1.0]])
def test_odd_runs_have_a_report(values: list[float]) -> None:
    assert "NaN" not in render(run(values), compute(run(values)))


def test_a_partial_run_says_so() -> None:
    words = page(run([100_000.0], is_complete=False, error="range.lua:7: nil at bar 31337")).words
    assert any("range.lua:7: nil at bar 31337" in word for word in words)


def test_a_large_run_stays_small_and_keeps_its_extremes() -> None:
    values = [100_000.0 + n % 977 for n in range(60_000)]
    values[31_337], values[44_444] = 250_000.0, 50_000.0
    result = run(values, trades=tuple(trade(n, "1.5") for n in range(2_000)))
    text = render(result, compute(result), {"BTCUSDT": {"ema(10)": wave(60_000), "rsi(14)": [50.0] * 60_000}})
    data = Page(text).data
    equity = values_of(data["account"]["equity"])
    assert "the lowest and the highest value of every 20 bars" in text
    assert (max(equity), min(equity)) == (250_000.0, 50_000.0)
    assert min(values_of(data["account"]["drawdown"])) == pytest.approx(-0.8)
    assert list(data["prices"][0]["overlays"]) == ["ema(10)"]
    assert list(data["prices"][0]["panels"]) == ["rsi(14)"]


def test_the_trade_list_is_bounded_and_keeps_the_best_and_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trade_rows, "MOST_TRADES", 12)
    profits = {40: "900", 41: "800", 42: "700", 50: "-900", 51: "-800", 52: "-700"}
    trades = [trade(n, profits.get(n, "1")) for n in range(100)]
    numbers = [1, 2, 3, 41, 42, 43, 51, 52, 53, 98, 99, 100]
    assert trade_rows.trade_columns(trades)["number"] == numbers
    assert trade_rows.trade_columns(trades)["pnl"] == [float(trades[number - 1].pnl) for number in numbers]
    assert trade_rows.listed(trades[:10]) == [*range(10)]


def test_as_many_trades_and_points_as_there_may_be_take_less_than_3_mb() -> None:
    values = [98_765.4321 + 1.234567 * n % 977 for n in range(70_000)]
    trades = tuple(
        trade(n, f"{n % 971}.1234567", ["one", "two", "three"][n % 3], entry_price=Decimal(f"{20_000 + n % 937}.12345"))
        for n in range(trade_rows.MOST_TRADES + 1)
    )
    result = run(values, trades=trades, closes={f"S{n}": tuple(wave(70_000, n)) for n in range(3)})
    indicators = {symbol: {f"ema({n})": result.closes[symbol] for n in range(4)} for symbol in result.closes}
    text = render(result, compute(result), indicators)
    assert len(text) < 3_000_000
    assert "the worst 2,500 of 10,001 trades" in text


def test_parts_are_drawn_where_there_are_several() -> None:
    trades = (trade(0, "10"), trade(1, "-4", "range"), trade(2, "7"))
    assert page(run([1.0, 2.0], trades=trades[::2])).data["parts"] == []
    (drawn,) = page(run([1.0, 2.0], trades=trades)).data["parts"]
    assert drawn["title"] == "strategy"
    assert values_of(drawn["curves"]["ema"]) == [0.0, 10.0, 17.0]
    assert values_of(drawn["curves"]["range"]) == [0.0, -4.0]


def test_what_was_found_in_the_data_is_said() -> None:
    quality = QualityReport(
        on_bad=OnBad.DROP,
        timeframe="1m",
        rows_read=1_000,
        bars_kept=990,
        bars_filled=0,
        gaps=2,
        bars_missing=7,
        longest_gap_ns=5 * MINUTE_NS,
        longest_gap_start_ns=START_NS,
        findings=(Finding(problem=Problem.NOT_POSITIVE, rows=10, first_row=77, action="dropped"),),
    )
    result = run([100_000.0])
    (source,) = result.provenance
    noted = msgspec.structs.replace(result, provenance=(msgspec.structs.replace(source, quality=quality),))
    text = " ".join(page(noted).words)
    for expected in ("7 in 2 gaps", "5 m from 2023-11-15 00:00:00", "10 rows, the first is row 77: dropped"):
        assert expected in text
    assert "Data quality" not in " ".join(page(result).words)


@pytest.mark.parametrize(("values", "is_on_price"), [
    ([20_100.0] * 300, True),
    ([math.nan] * 100 + [19_000.0] * 200, True),
    ([30.0 + n % 40 for n in range(300)], False),
    ([20_000.0 * (1 + n % 2) for n in range(300)], False),
    ([math.nan] * 300, False),
])  # fmt: skip
def test_what_keeps_near_the_price_is_drawn_on_it(values: list[float], is_on_price: bool) -> None:
    (drawn,) = page(run([1.0] * 300), indicators={"BTCUSDT": {"x": values}}).data["prices"]
    assert (list(drawn["overlays"]), list(drawn["panels"])) == ((["x"], []) if is_on_price else ([], ["x"]))


def test_indicators_are_those_the_strategy_was_told(tmp_path: Path) -> None:
    made = plan(tmp_path, EMA, walk(120, 3), start_ns=T0 + 50 * MINUTE)
    result = run_plan(made)
    series = indicator_series(made, result)["BTCUSDT"]
    assert list(series) == ["ema(10)", "ema(20)"]
    indicator = Ema(10)
    told = [indicator.update(close) for close in made.fed[0].close.tolist()]
    assert series["ema(10)"] == told[-len(result.equity) :]
    assert all(map(math.isfinite, series["ema(20)"]))
    assert indicator_series(made, msgspec.structs.replace(result, equity=())) == {}
    assert page(result, indicators={"BTCUSDT": series}).data["prices"][0]["overlays"].keys() == series.keys()


def test_indicators_of_a_run_on_events_come_from_the_bars_that_went_by(tmp_path: Path) -> None:
    script = tmp_path / "ema.lua"
    script.write_text(EMA)
    made, tap = event_plan(script), BarTap()
    events = [event for n in range(60) for event in (quote(n * 1_000, 9 + n % 7, 10 + n % 7), bar(n * 1_000 + 999, n))]
    result = run_events(made, tap.watch(events))
    series = event_indicator_series(made, [*tap.bars, tap.bars[-1]], result)["BTCUSDT"]
    indicator = Ema(10)
    told = [indicator.update(float(n)) for n in range(60)]
    assert list(series) == ["ema(10)", "ema(20)"]
    assert series["ema(10)"][-1] == told[-1]
    assert {value for value in series["ema(10)"] if math.isfinite(value)} <= set(told)


def test_an_entry_without_a_reason_has_its_signal(tmp_path: Path) -> None:
    trades = run_plan(plan(tmp_path, EMA, walk(200, 3))).trades
    assert {(each.entry_reason, each.exit_reason) for each in trades} == {("bullish", "crossed")}


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(math.nan)), max_size=300), st.integers(2, 60))
def test_thinning_keeps_ends_and_extremes(values: list[float | None], most: int) -> None:
    times = [START_NS + n * MINUTE_NS for n in range(len(values))]
    steps, kept = thin(times, values, most)
    numbers = [value for value in values if value is not None and math.isfinite(value)]
    assert len(steps) == len(kept) <= max(len(numbers) if len(numbers) <= most else 0, most + 4)
    if numbers:
        expected = [numbers[0], numbers[-1], min(numbers), max(numbers)]
        assert [kept[0], kept[-1], min(kept), max(kept)] == pytest.approx(expected, rel=1e-6)
        assert steps[0] >= START_NS // MS_NS
        assert all(step > 0 for step in steps)


@given(st.lists(st.decimals(-10_000, 10_000, places=2), max_size=60))
def test_a_histogram_counts_every_trade_once(profits: list[Decimal]) -> None:
    found = histogram([float(profit) for profit in profits])
    assert sum(found.counts) == len(profits)
    assert found.start <= 0.0
    if profits:
        assert len(found.counts) <= 42


def test_months_and_days_multiply_to_the_whole() -> None:
    values = [5 * value for value in wave(80)]
    equity = run(values, DAY_NS).equity
    months = monthly(100_000.0, equity)
    worth = 1.0
    for year in months.values():
        worth *= 1.0 + yearly(year)
    assert worth == pytest.approx(values[-1] / 100_000)
    assert list(months) == ["2023", "2024"]
    assert sum(map(len, daily(100_000.0, equity).values())) == 80
    assert daily(100_000.0, run([5 * value for value in wave(93)], DAY_NS).equity) == {}


def test_a_bar_that_ends_at_midnight_belongs_to_its_day() -> None:
    midnight = 1_704_067_200_000_000_000
    assert monthly(100.0, (EquityPoint(midnight, 110.0, 0.0),)) == {"2023": {12: pytest.approx(0.1)}}


def test_a_rolled_window_that_went_quiet_has_no_ratio() -> None:
    values = [100_000.0 + 31.7 * math.sin(n) for n in range(60)] + [100_020.1] * 240
    rolling = page(run(values)).data["rolling"]
    assert rolling["window"] == "30 bars"
    assert len(rolling["sharpe"][1]) < 65
    assert values_of(rolling["volatility"])[-1] == pytest.approx(0.0, abs=1e-4)


def test_rolled_figures_are_those_of_the_window() -> None:
    result = run([5 * value for value in wave(100)], DAY_NS)
    last = compute(
        msgspec.structs.replace(result, initial_cash=Decimal(repr(result.equity[69].equity)), equity=result.equity[70:])
    )
    rolling = page(result).data["rolling"]
    assert rolling["window"] == "30 days"
    assert values_of(rolling["sharpe"])[-1] == pytest.approx(last.sharpe, rel=1e-5)
    assert values_of(rolling["volatility"])[-1] == pytest.approx(last.volatility, rel=1e-5)


def test_numbers_are_written_for_people() -> None:
    assert (number(-1234.5), number(-0.0001), number(None)) == ("\N{MINUS SIGN}1,234.50", "0.00", "\N{EN DASH}")
    assert percent(0.12345) == "12.35 %"
    assert (duration(90_061 * 10**9), duration(0), duration(None)) == ("1 d 1 h", "0 s", "\N{EN DASH}")
