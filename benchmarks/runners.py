"""Many runners in one process: processor and memory of each, and from a quote to its intent with 100 of them."""

import gc
import resource
import time
from pathlib import Path

from benchmarks.figures import Figure, percentile
from common.config.models import Config
from common.core import Core
from common.instruments import Instruments
from common.messages import Bar, BarSource, OrderIntent, Quote
from common.timeframes import NS_PER_SECOND
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.lua import lua_factory
from services.signal.loading import limits_of, load_source, load_strategy

SCRIPT = Path(__file__).resolve().parents[1] / "strategies" / "ema_crossover.lua"
COUNTS = (10, 100, 1_000)
QUOTES_PER_SECOND = 10
"""Quotes of each symbol a second, beside a bar, that the processor's share is told for."""
SECONDS = 20
MIB = 1 << 20
TICKING = b"""
strategy = { name = "ticking", evaluate_on = "tick" }
function detect_opportunity(market_data, context, indicators)
  local fast, slow = indicators.ema(10), indicators.ema(20)
  if fast and slow then return { signal = "always" } end
end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 1, price = market_data.price }
end
function manage_position(market_data, context, indicators) return nil end
"""


def run() -> list[Figure]:
    """Measure with a bar a second and ten quotes a second on every symbol, a symbol for each runner."""
    bar_driven = load_strategy(SCRIPT)
    figures: list[Figure] = []
    for count in COUNTS:
        figures += _load_of(bar_driven, count)
    return figures + _latency(load_source(TICKING, "benchmarks/ticking.lua"))


def _core(strategy: StrategySpec, count: int) -> SignalCore:
    specs = [
        RunnerSpec(strategy=strategy, symbol=symbol_of(number), timeframe="1s", currency="USDT")
        for number in range(count)
    ]
    return SignalCore(specs, lua_factory(limits_of(Config().signal)), Instruments(), SignalLimits())


def _load_of(strategy: StrategySpec, count: int) -> list[Figure]:
    gc.collect()
    before = resident_mib()
    core = _core(strategy, count)
    for second in range(2):
        play(core, count, second)
    started = time.process_time()
    for second in range(2, 2 + SECONDS):
        play(core, count, second)
    used_us = (time.process_time() - started) / SECONDS / count * 1e6
    held = max(0.0, resident_mib() - before) / count
    return [
        Figure(f"{count} runners: CPU each, 1 bar and 10 quotes a second", used_us, "us/s", "< 1 %, 10,000 us/s"),
        Figure(f"{count} runners: memory each", held, "MiB", "< 100 MiB", "< 1 MiB"),
    ]


def play(core: Core, count: int, second: int) -> None:
    """Show each of so many runners the quotes and the bar of a second."""
    for number in range(count):
        for part in range(QUOTES_PER_SECOND):
            at_ns = second * NS_PER_SECOND + part
            core.handle(quote_of(number, at_ns), at_ns)
        bar = bar_of(number, second)
        core.handle(bar, bar.end_ns)


def _latency(strategy: StrategySpec, count: int = 100) -> list[Figure]:
    """Return the time from a quote to the intent that it leads to; each runner gives one, then waits and is made anew."""
    samples: list[float] = []
    for _ in range(20):
        core = _core(strategy, count)
        for second in range(30):
            for number in range(count):
                bar = bar_of(number, second)
                core.handle(bar, bar.end_ns)
        warm_ns = 31 * NS_PER_SECOND
        for number in range(count):  # the first question makes the indicators known; they are warm from the window
            samples += _answer_us(core, number, warm_ns)
        for number in range(count):
            samples += _answer_us(core, number, warm_ns + 1)
    return [
        Figure("tick to intent inside the service, 100 runners p50", percentile(samples, 0.5), "us"),
        Figure("tick to intent inside the service, 100 runners p99", percentile(samples, 0.99), "us", "< 1 ms"),
    ]


def _answer_us(core: SignalCore, number: int, at_ns: int) -> list[float]:
    quote = quote_of(number, at_ns)
    started = time.perf_counter_ns()
    out = core.handle(quote, at_ns)
    took = time.perf_counter_ns() - started
    return [took / 1e3] if any(isinstance(message, OrderIntent) for message in out) else []


def symbol_of(number: int) -> str:
    """Return the symbol of a runner."""
    return f"S{number:04d}USDT"


def resident_mib() -> float:
    """Return how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MIB


def quote_of(number: int, at_ns: int) -> Quote:
    """Return a quote of a runner's symbol."""
    return Quote(
        symbol=symbol_of(number), bid=99.9, bid_size=1.0, ask=100.1, ask_size=1.0, update_id=at_ns, event_ns=at_ns,
        received_ns=at_ns,
    )  # fmt: skip


def bar_of(number: int, second: int) -> Bar:
    """Return the bar of a runner's symbol in a second."""
    close = 100.0 + ((number + second) * 7_919 % 1_000) / 100.0
    end_ns = (second + 1) * NS_PER_SECOND
    return Bar(
        symbol=symbol_of(number), timeframe="1s", start_ns=end_ns - NS_PER_SECOND, end_ns=end_ns, open=close, high=close + 1,
        low=close - 1, close=close, volume=1.0, trade_count=1, source=BarSource.TRADES, event_ns=end_ns, received_ns=end_ns,
    )  # fmt: skip
