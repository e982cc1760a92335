"""ML signal: in when the model is sure, out when it says the opposite or the time is over; the example model trades."""

import hashlib
from collections.abc import Iterator
from math import sin
from pathlib import Path

import pytest

from common.config.models import SignalSection
from services.signal.core.indicators import register, unregister
from services.signal.core.model import MODEL, Model, model_kind
from services.signal.hosts.models import install_model
from tests.unit.strategies.support import FOLDER, bars_of, load, numbers, run

CLOSES = [100.0 + 8.0 * sin(number / 9.0) + 2.0 * sin(number / 2.3) for number in range(400)]
EXAMPLE = FOLDER / "models" / "btcusdt_1s.onnx"


def shares_of(change: float) -> tuple[float, float, float]:
    """Return the probabilities of down, flat and up that the scripted model makes of the latest return."""
    up, down = min(1.0, max(0.0, 50.0 * change)), min(1.0, max(0.0, -50.0 * change))
    return (down, max(0.0, 1.0 - up - down), up)


@pytest.fixture
def _scripted() -> Iterator[None]:
    register(MODEL, model_kind(Model("scripted", ("return_1",), (-1.0, 0.0, 1.0), lambda vector: shares_of(vector[0]))))
    yield
    unregister(MODEL)


def expected(threshold: float, hold_bars: int, *, short: bool) -> list[tuple[int, str]]:
    """Return what a plain loop over the returns does."""
    orders, held, bars = [], 0, 0
    for number in range(1, len(CLOSES)):
        shares = shares_of(CLOSES[number] / CLOSES[number - 1] - 1.0)
        best = shares.index(max(shares))
        signal = best - 1 if shares[best] >= threshold else 0
        bars += 1
        if held and (bars >= hold_bars or signal == -held):
            orders.append((number, "exit sell" if held > 0 else "exit buy"))
            held = 0
        elif not held and (signal > 0 or (short and signal < 0)):
            held, bars = signal, 0
            orders.append((number, "entry buy" if held > 0 else "entry sell"))
    return orders


@pytest.mark.usefixtures("_scripted")
@pytest.mark.parametrize(("threshold", "hold_bars", "short"), [(0.6, 10, False), (0.6, 3, True), (0.8, 1000, True)])
def test_it_trades_as_a_plain_loop_does(threshold: float, hold_bars: int, short: bool) -> None:
    spec = load("ml_signal", threshold=threshold, hold_bars=hold_bars, allow_short=short)
    orders, _ = run(spec, bars_of(CLOSES))
    assert numbers(orders) == expected(threshold, hold_bars, short=short)
    assert len(orders) > 8


def test_the_example_model_trades_the_seconds_it_was_made_for() -> None:
    pytest.importorskip("onnxruntime")
    from strategies.models.train_btcusdt_1s import read_columns

    columns = read_columns(Path(EXAMPLE).with_suffix(".csv"))
    digest = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    install_model(SignalSection(model_path=str(EXAMPLE), model_sha256=digest))
    try:
        spec = load("ml_signal", threshold=0.5)
        bars = bars_of(columns.closes, open=columns.opens, high=columns.highs, low=columns.lows, volume=columns.volumes)
        orders, runner = run(spec, bars)
    finally:
        unregister(MODEL)
    assert len(orders) > 8
    assert runner["errors"] == 0
