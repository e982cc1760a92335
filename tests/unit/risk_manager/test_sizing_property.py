"""Whatever the account, the market and the steps are: a size never takes more than its model allows, to the last digit."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from common.config.risk import RiskSection
from common.instruments import Instrument, Instruments
from common.messages import AnyMessage, ApprovedOrder, OrderIntent, OrderRefused, Side, Sized, SizingHint
from common.money import PERCENT
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.core.volatility import Volatility
from tests.unit.risk_manager.builders import MILLISECOND, T0, D, exit_intent, fill_of, intent, quote

LOTS = st.sampled_from(("0.001", "0.00000001", "0.3", "7", "0.007"))
CASH = st.decimals(10, 10**9, places=7)
CENTS = st.integers(2_000, 5_000_000)
PERCENTS = st.decimals("0.01", 100, places=2)


def core_of(cash: Decimal, lot: str, ask: float, **plan: Any) -> RiskCore:
    """Return a core that lets any size through, with a quote."""
    section = RiskSection.model_validate(
        {
            "initial_cash": cash, "max_position_size": 10**30, "max_notional_exposure": 10**30, "sizing": plan,
        }
    )  # fmt: skip
    known = Instrument(symbol="BTCUSDT", base="BTC", quote="USDT", tick_size=D("0.01"), lot_size=D(lot))
    core = RiskCore(section, Instruments((known,)))
    core.handle(quote(ask, ask), T0)
    return core


def sized(core: RiskCore, **changes: Any) -> Decimal:
    """Return the size of an entry, 0 where it is refused."""
    (told,) = core.handle(replace(intent(1, "1"), quantity=None, **changes), T0)
    if isinstance(told, OrderRefused):
        assert told.detail.startswith("no size: the size is"), told
        return D(0)
    assert isinstance(told, ApprovedOrder)
    assert isinstance(told.sizing, Sized)
    return told.quantity


@given(CASH, LOTS, CENTS, st.integers(1, 1_000_000), PERCENTS, st.sampled_from(Side))
def test_never_more_than_the_fraction_is_lost_at_the_stop(
    cash: Decimal, lot: str, cents: int, away: int, percent: Decimal, side: Side
) -> None:
    price, distance = D(cents) / 100, min(D(away) / 100, D(cents - 1) / 100)
    stop = price - distance if side is Side.BUY else price + distance
    core = core_of(cash, lot, cents / 100, model="risk_per_trade", risk_percent=percent)
    quantity = sized(core, stop_price=stop, side=side)
    budget = cash * percent * PERCENT
    assert quantity * distance <= budget
    assert quantity * price <= cash
    # And not a lot less than may be: one more would be too much, for the loss or for the cap.
    more = quantity + D(lot)
    assert more * distance > budget or more * price > cash
    assert quantity % D(lot) == 0


@given(CASH, LOTS, CENTS, PERCENTS, PERCENTS)
def test_more_share_or_more_equity_is_never_less_size(
    cash: Decimal, lot: str, cents: int, one: Decimal, other: Decimal
) -> None:
    low, high = sorted((one, other))
    sizes = [
        sized(core_of(amount, lot, cents / 100, model="percent_of_equity", equity_percent=percent))
        for amount, percent in ((cash, low), (cash, high), (cash * 2, high))
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] * D(cents) / 100 <= cash * low * PERCENT


@given(CASH, LOTS, CENTS, st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_wider_move_is_never_more_size(cash: Decimal, lot: str, cents: int, one: int, other: int) -> None:
    narrow, wide = sorted((one, other))
    sizes = [
        sized(core_of(cash, lot, cents / 100, model="volatility_target"), sizing=SizingHint(atr=D(move) / 100))
        for move in (wide, narrow)
    ]
    assert sizes == sorted(sizes)
    assert sizes[1] * D(narrow) / 100 <= cash * PERCENT


@given(
    st.lists(st.tuples(st.integers(9_000, 11_000), st.sampled_from("mmmt")), min_size=1, max_size=30),
    st.integers(0, 29),
)
def test_a_restart_in_between_sizes_the_same(steps: list[tuple[int, str]], at: int) -> None:
    # Marks and closed trades are remembered in the snapshot, to the last digit.
    def driven(*, restarted: bool) -> tuple[list[AnyMessage], bytes]:
        core, told = fresh(), list[AnyMessage]()
        for number, (cents, what) in enumerate(steps):
            now_ns = T0 + number * 60_000 * MILLISECOND
            if restarted and number == at:
                other = fresh()
                other.restore(core.snapshot())
                assert other.snapshot() == core.snapshot()
                core = other
            told += step(core, number, cents, what, now_ns)
        return told, core.snapshot()

    assert driven(restarted=True) == driven(restarted=False)


def fresh() -> RiskCore:
    strategies = {"kelly": {"model": "kelly", "kelly_trades": 2}}
    plan = {"model": "volatility_target", "volatility_samples": 3, "strategies": strategies}
    return core_of(D(10_000), "0.001", 100.0, **plan)


def step(core: RiskCore, number: int, cents: int, what: str, now_ns: int) -> list[AnyMessage]:
    """Move the market, and perhaps trade: two runners enter with what risk makes of it, and leave."""
    told = list(core.handle(quote(cents / 100, cents / 100, update_id=number, at=now_ns), now_ns))
    if what == "m":
        return told
    for runner in ("vol:BTCUSDT", "kelly:BTCUSDT"):
        told += trade(core, runner, number, cents, now_ns)
    return told


def trade(core: RiskCore, runner: str, number: int, cents: int, now_ns: int) -> list[AnyMessage]:
    told: list[AnyMessage] = []
    wanted: OrderIntent = replace(intent(3 * number + 1, "1", runner=runner, at=now_ns), quantity=None)
    for each in (wanted, intent(3 * number + 2, "1", runner=runner, at=now_ns)):
        (answer,) = core.handle(each, now_ns)
        told.append(answer)
        if isinstance(answer, ApprovedOrder):
            told += core.handle(fill_of(answer, D(cents) / 100), now_ns)
            leave = exit_intent(3 * number + 3, answer.quantity, runner=runner, at=now_ns)
            (left,) = core.handle(leave, now_ns)
            told.append(left)
            assert isinstance(left, ApprovedOrder)
            told += core.handle(fill_of(left, D(cents + number % 3) / 100), now_ns)
            break
    return told


@given(st.lists(st.floats(1.0, 1e6), min_size=2, max_size=50), st.floats(0.5, 0.99))
def test_the_variance_is_a_weighted_mean_of_squared_returns(marks: list[float], decay: float) -> None:
    volatility = Volatility()
    for number, mark in enumerate(marks):
        volatility.see(mark, number, decay)
        volatility.see(mark * 2, number, decay)  # the same stretch
    squares = [((now - was) / was) ** 2 for was, now in pairwise(marks)]
    assert volatility.samples == len(squares)
    assert min(squares) * (1 - 1e-9) <= volatility.variance <= max(squares) * (1 + 1e-9)
