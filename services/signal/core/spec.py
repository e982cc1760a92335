"""What is known of a strategy before it runs: its name, parameters and wishes; and a runner's."""

from enum import StrEnum
from typing import Any

import msgspec

from common.messages import RunnerState
from common.timeframes import timeframe_ns
from services.signal.core.indicator import IndicatorKey

DEFAULT_ANALYZING_TIMEOUT = 10
"""Updates in Analyzing after which a strategy that names no `analyzing_timeout` goes back to Idle."""

DEFAULT_TRIAL_PRICE = 100.0

ParameterValue = float | int | str | bool

SeriesKey = tuple[str, str]
"""(symbol, timeframe) of a series of bars."""


class Update(StrEnum):
    """What makes a runner ask its strategy."""

    BAR = "bar"
    """Each closed bar of its timeframe."""
    TICK = "tick"
    """Each quote, with the latest closed bar behind it."""


class ParameterSpec(msgspec.Struct, frozen=True):
    """A parameter of a strategy file: its default, and bounds for numbers."""

    default: ParameterValue
    min: float | None = None
    max: float | None = None


class StrategySpec(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy, loaded and found valid.

    script: the file as errors name it. params: values after the configuration's overrides. stop_loss, take_profit:
    fractions of the entry price. tick_interval_ns: least time between two updates by quotes. indicators: those its
    functions were seen to use, in the order of their slots. trial_price: about which the bars of its trial are made up.
    greeks: the option whose greeks it is shown; "" for the runner's own symbol, None for none. series: other series that
    it says it reads, "" for the runner's own symbol or timeframe; those that its indicators name come beside.
    """

    name: str
    script: str
    source: bytes
    timeframe: str = ""
    warmup: int = 0
    params: dict[str, ParameterValue] = {}
    declared: dict[str, ParameterSpec] = {}
    stop_loss: float | None = None
    take_profit: float | None = None
    analyzing_timeout: int = DEFAULT_ANALYZING_TIMEOUT
    evaluate_on: dict[RunnerState, Update] = {}
    tick_interval_ns: int = 0
    symbols: tuple[str, ...] = ()
    indicators: tuple[IndicatorKey, ...] = ()
    lines: dict[str, int] = {}
    trial_price: float = DEFAULT_TRIAL_PRICE
    greeks: str | None = None
    series: tuple[SeriesKey, ...] = ()

    def updates_on(self, state: RunnerState) -> Update:
        """Return what makes a runner in that state ask its strategy."""
        return self.evaluate_on.get(state, Update.BAR)

    def plain(self) -> dict[str, Any]:
        """Return what people want to know of it, as plain data."""
        return {
            "name": self.name,
            "script": self.script,
            "timeframe": self.timeframe,
            "warmup": self.warmup,
            "params": dict(self.params),
        }


class RunnerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy on one symbol. currency: the symbol's quote currency."""

    strategy: StrategySpec
    symbol: str
    timeframe: str
    currency: str = ""

    @property
    def id(self) -> str:
        """Return `<strategy>:<symbol>`."""
        return f"{self.strategy.name}:{self.symbol}"

    def place(self, key: IndicatorKey) -> IndicatorKey:
        """Return a key as this runner knows it: what is its own symbol or timeframe is ""."""
        if key.is_own:
            return key
        symbol, timeframe = self.series_of(key)
        is_own_length = timeframe == self.timeframe
        return key._replace(
            timeframe="" if is_own_length else timeframe, symbol="" if symbol == self.symbol else symbol
        )

    def series_of(self, key: IndicatorKey) -> SeriesKey:
        """Return the series whose bars an indicator is fed with."""
        return self._named((key.symbol, key.timeframe))

    @property
    def indicators(self) -> tuple[IndicatorKey, ...]:
        """Return the indicators that the strategy was seen to use, as this runner knows them, each once."""
        return tuple(dict.fromkeys(self.place(key) for key in self.strategy.indicators))

    @property
    def other_series(self) -> tuple[SeriesKey, ...]:
        """Return the series beside its own that the runner reads, as far as that is known before it runs."""
        read = [self._named(wish) for wish in self.strategy.series]
        read += [self.series_of(key) for key in self.strategy.indicators]
        return tuple(key for key in dict.fromkeys(read) if key != (self.symbol, self.timeframe))

    def _named(self, wish: SeriesKey) -> SeriesKey:
        symbol, timeframe = wish
        if not timeframe or (self.timeframe and timeframe_ns(timeframe) == timeframe_ns(self.timeframe)):
            timeframe = self.timeframe
        return symbol or self.symbol, timeframe
