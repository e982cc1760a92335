"""What a file says of other series: found, declared, wrong, or of symbols that are not followed, each with its line."""

from pathlib import Path

import pytest

from common.config.models import Config
from services.signal.core.indicator import IndicatorKey
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.loading import StrategyFileError, build_runners, load_source, validate_source

BODY = """strategy = {{ name = "reads", timeframe = "1m", warmup = 60, {declared} }}
function detect_opportunity(md, context, indicators)
  context.seen = {{ {reads} }}
end
function filter_commitment() end
function manage_position() end
"""


def source(reads: str = "", declared: str = "") -> bytes:
    return BODY.format(reads=reads, declared=declared).encode()


def loaded(reads: str = "", declared: str = "") -> StrategySpec:
    return load_source(source(reads, declared), "strategies/reads.lua")


def test_every_form_of_a_series_is_one_key() -> None:
    reads = (
        'indicators.ema(5, "1h"), indicators.ema(5, "60m"), indicators.ema(5, "1m"), indicators.ema(5), indicators.vwap("1d"),'
        'indicators.ema(5, "1h", "ETHUSDT"), indicators.ema(5, "", "ETHUSDT"), indicators.ema(5, nil, "ETHUSDT"),'
        'indicators.macd(12, 26, 9, "4h"), indicators.rsi("1h"), indicators.bar("1h"), indicators.ta("hma", nil, "1h")'
    )
    assert [key.title for key in loaded(reads).indicators] == [
        'ema(5, "1h")', "ema(5)", 'vwap(0, "1d")', 'ema(5, "1h", "ETHUSDT")', 'ema(5, "", "ETHUSDT")', 'macd(12, 26, 9, "4h")',
        'rsi(14, "1h")', 'bar("1h")', loaded('indicators.ta("hma", nil, "1h")').indicators[0].title,
    ]  # fmt: skip


def test_a_runner_knows_its_own_series_by_any_name() -> None:
    keys = (IndicatorKey("ema", (5,), "1h"), IndicatorKey("ema", (5,), "", "ETHUSDT"), IndicatorKey("ema", (5,), "5m"))
    strategy = StrategySpec(name="a", script="a.lua", source=b"", indicators=keys, series=(("", "1d"), ("ETHUSDT", "")))
    hourly = RunnerSpec(strategy=strategy, symbol="ETHUSDT", timeframe="60m")
    assert hourly.indicators == (IndicatorKey("ema", (5,)), IndicatorKey("ema", (5,), "5m"))
    assert hourly.other_series == (("ETHUSDT", "1d"), ("ETHUSDT", "5m"))


@pytest.mark.parametrize(
    ("reads", "text"),
    [
        (
            'indicators.ema(5, "1x")',
            "indicators.ema: timeframe: expected a number and one of ms s m h d w, such as '1h'",
        ),
        ('indicators.ema(5, "1h", "ETHUSDT", 3)', "indicators.ema: expected nothing behind a timeframe and a symbol"),
        ('indicators.ema(5, "1h", 7)', "indicators.ema: expected a timeframe and a symbol, both strings"),
        ('indicators.model("1h")', "indicators.model: it has no timeframe and no symbol but the runner's own"),
        ('indicators.bar("1h", "\\xff")', "indicators.bar: symbol: expected the name of a symbol of market data"),
    ],
)
def test_mistakes_are_errors_at_their_line(reads: str, text: str) -> None:
    report = validate_source(source(reads), "strategies/reads.lua")
    assert [problem.line for problem in report.problems if problem.is_fatal] == [3]
    assert report.problems[0].text.startswith(f"strategies/reads.lua:3: {text}")


@pytest.mark.parametrize("declared", ['series = "1h"', "series = { {} }", 'series = { { timeframe = "1x" } }'])
def test_a_wrong_declaration_is_named(declared: str) -> None:
    with pytest.raises(StrategyFileError, match=r"reads\.lua:1: strategy\.series: "):
        loaded(declared=declared)


def test_the_warm_up_is_told_in_own_bars() -> None:
    report = validate_source(source('indicators.ema(20, "1h")'), "strategies/reads.lua")
    assert report.trial is not None
    assert report.trial.warm_after == 1_200
    text = "strategies/reads.lua: strategy.warmup: 60 bars, but the indicators need 1200 (20 of 1h of BTCUSDT)"
    assert [problem.text for problem in report.problems] == [text]


@pytest.mark.parametrize(
    ("reads", "declared", "place"),
    [
        ('indicators.ema(5, "1h", "XRPUSDT")', "", ':3: indicators.ema(5, "1h", "XRPUSDT")'),
        ("", 'series = { { symbol = "XRPUSDT" } }', ":1: strategy.series"),
    ],
)
def test_a_symbol_that_is_not_followed_is_an_error(tmp_path: Path, reads: str, declared: str, place: str) -> None:
    path = tmp_path / "reads.lua"
    path.write_bytes(source(reads, declared))
    config = Config.model_validate({"strategies": [{"name": "reads", "script": str(path), "symbols": ["BTCUSDT"]}]})
    with pytest.raises(StrategyFileError) as caught:
        build_runners(config)
    expected = f"{place}: expected symbols of market_data.symbols (BTCUSDT, ETHUSDT), found XRPUSDT"
    assert str(caught.value).endswith(expected)
