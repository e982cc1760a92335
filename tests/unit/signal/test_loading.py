"""Strategy files: found, checked, tried; every mistake with its file and line; and the runners of a configuration."""

from pathlib import Path
from typing import Any

import pytest

from common.config.models import Config
from common.messages import RunnerState
from services.signal.core.indicator import IndicatorKey
from services.signal.core.spec import DEFAULT_ANALYZING_TIMEOUT, ParameterSpec, Update
from services.signal.hosts.lua import LuaLimits
from services.signal.loading import (
    MAX_FILE_BYTES,
    Problem,
    StrategyFileError,
    build_runners,
    load_strategy,
    script_name,
    validate,
)

FUNCTIONS = """
function detect_opportunity(market_data, context, indicators)
  local fast = indicators.ema(context.params and context.params.fast or 5)
  if fast and market_data.close > fast then return { signal = "up" } end
end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", price = market_data.close, quantity = 1 }
end
function manage_position(market_data, context, indicators)
  if indicators.rsi(14) and indicators.rsi(14) > 60 then return { action = "exit", reason = "high" } end
end
"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Return a function that writes a strategy file."""

    def write_file(text: str, name: str = "demo.lua") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_file


def with_table(table: str) -> str:
    """Return a file with a strategy table, whose keys stand on line 2."""
    return f"strategy = {{\n{table}\n}}\n{FUNCTIONS}"


def test_a_file_with_the_three_functions_is_enough(write: Any) -> None:
    spec = load_strategy(write(FUNCTIONS, "plain.lua"))
    assert (spec.name, spec.timeframe, spec.warmup, spec.params) == ("plain", "", 0, {})
    assert (spec.stop_loss, spec.take_profit, spec.analyzing_timeout) == (None, None, DEFAULT_ANALYZING_TIMEOUT)
    assert spec.indicators == (IndicatorKey("ema", (5,)), IndicatorKey("rsi", (14,)))
    assert spec.lines == {"detect_opportunity": 2, "filter_commitment": 6, "manage_position": 9}


def test_everything_a_table_may_say(write: Any) -> None:
    table = """
  name = "mine", timeframe = "5m", warmup = 30, symbols = { "ETHUSDT" }, stop_loss = 0.02, take_profit = 0.5,
  analyzing_timeout = 7, evaluate_on = { in_position = "tick" }, tick_interval_ms = 250, description = "d", version = 1,
  params = { fast = { default = 10, min = 2, max = 100 }, flag = true, text = { default = "a" } },"""
    spec = load_strategy(write(with_table(table)), params={"fast": 12.0, "flag": False})
    assert (spec.name, spec.timeframe, spec.warmup, spec.symbols) == ("mine", "5m", 30, ("ETHUSDT",))
    assert (spec.stop_loss, spec.take_profit, spec.analyzing_timeout) == (0.02, 0.5, 7)
    assert (spec.evaluate_on, spec.tick_interval_ns) == ({RunnerState.IN_POSITION: Update.TICK}, 250_000_000)
    assert spec.params == {"fast": 12.0, "flag": False, "text": "a"}
    assert spec.declared["fast"] == ParameterSpec(10, 2, 100)
    assert spec.indicators == (IndicatorKey("ema", (12,)), IndicatorKey("rsi", (14,)))


def test_the_name_of_the_configuration_wins(write: Any) -> None:
    assert load_strategy(write(with_table('name = "mine"')), name="yours").name == "yours"


def test_ticks_in_every_state(write: Any) -> None:
    spec = load_strategy(write(with_table('evaluate_on = "tick"')))
    assert spec.evaluate_on == dict.fromkeys(RunnerState, Update.TICK)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("name = 3", ":2: strategy.name: expected a string, found 3"),
        ('timeframe = "5x"', ":2: strategy.timeframe: timeframe '5x': expected a number and one of"),
        ("warmup = -1", ":2: strategy.warmup: expected a number from 0 to 1e+06, found -1"),
        ("warmup = 1.5", ":2: strategy.warmup: expected an integer, found 1.5"),
        ("stop_loss = 2", ":2: strategy.stop_loss: expected a fraction of the price above 0 and below 1, found 2"),
        ("take_profit = 0", ":2: strategy.take_profit: expected a fraction of the price above 0 and below 1000"),
        ('analyzing_timeout = "x"', ":2: strategy.analyzing_timeout: expected a number from 0 to 1e+06, found 'x'"),
        ("symbols = { 1 }", ":2: strategy.symbols: expected a list of symbols, found [1]"),
        ('evaluate_on = { idle = "noon" }', ":2: strategy.evaluate_on: expected idle, analyzing, in_position with"),
        ("evaluate_on = 5", ':2: strategy.evaluate_on: expected "bar", "tick" or a table, found 5'),
        ("params = 5", ":2: strategy.params: expected a table of named parameters, found 5"),
        ("params = { fast = {} }", ":2: strategy.params.fast: expected a default that is a number, string or boolean"),
        ("params = { fast = { default = 1, min = 2 } }", ":2: strategy.params.fast: default: expected a number from 2"),
        ("params = { fast = { default = 'a', min = 2 } }", ":2: strategy.params.fast: expected min and max to be numb"),
        ("params = { f = print }", "strategy.params.f: a function is not plain data"),
    ],
)
def test_mistakes_in_the_table_are_named_with_their_line(write: Any, table: str, text: str) -> None:
    with pytest.raises(StrategyFileError) as caught:
        load_strategy(write(with_table(table)))
    assert text in str(caught.value)
    assert "demo.lua" in str(caught.value)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"fsat": 1}, "params.fsat: no such parameter (did you mean fast?); the file declares fast"),
        ({"fast": 500}, "params.fast: expected a number from 2 to 100, found 500"),
        ({"fast": "x"}, "params.fast: expected a value like 10, found 'x'"),
        ({"fast": True}, "params.fast: expected a value like 10, found True"),
    ],
)
def test_overrides_are_checked(write: Any, params: dict[str, Any], text: str) -> None:
    path = write(with_table("params = { fast = { default = 10, min = 2, max = 100 } }"))
    with pytest.raises(StrategyFileError) as caught:
        load_strategy(path, params=params)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("function detect_opportunity( end", "demo.lua:1: <name> or '...' expected near 'end'"),
        ("x = 1\nlocal y = nil + 1", "demo.lua:2: attempt to perform arithmetic on a nil value"),
        ("os.exit(1)", "demo.lua:1: attempt to index a nil value (global 'os')"),
        ("strategy = 5\n" + FUNCTIONS, "demo.lua:1: strategy: expected a table with named keys"),
        (
            FUNCTIONS.replace("function detect_opportunity", "function detect_oportunity"),
            "detect_opportunity: expected a function detect_opportunity(market_data, context, indicators), found none; "
            "did you mean to name detect_oportunity so?",
        ),
        (
            FUNCTIONS + "manage_position = {}",
            "manage_position: expected a function manage_position(market_data, context,",
        ),
        ("", "detect_opportunity: expected a function"),
    ],
)
def test_files_that_cannot_be_used(write: Any, source: str, text: str) -> None:
    with pytest.raises(StrategyFileError) as caught:
        load_strategy(write(source))
    assert text in str(caught.value)
    report = validate(write(source))
    assert (report.ok, report.spec, report.trial) == (False, None, None)
    assert text in report.problems[0].text


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StrategyFileError, match="no such file"):
        load_strategy(tmp_path / "none.lua")
    assert validate(tmp_path / "none.lua").problems[0].text.endswith("none.lua: no such file")
    with pytest.raises(StrategyFileError, match="cannot be read"):
        load_strategy(tmp_path)


def test_a_file_that_is_too_large(write: Any) -> None:
    with pytest.raises(StrategyFileError, match=f"expected at most {MAX_FILE_BYTES} bytes"):
        load_strategy(write("--" + "x" * MAX_FILE_BYTES))


def test_the_report_of_a_good_file(write: Any) -> None:
    report = validate(write(with_table("warmup = 15")))
    assert (report.ok, report.problems) == (True, ())
    assert report.indicators == ["ema(5)", "rsi(14)"]
    assert report.trial is not None
    assert (report.trial.warm_after, report.trial.errors) == (15, [])
    assert min(report.trial.opportunities, report.trial.entries, report.trial.exits) > 0


def test_an_indicator_asked_for_late_counts_from_the_first_bar(write: Any) -> None:
    """It has a value as soon as somebody asks, from the window; that says nothing of the bars it needs."""
    report = validate(
        write(
            'strategy = { name = "late", warmup = 5 }\n'
            'function detect_opportunity() return { signal = "x" } end\n'
            "function filter_commitment() return nil end\n"
            "function manage_position(m, c, i)\n"
            "  asked = (asked or 0) + 1\n"
            "  if asked > 60 then local a, b = i.sma(50), i.rsi(14) end\n"
            "end\n"
        )
    )
    assert report.trial is not None
    assert (report.indicators, report.trial.warm_after) == (["sma(50)", "rsi(14)"], 50)
    assert "5 bars, but the indicators need 50" in report.problems[0].text


def test_warnings_are_not_fatal(write: Any) -> None:
    report = validate(write(with_table("warmup = 5, take_proft = 0.1")))
    assert report.ok
    assert [problem.text.partition(": ")[2] for problem in report.problems] == [
        "strategy.take_proft: unknown key, ignored (did you mean take_profit?)",
        "strategy.warmup: 5 bars, but the indicators need 15",
    ]


@pytest.mark.parametrize(
    ("body", "text", "hint"),
    [
        (
            "if indicators.sma(9) > 3 then return {} end",
            ":1: attempt to compare number with nil",
            "nil until it is warm",
        ),
        ("return { t = os.time() }", ":1: attempt to index a nil value (global 'os')", "market_data.timestamp"),
        ("return { x = indicators.hma(3) }", ":1: indicators.hma: no such indicator", "orrery indicators --list"),
        ("while true do end", ":1: more than 100000 instructions in one call", "loop over less"),
        ("context.f = print", ":1: context.f: a function is not plain data", "numbers, strings, booleans"),
    ],
)
def test_errors_of_the_trial_have_line_and_hint(write: Any, body: str, text: str, hint: str) -> None:
    first = f"function detect_opportunity(market_data, context, indicators) {body} end"
    path = write(first + "\n" + FUNCTIONS.replace("detect_opportunity", "unused"))
    report = validate(path)
    assert not report.ok
    problem: Problem = report.problems[0]
    assert text in problem.text
    assert (problem.line, hint in problem.hint) == (1, True)
    assert load_strategy(path).name == "demo"


def test_bad_answers_of_the_trial_are_problems(write: Any) -> None:
    report = validate(write(FUNCTIONS.replace("enter_long", "enter_lng")))
    assert [problem.line for problem in report.problems] == [6]
    assert "filter_commitment: action: expected one of enter_long" in report.problems[0].text


def test_limits_hold_while_loading(write: Any) -> None:
    with pytest.raises(StrategyFileError, match="more than 5000 instructions"):
        load_strategy(write("while true do end"), limits=LuaLimits(instructions=5_000))


def test_scripts_are_named_the_same_on_every_machine() -> None:
    assert script_name("/some/where/strategies/x.lua") == "strategies/x.lua"
    assert script_name("strategies/x.lua") == "strategies/x.lua"
    assert script_name(f"/a/{'b' * 60}/x.lua") == "x.lua"


def config(path: Path, **strategy: Any) -> Config:
    """Return a configuration with one strategy."""
    return Config.model_validate({"strategies": [{"name": "demo", "script": str(path), **strategy}]})


def test_runners_of_a_configuration(write: Any) -> None:
    runners = build_runners(config(write(FUNCTIONS)))
    assert [(r.id, r.timeframe, r.currency) for r in runners] == [
        ("demo:BTCUSDT", "1s", "USDT"),
        ("demo:ETHUSDT", "1s", "USDT"),
    ]


def test_timeframe_and_symbols_of_the_stanza_win_over_those_of_the_file(write: Any) -> None:
    path = write(with_table('timeframe = "5m", symbols = { "ETHUSDT" }'))
    assert [(r.symbol, r.timeframe) for r in build_runners(config(path))] == [("ETHUSDT", "5m")]
    stanza = config(path, timeframe="1h", symbols=["BTCUSDT"])
    assert [(r.symbol, r.timeframe) for r in build_runners(stanza)] == [("BTCUSDT", "1h")]


def test_symbols_of_a_file_that_nobody_follows(write: Any) -> None:
    with pytest.raises(StrategyFileError, match=r"expected symbols of market_data\.symbols"):
        build_runners(config(write(with_table('symbols = { "DOGEUSDT" }'))))


def test_the_default_strategies_build(project_root: Path) -> None:
    sections = [
        {"name": name, "script": str(project_root / "strategies" / f"{name}.lua")}
        for name in ("ema_crossover", "rsi_mean_reversion", "range_breakout")
    ]
    runners = build_runners(Config.model_validate({"strategies": sections}))
    assert len(runners) == 6
    assert all(not runner.strategy.timeframe for runner in runners)
