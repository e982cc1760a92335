"""Strategies: one Lua call per update with its refresh of values, a bar through the signal core, the state machine."""

from pathlib import Path

from benchmarks.figures import Figure, per_call_ns
from common.config.models import Config
from common.instruments import Instruments
from common.messages import Bar, BarSource
from common.timeframes import NS_PER_SECOND
from services.signal.core.host import Function, HostFactory
from services.signal.core.indicator import IndicatorKey
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.core.state_machine import Event, StateMachine
from services.signal.hosts.lua import lua_factory
from services.signal.loading import limits_of, load_source, load_strategy

SCRIPT = Path(__file__).resolve().parents[1] / "strategies" / "ema_crossover.lua"
BARS = 20_000
NAMED = """
function detect_opportunity(market_data, context, indicators)
  local fast, slow = indicators.ta("hma", { length = 10 }), indicators.ta("hma", { length = 20 })
  if fast > slow then
    return { signal = "bullish" }
  end
end
function filter_commitment(market_data, context, indicators) end
function manage_position(market_data, context, indicators) end
"""
READING = """
function detect_opportunity(market_data, context, indicators)
  local fast, slow = indicators.ema(10), indicators.ema(20SECOND)
  if fast and slow and fast > 1e9 then
    return { signal = "bullish" }
  end
end
function filter_commitment(market_data, context, indicators) end
function manage_position(market_data, context, indicators) end
"""


def run() -> list[Figure]:
    """Measure the EMA crossover 10/20 of this project."""
    limits = limits_of(Config().signal)
    spec = RunnerSpec(strategy=load_strategy(SCRIPT), symbol="BTCUSDT", timeframe="1s", currency="USDT")
    make_host = lua_factory(limits)
    host = make_host(spec)
    flat = [1_700_000_000.0, 1.0, 2.0, 0.5, 1.5, 10.0, 1.4, 1.6, 1.5, 99.0, 100.0]
    call_ns = per_call_ns(lambda: host.evaluate(Function.DETECT, flat))
    core = SignalCore([spec], make_host, Instruments(), SignalLimits())
    bars = iter([_bar(number) for number in range(BARS)])

    def next_bar() -> None:
        bar = next(bars)
        core.handle(bar, bar.end_ns)

    bar_ns = per_call_ns(next_bar, repeats=8, calls=2_000)
    return [
        Figure("Lua call per update, 2 indicators, values refreshed", call_ns / 1e3, "us", "< 1 ms", "<= 1 us"),
        Figure('Lua call that reads two of ta("hma", {length = n})', _named_call_us(make_host), "us", "", "<= 2 us"),
        Figure("state machine, there and back", 1e9 / _transition_ns(), "1/s", ">= 1 000", ">= 200 000"),
        Figure("bar through the signal core (indicators, Lua, orders)", bar_ns / 1e3, "us", "< 10 ms"),
        Figure("bar through the core, 2 EMAs of one timeframe, no orders", _reading_us(make_host, ""), "us", ""),
        Figure("the same, one EMA of a second timeframe (every 5th bar)", _reading_us(make_host, ', "5s"'), "us", ""),
    ]


def _reading_us(make_host: HostFactory, second: str) -> float:
    strategy = load_source(READING.replace("SECOND", second).encode(), "reading.lua", name="reading")
    spec = RunnerSpec(strategy=strategy, symbol="BTCUSDT", timeframe="1s", currency="USDT")
    core = SignalCore([spec], make_host, Instruments(), SignalLimits())
    bars = iter([_bar(number) for number in range(BARS)])
    longer = iter([_bar(number, 5) for number in range(BARS // 5)])

    def next_bar() -> None:
        bar = next(bars)
        if second and bar.end_ns % (5 * NS_PER_SECOND) == 0:
            core.handle(next(longer), bar.end_ns)
        core.handle(bar, bar.end_ns)

    return per_call_ns(next_bar, repeats=8, calls=2_000) / 1e3


def _named_call_us(make_host: HostFactory) -> float:
    keys = (IndicatorKey("ta:hma", (10, 2)), IndicatorKey("ta:hma", (20, 2)))
    spec = StrategySpec(name="named", script="named.lua", source=NAMED.encode(), indicators=keys)
    host = make_host(RunnerSpec(strategy=spec, symbol="BTCUSDT", timeframe="1s", currency="USDT"))
    flat = [1_700_000_000.0, 1.0, 2.0, 0.5, 1.5, 10.0, 1.4, 1.6, 1.5, 99.0, 100.0]
    return per_call_ns(lambda: host.evaluate(Function.DETECT, flat)) / 1e3


def _transition_ns() -> float:
    machine = StateMachine()

    def both() -> None:
        machine.fire(Event.OPPORTUNITY, 1)
        machine.fire(Event.ANALYSIS_CANCELLED, 2)

    return per_call_ns(both) / 2


def _bar(number: int, seconds: int = 1) -> Bar:
    length_ns = seconds * NS_PER_SECOND
    close = 100.0 + (number * 7_919 % 1_000) / 100.0
    return Bar(
        symbol="BTCUSDT", timeframe=f"{seconds}s", start_ns=number * length_ns, end_ns=(number + 1) * length_ns, open=close,
        high=close + 1, low=close - 1, close=close, volume=1.0, trade_count=1, source=BarSource.TRADES,
        event_ns=(number + 1) * length_ns, received_ns=(number + 1) * length_ns,
    )  # fmt: skip
