"""The OCaml program at the other end of a pipe, beside a pipe whose other end only copies; and what the verifier costs."""

import sys
from collections.abc import Callable
from functools import partial
from math import sin
from pathlib import Path
from time import perf_counter_ns

from benchmarks.figures import Figure
from common.instruments import Instruments
from common.messages import Bar, BarSource
from services.signal.core.host import StrategyHost
from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import REGISTRY
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.hosts.ocaml import OcamlIndicators, find_program
from services.signal.hosts.ocaml_queue import OcamlQueue
from services.signal.hosts.ocaml_session import OcamlSession
from services.signal.hosts.ocaml_verifier import Verifier

ROOT = Path(__file__).parents[1]
CALLS = 4_000
EMA = IndicatorKey("ema", (20,))
KEYS = (EMA, IndicatorKey("rsi", (14,)), IndicatorKey("atr", (14,)))
ECHO = """
import os
while line := os.read(0, 65536):
    os.write(1, b'{"id":%d,"ok":[1.5]}\\n' % int(line[6:line.index(b",")]))
"""
QUIET = b"""
function detect_opportunity(m, c, i) return nil end
function filter_commitment(m, c, i) return nil end
function manage_position(m, c, i) return nil end
"""


def run() -> list[Figure]:
    """Measure round trips; nothing where the program is not built."""
    found = find_program(ROOT)
    if found is None:
        return []
    figures = []
    with OcamlIndicators([sys.executable, "-S", "-c", ECHO]) as echo:
        figures += _percentiles("a pipe whose other end, in Python, copies", lambda: _feed(echo), "", "")
    with OcamlIndicators([str(found)]) as program:
        session = OcamlSession(program, EMA, REGISTRY["ema"])
        figures += _percentiles(
            "one bar into a session of ema(20)", lambda: session.feed([(101.25,)]), "<= 1 ms", "<= 100 us"
        )
        for length in (100, 1_000):
            closes = [100.0 + sin(number) for number in range(length)]
            ask = _asking(program, closes)
            figures += _percentiles(f"ema(20) over {length} bars, the latest value", ask, "<= 1 ms", "<= 100 us")
    return [*figures, *_verified([str(found)])]


def _feed(echo: OcamlIndicators) -> None:
    echo.exchange({"session": 1, "data": {"close": [101.25]}, "last": 1})


def _asking(program: OcamlIndicators, closes: list[float]) -> Callable[[], object]:
    return lambda: program.compute(EMA, ("period",), ("ema",), {"close": closes}, last=1)


def _percentiles(name: str, call: Callable[[], object], owed: str, aim: str) -> list[Figure]:
    return _figures(name, [_timed(call) for _ in range(CALLS)], owed, aim)


def _timed(call: Callable[[], object]) -> int:
    began = perf_counter_ns()
    call()
    return perf_counter_ns() - began


def _figures(name: str, times: list[int], owed: str = "", aim: str = "") -> list[Figure]:
    ordered = sorted(times)
    return [
        Figure(f"{name}, p50", ordered[len(times) // 2] / 1e3, "us", owed, aim),
        Figure(f"{name}, p99", ordered[len(times) * 99 // 100] / 1e3, "us", owed, aim),
    ]


def _verified(command: list[str]) -> list[Figure]:
    """Time a bar with three indicators, unwatched and with a verifier that asks about each; and a verifier's look."""
    bars = [_bar(number) for number in range(CALLS)]
    alone, core = _core(), _core()
    unwatched = [_timed(partial(alone.handle, bar, bar.end_ns)) for bar in bars]
    verifier = Verifier(core.roster, OcamlQueue(command), every=1)
    watched, looks = [], []
    try:
        for bar in bars:
            watched.append(_timed(partial(core.handle, bar, bar.end_ns)))
            looks.append(_timed(verifier.look))
    finally:
        verifier.close()
    return [
        *_figures("a bar with three indicators, unwatched", unwatched),
        *_figures("the same, with three questions after each", watched),
        *_figures("a look that asks them and takes the answers", looks),
    ]


def _core() -> SignalCore:
    strategy = StrategySpec(name="quiet", script="quiet.lua", source=QUIET, indicators=KEYS)
    spec = RunnerSpec(strategy=strategy, symbol="BTCUSDT", timeframe="1m", currency="USDT")
    make_host: Callable[[RunnerSpec], StrategyHost] = lua_factory(LuaLimits())
    return SignalCore([spec], make_host, Instruments(), SignalLimits())


def _bar(number: int) -> Bar:
    start_ns, close = number * 60_000_000_000, 100.0 + sin(number)
    end_ns = start_ns + 60_000_000_000
    return Bar(
        event_ns=end_ns, received_ns=end_ns, symbol="BTCUSDT", timeframe="1m", start_ns=start_ns, end_ns=end_ns,
        open=close, high=close + 1.0, low=close - 1.0, close=close, volume=1.0, trade_count=1, source=BarSource.TRADES,
    )  # fmt: skip
