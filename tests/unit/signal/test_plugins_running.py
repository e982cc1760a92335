"""Plug-ins in the signal service: named in the configuration, over the window, saved and restored, and as in a backtest."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.config.load import ConfigError, load_config
from common.config.models import Config
from common.messages import AnyMessage, Bar, BarSource
from services.backtest.engine import run
from services.backtest.plan import Steps
from services.signal.core.indicators import REGISTRY, unregister
from services.signal.core.signal_core import SignalCore
from services.signal.hosts.plugin_files import installed
from services.signal.loading import StrategyFileError, build_runners
from services.signal.service import make_core
from tests.unit.checks.cases import FILES, market, plan_of

BARS = market(150)
NAMES = ("trailing_zscore", "rising")


@pytest.fixture(autouse=True)
def _without_plugins() -> Iterator[None]:
    yield
    for name in NAMES:
        unregister(name)


def configured(tmp_path: Path, indicators: str, strategy: str = "plugged_zscore") -> Config:
    path = tmp_path / "system.toml"
    script = FILES / "clean" / f"{strategy}.lua"
    path.write_text(f"""
[market_data]
symbols = ["BTCUSDT"]
[signal]
indicators = [{indicators}]
[[strategies]]
name = "{strategy}"
script = "{script}"
timeframe = "1h"
""")
    return load_config(path).config


def bars() -> list[Bar]:
    columns = (BARS.start_ns, BARS.end_ns, BARS.open, BARS.high, BARS.low, BARS.close, BARS.volume)
    return [
        Bar(
            event_ns=end_ns, received_ns=end_ns, symbol="BTCUSDT", timeframe="1h", start_ns=start_ns, end_ns=end_ns,
            open=open_, high=high, low=low, close=close, volume=volume, trade_count=1, source=BarSource.TRADES,
        )
        for start_ns, end_ns, open_, high, low, close, volume in zip(*(column.tolist() for column in columns), strict=True)
    ]  # fmt: skip


def fed(core: SignalCore, some: list[Bar]) -> list[AnyMessage]:
    return [message for bar in some for message in core.handle(bar, bar.end_ns)]


@pytest.mark.parametrize(
    ("strategy", "plugin"), [("plugged_zscore", "trailing_zscore.py"), ("plugged_lua", "rising.lua")]
)
def test_a_core_goes_on_after_a_restart(tmp_path: Path, strategy: str, plugin: str) -> None:
    config = configured(tmp_path, f'"{FILES / "indicators" / plugin}"', strategy)
    whole, halved = make_core(config), make_core(config)
    first = fed(halved, bars()[:70])
    restarted = make_core(config)
    restarted.restore(halved.snapshot())
    found = fed(whole, bars())
    assert found == first + fed(restarted, bars()[70:])
    assert restarted.snapshot() == whole.snapshot()
    assert found


def test_it_decides_first_where_the_backtest_does(tmp_path: Path) -> None:
    core = make_core(configured(tmp_path, f'"{FILES / "indicators" / "trailing_zscore.py"}"'))
    found = fed(core, bars())
    result = run(plan_of(FILES / "clean" / "plugged_zscore.lua", BARS))
    assert result.intents > 0
    assert result.trades[0].entry_ns == found[0].event_ns


def test_a_file_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "rising.lua").write_bytes((FILES / "indicators" / "rising.lua").read_bytes())
    config = configured(tmp_path, '"rising.lua"', "plugged_lua")
    build_runners(config)
    assert "rising" in REGISTRY


def test_a_file_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"system.toml:5: signal.indicators.*expected a Python or Lua file"):
        configured(tmp_path, '"nowhere.py"')


def test_a_file_that_is_no_plug_in_is_named(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("x = 1\n")
    with pytest.raises(StrategyFileError, match=r"signal.indicators: wrong.py: expected a function compute"):
        build_runners(configured(tmp_path, '"wrong.py"'))


@pytest.mark.parametrize("name", ["plugged_zscore", "plugged_day_vwap"])
def test_spans_and_single_bars_agree(name: str) -> None:
    plugin = {"plugged_zscore": "trailing_zscore.py", "plugged_day_vwap": "day_vwap.py"}[name]
    with installed([FILES / "indicators" / plugin]):
        plan = plan_of(FILES / "clean" / f"{name}.lua", BARS)
        digests = {run(replace(plan, steps=steps)).digest for steps in Steps}
    assert len(digests) == 1
