"""Features: each against its formula, bar by bar as over columns, a state that survives, names that are refused."""

import re
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.signal.core.features.catalogue import FEATURES, GROUPS, expanded
from services.signal.core.features.engine import FeatureColumns, FeatureEngine
from services.signal.core.features.feature import FeatureBar, UnknownFeatureError

BARS = 120
MINUTE_NS = 60_000_000_000
START_NS = 1_704_153_600_000_000_000  # Tuesday, 2024-01-02 00:00 UTC
DOCS = Path(__file__).resolve().parents[4] / "docs" / "features.md"


def columns_of(seed: int, bars: int = BARS) -> FeatureColumns:
    """Return a random walk as columns."""
    rng = np.random.default_rng(seed)
    closes = 100.0 * np.cumprod(1.0 + rng.normal(0.0, 0.003, bars))
    opens = np.concatenate([[100.0], closes[:-1]])
    highs = np.maximum(opens, closes) * (1.0 + rng.random(bars) * 0.002)
    lows = np.minimum(opens, closes) * (1.0 - rng.random(bars) * 0.002)
    ends = [START_NS + MINUTE_NS * (number + 1) for number in range(bars)]
    volumes = rng.random(bars) * 50.0
    imbalances = rng.random(bars) * 2.0 - 1.0
    opens, highs, lows, closes, volumes = (x.tolist() for x in (opens, highs, lows, closes, volumes))
    return FeatureColumns(opens, highs, lows, closes, volumes, ends, imbalances.tolist())


def streamed(engine: FeatureEngine, columns: FeatureColumns, first: int = 0) -> list[Any]:
    """Return the vectors bar by bar."""
    return [engine.update(FeatureBar(*row)) for row in list(zip(*columns, strict=True))[first:]]


def test_each_is_what_its_formula_says() -> None:
    talib = pytest.importorskip("talib")
    columns = columns_of(1)
    _, high, low, close, volume = (np.array(column) for column in columns[:5])
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    returns = np.concatenate([[np.nan], close[1:] / close[:-1] - 1.0])
    angle = 2.0 * pi * BARS / 1440.0
    expected = {
        "rsi": talib.RSI(close, 14)[-1] / 100.0,
        "macd": macd[-1] / close[-1],
        "macd_signal": signal[-1] / close[-1],
        "macd_histogram": histogram[-1] / close[-1],
        "bb_position": (close[-1] - lower[-1]) / (upper[-1] - lower[-1]),
        "bb_width": (upper[-1] - lower[-1]) / middle[-1],
        "atr": talib.ATR(high, low, close, 14)[-1] / close[-1],
        "volume_ratio": volume[-1] / volume[-21:-1].mean(),
        "return_1": close[-1] / close[-2] - 1.0,
        "return_5": close[-1] / close[-6] - 1.0,
        "return_20": close[-1] / close[-21] - 1.0,
        "volatility": returns[-20:].std(),
        "range": (high[-1] - low[-1]) / close[-1],
        "bar_imbalance": (2.0 * close[-1] - high[-1] - low[-1]) / (high[-1] - low[-1]),
        "quote_imbalance": columns.imbalances[-1],
        "day_sin": sin(angle),
        "day_cos": cos(angle),
        "week_sin": sin(2.0 * pi / 7.0),
        "week_cos": cos(2.0 * pi / 7.0),
    }
    engine = FeatureEngine(tuple(FEATURES))
    found = streamed(engine, columns)[-1]
    assert expected.keys() == FEATURES.keys()
    np.testing.assert_allclose(found, list(expected.values()), rtol=1e-9, atol=1e-12)


@given(st.integers(0, 50), st.sampled_from([tuple(FEATURES), ("rsi",), ("bb_width", "rsi"), ("range", "day_sin")]))
def test_bar_by_bar_and_over_columns_are_the_same_to_the_bit(seed: int, names: tuple[str, ...]) -> None:
    columns = columns_of(seed)
    assert FeatureEngine(names).update_many(columns) == streamed(FeatureEngine(names), columns)


@given(st.integers(0, 50), st.integers(0, BARS - 1))
def test_it_goes_on_from_its_state(seed: int, cut: int) -> None:
    columns = columns_of(seed)
    whole, first, second = (FeatureEngine(tuple(FEATURES)) for _ in range(3))
    vectors = streamed(whole, columns)
    first.update_many(FeatureColumns._make(column[:cut] for column in columns))
    second.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(first.state())))
    assert streamed(second, columns, cut) == vectors[cut:]
    assert msgspec.msgpack.encode(second.state()) == msgspec.msgpack.encode(whole.state())


def test_there_is_no_vector_before_all_are_warm() -> None:
    vectors = streamed(FeatureEngine(expanded(["rsi", "macd", "bb", "volume"])), columns_of(3))
    assert [vector is None for vector in vectors] == [True] * 33 + [False] * (BARS - 33)


def test_a_market_that_stands_still_has_finite_features() -> None:
    still = FeatureColumns(*([100.0] * 60,) * 4, [0.0] * 60, list(range(60)))
    vector = FeatureEngine(tuple(FEATURES)).update_many(still)[-1]
    assert vector is not None
    assert np.isfinite(vector).all()


def test_groups_stand_for_their_features_once_each() -> None:
    assert expanded(["rsi", "bb", "bb_width", "volume"]) == ("rsi", "bb_position", "bb_width", "volume_ratio")
    assert {name for names in GROUPS.values() for name in names} <= FEATURES.keys()


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownFeatureError, match=r"expected features of .*rsi.*; found moon"):
        expanded(["rsi", "moon"])
    with pytest.raises(UnknownFeatureError, match=r"found bb$"):
        FeatureEngine(["bb"])


def test_the_page_lists_every_feature_and_group() -> None:
    listed = set(re.findall(r"(?m)^\| `(\w+)` \|", DOCS.read_text()))
    assert listed == FEATURES.keys()
    text = DOCS.read_text()
    assert all(f"`{name}`" in text for name in GROUPS)
