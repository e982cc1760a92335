"""What an order meets on bars: the next open, gaps, the adverse extreme first, limits that must be traded through."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.backtest.engine import run
from services.backtest.result import RunResult
from tests.unit.backtest.builders import MINUTE, ONCE, T0, plan, table

Ohlc = tuple[float, float, float, float]
FLAT: Ohlc = (100.0, 100.5, 99.5, 100.0)
LONG = 'action = "enter_long", quantity = 2'
SHORT = 'action = "enter_short", quantity = 2'


def outcome(tmp_path: Path, entry: str, *bars: Ohlc, **changes: object) -> RunResult:
    """Return the run of a strategy that decides to enter at the close of the third bar."""
    result = run(plan(tmp_path, ONCE % entry, table(FLAT, FLAT, FLAT, *bars), **changes))
    assert result.error == ""
    assert result.is_complete
    return result


def test_an_order_fills_at_the_open_after_the_bar_that_decided(tmp_path: Path) -> None:
    result = outcome(tmp_path, LONG, (103.0, 104.0, 102.0, 103.5), FLAT, FLAT, params={"leave": 1})
    (trade,) = result.trades
    assert (trade.entry_ns, trade.entry_price) == (T0 + 3 * MINUTE, Decimal(103))
    assert (trade.exit_ns, trade.exit_price, trade.exit_reason) == (T0 + 4 * MINUTE, Decimal(100), "enough")
    assert trade.bars_held == 1
    assert result.final_equity == Decimal(10**8 - 6)


def test_what_is_decided_on_the_last_bar_never_fills(tmp_path: Path) -> None:
    result = outcome(tmp_path, LONG)
    assert (result.intents, result.orders, result.fills) == (1, 0, 0)
    assert result.final_equity == result.initial_cash


def test_fee_and_slippage_are_taken_from_the_account(tmp_path: Path) -> None:
    costs = {"slippage_bps": 10, "taker_fee_bps": 10}
    result = outcome(tmp_path, LONG, FLAT, FLAT, FLAT, params={"leave": 1}, execution=costs)
    (trade,) = result.trades
    assert (trade.entry_price, trade.exit_price) == (Decimal("100.1"), Decimal("99.9"))
    assert result.fees == trade.fees == Decimal("0.4")
    assert result.slippage_paid == Decimal("0.4")
    assert result.turnover == Decimal(400)
    assert result.final_equity == result.initial_cash + trade.pnl == Decimal(10**8) - Decimal("0.8")


@pytest.mark.parametrize(
    ("entry", "bar", "price", "reason"),
    [
        (LONG + ", stop_price = 98", (100.0, 101.0, 97.0, 99.0), "98", "stop"),
        (LONG + ", stop_price = 98", (95.0, 99.0, 94.0, 97.0), "95", "stop"),  # the gap
        (LONG + ", target_price = 103", (100.0, 104.0, 99.0, 101.0), "103", "target"),
        (LONG + ", target_price = 103", (105.0, 106.0, 104.0, 105.0), "105", "target"),
        (LONG + ", stop_price = 98, target_price = 103", (100.0, 104.0, 97.0, 103.5), "98", "stop"),  # adverse first
        (SHORT + ", stop_price = 102", (100.0, 103.0, 99.0, 101.0), "102", "stop"),
        (SHORT + ", stop_price = 102", (105.0, 106.0, 104.0, 105.0), "105", "stop"),
        (SHORT + ", target_price = 97", (100.0, 101.0, 96.0, 99.0), "97", "target"),
        (SHORT + ", stop_price = 102, target_price = 97", (100.0, 103.0, 96.0, 97.0), "102", "stop"),
    ],
)
def test_stops_and_targets_inside_a_bar(tmp_path: Path, entry: str, bar: Ohlc, price: str, reason: str) -> None:
    (trade,) = outcome(tmp_path, entry, FLAT, bar, FLAT).trades
    assert (trade.exit_price, trade.exit_reason) == (Decimal(price), reason)
    assert T0 + 4 * MINUTE <= trade.exit_ns < T0 + 5 * MINUTE


def test_a_stop_may_fall_on_the_bar_of_the_entry(tmp_path: Path) -> None:
    (trade,) = outcome(tmp_path, LONG + ", stop_price = 98", (100.0, 101.0, 97.0, 99.0), FLAT).trades
    assert (trade.entry_price, trade.exit_price, trade.bars_held) == (Decimal(100), Decimal(98), 0)


@pytest.mark.parametrize(
    ("entry", "bar", "price"),
    [
        (LONG + ", stop_price = 98", (97.0, 99.0, 97.0, 98.5), "97"),  # the high would be too good
        (LONG + ", stop_price = 98", (97.0, 99.0, 96.0, 98.5), "97"),
        (LONG + ", target_price = 103", (104.0, 105.0, 104.0, 105.0), "104"),
        (LONG + ", target_price = 103", (104.0, 105.0, 102.0, 105.0), "104"),
        (SHORT + ", stop_price = 102", (103.0, 103.0, 101.0, 102.0), "103"),
        (SHORT + ", target_price = 97", (96.0, 96.0, 95.0, 95.0), "96"),
    ],
)
def test_an_entry_beyond_its_stop_or_target_ends_where_it_began(
    tmp_path: Path, entry: str, bar: Ohlc, price: str
) -> None:
    (trade,) = outcome(tmp_path, entry, bar, FLAT).trades
    assert trade.entry_price == trade.exit_price == Decimal(price)
    assert trade.exit_ns == trade.entry_ns


def test_a_target_that_is_only_touched_is_not_reached(tmp_path: Path) -> None:
    assert outcome(tmp_path, LONG + ", target_price = 103", FLAT, (100.0, 103.0, 99.0, 101.0), FLAT).trades == ()


def test_a_trailing_stop_follows_the_high_and_fires_on_the_way_down(tmp_path: Path) -> None:
    rise, fall = (100.0, 110.0, 99.5, 110.0), (110.0, 110.0, 100.0, 101.0)
    (trade,) = outcome(tmp_path, LONG, FLAT, rise, fall, FLAT, risk={"trailing_stop_percent": 5}).trades
    assert trade.exit_price == Decimal("104.5")
    assert trade.exit_reason == "stop"


@pytest.mark.parametrize(
    ("bar", "filled"),
    [
        ((100.0, 101.0, 98.0, 99.0), False),  # touched
        ((100.0, 101.0, 97.99, 99.0), True),  # traded through
        ((97.0, 99.0, 96.0, 98.5), True),  # opened beyond: at the limit all the same
        ((99.0, 99.0, 98.5, 98.5), False),
    ],
)
def test_a_limit_order_must_be_traded_through(tmp_path: Path, bar: Ohlc, *, filled: bool) -> None:
    entry = 'action = "enter_long", quantity = 2, type = "limit", price = 98'
    result = outcome(tmp_path, entry, FLAT, bar, (99.0, 99.5, 98.5, 99.0))
    assert result.orders == 1
    assert result.fills == filled
    assert result.final_equity == result.initial_cash + (2 if filled else 0)


def test_a_limit_that_reaches_the_open_takes_at_the_open(tmp_path: Path) -> None:
    entry = 'action = "enter_long", quantity = 2, type = "limit", price = 101'
    result = outcome(tmp_path, entry, FLAT, FLAT)
    assert result.turnover == Decimal(200)


def test_a_stop_below_a_limit_fires_on_the_same_way_down(tmp_path: Path) -> None:
    entry = 'action = "enter_long", quantity = 2, type = "limit", price = 99, stop_price = 98'
    (trade,) = outcome(tmp_path, entry, FLAT, (100.0, 101.0, 97.0, 100.0), FLAT).trades
    assert (trade.entry_price, trade.exit_price) == (Decimal(99), Decimal(98))


def test_a_target_above_a_limit_is_not_given_away_on_the_bar_of_the_fill(tmp_path: Path) -> None:
    entry = 'action = "enter_long", quantity = 2, type = "limit", price = 99, target_price = 101'
    result = outcome(tmp_path, entry, FLAT, (100.0, 102.0, 98.5, 99.5), (99.5, 99.9, 99.1, 99.5))
    assert result.fills == 1
    assert result.trades == ()
