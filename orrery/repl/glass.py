"""Lua evaluated at the present moment, on a copy: the run that is looked at is the same before and after.

How it works: the typed line becomes a function behind the end of the strategy's own file, so the file's local names are in
reach. A core made for the one runner restores the copied state, and its host calls that function as it would call one of
the strategy's: the same sandbox, limits, tables. An indicator that nobody computes yet is computed from the window of bars,
by asking once more with the indicator among those of the strategy.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from common.instruments import Instruments
from common.messages import Bar, Quote
from orrery.repl.errors import ReplError
from services.signal.core.asker import MARKET_FIELDS
from services.signal.core.host import Function, Outcome, StrategyHost
from services.signal.core.indicator import IndicatorKey
from services.signal.core.plugins import PluginFailedError
from services.signal.core.roster import SignalLimits
from services.signal.core.runner import Runner
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import LoadError, LuaHost, LuaLimits, display_name

ROUNDS = 6
"""Times that a line is asked again because it turned out to use further indicators."""
INPUT = b"~input"
"""Name of the function that the line becomes; no name that Lua code can have."""
_NS_PER_SECOND = 1e9
_STATEMENT = re.compile(rb"(local|for|while|if|do|repeat|function|return|goto)\b|[\w.\[\]]+\s*=[^=]")
_SHOW = b" ".join(
    line.partition(b"--")[0].strip() for line in Path(__file__).with_suffix(".lua").read_bytes().splitlines()
)


class ColdError(ReplError):
    """A line that failed while an indicator has no value yet."""


class Copied(NamedTuple):
    """A runner as it stands: what it is, and its saved state, as `copy_of` returns it."""

    spec: RunnerSpec
    state: bytes


class Value(msgspec.Struct, frozen=True):
    """One value that Lua returned. value: of a number or a boolean; text: as people read it."""

    text: str
    kind: str
    value: float | int | bool | None = None


class Evaluated(NamedTuple):
    """What a line brought: its values, and what it printed."""

    values: list[Value]
    lines: list[str]

    @property
    def is_true(self) -> bool:
        """Return whether Lua would take the first value for true."""
        return bool(self.values) and self.values[0].kind != "nil" and self.values[0].value is not False


class GlassHost(LuaHost):
    """A strategy's host with one function more; it is gone from the globals once it is known."""

    def __init__(self, source: bytes, script: str, limits: LuaLimits) -> None:
        super().__init__(source, script, limits)
        self._input = self._lua[b"trampoline"](INPUT)
        self._lua[b"env"][INPUT] = None  # what a strategy remembers is found by way of its functions, not by ours

    def ask(self, arguments: list[float | None]) -> Outcome:
        """Call the typed line, once: it takes the place of one of the strategy's functions."""
        self._calls[Function.DETECT] = self._input
        return self.evaluate(Function.DETECT, arguments) or Outcome()


def evaluate(copied: Copied, line: str, limits: LuaLimits) -> Evaluated:
    """Return what an expression, or else a statement, brings.

    Raises:
        ReplError: it cannot be compiled, fails, or costs more than a call may.
    """
    return evaluated(copied, line, limits)[1]


def evaluated(
    copied: Copied, line: str, limits: LuaLimits, wanted: Sequence[IndicatorKey] = ()
) -> "tuple[Glass, Evaluated]":
    """Return what a line brings as `evaluate` does, and the copy that was asked. wanted: indicators that it is known to use."""
    text = line.strip().encode()
    try:
        return _evaluated(copied, b"return " + text, limits, wanted)
    except LoadError as error:
        problem = error
    try:
        return _evaluated(copied, text, limits, wanted)
    except LoadError as error:
        raise ReplError(_located(str(error if _STATEMENT.match(text) else problem), text, copied)) from None


def _evaluated(
    copied: Copied, text: bytes, limits: LuaLimits, wanted: Sequence[IndicatorKey]
) -> "tuple[Glass, Evaluated]":
    glass = Glass(copied, text, wanted, limits)
    outcome = glass.ask()
    for _ in range(ROUNDS):
        fresh = [key for key in outcome.wanted if key not in glass.wanted]
        if not fresh:
            break
        glass = Glass(copied, text, (*glass.wanted, *fresh), limits)
        outcome = glass.ask()
    return glass, glass.taken(outcome)


class Glass:
    """A copy of a runner with a typed line in it. is_spoilt: asking it changed what the strategy remembers."""

    def __init__(self, copied: Copied, text: bytes, wanted: Sequence[IndicatorKey], limits: LuaLimits) -> None:
        """wanted: indicators beside those of the strategy. Raises LoadError, ReplError."""
        self.wanted = tuple(wanted)
        self._copied, self._text = copied, text
        self.is_spoilt = False
        strategy = copied.spec.strategy
        source, indicators = _with_input(strategy.source, text), (*strategy.indicators, *wanted)
        changed = msgspec.structs.replace(strategy, source=source, indicators=indicators)
        spec = msgspec.structs.replace(copied.spec, strategy=changed)
        self._core = _restored(spec, copied.state, limits)
        self._runner = self._core.roster.runners[spec.id]
        self._runner.asker.paused = True  # it is asked nothing but the line
        host = self._runner.asker.host
        assert isinstance(host, GlassHost), "the factory makes no other"
        self._host = host
        self._saved = host.save()

    def hear(self, quote: Quote | None, bar: Bar) -> None:
        """Go on by a bar, and the latest quote, which must be all that has happened."""
        if quote is not None:
            self._core.handle(quote, quote.received_ns)
        self._core.handle(bar, bar.received_ns)

    def ask(self) -> Outcome:
        """Ask the line."""
        asker = self._runner.asker
        asker.tell()
        show_market(self._core, self._runner)
        outcome = self._host.ask(asker.arguments)
        self.is_spoilt = bool(outcome.wanted) or self._host.save() != self._saved
        return outcome

    def taken(self, outcome: Outcome) -> Evaluated:
        """Return what an outcome brought; raises ReplError for an error, ColdError where an indicator is not warm."""
        if outcome.error is None:
            return _taken(outcome)
        is_cold = None in self._runner.asker.arguments[MARKET_FIELDS:]
        raise (ColdError if is_cold else ReplError)(_located(outcome.error.text, self._text, self._copied))


def _with_input(source: bytes, text: bytes) -> bytes:
    head = b'\n_G["~input"] = function(market_data, context, indicators) local function line() '
    return source + head + text + b"\nend " + _SHOW + b" return answer(line()) end"


def _restored(spec: RunnerSpec, state: bytes, limits: LuaLimits) -> SignalCore:
    def make_host(wanted: RunnerSpec) -> StrategyHost:
        host = GlassHost(wanted.strategy.source, wanted.strategy.script, limits)
        host.configure(wanted)
        return host

    try:
        core = SignalCore([spec], make_host, Instruments(), SignalLimits())
        core.restore(state)
    except (PluginFailedError, ValueError) as error:
        raise ReplError(f"no copy can be made of the runner: {error}") from error
    return core


def show_market(core: SignalCore, runner: Runner) -> None:
    """Put the market of the present moment into a runner's arguments: the latest bar, or a later quote where it asks on quotes."""
    bar, quote = runner.asker.series.latest, core.roster.quotes.get(runner.spec.symbol)
    if bar is None:
        return
    at_ns, price = bar.end_ns, bar.close
    if quote is not None and runner.on_ticks and quote.event_ns > bar.end_ns:
        at_ns, price = quote.event_ns, quote.mid
    bid, ask = (None, None) if quote is None else (quote.bid, quote.ask)
    market = (at_ns / _NS_PER_SECOND, bar.open, bar.high, bar.low, bar.close, bar.volume, bid, ask, price)
    runner.asker.arguments[:MARKET_FIELDS] = market


def _taken(outcome: Outcome) -> Evaluated:
    answer: dict[str, Any] = outcome.answer or {}
    values = [msgspec.convert(each, Value) for each in answer.get("values") or ()]
    return Evaluated(values, list(outcome.lines))


def _located(error: str, text: bytes, copied: Copied) -> str:
    """Return an error with the typed line's own numbers in place of those behind the file's end."""
    strategy = copied.spec.strategy
    before, lines = strategy.source.count(b"\n") + 1, text.count(b"\n") + 1

    def place(match: re.Match[str]) -> str:
        line = int(match[1])
        return match[0] if 0 < line <= before else f"input:{min(lines, max(1, line - before))}:"

    name = re.escape(display_name(strategy.script))
    found = re.sub(rf"{name}:(\d+):", place, error).replace("~input: ", "")
    return found if b"end" in text else found.replace("near 'end'", "near the end of the line")
