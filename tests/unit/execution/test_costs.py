"""What a fill costs by each model: by hand, and exact by property; the same in paper trading and backtests."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from common.config.costs import CostKeys
from common.messages import Fill, Liquidity, Side
from common.money import use_money_context
from services.execution.core.costs import COMMISSION, SLIPPAGE
from services.execution.core.making import make_execution
from services.execution.core.till import DAY_NS
from services.execution.core.venue import VenueFilled
from tests.architecture.sources import ROOT
from tests.unit.execution.builders import approved_order, section, venue, venue_order
from tests.unit.risk_manager.builders import BTC, T0, D, instruments, quote

TAKER, MAKER = Liquidity.TAKER, Liquidity.MAKER
TIERS = [
    {"from_notional": 0, "taker_fee_bps": 10, "maker_fee_bps": 8},
    {"from_notional": 1_000, "taker_fee_bps": 6, "maker_fee_bps": 4},
    {"from_notional": 5_000, "taker_fee_bps": 4, "maker_fee_bps": -1},
]


def fills(side: Side, *quantities: str, **costs: Any) -> list[VenueFilled]:
    """Return what a venue makes of market orders at a touch of 100.00 and 100.02."""
    at = venue(**{"slippage_bps": 0, "taker_fee_bps": 0, **costs})
    at.observe(quote(100.0, 100.02), T0)
    found = []
    for number, quantity in enumerate(quantities):
        (_, fill) = at.submit(venue_order(number, side, quantity), T0)
        assert isinstance(fill, VenueFilled)
        found.append(fill)
    return found


def test_every_model_is_a_file_and_can_be_chosen() -> None:
    folder = ROOT / "services" / "execution" / "core" / "costs"
    for kind, models in (("slippage", SLIPPAGE), ("commission", COMMISSION)):
        assert {path.stem.removeprefix(f"{kind}_") for path in folder.glob(f"{kind}_*.py")} == set(models)
        assert set(get_args(CostKeys.model_fields[f"{kind}_model"].annotation)) == set(models)


@pytest.mark.parametrize(
    ("costs", "quantity", "bought", "sold"),
    [
        ({"slippage_model": "fixed", "slippage_ticks": 3}, "1", "100.05", "99.97"),
        ({"slippage_model": "fixed", "slippage_ticks": 0}, "1", "100.02", "100"),
        ({"slippage_model": "proportional", "slippage_bps": 10}, "1", "100.13", "99.90"),
        ({"slippage_model": "impact", "impact_volume": 0}, "4", "100.02", "100"),
        # 2 % x sqrt(4 / 100) = 0.4 %: 100.02 + 0.40008 and 100 - 0.4, on the tick against us
        ({"slippage_model": "impact", "impact_volume": 100}, "4", "100.43", "99.60"),
        ({"slippage_model": "impact", "impact_volume": 2}, "4", "102.03", "98.00"),  # no more than the whole day's
    ],
)
def test_slippage(costs: dict[str, Any], quantity: str, bought: str, sold: str) -> None:
    assert fills(Side.BUY, quantity, **costs)[0].price == D(bought)
    assert fills(Side.SELL, quantity, **costs)[0].price == D(sold)


def test_tiers_fall_with_what_was_traded_before() -> None:
    costs = {"commission_model": "tiers", "fee_tiers": TIERS}
    fees = [fill.fee for fill in fills(Side.SELL, "9", "1", "40", "1", **costs)]
    assert fees == [D("0.9"), D("0.1"), D("2.4"), D("0.04")]
    fee = COMMISSION["tiers"](section(**costs))
    assert fee(D(100), D(1), MAKER, D(5_000)) == D("-0.01")


@pytest.mark.parametrize("model", ["touch", "depth"])
def test_tiers_forget_the_days_before_their_window(model: str) -> None:
    costs = section(commission_model="tiers", fee_tiers=TIERS, fee_window_days=2, slippage_bps=0, fill_model=model)
    core, other = make_execution(costs, instruments()), make_execution(costs, instruments())
    fees = []
    for number, (day, quantity) in enumerate(((0, "10"), (1, "1"), (1, "1"), (2, "1"), (3, "1")), 1):
        now_ns = T0 + day * DAY_NS
        shown = replace(quote(100.0, 100.0, at=now_ns, update_id=number), ask_size=100.0)
        core.handle(shown, now_ns)
        told = core.handle(approved_order(number, quantity), now_ns)
        fees += [each.fee for each in told if isinstance(each, Fill)]
        other.restore(core.snapshot())
        assert other.snapshot() == core.snapshot()
        core, other = other, core
    assert fees == [D(1), D("0.06"), D("0.06"), D("0.1"), D("0.1")]


def test_fees_by_the_unit_have_a_floor_and_a_ceiling() -> None:
    costs = {"commission_model": "per_unit", "fee_per_unit": "0.005", "fee_minimum": 1, "fee_maximum_percent": 1}
    assert [fill.fee for fill in fills(Side.SELL, "1000", "20", "0.5", **costs)] == [D(5), D(1), D("0.5")]
    free = {**costs, "fee_maximum_percent": 0}
    assert fills(Side.SELL, "0.5", **free)[0].fee == D(1)


@pytest.mark.parametrize("starts", [(), (5,), (0, 10, 10), (0, 10, 5)])
def test_tiers_that_do_not_rise_are_an_error(starts: tuple[int, ...]) -> None:
    tiers = [{"from_notional": start, "taker_fee_bps": 1, "maker_fee_bps": 1} for start in starts]
    with pytest.raises(ValidationError, match="fee_tiers: expected tiers from 0 on, each above the one before"):
        section(commission_model="tiers", fee_tiers=tiers)


prices = st.integers(1, 10**10).map(lambda ticks: Decimal(ticks) / 100)
sizes = st.integers(1, 10**10).map(lambda lots: Decimal(lots) / 1000)
bps = st.integers(0, 10_000).map(lambda tenth: Decimal(tenth) / 10)


@given(prices, sizes, bps, bps, st.sampled_from(Liquidity))
def test_fees_are_exact(price: Decimal, size: Decimal, taker: Decimal, per_unit: Decimal, liquidity: Liquidity) -> None:
    use_money_context()
    rate = min(taker, Decimal(100))
    flat = COMMISSION["maker_taker"](section(taker_fee_bps=rate, maker_fee_bps=rate))
    assert Fraction(flat(price, size, liquidity, D(0))) == Fraction(price) * Fraction(size) * Fraction(rate) / 10_000
    unit = COMMISSION["per_unit"](section(commission_model="per_unit", fee_per_unit=per_unit))
    assert Fraction(unit(price, size, liquidity, D(0))) == Fraction(per_unit) * Fraction(size)


@given(prices, sizes, sizes, st.sampled_from(sorted(SLIPPAGE)))
def test_slippage_never_helps_and_never_falls_with_the_size(
    price: Decimal, one: Decimal, other: Decimal, model: str
) -> None:
    use_money_context()
    away = SLIPPAGE[model](section(slippage_model=model, impact_volume=1_000))
    small, large = sorted((one, other))
    assert 0 <= away(price, small, BTC) <= away(price, large, BTC)
