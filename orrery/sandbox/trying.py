"""Makes one attempt: in a core with a neighbour that trades, with risk and execution behind them.

How it works: attempt and neighbour are two runners on one symbol, fed with the same bars. Afterwards the neighbour must have
said what it says when it is alone, and the state of both must survive a restart. Processor time is measured around each
call of the attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from time import process_time
from typing import Any, override

from common.codec import encode
from common.config.models import ExecutionSection, RiskSection
from common.instruments import Instrument, Instruments
from common.local_bus import LocalBus
from common.messages import AnyMessage, Bar, BarSource, Quote
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from orrery.sandbox.corpus import DEFAULT_CALLS, Attempt, Verdict
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.venues.simulated import SimulatedVenue
from services.risk_manager.core.risk_core import RiskCore
from services.signal.core.host import ErrorKind, Function, HostFactory, Outcome, PassingHost, StrategyHost
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.lua import LoadError, LuaHost, LuaLimits, lua_factory

SYMBOL = "BTCUSDT"
BARS_AT_LEAST = 12
"""Bars of an attempt, so that the neighbour has time to trade."""

_NS_PER_MINUTE = 60_000_000_000
_NEIGHBOUR = b"""
function detect_opportunity(market_data) return { signal = "up" } end
function filter_commitment(market_data) return { action = "enter_long", price = market_data.close, quantity = 0.1 } end
function manage_position(market_data, context) return { action = "exit", price = market_data.close } end
"""
_FACTS = Instruments(
    (Instrument(symbol=SYMBOL, base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001")),)
)


@dataclass
class Tried:
    """What became of an attempt. seconds: most processor time of one of its calls. detail: its first error, or what broke."""

    attempt: Attempt
    verdict: Verdict = Verdict.NOTHING
    seconds: float = 0.0
    memory_bytes: int = 0
    detail: str = ""
    kinds: set[ErrorKind] = field(default_factory=set)

    @property
    def holds(self) -> bool:
        """Return whether it ended as expected."""
        return self.verdict is self.attempt.expected


class _Watched(PassingHost):
    """A host that notes what its strategy costs and answers."""

    def __init__(self, host: LuaHost, tried: Tried) -> None:
        super().__init__(host)
        self._lua, self._tried = host, tried

    @override
    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        """Ask, with a look at the processor's clock before and after."""
        began, tried = process_time(), self._tried
        outcome = super().evaluate(function, arguments)
        tried.seconds = max(tried.seconds, process_time() - began)
        tried.memory_bytes = max(tried.memory_bytes, self._lua.memory_bytes)
        if outcome is not None:
            self._note(outcome)
        return outcome

    def _note(self, outcome: Outcome) -> None:
        tried = self._tried
        if outcome.error is not None:
            tried.kinds.add(outcome.error.kind)
            tried.detail = tried.detail or outcome.error.text
        if isinstance(outcome.answer, dict) and "escaped" in outcome.answer:
            tried.verdict = Verdict.ESCAPED
            tried.detail = f"got hold of {outcome.answer['escaped']}"


def make_attempt(attempt: Attempt, limits: LuaLimits) -> Tried:
    """Return what became of an attempt."""
    tried = Tried(attempt)
    began = process_time()
    try:
        if attempt.calls:
            _run(tried, limits)
        else:
            LuaHost(attempt.source, "attempt.lua", limits)
            tried.seconds = process_time() - began
    except LoadError as error:
        tried.seconds, tried.detail = process_time() - began, str(error)
        tried.verdict = Verdict.STOPPED if "more than " in tried.detail else Verdict.REFUSED
    return tried


def _run(tried: Tried, limits: LuaLimits) -> None:
    bars = max(tried.attempt.calls, BARS_AT_LEAST)
    own = _spec("attempt", tried.attempt.source)
    said, core = _trade([own, _neighbour()], lambda spec: _host(spec, tried, limits), bars, tried.attempt.calls)
    if tried.verdict is Verdict.ESCAPED:
        return
    tried.verdict = _verdict(tried.kinds)
    if _of_neighbour(said) != _alone(bars):
        tried.verdict, tried.detail = Verdict.ESCAPED, "the neighbour did not trade on as it does alone"
    else:
        SignalCore([own], lambda spec: _host(spec, tried, limits), _FACTS).restore(core.snapshot())


@cache
def _alone(bars: int) -> list[bytes]:
    return _of_neighbour(_trade([_neighbour()], lua_factory(LuaLimits()), bars, DEFAULT_CALLS)[0])


def _verdict(kinds: set[ErrorKind]) -> Verdict:
    if kinds & {ErrorKind.INSTRUCTION_LIMIT, ErrorKind.MEMORY_LIMIT, ErrorKind.TIME_LIMIT}:
        return Verdict.STOPPED
    return Verdict.REFUSED if kinds else Verdict.NOTHING


def _trade(
    specs: Sequence[RunnerSpec], make_host: HostFactory, bars: int, errors: int
) -> tuple[list[AnyMessage], SignalCore]:
    section, costs = RiskSection(max_position_size=Decimal(10)), ExecutionSection()
    signal = SignalCore(specs, make_host, _FACTS, SignalLimits(max_errors=errors))
    execution = ExecutionCore(costs, _FACTS, SimulatedVenue(costs, _FACTS))
    bus = LocalBus({SIGNAL: signal, RISK_MANAGER: RiskCore(section, _FACTS), EXECUTION: execution})
    said: list[AnyMessage] = []
    for number in range(bars):
        at_ns = (number + 1) * _NS_PER_MINUTE
        said += bus.publish(MARKET_DATA, _quote(number, at_ns), at_ns)
        said += bus.publish(MARKET_DATA, _bar(number), at_ns)
    return said, signal


def _host(spec: RunnerSpec, tried: Tried, limits: LuaLimits) -> StrategyHost:
    host = LuaHost(spec.strategy.source, spec.strategy.script, limits)
    host.configure(spec)
    return _Watched(host, tried) if spec.strategy.name == "attempt" else host


def _of_neighbour(said: Sequence[AnyMessage]) -> list[bytes]:
    # Events of the account are left out: an attempt may trade as well, and has the same account.
    mine: list[Any] = [message for message in said if getattr(message, "runner", "").startswith("neighbour")]
    return [encode(message) for message in mine]


def _neighbour() -> RunnerSpec:
    return _spec("neighbour", _NEIGHBOUR)


def _spec(name: str, source: bytes) -> RunnerSpec:
    strategy = StrategySpec(name=name, script=f"{name}.lua", source=source)
    return RunnerSpec(strategy=strategy, symbol=SYMBOL, timeframe="1m", currency="USDT")


def _quote(number: int, at_ns: int) -> Quote:
    price = 100.0 + number % 5
    return Quote(
        event_ns=at_ns, received_ns=at_ns, symbol=SYMBOL, bid=price, bid_size=1.0, ask=price, ask_size=1.0,
        update_id=number + 1,
    )  # fmt: skip


def _bar(number: int) -> Bar:
    price, end_ns = 100.0 + number % 5, (number + 1) * _NS_PER_MINUTE
    return Bar(
        event_ns=end_ns, received_ns=end_ns, symbol=SYMBOL, timeframe="1m", start_ns=end_ns - _NS_PER_MINUTE,
        end_ns=end_ns, open=price, high=price + 1, low=price - 1, close=price, volume=10.0, trade_count=1,
        source=BarSource.TRADES,
    )  # fmt: skip
