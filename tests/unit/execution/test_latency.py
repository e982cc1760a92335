"""The way to the venue and back: what arrives when, and that nothing is lost over a restart."""

from collections.abc import Sequence

import pytest

from common.local_bus import LocalBus
from common.messages import AnyMessage, Fill, OrderAccepted, OrderCancelled, Quote
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.latency import LatencyCore
from services.execution.core.making import also_hears, make_execution
from services.execution.core.watching import WatchingCore
from tests.unit.execution.builders import approved_cancel, approved_order, execution_core, section
from tests.unit.risk_manager.builders import MILLISECOND, T0, D, instruments, quote

FREE = {"slippage_bps": 0, "taker_fee_bps": 0, "maker_fee_bps": 0}


def at(milliseconds: int, bid: float, ask: float) -> Quote:
    return quote(float(bid), float(ask), update_id=milliseconds + 1, at=T0 + milliseconds * MILLISECOND)


def late(order: int = 5, report: int = 0) -> LatencyCore:
    return LatencyCore(execution_core(**FREE), order * MILLISECOND, report * MILLISECOND)


def fill_prices(messages: Sequence[AnyMessage]) -> list[tuple[int, float]]:
    return [((each.event_ns - T0) // MILLISECOND, float(each.price)) for each in messages if isinstance(each, Fill)]


def test_an_order_meets_the_quote_that_stands_when_it_arrives() -> None:
    core = late(5)
    core.handle(at(0, 99, 101), T0)
    assert core.handle(approved_order(), T0) == ()
    core.handle(at(4, 109, 111), T0 + 4 * MILLISECOND)
    assert core.next_deadline_ns() == T0 + 5 * MILLISECOND
    told = core.on_deadline(T0 + 5 * MILLISECOND)
    assert fill_prices(told) == [(5, 111.0)]
    assert core.next_deadline_ns() is None


def test_a_quote_at_the_time_of_arrival_comes_behind_the_order() -> None:
    core = late(5)
    core.handle(at(0, 99, 101), T0)
    core.handle(approved_order(), T0)
    assert fill_prices(core.handle(at(5, 1, 2), T0 + 5 * MILLISECOND)) == [(5, 101.0)]


def test_a_report_is_heard_late_and_says_when_it_happened() -> None:
    core = late(5, 7)
    core.handle(at(0, 99, 101), T0)
    core.handle(approved_order(), T0)
    assert not core.on_deadline(T0 + 5 * MILLISECOND)
    accepted, fill = core.on_deadline(T0 + 12 * MILLISECOND)
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(fill, Fill)
    assert (fill.event_ns, fill.received_ns) == (T0 + 5 * MILLISECOND, T0 + 12 * MILLISECOND)


def test_a_cancel_arrives_behind_its_order_and_may_come_too_late() -> None:
    core = late(5)
    core.handle(at(0, 99, 101), T0)
    resting = approved_order(limit_price=D(90))
    core.handle(resting, T0)
    core.handle(approved_cancel(resting), T0)
    told = core.on_deadline(T0 + 5 * MILLISECOND)
    assert [type(each) for each in told] == [OrderAccepted, OrderCancelled]
    taking = approved_order(2, limit_price=D(200))
    core.handle(taking, T0 + 6 * MILLISECOND)
    core.handle(approved_cancel(taking), T0 + 6 * MILLISECOND)
    assert len(fill_prices(core.on_deadline(T0 + 20 * MILLISECOND))) == 1
    assert core.status()["ignored_cancels"] == 1


def test_on_the_bus_deadlines_fire_between_events() -> None:
    bus = LocalBus({EXECUTION: late(5, 7)})
    bus.publish(MARKET_DATA, at(0, 99, 101), T0)
    assert bus.publish(RISK_MANAGER, approved_order(), T0) == []
    assert fill_prices(bus.advance(T0 + 30 * MILLISECOND)) == [(5, 101.0)]


def test_what_is_on_its_way_survives_a_restart() -> None:
    core = late(5, 7)
    core.handle(at(0, 99, 101), T0)
    core.handle(approved_order(), T0)
    core.on_deadline(T0 + 5 * MILLISECOND)
    core.handle(approved_order(2), T0 + 6 * MILLISECOND)
    assert (core.status()["orders_on_their_way"], core.status()["reports_on_their_way"]) == (1, 2)
    again = late(5, 7)
    again.restore(core.snapshot())
    assert again.snapshot() == core.snapshot()
    assert again.on_deadline(T0 + 30 * MILLISECOND) == core.on_deadline(T0 + 30 * MILLISECOND)
    assert again.snapshot() == core.snapshot()


def test_the_default_is_execution_itself_and_hears_no_more() -> None:
    assert type(make_execution(section(), instruments())) is ExecutionCore
    assert also_hears(section()) == ()


@pytest.mark.parametrize("model", ["trades", "depth", "queue", "orders"])
def test_a_fill_model_hears_what_it_looks_at(model: str) -> None:
    made = section(fill_model=model)
    assert type(make_execution(made, instruments())) is WatchingCore
    assert "trade." in also_hears(made)
    assert type(make_execution(section(fill_model=model, latency_ns=1), instruments())) is LatencyCore
