"""The circuit breaker latches at the threshold, exactly, and opens again only by more losses."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from common.messages import ApprovedOrder, OperatorCommand, OrderRefused, RejectReason, Side
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    T0,
    D,
    approved,
    exit_intent,
    fill_of,
    intent,
    opened,
    quote,
    risk_core,
)

RESET = OperatorCommand(id="1", service="risk_manager", name="reset_breaker", arguments={}, event_ns=T0, received_ns=T0)


def guarded(max_loss: str = "10") -> RiskCore:
    core = risk_core(enable_circuit_breaker=True, max_loss_threshold=max_loss, initial_cash=1_000)
    core.handle(quote(100.0, 100.0), T0)
    return core


def is_open(core: RiskCore) -> bool:
    return bool(core.status()["breaker"]["open"])


def entry_passes(core: RiskCore, number: int) -> bool:
    (answer,) = core.handle(intent(number), T0)
    if isinstance(answer, OrderRefused):
        assert answer.reason is RejectReason.BREAKER_OPEN
    return isinstance(answer, ApprovedOrder)


def test_an_unrealised_loss_opens_it_and_a_recovery_does_not_close_it() -> None:
    core = guarded()
    opened(core, "2")
    core.handle(quote(95.01, 95.01, update_id=2), T0)
    assert not is_open(core)
    core.handle(quote(95.0, 95.0, update_id=3), T0)
    core.handle(quote(100.0, 100.0, update_id=4), T0)
    assert is_open(core)
    assert not entry_passes(core, 2)
    assert approved(core, exit_intent(3)).quantity == 1


def test_a_fill_opens_it_at_once() -> None:
    core = guarded()
    order = approved(core, intent(1, "1"))
    core.handle(fill_of(order, "110"), T0)
    assert is_open(core)


def test_fees_count() -> None:
    core = guarded()
    core.handle(fill_of(approved(core, intent(1)), "100", fee="10"), T0)
    assert core.status()["breaker"] == {"open": True, "reason": "lost 10, the threshold is 10", "times_opened": 1}


def test_a_reset_counts_losses_anew() -> None:
    core = guarded()
    opened(core, "1", "110")
    core.handle(RESET, T0)
    assert not is_open(core)
    core.handle(quote(90.01, 90.01, update_id=2), T0)
    assert not is_open(core)
    core.handle(quote(90.0, 90.0, update_id=3), T0)
    assert core.status()["breaker"] == {"open": True, "reason": "lost 10, the threshold is 10", "times_opened": 2}


def test_without_the_switch_nothing_opens_it() -> None:
    core = risk_core(enable_circuit_breaker=False, max_loss_threshold=1)
    core.handle(quote(), T0)
    opened(core, "1", "200")
    core.handle(quote(1.0, 1.1, update_id=2), T0)
    assert not is_open(core)


moves = st.lists(
    st.tuples(st.sampled_from(["quote", "buy", "sell"]), st.integers(9_000, 11_000), st.integers(1, 5)), max_size=40
)


@given(moves, st.integers(1, 60))
def test_it_opens_exactly_when_the_loss_reaches_the_threshold(flow: list[tuple[str, int, int]], threshold: int) -> None:
    # The core only estimates P&L while the threshold is far away; held here against the exact figure at every step.
    core = guarded(str(threshold))
    cash, quantity, mark = D(1_000), D(0), D(100)
    must_be_open = False
    for number, (what, cents, size) in enumerate(flow, 1):
        price = Decimal(cents) / 100
        if what == "quote":
            mark = price
            core.handle(quote(float(price), float(price), update_id=number + 1), T0)
            must_be_open |= bool(quantity) and D(1_000) - cash - quantity * mark >= threshold
        else:
            side, sign = (Side.BUY, 1) if what == "buy" else (Side.SELL, -1)
            order = approved(guarded(), intent(number, str(size), side=side))
            core.handle(fill_of(order, price), T0)
            cash, quantity = cash - sign * size * price, quantity + sign * size
            must_be_open |= D(1_000) - cash - quantity * mark >= threshold
        assert is_open(core) == must_be_open


def test_exchange_rates_count_too() -> None:
    core = risk_core(enable_circuit_breaker=True, max_loss_threshold=100, initial_cash=100_000)
    core.handle(quote(50_000.0, 50_000.0), T0)
    core.handle(quote(0.05, 0.05, symbol="ETHBTC"), T0)
    opened(core, "10", "0.05", runner="x:ETHBTC")
    core.handle(quote(50_000.0, 50_000.0, update_id=2), T0)
    core.handle(quote(0.0499, 0.0499, symbol="ETHBTC", update_id=2), T0)
    assert not is_open(core)
    core.handle(quote(0.0498, 0.0498, symbol="ETHBTC", update_id=3), T0)
    assert is_open(core)


def test_a_position_without_a_quote_is_no_loss() -> None:
    core = risk_core(enable_circuit_breaker=True, max_loss_threshold=10, initial_cash=1_000)
    core.handle(fill_of(approved(guarded(), intent(1)), "100"), T0)
    assert not is_open(core)
    core.handle(quote(90.0, 90.0), T0)
    assert is_open(core)
