"""Time bars from trades: any timeframe, late and unordered trades, empty intervals, closing by trade, by clock or by wait.

Where a feed's bars come from its quotes (`market_data.bar_source`), their mids stand for trades, of no volume.

How it works: a series is the one open bar of a timeframe. It closes when a trade of a later interval comes; when
anything else the venue sends shows that its time has passed the end by a grace; or when so much time has passed since
the venue was last heard that its clock must stand there. An interval without trades then repeats the last close. Bars
begin with the first trade: a symbol that shows none has no bars.
"""

from collections.abc import Sequence
from operator import attrgetter

from common.messages import Bar, BarSource, Trade
from common.timeframes import timeframe_ns
from services.market_data.core.mids import Mid
from services.market_data.core.tape import Tape

MAX_EMPTY_BARS = 1_440
"""Bars made in one go for intervals without trades, a day of minutes; those before them are left out and counted."""
MAX_SERIES = 32
"""Timeframes of a symbol."""
VOLUME_STEPS = 100_000_000
"""Volumes are summed in whole 1e-8, the finest step of sizes on the venues, so that the sum is exact in any order."""

_NEVER = (1 << 63) - 1
_NO_BARS: Sequence[Bar] = ()
_WEEK_NS = 604_800_000_000_000
_FIRST_MONDAY_NS = 4 * 86_400_000_000_000
"""1970-01-05 UTC: weeks begin on Mondays, as the venues' do; every other length counts from 1970-01-01."""


class Series:
    """The bars of one symbol and timeframe. `late` counts trades that came after their bar was closed."""

    __slots__ = (
        "_close",
        "_count",
        "_first_at",
        "_grid_ns",
        "_high",
        "_last_at",
        "_low",
        "_open",
        "_source",
        "_start_ns",
        "_step_ns",
        "_tape",
        "_volume",
        "end_ns",
        "late",
        "left_out",
        "made",
        "observed_ns",
        "symbol",
        "timeframe",
    )

    def __init__(self, symbol: str, timeframe: str, tape: Tape, source: BarSource) -> None:
        """Make a series without bars; `observed_ns` is to be set to the venue's time from which on all was seen."""
        self.symbol, self.timeframe = symbol, timeframe
        self._tape, self._source = tape, source
        self._step_ns = timeframe_ns(timeframe)
        self._grid_ns = _FIRST_MONDAY_NS if self._step_ns % _WEEK_NS == 0 else 0
        self._start_ns, self.end_ns = 0, _NEVER
        self._open = self._high = self._low = self._close = 0.0
        self._volume = self._count = 0
        self._first_at = self._last_at = (0, 0)
        self.observed_ns = _NEVER
        self.late = self.left_out = self.made = 0

    @property
    def length_ns(self) -> int:
        """Return the length of a bar."""
        return self._step_ns

    def trade(self, trade: Trade | Mid) -> Sequence[Bar]:
        """Take a trade; return the bars that it closes, oldest first."""
        at_ns, closed = trade.event_ns, _NO_BARS
        if at_ns >= self.end_ns:
            closed = self._close_until(self._interval_of(at_ns), trade.received_ns)
        elif self.end_ns == _NEVER:
            self._begin(self._interval_of(at_ns))
        elif at_ns < self._start_ns:
            self.late += 1
            return closed
        self._add(trade, at_ns)
        return closed

    def pass_time(self, venue_ns: int, received_ns: int) -> Sequence[Bar]:
        """Close what has ended by `venue_ns`; return the bars, oldest first."""
        return self._close_until(self._interval_of(venue_ns), received_ns) if venue_ns >= self.end_ns else _NO_BARS

    def _interval_of(self, at_ns: int) -> int:
        return at_ns - (at_ns - self._grid_ns) % self._step_ns

    def _begin(self, start_ns: int) -> None:
        self._start_ns, self.end_ns = start_ns, start_ns + self._step_ns
        self._open = self._high = self._low = self._close
        self._volume = self._count = 0

    def _add(self, trade: Trade | Mid, at_ns: int) -> None:
        price, at = trade.price, (at_ns, trade.trade_id)
        if self._count == 0:
            self._open = self._high = self._low = self._close = price
            self._first_at = self._last_at = at
        else:
            if price > self._high:
                self._high = price
            elif price < self._low:
                self._low = price
            if at >= self._last_at:
                self._close, self._last_at = price, at
            elif at < self._first_at:
                self._open, self._first_at = price, at
        self._count += trade.trade_id - trade.first_trade_id + 1
        self._volume += round(trade.size * VOLUME_STEPS)

    def _close_until(self, start_ns: int, received_ns: int) -> list[Bar]:
        """Close the open bar and the empty ones behind it, up to the interval that begins at start_ns."""
        bars = [self._closed(received_ns)]
        empty = (start_ns - self.end_ns) // self._step_ns
        skipped = max(0, empty - MAX_EMPTY_BARS)
        self.left_out += skipped
        self._begin(self.end_ns + skipped * self._step_ns)
        while self._start_ns < start_ns:
            bars.append(self._closed(received_ns))
            self._begin(self.end_ns)
        self.made += len(bars)
        return bars

    def _closed(self, received_ns: int) -> Bar:
        return Bar(
            symbol=self.symbol,
            timeframe=self.timeframe,
            start_ns=self._start_ns,
            end_ns=self.end_ns,
            open=self._open,
            high=self._high,
            low=self._low,
            close=self._close,
            volume=self._volume / VOLUME_STEPS,
            trade_count=self._count,
            source=self._source,
            partial=self.observed_ns > self._start_ns or not self._tape.complete(self._start_ns, self.end_ns),
            event_ns=self.end_ns,
            received_ns=received_ns,
        )


class SymbolBars:
    """All bars of one symbol, and the venue's clock by which they close."""

    __slots__ = (
        "_close_at_ns",
        "_frozen",
        "_grace_ns",
        "_heard_at_ns",
        "_heard_ns",
        "_series",
        "_source",
        "_symbol",
        "_tape",
    )

    def __init__(self, symbol: str, grace_ns: int, tape: Tape, source: BarSource = BarSource.TRADES) -> None:
        """Make no bars yet; grace_ns is how long after its end a bar waits for late trades."""
        self._symbol = symbol
        self._grace_ns = grace_ns
        self._tape, self._source = tape, source
        self._series: list[Series] = []
        self._heard_ns = self._heard_at_ns = 0
        self._close_at_ns = _NEVER
        self._frozen = False

    @property
    def made(self) -> int:
        """Return how many bars were closed."""
        return sum([series.made for series in self._series])

    @property
    def late(self) -> int:
        """Return how many trades came too late for a bar, summed over the timeframes."""
        return sum([series.late for series in self._series])

    @property
    def left_out(self) -> int:
        """Return how many empty bars were left out of long silences."""
        return sum([series.left_out for series in self._series])

    def require(self, timeframe: str) -> None:
        """Build bars of this length from now on; ValueError for no timeframe, or one too many."""
        if any(series.timeframe == timeframe for series in self._series):
            return
        if len(self._series) == MAX_SERIES:
            raise ValueError(f"{self._symbol}: at most {MAX_SERIES} timeframes, found one more: {timeframe!r}")
        series = Series(self._symbol, timeframe, self._tape, self._source)
        if self._heard_ns:
            series.observed_ns = self._heard_ns
        self._series.append(series)
        self._series.sort(key=attrgetter("length_ns"))

    def trade(self, trade: Trade | Mid, sent_ns: int) -> Sequence[Bar]:
        """Take a trade that the venue sent at sent_ns; return the bars closed by it, by end and then by length."""
        if not self._heard_ns:
            self._hear_first(trade.event_ns)
        bars: list[Bar] = []
        for series in self._series:
            bars += series.trade(trade)
        if bars or self._close_at_ns == _NEVER:
            self._plan()
        bars += self.hear(sent_ns, trade.received_ns)
        return _ordered(bars)

    def hear(self, venue_ns: int, received_ns: int) -> Sequence[Bar]:
        """Take the venue's time as something it sent shows it; return the bars that end by it."""
        if not self._heard_ns:
            self._hear_first(venue_ns)
        self._heard_ns, self._heard_at_ns, self._frozen = venue_ns, received_ns, False
        return self._pass_time(venue_ns, received_ns) if venue_ns >= self._close_at_ns else _NO_BARS

    def freeze(self) -> None:
        """Let no bar close by waiting until the venue is heard again: the connection is gone."""
        self._frozen = True

    def deadline_ns(self) -> int | None:
        """Return when, by our clock, the venue's will stand where the next bar closes; None without an open bar."""
        if self._frozen or self._close_at_ns == _NEVER:
            return None
        return self._heard_at_ns + self._close_at_ns - self._heard_ns

    def on_deadline(self, now_ns: int) -> Sequence[Bar]:
        """Close what has ended by the venue's clock as it must stand now."""
        deadline_ns = self.deadline_ns()
        if deadline_ns is None or now_ns < deadline_ns:
            return _NO_BARS
        return self._pass_time(self._heard_ns + now_ns - self._heard_at_ns, now_ns)

    def _hear_first(self, venue_ns: int) -> None:
        self._heard_ns = venue_ns
        for series in self._series:
            series.observed_ns = venue_ns

    def _pass_time(self, venue_ns: int, received_ns: int) -> Sequence[Bar]:
        bars: list[Bar] = []
        for series in self._series:
            bars += series.pass_time(venue_ns - self._grace_ns, received_ns)
        self._plan()
        return _ordered(bars)

    def _plan(self) -> None:
        ends = [series.end_ns for series in self._series if series.end_ns != _NEVER]
        self._close_at_ns = min(ends) + self._grace_ns if ends else _NEVER


def _ordered(bars: list[Bar]) -> Sequence[Bar]:
    # Stable: bars with the same end stay as the series are, shorter before longer.
    if len(bars) > 1:
        bars.sort(key=attrgetter("end_ns"))
    return bars
