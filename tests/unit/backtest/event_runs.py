"""Recorded events and plans for the tests of the event tiers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.config.models import ExecutionSection, MarketDataSection, RiskSection
from common.messages import AnyMessage, Bar, BarSource, BookSnapshot, BookUpdate, Quote, Side, Trade
from orrery.data.recording_inputs import RecordingInputs
from services.backtest.event_plan import EventPlan
from services.backtest.events import run_events
from services.backtest.market_feed import market_messages
from services.backtest.result import RunResult
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import load_strategy
from tests.unit.backtest.builders import EXACT, T0, WIDE

SECOND = 1_000_000_000
MILLISECOND = 1_000_000

type Timed = tuple[int, AnyMessage]


def event_plan(script: Path, symbols: Sequence[str] = ("BTCUSDT",), timeframe: str = "1s", **changes: Any) -> EventPlan:
    """Return a plan of one strategy file; risk and execution are given as keys of their sections."""
    spec = load_strategy(script, params=changes.pop("params", {}))
    runners = [RunnerSpec(strategy=spec, symbol=name, timeframe=timeframe, currency="USDT") for name in symbols]
    risk, execution = changes.pop("risk", {}), changes.pop("execution", {})
    return EventPlan(
        name="test",
        runners=runners,
        make_host=lua_factory(LuaLimits()),
        risk=RiskSection(**{**WIDE, **risk}),
        execution=ExecutionSection(**{**EXACT, **execution}),
        **changes,
    )


def run_recording(plan: EventPlan, path: Path) -> RunResult:
    """Run a recording through a market-data core of its own."""
    return run_events(plan, recorded_messages(plan, path))


def recorded_messages(plan: EventPlan, path: Path) -> list[Timed]:
    """Return what a market-data core publishes of a recording."""
    recorded = RecordingInputs(path)
    core = recorded.core(MarketDataSection(symbols=list(plan.symbols)), plan.symbols)
    for symbol, timeframe in plan.required_bars:
        core.require_bars(symbol, timeframe)
    return list(market_messages(core, recorded, recorded.ask))


def quote(at: int, bid: float, ask: float, size: float = 1.0, symbol: str = "BTCUSDT") -> Timed:
    """Return a quote so many milliseconds after T0."""
    now_ns = T0 + at * MILLISECOND
    return now_ns, Quote(
        symbol=symbol, bid=bid, bid_size=size, ask=ask, ask_size=size, update_id=at + 1, event_ns=now_ns,
        received_ns=now_ns,
    )  # fmt: skip


def trade(at: int, price: float, size: float = 1.0, side: Side = Side.SELL, symbol: str = "BTCUSDT") -> Timed:
    """Return a trade so many milliseconds after T0."""
    now_ns = T0 + at * MILLISECOND
    return now_ns, Trade(
        symbol=symbol, price=price, size=size, side=side, trade_id=at + 1, first_trade_id=at + 1, event_ns=now_ns,
        received_ns=now_ns,
    )  # fmt: skip


def bar(at: int, price: float, symbol: str = "BTCUSDT") -> Timed:
    """Return a bar of one second that ended so many milliseconds after T0."""
    now_ns = T0 + at * MILLISECOND
    return now_ns, Bar(
        symbol=symbol, timeframe="1s", start_ns=now_ns - SECOND, end_ns=now_ns, open=price, high=price, low=price,
        close=price, volume=1.0, trade_count=1, source=BarSource.TRADES, event_ns=now_ns, received_ns=now_ns,
    )  # fmt: skip


def book(at: int, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> Timed:
    """Return a whole book so many milliseconds after T0."""
    now_ns = T0 + at * MILLISECOND
    return now_ns, BookSnapshot(
        symbol="BTCUSDT", update_id=at + 1, bids=bids, asks=asks, event_ns=now_ns, received_ns=now_ns
    )


def change(at: int, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> Timed:
    """Return changed levels so many milliseconds after T0; they follow whatever book there is."""
    now_ns = T0 + at * MILLISECOND
    return now_ns, BookUpdate(
        symbol="BTCUSDT", first_update_id=1, update_id=at + 1, bids=bids, asks=asks, event_ns=now_ns,
        received_ns=now_ns,
    )  # fmt: skip
