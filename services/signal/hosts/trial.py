"""A trial of a strategy on made-up bars: which indicators it uses, when they are warm, what it answers, where it fails.

The bars are two waves, the same in every process; nothing of the trial is kept but what it showed. Series of another
length or symbol get a bar as often as the runner's own: the trial is to see them used, not to wait for a year of days.
"""

from math import sin

import msgspec

from common.messages import Bar, BarSource, Greeks
from common.timeframes import timeframe_ns
from services.signal.core.answers import AnswerError, CancelAnalysis, Enter, Exit, Hold, Pair, decide
from services.signal.core.backend import make_indicator
from services.signal.core.bank import IndicatorBank
from services.signal.core.host import FUNCTION_NAMES, AccountView, ErrorKind, Function, MarketView, PositionView
from services.signal.core.indicator import IndicatorKey
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import LuaHost, LuaLimits
from services.signal.hosts.trial_notes import NOTES

TRIAL_BARS = 400
TRIAL_BARS_MAX = 2_000
NO_GREEKS_BEFORE = 30
"""Bars of a trial before the first greeks, as a start without them is."""
TRIAL_INSTRUCTIONS = 100_000
"""Lua instructions per call while trying, so that a strategy without end does not hold up a start."""

_NS_PER_MINUTE = 60_000_000_000
_LIMITS = (ErrorKind.INSTRUCTION_LIMIT, ErrorKind.MEMORY_LIMIT, ErrorKind.TIME_LIMIT)


class TrialResult(msgspec.Struct):
    """warm_after: own bars until every indicator has a value; None where that did not happen. errors: distinct texts.

    needs: of each other series its own bars until all indicators on it have a value, by how it is written in Lua.
    """

    bars: int = 0
    indicators: list[IndicatorKey] = []
    warm_after: int | None = None
    needs: dict[str, int] = {}
    opportunities: int = 0
    entries: int = 0
    cancels: int = 0
    exits: int = 0
    other: int = 0
    errors: list[str] = []
    lines: list[str] = []

    @property
    def reads(self) -> str:
        """Return in brackets what of other series the warm-up stands for; nothing where none is read."""
        reads = ", ".join(f"{bars} of {name}" for name, bars in self.needs.items())
        return f" ({reads})" if reads else ""


class Trial:
    """One run over the made-up bars with a host of its own."""

    def __init__(self, spec: RunnerSpec, limits: LuaLimits) -> None:
        self._spec = spec
        bounded = limits._replace(instructions=min(limits.instructions, TRIAL_INSTRUCTIONS))
        self._host = LuaHost(spec.strategy.source, spec.strategy.script, bounded)
        self._host.configure(spec)
        self._arguments: list[float | None] = [None] * len(MarketView._fields)
        self._bank = IndicatorBank(self._arguments, spec.indicators)
        self._first: dict[IndicatorKey, int] = {}
        self._added: dict[IndicatorKey, int] = {}
        self._window: list[Bar] = []
        self._has_context = False
        self._ended = False
        self._notes = NOTES.get()
        self.result = TrialResult()

    def run(self) -> TrialResult:
        """Ask all three functions on every bar; stop early where a limit is hit."""
        self._host.set_account(AccountView(100_000.0, 0.0, 0.0, 0))
        for number in range(min(TRIAL_BARS_MAX, TRIAL_BARS + self._spec.strategy.warmup)):
            if self._ended:
                break
            self._step(number)
        self.result.indicators = list(self._bank.keys)
        self._reckon()
        return self.result

    def _reckon(self) -> None:
        """Reckon in own bars when all have values, and what the other series need."""
        result = self.result
        firsts = [self._first_of(key) for key in self._bank.keys]
        if None not in firsts:
            result.warm_after = max([1, *(first for first in firsts if first is not None)])
        for key in self._bank.keys:
            first = self._first_of(key)
            if first is None or key.is_own:
                continue
            name = " of ".join([key.timeframe or self._spec.timeframe, key.symbol or self._spec.symbol])
            result.needs[name] = max(first, result.needs.get(name, 0))
            if result.warm_after is not None and key.timeframe:
                own_ns, other_ns = timeframe_ns(self._spec.timeframe), timeframe_ns(key.timeframe)
                result.warm_after = max(result.warm_after, -(-first * other_ns // own_ns))

    def _first_of(self, key: IndicatorKey) -> int | None:
        """Return the bar of an indicator's first value; one that was added with a value had it before somebody asked."""
        first = self._first.get(key)
        if first is None or first != self._added.get(key):
            return first
        indicator = make_indicator(key)
        for number, bar in enumerate(self._window[:first], 1):
            value = indicator.update(*(getattr(bar, name) for name in indicator.INPUTS))
            if any(part is not None for part in (value if isinstance(value, tuple) else (value,))):
                self._first[key], self._added[key] = number, 0
                return number
        return first

    def _note_first(self) -> None:
        for key, indicator in self._bank.shown():
            value = indicator.value
            parts = value if isinstance(value, tuple) else (value,)
            if key not in self._first and any(part is not None for part in parts):
                self._first[key] = self.result.bars

    def _step(self, number: int) -> None:
        bar = _bar(self._spec, number)
        self._notes.step(f"bar {number + 1}")
        self._window.append(bar)
        self._bank.update(bar)
        for feeders in self._bank.others.values():
            feeders.update(bar)
        result, price = self.result, bar.close
        result.bars += 1
        at, bid, ask = bar.end_ns / 1e9, price * 0.9999, price * 1.0001
        market = MarketView(at, bar.open, bar.high, bar.low, price, bar.volume, bid, ask, price)
        self._arguments[: len(market)] = market
        if self._spec.strategy.greeks is not None and number >= NO_GREEKS_BEFORE:
            self._host.set_greeks(_greeks(self._spec, number, price))
        self._host.set_position(None)
        if self._ask(Function.DETECT, self._has_context):
            self._has_context = True
            result.opportunities += 1
        self._ask(Function.FILTER, self._has_context)
        sign = 1.0 if number % 2 else -1.0
        self._host.set_position(PositionView(sign, price * (1 - sign * 0.01), None, None))
        self._ask(Function.MANAGE, self._has_context)
        self._note_first()

    def _ask(self, function: Function, counts: bool) -> bool:
        """Return whether the function answered. Errors count only once there is a context such as it will see."""
        outcome = self._host.evaluate(function, self._arguments)
        if outcome is None:
            return False
        for key in outcome.wanted:
            self._notes.load(f"indicators.{key.title}")
            placed = self._spec.place(key)
            self._bank.add(placed, self._window)
            self._added[placed] = self.result.bars
            self._notes.found(self._bank.keys)
        self.result.lines.extend(outcome.lines[: 20 - len(self.result.lines)])
        if outcome.error is not None:
            self._ended = outcome.error.kind in _LIMITS
            if counts or function is Function.DETECT or self._ended:
                self._note(outcome.error.text)
            return False
        if outcome.answer is not None and function is not Function.DETECT:
            self._judge(function, outcome.answer)
        return outcome.answer is not None

    def _judge(self, function: Function, answer: object) -> None:
        result = self.result
        try:
            decision = decide(function, answer if isinstance(answer, dict) else {})
        except AnswerError as error:
            line = self._spec.strategy.lines.get(FUNCTION_NAMES[function], 0)
            self._note(f"{self._spec.strategy.script}:{line}: {FUNCTION_NAMES[function]}: {error}")
            return
        asked = decision.orders[0] if isinstance(decision, Pair) else decision
        result.entries += isinstance(asked, Enter)
        result.cancels += isinstance(asked, CancelAnalysis)
        result.exits += isinstance(asked, Exit)
        result.other += not isinstance(asked, Enter | CancelAnalysis | Exit | Hold)

    def _note(self, text: str) -> None:
        if text not in self.result.errors and len(self.result.errors) < 20:
            self.result.errors.append(text)


def _price_at(spec: RunnerSpec, number: float) -> float:
    return spec.strategy.trial_price * (1.0 + 0.05 * sin(number / 17.0) + 0.02 * sin(number / 5.0))


def _greeks(spec: RunnerSpec, number: int, price: float) -> Greeks:
    at_ns = (number + 1) * _NS_PER_MINUTE
    delta = 0.5 + 0.4 * sin(number / 11.0)
    symbol = spec.strategy.greeks or spec.symbol
    return Greeks(
        symbol=symbol, delta=delta, gamma=0.01, vega=0.1, theta=-0.1, iv=60.0, mark=0.05 * price, underlying=price,
        event_ns=at_ns, received_ns=at_ns,
    )  # fmt: skip


def _bar(spec: RunnerSpec, number: int) -> Bar:
    start_ns = number * _NS_PER_MINUTE
    open_, close = _price_at(spec, number), _price_at(spec, number + 1)
    return Bar(
        event_ns=start_ns + _NS_PER_MINUTE,
        received_ns=start_ns + _NS_PER_MINUTE,
        symbol=spec.symbol,
        timeframe=spec.timeframe,
        start_ns=start_ns,
        end_ns=start_ns + _NS_PER_MINUTE,
        open=open_,
        high=max(open_, close) * 1.001,
        low=min(open_, close) * 0.999,
        close=close,
        volume=10.0 + 8.0 * sin(number / 3.0),
        trade_count=1,
        source=BarSource.TRADES,
    )
