"""Polymarket mean reversion: bought at the bid below the band, sold at the mean; the outer probabilities left alone."""

from decimal import Decimal
from math import sin
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from common.instruments import Instrument, Instruments
from common.messages import AnyMessage, OrderIntent, OrderType
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import StrategySpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import StrategyFileError, load_strategy
from tests.unit.signal.support import intents, quote, runner_spec, trade
from tests.unit.strategies.support import bars_of, load, numbers

MILLI = Instrument(symbol="BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.001"), lot_size=Decimal("0.01"))
PRICES = [
    0.5 + 0.12 * sin(number / 40.0) + 0.05 * sin(number / 6.0) + 0.03 * sin(number * 1.7) for number in range(600)
]
NAME = "polymarket_mean_reversion"


def run(spec: StrategySpec, prices: list[float], spread: float) -> list[OrderIntent]:
    """Return the intents over bars of these prices, before each of which comes a quote around its close."""
    core = SignalCore([runner_spec(spec)], lua_factory(LuaLimits()), Instruments((MILLI,)))
    bars = bars_of(prices, high=[x + 0.001 for x in prices], low=[x - 0.001 for x in prices])

    def show(number: int) -> None:
        shown = quote(bars[number].end_ns, prices[number], number)
        mid, half = prices[number], spread / 2.0
        core.handle(structs.replace(shown, bid=mid - half, ask=mid + half), bars[number].end_ns)

    said: list[AnyMessage] = trade(core, bars, show)
    (runner,) = core.status()["runners"]
    assert runner["errors"] == 0, runner["last_error"]
    return intents(said)


def expected(prices: list[float], spread: float) -> list[tuple[int, str]]:
    """Return what a plain loop over numpy's mean and deviation of the last 20 closes does."""
    orders, held = [], False
    for number in range(19, len(prices)):
        window, price = np.array(prices[number - 19 : number + 1]), prices[number]
        mean, lower = window.mean(), window.mean() - 2.0 * window.std()
        if held and (price >= mean or price > 0.9):
            orders.append((number, "exit sell"))
            held = False
        elif not held and 0.1 <= price <= 0.9 and price < lower and mean - (price - spread / 2.0) > spread:
            orders.append((number, "entry buy"))
            held = True
    return orders


@pytest.mark.parametrize("spread", [0.002, 0.02])
def test_it_trades_as_a_plain_loop_does(spread: float) -> None:
    orders = run(load(NAME), PRICES, spread)
    assert numbers(orders) == expected(PRICES, spread)
    assert len(orders) > 10


def test_it_rests_at_the_bid_with_a_stop_far_below() -> None:
    entry = run(load(NAME), PRICES, 0.02)[0]
    bid = PRICES[numbers([entry])[0][0]] - 0.01
    assert (entry.order_type, entry.quantity) == (OrderType.LIMIT, Decimal(5))
    assert entry.limit_price is not None
    assert float(entry.limit_price) == pytest.approx(bid, abs=0.001)
    assert entry.stop_price is not None
    assert float(entry.stop_price) == pytest.approx(bid - 0.08, abs=0.001)


def test_a_wide_spread_and_an_outcome_all_but_decided_are_left_alone() -> None:
    assert run(load(NAME), PRICES, 0.04) == []
    assert run(load(NAME), [0.93 + 0.1 * (price - 0.5) for price in PRICES], 0.002) == []


def test_a_trial_needs_a_price(tmp_path: Path) -> None:
    path = tmp_path / "odd.lua"
    path.write_text(
        (Path(__file__).parents[3] / f"strategies/{NAME}.lua").read_text().replace("price = 0.5", "price = 0")
    )
    with pytest.raises(StrategyFileError, match=r"odd.lua:\d+: strategy.trial: expected { price = a number above 0"):
        load_strategy(path)
