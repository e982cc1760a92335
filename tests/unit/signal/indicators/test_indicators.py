"""What TA-Lib cannot say: drift over a million bars, exactness after shocks, snapshots, parameters, the registry."""

import random
from fractions import Fraction
from itertools import islice
from math import sqrt
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.signal.core.indicator import BadParametersError, Indicator, IndicatorKey, checked, make
from services.signal.core.indicators import REGISTRY

PARAMETERS: dict[str, tuple[float, ...]] = {
    "atr": (14,), "avg_volume": (20,), "bollinger": (20, 2), "ema": (10,), "highest": (20,), "lowest": (20,),
    "macd": (12, 26, 9), "rsi": (14,), "sma": (20,), "stddev": (20,), "adx": (14,), "cci": (20,), "donchian": (20,),
    "keltner": (20, 2, 10), "obv": (), "roc": (10,), "stochastic": (14, 3, 3), "vwap": (20,), "wma": (20,),
}  # fmt: skip


def fresh(name: str) -> Indicator:
    """Return an indicator with usual parameters."""
    return make(REGISTRY, IndicatorKey(name, PARAMETERS[name]))


def inputs_of(indicator: Indicator, x: float) -> tuple[float, ...]:
    """Return the inputs of a bar around a price."""
    fields = {"close": x, "high": x * 1.01, "low": x * 0.99, "volume": x * 10.0, "start_ns": int(x) * 3_600_000_000_000}
    return tuple(fields[name] for name in indicator.INPUTS)


def exact_mean(window: list[float]) -> Fraction:
    return sum(map(Fraction, window), Fraction(0)) / len(window)


def exact_deviation(window: list[float]) -> float:
    mean = exact_mean(window)
    return sqrt(sum(((Fraction(x) - mean) ** 2 for x in window), Fraction(0)) / len(window))


def test_registry_is_the_folder() -> None:
    folder = Path(REGISTRY["sma"].__module__.replace(".", "/")).parent
    root = Path(__file__).parents[4]
    files = {path.stem for path in (root / folder).glob("*.py")} - {"__init__"}
    assert files == set(REGISTRY)


@pytest.mark.parametrize("name", REGISTRY)
def test_nothing_has_a_dict(name: str) -> None:
    assert not hasattr(fresh(name), "__dict__")


def test_no_drift_over_a_million_updates() -> None:
    generator = random.Random(4)
    mean, bands = fresh("sma"), fresh("bollinger")
    window: list[float] = []
    price = 40_000.0
    for number in range(1_000_000):
        price *= 1.0 + generator.uniform(-0.002, 0.002)
        mean.update(price)
        bands.update(price)
        if number >= 999_980:
            window.append(price)
    expected, width = float(exact_mean(window)), 2 * exact_deviation(window)
    assert isinstance(bands.value, tuple)
    assert mean.value == pytest.approx(expected, abs=1e-9, rel=0)
    assert bands.value == pytest.approx((expected + width, expected, expected - width), abs=1e-9, rel=0)


@pytest.mark.parametrize("shock", [1e6, 1e9, 1e-9, 0.0])
def test_exact_after_a_shock_has_left_the_window(shock: float) -> None:
    mean, deviation = fresh("sma"), fresh("stddev")
    series = [100.0 + 0.01 * (i % 7) for i in range(25)] + [shock] + [100.0 + 0.01 * (i % 5) for i in range(45)]
    for number, x in enumerate(series):
        mean.update(x)
        deviation.update(x)
        if number >= 19:
            window = series[number - 19 : number + 1]
            scale = max(1.0, *map(abs, window))
            assert mean.value == pytest.approx(float(exact_mean(window)), abs=1e-9 * scale, rel=0)
            assert deviation.value == pytest.approx(exact_deviation(window), abs=1e-9 * scale, rel=0)


def test_a_market_that_stops_after_a_jump_has_no_deviation() -> None:
    deviation = fresh("stddev")
    for x in islice([46_000.0] * 23 + [46_460.5] * 40, 63):
        deviation.update(x)
    assert deviation.value == 0.0


@given(
    name=st.sampled_from(sorted(REGISTRY)),
    prices=st.lists(st.floats(0.01, 1e6), min_size=2, max_size=120),
    cut=st.floats(0, 1),
)
def test_state_continues_identically(name: str, prices: list[float], cut: float) -> None:
    whole, first, second = fresh(name), fresh(name), fresh(name)
    split = int(cut * len(prices))
    for x in prices[:split]:
        first.update(*inputs_of(first, x))
    packed = msgspec.msgpack.encode(first.state())
    second.restore(msgspec.msgpack.decode(packed))
    assert second.value == first.value
    expected = [whole.update(*inputs_of(whole, x)) for x in prices]
    found = [second.update(*inputs_of(second, x)) for x in prices[split:]]
    assert found == expected[split:]
    assert msgspec.msgpack.encode(second.state()) == msgspec.msgpack.encode(whole.state())


@pytest.mark.parametrize(
    ("name", "parameters", "text"),
    [
        ("ema", (0,), "ema: period: expected an integer from 1 to 100000, found 0"),
        ("ema", (1.5,), "ema: period: expected an integer from 1 to 100000, found 1.5"),
        ("ema", (), "ema: period: expected an integer from 1 to 100000, found nothing"),
        ("ema", (True,), "ema: period: expected an integer from 1 to 100000, found True"),
        ("rsi", (1,), "rsi: period: expected an integer from 2 to 100000, found 1"),
        ("bollinger", (20, -1), "bollinger: deviations: expected a number from 0 to 100, found -1"),
        ("sma", (1, 2), "sma: expected period, found 2 values"),
        ("foo", (1,), "foo: no such indicator; there are adx,"),
    ],
)
def test_bad_parameters_are_named(name: str, parameters: tuple[float, ...], text: str) -> None:
    with pytest.raises(BadParametersError) as caught:
        make(REGISTRY, IndicatorKey(name, parameters))
    assert str(caught.value).startswith(text)


def test_defaults_and_integral_floats() -> None:
    assert checked("rsi", REGISTRY["rsi"].PARAMETERS, ()) == (14,)
    assert checked("macd", REGISTRY["macd"].PARAMETERS, (5.0, 10)) == (5, 10, 9)
    assert checked("bollinger", REGISTRY["bollinger"].PARAMETERS, (20, 2.5)) == (20, 2.5)


def test_a_market_that_never_moved_has_an_rsi_of_zero() -> None:
    rsi = fresh("rsi")
    for _ in range(30):
        rsi.update(7.0)
    assert rsi.value == 0.0
