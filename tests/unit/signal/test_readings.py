"""Runners that read other series: what waits for what, for how long, and that a restored core goes on alike."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import AnyMessage, Bar, MarketState, MarketStatus, Quote, RunnerFailed
from services.signal.core.showing import show_runner
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import load_source
from tests.unit.signal.support import INSTRUMENTS, MINUTE_NS, SYMBOL, bar, quote

SECOND_NS = 1_000_000_000
ETH = "ETHUSDT"
SOURCE = b"""
strategy = { name = "reads", series = { { symbol = "ETHUSDT" } } }
function detect_opportunity(md, context, indicators)
  context.n = (context.n or 0) + 1
  local five, other = indicators.bar("5m"), indicators.bar("", "ETHUSDT")
  print(md.timestamp / 60, five and five.timestamp / 60, other and other.timestamp / 60, indicators.sma(2, "5m", "ETHUSDT"))
  if md.close == 106 then context.late = indicators.ema(2, "3m") end
end
function filter_commitment() end
function manage_position() end
"""


def core(source: bytes = SOURCE, timeframe: str = "1m") -> SignalCore:
    strategy = load_source(source, "strategies/reads.lua")
    spec = RunnerSpec(strategy=strategy, symbol=SYMBOL, timeframe=timeframe, currency="USDT")
    return SignalCore([spec], lua_factory(LuaLimits()), INSTRUMENTS)


def of(symbol: str, minutes: int, number: int, close: float = 100.0, **changes: Any) -> Bar:
    """Return the bar of a number, so many minutes long."""
    start_ns = number * minutes * MINUTE_NS
    end_ns = start_ns + minutes * MINUTE_NS
    times = {"start_ns": start_ns, "end_ns": end_ns, "event_ns": end_ns}
    return bar(0, close, symbol=symbol, timeframe=f"{minutes}m", **times, **changes)


def lines(made: SignalCore) -> list[str]:
    (runner,) = made.roster.runners.values()
    return [line.replace(".0", "") for line in runner.asker.lines]


def tell(made: SignalCore, message: AnyMessage, at_ns: int = 0) -> None:
    assert not [each for each in made.handle(message, at_ns or message.event_ns) if isinstance(each, RunnerFailed)]


def test_all_series_are_required_from_the_start() -> None:
    wanted = [(SYMBOL, "1m"), (SYMBOL, "5m"), (ETH, "1m"), (ETH, "5m")]
    assert core().required_bars() == sorted(wanted)


def test_an_update_waits_for_bars_of_the_same_moment_and_then_comes_once() -> None:
    made = core()
    tell(made, of(SYMBOL, 1, 4))
    tell(made, of(SYMBOL, 5, 0))
    tell(made, of(ETH, 5, 0))
    assert lines(made) == []
    assert show_runner(made.roster, f"reads:{SYMBOL}")["held_until_ns"] == 5 * MINUTE_NS + 2 * SECOND_NS
    tell(made, of(ETH, 1, 4))
    assert lines(made) == ["5\t5\t5\tnil"]
    assert not made.roster.shared.held


def test_a_bar_that_came_early_is_seen_when_its_time_has_come() -> None:
    made = core()
    for number in range(3):
        tell(made, of(ETH, 1, number))
    tell(made, of(SYMBOL, 1, 0))
    tell(made, of(SYMBOL, 1, 1))
    assert lines(made) == ["1\tnil\t1\tnil", "2\tnil\t2\tnil"]
    (reading,) = (each for each in made.roster.runners[f"reads:{SYMBOL}"].asker.readings.status() if each["bars"])
    assert (reading["bars"], reading["waiting"]) == (2, 1)


def test_what_does_not_come_is_waited_for_two_seconds_by_the_messages() -> None:
    made = core()
    tell(made, of(SYMBOL, 1, 0))
    tell(made, quote(MINUTE_NS + SECOND_NS))
    assert lines(made) == []
    tell(made, quote(MINUTE_NS + 2 * SECOND_NS))
    assert lines(made) == ["1\tnil\tnil\tnil"]
    tell(made, of(SYMBOL, 1, 1))
    tell(made, of(SYMBOL, 1, 2))
    assert lines(made) == ["1\tnil\tnil\tnil", "2\tnil\tnil\tnil"]


def test_nothing_is_expected_of_a_symbol_that_is_not_live() -> None:
    made = core()
    status = MarketStatus(symbol=ETH, state=MarketState.STALE, reason="silent", event_ns=1, received_ns=1)
    tell(made, status)
    tell(made, of(SYMBOL, 1, 0))
    assert lines(made) == ["1\tnil\tnil\tnil"]


def test_a_series_found_while_running_is_required_then() -> None:
    made = core()
    before = made.required_bars()
    for number, close in enumerate((100.0, 106.0, 101.0)):
        tell(made, of(ETH, 1, number))
        tell(made, of(SYMBOL, 1, number, close))
    assert set(made.required_bars()) - set(before) == {(SYMBOL, "3m")}
    assert made.roster.counters.bars == 6


def test_the_runners_own_timeframe_by_another_name_is_its_own() -> None:
    made = core(SOURCE.replace(b'"5m", "ETHUSDT"', b'"300s", "BTCUSDT"'), timeframe="5m")
    assert (SYMBOL, "300s") not in made.required_bars()
    assert [key.title for key in made.roster.runners[f"reads:{SYMBOL}"].asker.bank.keys][:1] == ["bar()"]


STEPS = st.lists(
    st.tuples(st.sampled_from(("own", "eth", "own5", "eth5", "own3", "quote")), st.integers(0, 3)), max_size=70
)


def messages(steps: list[tuple[str, int]]) -> list[tuple[int, AnyMessage]]:
    """Return messages whose series go on at their own pace, sometimes with holes or partial."""
    numbers = {"own": 0, "eth": 0, "own5": 0, "eth5": 0, "own3": 0}
    out: list[tuple[int, AnyMessage]] = []
    now_ns = 0
    for kind, skip in steps:
        if kind == "quote":
            now_ns += skip * SECOND_NS
            made: Bar | Quote = quote(now_ns, number=len(out) + 1)
        else:
            numbers[kind] += 1 + (skip == 3)
            minutes = int(kind[-1]) if kind[-1].isdigit() else 1
            symbol = SYMBOL if kind.startswith("own") else ETH
            made = of(symbol, minutes, numbers[kind], 100.0 + len(out) % 7, partial=skip == 2 and len(out) % 3 == 0)
            now_ns = max(now_ns, made.end_ns)
        out.append((now_ns, made))
    return out


@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(0, 70))
def test_a_restored_core_goes_on_alike(steps: list[tuple[str, int]], cut: int) -> None:
    whole, told = core(), messages(steps)
    out = [list(whole.handle(message, at_ns)) for at_ns, message in told[:cut]]
    state = whole.snapshot()
    again = core()
    again.restore(state)
    assert again.snapshot() == state
    assert again.required_bars() == whole.required_bars()
    out = [list(whole.handle(message, at_ns)) for at_ns, message in told[cut:]]
    assert [list(again.handle(message, at_ns)) for at_ns, message in told[cut:]] == out
    assert again.snapshot() == whole.snapshot()
    assert msgspec.json.encode(again.status()) == msgspec.json.encode(whole.status())
