"""pandas-ta's indicators by name: the table says what the library does, none looks ahead, and a window is all they see."""

import inspect
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import pytest

from services.signal.core.indicator import Indicator, IndicatorKey, make
from services.signal.core.indicators import REGISTRY, title_of
from services.signal.core.window import WindowIndicator, window_kind
from services.signal.hosts import pandas_ta
from services.signal.hosts.pandas_ta import Entry, call, catalogue, library

OFFERED = [entry for entry in catalogue().values() if not entry.refused]
BARS = 420
COLUMNS = ("open", "high", "low", "close", "volume")


def _made_up() -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    random = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.004, BARS)))
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(open_, close) * 1.002, np.minimum(open_, close) * 0.997
    return dict(zip(COLUMNS, (open_, high, low, close, 5 + random.random(BARS) * 20), strict=True))


MARKET = _made_up()


@pytest.fixture(autouse=True)
def _installed() -> None:
    pandas_ta.install()


def computed(entry: Entry, first: int, behind: int, **named: Any) -> tuple[tuple[str, ...], Any]:
    from pandas import Series

    series = {name: Series(MARKET[name][first:behind].copy()) for name in entry.inputs}
    found = call(entry, series, named)
    assert found is not None, entry.name
    names = tuple(map(str, found.columns)) if found.ndim > 1 else (str(found.name),)
    return names, found.to_numpy(dtype=np.float64).reshape(behind - first, -1)


def test_the_table_names_what_the_library_has() -> None:
    known = {name for names in library().Category.values() for name in names}
    assert known <= set(catalogue())
    for entry in OFFERED:
        takes = inspect.signature(getattr(library(), entry.name)).parameters
        assert {option.name for option in entry.options} | set(entry.fixed) <= set(takes), entry.name


def test_columns_and_defaults_are_the_library_s_own() -> None:
    for entry in OFFERED:
        names, values = computed(entry, 0, BARS)
        assert names == entry.outputs, entry.name
        given = {option.name: option.given(option.default) for option in entry.options}
        assert np.array_equal(computed(entry, 0, BARS, **given)[1], values, equal_nan=True), entry.name


def test_none_looks_ahead() -> None:
    """The value at a bar is what it was when that bar was the last."""
    for entry in OFFERED:
        values = computed(entry, 0, BARS)[1]
        scale = 1e-9 * max(1.0, float(np.nanmax(np.abs(values))))
        for end in (BARS - 40, BARS - 3):
            then = computed(entry, 0, end)[1][-1]
            assert np.allclose(then, values[end - 1], rtol=0.0, atol=scale, equal_nan=True), entry.name


@pytest.mark.parametrize(("name", "fixed"), [("dpo", "centered"), ("cdl_z", "full")])
def test_the_test_above_would_find_it(name: str, fixed: str) -> None:
    leaking = catalogue()[name].__class__(name, "", catalogue()[name].inputs, fixed={fixed: True})
    values, then = computed(leaking, 0, BARS)[1], computed(leaking, 0, BARS - 40)[1][-1]
    assert not np.allclose(then, values[BARS - 41], rtol=1e-9, equal_nan=True)


def shortened(name: str, bars: int) -> type[Indicator]:
    """Return an indicator of the library on a window of few bars."""
    kind: Any = REGISTRY[name]
    return window_kind(kind.WINDOWED._replace(bars=bars))


def stream(key: IndicatorKey, rows: Sequence[int]) -> Iterator[Any]:
    indicator = make(REGISTRY, key)
    for row in rows:
        yield indicator.update(*(float(MARKET[name][row]) for name in indicator.INPUTS))


def test_it_sees_the_window_and_nothing_before_it() -> None:
    entry, short, last = catalogue()["ema"], shortened("ta:ema", 20)(10, 1), cast("Any", None)
    for row in range(100):
        last = short.update(float(MARKET["close"][row]))
        assert row < 20 or last == computed(entry, row - 19, row + 1)[1][-1, 0]
    assert last != computed(entry, 0, 100)[1][-1, 0], "expected it to matter"


def test_it_is_nil_before_it_is_warm_and_never_again() -> None:
    found = list(stream(IndicatorKey("ta:macd", (12, 26, 9)), range(60)))
    assert found[20] == (None, None, None)
    assert [row for row, values in enumerate(found) if None not in values] == list(range(33, 60))


def test_a_restored_one_goes_on() -> None:
    whole, half, restored = (shortened("ta:ema", 20)(10, 1) for _ in range(3))
    for close in MARKET["close"][:50]:
        whole.update(float(close))
        half.update(float(close))
    restored.restore(half.state())
    assert restored.state() == half.state()
    assert restored.value == half.value
    for close in MARKET["close"][50:100]:
        assert restored.update(float(close)) == whole.update(float(close))
    assert restored.state() == whole.state()


@pytest.mark.parametrize("before", [0, 5, 30])
def test_many_bars_at_once_leave_what_one_by_one_would(before: int) -> None:
    single, filled = (shortened("ta:ema", 20)(10, 1) for _ in range(2))
    assert isinstance(filled, WindowIndicator)
    closes = MARKET["close"][:60].tolist()
    for close in closes:
        single.update(close)
    for close in closes[:before]:
        filled.update(close)
    filled.fill([closes[before:]])
    assert (filled.state(), filled.value) == (single.state(), single.value)


def test_bounds_are_what_the_library_takes() -> None:
    """At the least value of each period there is a value; the library would silently take its default for less."""
    for entry in OFFERED:
        for option in entry.options:
            if option.integer and not option.choices:
                values = computed(entry, 0, BARS, **{option.name: int(option.minimum)})[1]
                assert np.isfinite(values).any(), f"{entry.name}: {option.name}"


def test_titles_are_what_strategies_write() -> None:
    assert title_of(IndicatorKey("ta:hma", (10, 2))) == 'ta("hma")'
    assert title_of(IndicatorKey("ta:hma", (20, 1))) == 'ta("hma", {length = 20, mamode = "sma"})'
    assert title_of(IndicatorKey("ema", (10,))) == "ema(10)"


def test_what_is_not_finite_is_nil() -> None:
    flat = make(REGISTRY, IndicatorKey("ta:zscore", (30,)))
    values = [flat.update(100.0) for _ in range(40)]
    assert all(value is None or (isinstance(value, float) and math.isfinite(value)) for value in values)


def test_the_registry_finds_them_and_does_not_list_them() -> None:
    assert "ta:hma" in REGISTRY
    assert "ta:hmaa" not in REGISTRY
    assert "ta:zigzag" not in REGISTRY
    assert not [name for name in REGISTRY if ":" in name]
    with pytest.raises(KeyError):
        REGISTRY["ta:zigzag"]


def test_nobody_imports_the_library_before_it_is_used() -> None:
    script = (
        "import sys; from services.signal.loading import load_strategy; import services.signal.service;"
        "load_strategy('strategies/ema_crossover.lua'); print([m for m in ('pandas', 'pandas_ta', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=pandas_ta.TABLE.parents[3])  # fmt: skip
    assert done.stdout.strip() == "[]"
