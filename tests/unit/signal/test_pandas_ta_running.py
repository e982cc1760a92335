"""`indicators.ta` in strategies: what Lua sees, what it is told when it is wrong, and the same however bars come."""

from dataclasses import replace
from pathlib import Path

import pytest

from common.messages import AnyMessage, Bar, BarSource
from orrery.validating.spelling import misspelt
from services.backtest.checks.lookahead import check_lookahead
from services.backtest.engine import run
from services.backtest.plan import Steps
from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import title_of
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import validate_source
from tests.unit.checks.cases import ROOT, market, plan_of
from tests.unit.signal.support import INSTRUMENTS, SYMBOL, ask, detecting, lua_host

HULL = ROOT / "tests" / "fixtures" / "ta" / "hull.lua"
BARS = market(160)
HULL_PLAN = plan_of(HULL, BARS)
KEYS = (IndicatorKey("ta:macd", (12, 26, 9)), IndicatorKey("ta:hma", (20, 1)), IndicatorKey("ta:hl2", ()))


def test_lua_reads_all_outputs_in_their_order() -> None:
    body = """
      local m, h, s = indicators.ta("macd")
      local same = indicators.ta("macd", { slow = 26, fast = 12 })
      return { m = m, h = h, s = s, same = same, hma = indicators.ta("hma", { length = 20, mamode = "sma" }),
               mid = indicators.ta("hl2", {}) }"""
    outcome = ask(lua_host(detecting(body), indicators=KEYS), values=[1.0, 2.0, 3.0, 4.0, 5.0])
    assert outcome.answer == {"m": 1.0, "h": 2.0, "s": 3.0, "same": 1.0, "hma": 4.0, "mid": 5.0}
    assert not outcome.wanted


def test_what_is_asked_for_first_is_wanted_and_nil() -> None:
    body = 'return { none = indicators.ta("ema", { length = 9.0, presma = false }) == nil }'
    outcome = ask(lua_host(detecting(body)))
    assert outcome.answer == {"none": True}
    assert outcome.wanted == (IndicatorKey("ta:ema", (9, 0)),)


def test_the_strategy_s_own_parameters_can_be_passed_on() -> None:
    body = 'return { none = indicators.ta("hma", context.params) == nil }'
    outcome = ask(lua_host(detecting(body), params={"length": 33}))
    assert outcome.wanted == (IndicatorKey("ta:hma", (33, 2)),)


def test_another_timeframe_and_symbol_stand_behind_the_parameters() -> None:
    body = """
      local hour = indicators.ta("hma", { length = 20 }, "60m")
      local again = indicators.ta("hma", { length = 20 }, "1h")
      return { none = hour == nil and again == nil and indicators.ta("hl2", nil, "1h", "ETHUSDT") == nil }"""
    outcome = ask(lua_host(detecting(body)))
    assert outcome.wanted == (
        IndicatorKey("ta:hma", (20, 2), "1h"),
        IndicatorKey("ta:hl2", (), "1h", "ETHUSDT"),
    ), outcome
    assert title_of(outcome.wanted[1]) == 'ta("hl2", nil, "1h", "ETHUSDT")'


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ('"hmaa"', 'indicators.ta("hmaa"): pandas-ta has no such indicator'),
        ('"hma|1"', "pandas-ta has no such indicator"),
        ('"zigzag"', 'indicators.ta("zigzag"): refused: it looks ahead'),
        ('"hma", { lenght = 3 }', 'indicators.ta("hma"): no parameter lenght; there are length, mamode'),
        ('"hma", { 3 }', 'indicators.ta("hma"): no parameter 1; there are length, mamode'),
        ('"hl2", { length = 3 }', 'indicators.ta("hl2"): no parameter length; there are none'),
        ('"hma", { mamode = "x" }', 'indicators.ta("hma"): mamode: expected one of ema, sma, wma, found x'),
        ('"hma", { length = 2.5 }', "indicators.ta:hma: length: expected an integer from 1 to 1000, found 2.5"),
        ('"hma", { length = -1 }', "length: expected an integer from 1 to 1000, found -1"),
        ('"hma", { length = "20" }', "length: expected a number, found 20"),
        ('"hma", { length = "1h" }', "length: expected a number, found 1h"),
        ('"hma", { length = 20 }, "1x"', "indicators.ta:hma: timeframe: expected a number and one of ms s m h d w"),
        ('"hma", { length = 0/0 }', "length: expected an integer from 1 to 1000, found"),
        ('"ema", { presma = 1 }', "presma: expected one of false, true, found 1"),
        ('"hma", 20', "indicators.ta: expected a name and a table of parameters, such as { length = 20 }"),
        ("{}", "indicators.ta: expected the name of an indicator, found a table"),
        ("", "indicators.ta: expected the name of an indicator, found a nil"),
    ],
)
def test_mistakes_are_named_with_their_line(call: str, text: str) -> None:
    outcome = ask(lua_host(detecting(f"\n  local x = indicators.ta({call})")))
    assert outcome.error is not None
    assert text in outcome.error.text
    assert outcome.error.text.startswith("strategies/demo.lua:3: "), outcome.error.text


def test_validation_names_those_that_are_written_alike() -> None:
    source = HULL.read_text().replace('"hma"', '"hna"')
    report = validate_source(source.encode(), "hull.lua")
    assert not report.ok
    assert report.problems[0].line == 10
    assert "did you mean ha or hma?" in report.problems[0].hint
    told = misspelt("hull.lua", source)
    assert [(problem.line, problem.hint) for problem in told] == [(10, told[0].hint), (25, told[0].hint)]


def test_validation_says_what_it_uses_and_when_it_is_warm() -> None:
    report = validate_source(HULL.read_bytes(), "hull.lua")
    assert report.ok, report.problems
    assert report.indicators == ['ta("hma", {length = 9})', 'ta("eri", {length = 8})']
    assert report.trial is not None
    assert report.trial.warm_after is not None
    assert not misspelt("hull.lua", HULL.read_text())


def core() -> SignalCore:
    spec = RunnerSpec(strategy=HULL_PLAN.strategies[0], symbol=SYMBOL, timeframe="1h", currency="USDT")
    return SignalCore([spec], lua_factory(LuaLimits()), INSTRUMENTS)


def bars() -> list[Bar]:
    columns = (BARS.start_ns, BARS.end_ns, BARS.open, BARS.high, BARS.low, BARS.close, BARS.volume)
    return [
        Bar(
            event_ns=end_ns, received_ns=end_ns, symbol=SYMBOL, timeframe="1h", start_ns=start_ns, end_ns=end_ns,
            open=open_, high=high, low=low, close=close, volume=volume, trade_count=1, source=BarSource.TRADES,
        )
        for start_ns, end_ns, open_, high, low, close, volume in zip(*(column.tolist() for column in columns), strict=True)
    ]  # fmt: skip


def fed(one: SignalCore, some: list[Bar]) -> list[AnyMessage]:
    return [message for bar in some for message in one.handle(bar, bar.end_ns)]


def test_a_core_goes_on_after_a_restart() -> None:
    whole, halved, restarted = core(), core(), core()
    first = fed(halved, bars()[:90])
    restarted.restore(halved.snapshot())
    found = fed(whole, bars())
    assert found == first + fed(restarted, bars()[90:])
    assert restarted.snapshot() == whole.snapshot()
    assert found


def test_spans_single_bars_and_the_running_core_agree() -> None:
    results = [run(replace(HULL_PLAN, steps=steps)) for steps in Steps]
    assert len({result.digest for result in results}) == 1
    assert results[0].trades
    assert results[0].trades[0].entry_ns == fed(core(), bars())[0].event_ns


@pytest.mark.slow
def test_it_does_not_look_ahead() -> None:
    assert not check_lookahead(HULL_PLAN, cuts=4).findings


def test_a_strategy_with_it_can_be_added_while_running(tmp_path: Path) -> None:
    """What it asks for first at run time is made up from the bars in the window."""
    late = tmp_path / "late.lua"
    late.write_text(HULL.read_text().replace("context.params.length }", "4 + market_data.timestamp // 3600 % 3 }"))
    plan = plan_of(late, BARS)
    assert len({run(replace(plan, steps=steps)).digest for steps in Steps}) == 1
