"""A live indicator that is watched, the question about it, and what came of it."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import NamedTuple

import msgspec

from common.messages import Bar
from services.signal.core.indicator import Indicator, IndicatorKey, Value
from services.signal.hosts.ocaml import Answer
from services.signal.hosts.ocaml_difference import TOLERANCE
from services.signal.hosts.ocaml_session import OcamlSession

EQUAL, DIFFERENT, UNANSWERED = "equal", "different", "unanswered"
_DAY_NS = 86_400_000_000_000
_FOLDS = 28.0
"""A weight that falls by e with each is 7e-13 after so many: what lies before no longer shows."""


class Check(msgspec.Struct, frozen=True):
    """What came of a question. result: EQUAL, DIFFERENT or UNANSWERED. apart: the difference as a fraction of the size."""

    result: str
    runner: str
    symbol: str
    indicator: str
    bar_ns: int
    live: Value
    ocaml: Value = None
    apart: float = 0.0


def settling_bars(key: IndicatorKey) -> int | None:
    """Return the bars after which an indicator's beginning no longer shows; None where it always does.

    Windows forget what left them. An exponential mean of n bars keeps the share 1 - 2/(n+1) of what was, Wilder's 1 - 1/n.
    """
    if key.name == "obv" or key in _OF_THE_DAY:
        return None
    of = _RECURSIVE.get(key.name)
    numbers = [int(value) for value in key.parameters]
    return sum(numbers) + 1 if of is None else of(numbers)


def _exponential(period: int) -> int:
    return period + ceil(_FOLDS * (period + 1) / 2)


def _wilder(period: int) -> int:
    return period + ceil(_FOLDS * period)


_OF_THE_DAY = {IndicatorKey("vwap", (0,))}
_RECURSIVE: dict[str, Callable[[Sequence[int]], int]] = {
    "ema": lambda numbers: _exponential(numbers[0]),
    "macd": lambda numbers: _exponential(max(numbers[:2])) + _exponential(numbers[2]),
    "rsi": lambda numbers: _wilder(numbers[0]),
    "atr": lambda numbers: _wilder(numbers[0]),
    "adx": lambda numbers: 2 * _wilder(numbers[0]),
    "keltner": lambda numbers: max(_exponential(numbers[0]), _wilder(numbers[2])),
}


class Track:
    """A live indicator beside a session that hears the same bars. count: bars of the series that were handed on.

    is_asked: whether a question is under way.

    How it works: it begins with the bars of the series' window. Where these are all there ever were, both are equal from
    the first bar on. Else it has to settle; the mean since the day's beginning settles with the next day, and of the
    on-balance volume, which never forgets, the changes are compared.
    """

    __slots__ = (
        "_first_day",
        "_indicator",
        "_is_exact",
        "_key",
        "_offset",
        "_settles_at",
        "count",
        "is_asked",
        "session",
    )

    def __init__(
        self, key: IndicatorKey, indicator: Indicator, session: OcamlSession, window: Sequence[Bar], count: int
    ) -> None:
        self._key, self._indicator, self.session = key, indicator, session
        self.count = began = count - len(window)
        self._is_exact = began == 0
        self._first_day = window[0].start_ns // _DAY_NS if window else 0
        bars = settling_bars(key)
        self._settles_at = None if bars is None else began + bars
        self._offset: float | None = None
        self.is_asked = False

    def goes_on(self, indicator: Indicator, count: int, kept: int) -> bool:
        """Return whether this is still the indicator, and the bars since are still kept."""
        return indicator is self._indicator and 0 <= count - self.count <= kept

    def is_settled(self, bar: Bar) -> bool:
        """Return whether values at this bar, the latest handed on, can be compared."""
        if self._is_exact or self._key.name == "obv":
            return True
        if self._settles_at is None:
            return bar.start_ns // _DAY_NS > self._first_day
        return self.count >= self._settles_at

    @property
    def title(self) -> str:
        """Return the indicator as a strategy writes it."""
        return self._key.title

    @property
    def live(self) -> Value:
        """Return the live value."""
        value: Value = self._indicator.value
        return value

    def rows(self, bars: Sequence[Bar]) -> list[tuple[float, ...]]:
        """Return what the indicator takes of each bar."""
        inputs = self._indicator.INPUTS
        return [tuple([getattr(bar, name) for name in inputs]) for bar in bars]

    def aligned(self, live: Value, found: Value) -> Value:
        """Return OCaml's value with the beginning that only the live one knows."""
        if self._is_exact or self._key.name != "obv" or not isinstance(live, float) or not isinstance(found, float):
            return found
        if self._offset is None:
            self._offset = live - found
        return found + self._offset


class Job(NamedTuple):
    """A question: what is the indicator's value behind these bars, of which the session has not heard?

    live: the value to compare with. is_last: whether no more bars are to follow. is_settled: whether it can be compared.
    """

    track: Track
    bars: Sequence[Bar]
    rows: Sequence[Sequence[float]]
    live: Value
    runner: str
    is_last: bool
    is_settled: bool

    def answered(self, answer: Answer) -> Check | None:
        """Take the answer; return what came of it, None where it is not compared."""
        track = self.track
        if answer.error is not None:
            return self.unanswered()
        found = track.session.accept(self.rows, answer)[-1]
        if not self.is_settled:
            return None
        found = track.aligned(self.live, found)
        apart = track.session.measure.apart(self.live, found, self.rows[-1])
        return self._check(DIFFERENT if apart > TOLERANCE else EQUAL, found, apart)

    def unanswered(self) -> Check:
        """Let the session have the bars later; return that there is no answer."""
        self.track.session.keep(self.rows)
        return self._check(UNANSWERED)

    def _check(self, result: str, found: Value = None, apart: float = 0.0) -> Check:
        bar = self.bars[-1]
        return Check(result, self.runner, bar.symbol, self.track.title, bar.start_ns, self.live, found, apart)
