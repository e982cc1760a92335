"""An instrument puts prices on its tick and quantities on its lot."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.instruments import DEFAULT_STEP, Instrument, Instruments, split_symbol
from common.money import use_money_context

STEPS = st.sampled_from([Decimal(step) for step in ("0.01", "0.5", "1", "0.00001", "0.0025", "25")])
VALUES = st.floats(0, 1e9, allow_nan=False) | st.decimals(0, 10**9, allow_nan=False, places=8)


def instrument(tick: Decimal = Decimal("0.01"), lot: Decimal = Decimal("0.001")) -> Instrument:
    return Instrument(symbol="BTCUSDT", base="BTC", quote="USDT", tick_size=tick, lot_size=lot)


@pytest.mark.parametrize(
    ("value", "price"),
    [(0.1, "0.10"), (100.005, "100.00"), (100.015, "100.02"), (Decimal("2.675"), "2.68"), (7, "7.00")],
)
def test_a_price_goes_to_the_nearest_tick_half_to_even(value: float | Decimal, price: str) -> None:
    assert instrument().price(value) == Decimal(price)


@pytest.mark.parametrize(("value", "quantity"), [(0.0019, "0.001"), (1.9999999, "1.999"), (Decimal("0.0009"), "0.000")])
def test_a_quantity_goes_down_to_the_lot(value: float | Decimal, quantity: str) -> None:
    assert instrument().quantity(value) == Decimal(quantity)


@given(VALUES, STEPS, STEPS)
def test_results_are_whole_steps_and_stay_put(value: float | Decimal, tick: Decimal, lot: Decimal) -> None:
    facts = instrument(tick, lot)
    price, quantity = facts.price(value), facts.quantity(value)
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    assert price % tick == 0
    assert quantity % lot == 0
    assert abs(price - exact) <= tick / 2
    assert 0 <= exact - quantity < lot
    assert (facts.price(price), facts.quantity(quantity)) == (price, quantity)


@pytest.mark.parametrize(
    ("symbol", "parts"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
        ("BTC-USD", ("BTC", "USD")),
        ("BTC/EUR", ("BTC", "EUR")),
        ("BTC_USDC", ("BTC", "USDC")),
        ("AAPL", ("AAPL", "")),
        ("BTC-29MAR24-60000-C", ("BTC-29MAR24-60000-C", "")),
        ("USDT", ("USDT", "")),
    ],
)
def test_symbols_name_their_currencies(symbol: str, parts: tuple[str, str]) -> None:
    assert split_symbol(symbol) == parts


def test_an_unknown_symbol_has_the_finest_steps_and_stays_the_same() -> None:
    known = Instruments((instrument(),))
    assert known["BTCUSDT"].tick_size == Decimal("0.01")
    assert known["ETHUSDT"].tick_size == DEFAULT_STEP
    assert known["ETHUSDT"] is known["ETHUSDT"]


@given(
    st.floats(-1e12, 1e22)
    | st.decimals(-(10**6), 10**6, places=3).map(float)
    | st.sampled_from((0.0, -0.0, 1.5e-7, 1e22)),
    st.sampled_from([Decimal(step) for step in ("0.01", "0.10", "1", "1.0", "10", "1E+2", "1E-8", "1E-31", "0.3")]),
)
def test_the_short_way_for_floats_writes_the_same_digits(value: float, step: Decimal) -> None:
    use_money_context()
    exact = Decimal(repr(value)) / step
    found = instrument(step, step)
    assert str(found.price(value)) == str(exact.to_integral_value(ROUND_HALF_EVEN) * step)
    assert str(found.quantity(value)) == str(exact.to_integral_value(ROUND_DOWN) * step)
