"""Plug-in indicators: the same values over whole columns and over the window, a state that survives, and clear refusals."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from services.backtest.history import whole_history
from services.signal.core.indicator import BadParametersError, IndicatorKey, make
from services.signal.core.indicators import REGISTRY, register
from services.signal.core.plugins import WINDOW_BARS, PluginFailedError
from services.signal.hosts.plugin_files import PluginError, installed
from tests.unit.checks.cases import FILES, ROOT, market

PLUGINS = FILES / "indicators"
BARS = market(60)


def fed(indicator: Any, rows: Sequence[int]) -> list[Any]:
    """Return what an indicator answers for some bars of the market."""
    found = []
    for row in rows:
        bar = {name: getattr(BARS, name)[row] for name in ("open", "high", "low", "close", "volume")}
        fields = {"symbol": "BTCUSDT", "start_ns": int(BARS.start_ns[row]), "end_ns": int(BARS.end_ns[row]), **bar}
        found.append(indicator.update(*(fields[name] for name in indicator.INPUTS)))
    return found


@pytest.fixture
def plugins() -> Iterator[list[str]]:
    with installed([PLUGINS / "trailing_mean.py", PLUGINS / "trailing_zscore.py", PLUGINS / "rising.lua"]) as names:
        yield names


def test_they_are_found_by_the_names_of_their_files(plugins: list[str]) -> None:
    assert plugins == ["trailing_mean", "trailing_zscore", "rising"]
    assert set(plugins) <= REGISTRY.keys()


def test_they_go_with_their_context() -> None:
    with installed([PLUGINS / "trailing_mean.py"]):
        pass
    assert "trailing_mean" not in REGISTRY


@pytest.mark.parametrize("name", ["trailing_mean", "trailing_zscore"])
def test_whole_columns_and_window_agree(plugins: list[str], name: str) -> None:
    assert name in plugins
    key = IndicatorKey(name, (10,))
    with whole_history([BARS]):
        whole = fed(make(REGISTRY, key), range(60))
    window = fed(make(REGISTRY, key), range(60))
    assert whole[:9] == window[:9] == [None] * 9
    np.testing.assert_allclose(whole[9:], window[9:], rtol=1e-12, atol=1e-12)


def test_one_that_joins_late_takes_its_own_rows(plugins: list[str]) -> None:
    key = IndicatorKey("trailing_mean", (10,))
    with whole_history([BARS]):
        whole, late = fed(make(REGISTRY, key), range(60)), fed(make(REGISTRY, key), range(30, 60))
    assert late == whole[30:]


@pytest.mark.parametrize("name", ["trailing_mean", "rising"])
def test_a_state_goes_on_as_if_nothing_had_happened(plugins: list[str], name: str) -> None:
    key = IndicatorKey(name, (9,))
    one, other = make(REGISTRY, key), make(REGISTRY, key)
    fed(one, range(30))
    other.restore(one.state())
    assert other.value == one.value
    assert fed(other, range(30, 60)) == fed(one, range(30, 60))
    assert other.state() == one.state()


def test_the_window_is_bounded(plugins: list[str]) -> None:
    indicator = make(REGISTRY, IndicatorKey("trailing_mean", (2,)))
    for _ in range(WINDOW_BARS // 60 + 2):
        fed(indicator, range(60))
    bars, _ = indicator.state()
    assert len(bars) == WINDOW_BARS


def test_parameters_are_checked_as_those_of_built_in_ones(plugins: list[str]) -> None:
    with pytest.raises(BadParametersError, match="trailing_mean: period: expected an integer from 2 to 500, found 1"):
        make(REGISTRY, IndicatorKey("trailing_mean", (1,)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a function compute"),
        ("def compute(columns, params): return 1\nINPUTS = ('colour',)", "INPUTS: expected some of open"),
        ("def compute(columns, params): return 1\nOUTPUTS = 'one'", "OUTPUTS: expected a tuple of names"),
        ("def compute(columns, params): return 1\nPARAMETERS = {'n': 3}", "PARAMETERS: n: expected"),
        ("class Indicator: INPUTS = ()", "Indicator: expected INPUTS, OUTPUTS"),
        ("import nothing_of_this_name", "cannot be loaded: ModuleNotFoundError"),
        ("def compute(columns, params", "cannot be loaded: SyntaxError"),
    ],
)
def test_what_is_no_plug_in_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=said), installed([path]):
        pass


def test_a_built_in_one_cannot_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ema.py"
    path.write_text("def compute(columns, params): return columns['close']")
    with pytest.raises(PluginError, match="ema: expected a name that no built-in indicator has"), installed([path]):
        pass
    with pytest.raises(ValueError, match="built-in"):
        register("sma", REGISTRY["ema"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("return columns['close'][:-1]", "expected 60 values, one a bar, found shape"),
        ("return columns['close'], columns['close']", "expected 1 arrays, found 2"),
        ("return columns['closing']", "KeyError: 'closing'"),
    ],
)
def test_what_computes_nonsense_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "odd.py"
    path.write_text(f"def compute(columns, params):\n    {text}\n")
    with installed([path]), whole_history([BARS]), pytest.raises(PluginFailedError, match=f"odd.py: compute: {said}"):
        fed(make(REGISTRY, IndicatorKey("odd", ())), [0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "expected a function update"),
        ("function update( return end", "odd.lua:1"),
        ("indicator = { outputs = 'one' }\nfunction update() end", "indicator.outputs: expected a list"),
        ("indicator = { parameters = { { name = 'n' } } }\nfunction update() end", "indicator.parameters: expected"),
    ],
)
def test_a_lua_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "odd.lua"
    path.write_text(text)
    with pytest.raises(PluginError, match=said), installed([path]):
        pass


def test_a_lua_indicator_is_closed_in(tmp_path: Path) -> None:
    path = tmp_path / "odd.lua"
    path.write_text("function update(bar)\n  return os.time()\nend\n")
    with installed([path]), pytest.raises(PluginFailedError, match=r"odd.lua:2: .*os"):
        fed(make(REGISTRY, IndicatorKey("odd", ())), [0])


def test_entry_points_are_plug_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(compute=lambda columns, params: columns["close"] * 2, OUTPUTS=("twice",))
    entry = SimpleNamespace(name="twice", load=lambda: given)
    monkeypatch.setattr("services.signal.hosts.plugin_files.entry_points", lambda group: [entry])
    with installed([]) as names:
        assert names == ["twice"]
        assert fed(make(REGISTRY, IndicatorKey("twice", ())), [0]) == [BARS.close[0] * 2]


@pytest.mark.parametrize(("language", "suffix"), [("python", ".py"), ("lua", ".lua")])
def test_the_example_of_the_guide_works(tmp_path: Path, language: str, suffix: str) -> None:
    guide = (ROOT / "docs" / "indicators.md").read_text()
    _, _, rest = guide.partition(f"```{language}\n")
    path = tmp_path / f"example{suffix}"
    path.write_text(rest.partition("```")[0])
    with installed([path]), whole_history([BARS]):
        found = fed(make(REGISTRY, IndicatorKey("example", (20,))), range(60))
    assert None not in found[20:]
    assert found[0] is None
