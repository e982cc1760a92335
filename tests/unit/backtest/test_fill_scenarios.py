"""What an order can and cannot get on each tier of events, one statement a test, through all cores."""

from pathlib import Path

import pytest

from common.messages import Side
from services.backtest.event_plan import EventPlan
from services.backtest.events import run_events
from services.backtest.result import ClosedTrade, RunResult
from tests.unit.backtest.builders import ONCE
from tests.unit.backtest.event_runs import MILLISECOND, Timed, bar, book, change, event_plan, quote, trade

MARKET = 'action = "enter_long", quantity = 2'
LIMIT = 'action = "enter_long", quantity = 2, order_type = "limit", price = 99'
STOP = 'action = "enter_long", quantity = 2, stop_loss = 0.02'
NEVER = {"leave": 99}


def plan_of(tmp_path: Path, answer: str, model: str, **changes: int) -> EventPlan:
    path = tmp_path / f"{model}{len(list(tmp_path.iterdir()))}.lua"
    path.write_text(ONCE % answer)
    spread = 0.0 if model == "trades" else None
    return event_plan(path, params=NEVER, execution={"fill_model": model, **changes}, trade_spread=spread)


def only_trade(result: RunResult) -> ClosedTrade:
    (found,) = result.trades
    return found


def warm(first: Timed) -> list[Timed]:
    """Return an event, and the three bars behind it by which the strategy decides, at 3 000 ms."""
    return [first, *(bar(second * 1_000, 100.0) for second in (1, 2, 3))]


def test_trades_no_fill_on_the_event_that_decided(tmp_path: Path) -> None:
    """The trade at the very time of the decision made the bar end: the order meets the one after it."""
    events = [*warm(trade(500, 100.0)), trade(3_000, 90.0), trade(3_500, 105.0)]
    result = run_events(plan_of(tmp_path, MARKET, "trades"), events)
    assert (result.fills, float(result.turnover)) == (1, 2 * 105.0)


def test_trades_nothing_fills_behind_the_last_event(tmp_path: Path) -> None:
    result = run_events(plan_of(tmp_path, MARKET, "trades"), warm(trade(500, 100.0)))
    assert (result.intents, result.orders, result.fills) == (1, 1, 0)


@pytest.mark.parametrize(("latency", "price"), [(0, 101.0), (400, 101.0), (500, 101.0), (501, 111.0), (1_600, 121.0)])
def test_quotes_an_order_meets_the_touch_that_stands_when_it_arrives(
    tmp_path: Path, latency: int, price: float
) -> None:
    events = [*warm(quote(500, 99.0, 101.0)), quote(3_500, 109.0, 111.0), quote(4_500, 119.0, 121.0)]
    events.append(quote(9_000, 1.0, 2.0))
    plan = plan_of(tmp_path, MARKET, "touch", latency_ns=latency * MILLISECOND)
    assert float(run_events(plan, events).turnover) == 2 * price


def test_quotes_a_late_report_keeps_the_stop_waiting(tmp_path: Path) -> None:
    """Risk cannot protect a position that it has not heard of: the fall in between is borne."""
    fall = [quote(3_100, 90.0, 91.0), quote(3_300, 80.0, 81.0), quote(9_000, 80.0, 81.0)]
    events = [*warm(quote(500, 99.9, 100.0)), *fall]
    soon = run_events(plan_of(tmp_path, STOP, "touch"), events)
    late = run_events(plan_of(tmp_path, STOP, "touch", response_latency_ns=200 * MILLISECOND), events)
    assert (float(only_trade(soon).exit_price), float(only_trade(late).exit_price)) == (90.0, 80.0)


def test_quotes_a_gap_through_a_stop_fills_behind_the_gap(tmp_path: Path) -> None:
    events = [*warm(quote(500, 99.9, 100.0)), quote(3_500, 99.0, 99.1), quote(4_000, 90.0, 90.1)]
    found = only_trade(run_events(plan_of(tmp_path, STOP, "touch"), events))
    assert (float(found.exit_price), found.exit_reason) == (90.0, "stop")


def test_depth_a_large_order_pays_for_its_size_level_by_level(tmp_path: Path) -> None:
    asks = [(101.0, 0.5), (102.0, 1.0), (105.0, 5.0)]
    events = [book(400, [(99.0, 9.0)], asks), *warm(quote(500, 99.0, 101.0, 0.5))]
    result = run_events(plan_of(tmp_path, MARKET, "depth"), events)
    assert (result.orders, result.fills) == (1, 3)
    assert float(result.turnover) == 0.5 * 101 + 1.0 * 102 + 0.5 * 105
    assert float(result.slippage_paid) == 1.0 * 1 + 0.5 * 4


def test_depth_what_the_book_does_not_hold_is_not_filled(tmp_path: Path) -> None:
    events = [book(400, [(99.0, 9.0)], [(101.0, 1.5)]), *warm(quote(500, 99.0, 101.0, 1.5))]
    result = run_events(plan_of(tmp_path, MARKET, "depth"), events)
    assert (result.fills, float(result.turnover)) == (1, 1.5 * 101)


@pytest.mark.parametrize("model", ["trades", "depth"])
def test_a_limit_is_not_filled_by_a_trade_at_its_price_but_by_one_through_it(tmp_path: Path, model: str) -> None:
    first = [book(300, [(98.0, 9.0)], [(101.0, 9.0)]), trade(400, 100.0)] if model == "depth" else []
    start = quote(500, 98.0, 101.0) if model == "depth" else trade(500, 100.0)
    at_it = [*first, *warm(start), trade(3_500, 99.0, 50.0)]
    assert run_events(plan_of(tmp_path, LIMIT, model), at_it).fills == 0
    through = run_events(plan_of(tmp_path, LIMIT, model), [*at_it, trade(4_000, 98.9, 0.1)])
    assert (through.fills, float(through.turnover)) == (1, 2 * 99.0)


def test_queue_a_limit_waits_for_what_was_there_before_it(tmp_path: Path) -> None:
    shown = [book(400, [(99.0, 10.0)], [(101.0, 9.0)]), quote(401, 99.0, 101.0, 10.0), *warm(trade(402, 100.0))]
    nearly = [*shown, trade(3_500, 99.0, 9.0)]
    assert run_events(plan_of(tmp_path, LIMIT, "queue"), nearly).fills == 0
    reached = run_events(plan_of(tmp_path, LIMIT, "queue"), [*nearly, trade(3_600, 99.0, 2.0)])
    assert (reached.fills, float(reached.turnover)) == (1, 1.0 * 99.0)


def test_queue_cancels_count_only_as_far_as_less_is_shown_than_was_ahead(tmp_path: Path) -> None:
    shown = [book(400, [(99.0, 10.0)], [(101.0, 9.0)]), *warm(trade(402, 100.0))]
    shown += [change(3_200, [(99.0, 3.0)], []), trade(3_500, 99.0, 4.0)]
    result = run_events(plan_of(tmp_path, LIMIT, "queue"), [quote(399, 99.0, 101.0, 10.0), *shown])
    assert (result.fills, float(result.turnover)) == (1, 1.0 * 99.0)


def test_queue_a_buyer_who_takes_moves_no_buyer_who_waits(tmp_path: Path) -> None:
    start = [book(400, [(99.0, 1.0)], [(101.0, 9.0)]), quote(401, 99.0, 101.0), *warm(quote(402, 99.0, 101.0))]
    events = [*start, trade(3_500, 99.0, 50.0, Side.BUY)]
    assert run_events(plan_of(tmp_path, LIMIT, "queue"), events).fills == 0


@pytest.mark.parametrize("model", ["touch", "trades", "depth", "queue"])
def test_no_fill_knows_what_comes_after_it(tmp_path: Path, model: str) -> None:
    """Whatever is appended to a recording, what was filled before stays as it was."""
    events = [
        book(100, [(99.0, 9.0)], [(101.0, 9.0)]), *warm(quote(500, 99.0, 101.0)), trade(3_100, 100.0),
        quote(3_200, 99.5, 100.5), trade(3_300, 98.0),
    ]  # fmt: skip
    before = run_events(plan_of(tmp_path, LIMIT, model, latency_ns=5 * MILLISECOND), events)
    for price in (1.0, 1_000.0):
        later = [quote(3_400 + n, price, price + 1) for n in range(3)]
        after = run_events(plan_of(tmp_path, LIMIT, model, latency_ns=5 * MILLISECOND), [*events, *later])
        assert after.digests["intents"] == before.digests["intents"]
        assert after.turnover >= before.turnover
