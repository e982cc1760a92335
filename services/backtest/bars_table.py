"""Bars of one symbol as columns: what every data source hands to the engine, checked once."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from common.timeframes import timeframe_ns

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PRICES = ("open", "high", "low", "close")


class BarTableError(ValueError):
    """Bars that cannot be traded on; the text names symbol, row (from 0), column, what was expected and what was found."""


@dataclass(frozen=True, slots=True, eq=False)
class BarTable:
    """Closed bars in order of time, one array a column, all of one length. Prices: quote units; volume: base units.

    Bar k covers [start_ns[k], start_ns[k] + length_ns): strictly later bars follow, gaps are allowed, overlaps are not.

    Raises:
        BarTableError: a column has another length or type; a price is not a positive number, a volume not zero or more;
            a time is not later than the end of the bar before; high and low do not enclose open and close.
    """

    symbol: str
    timeframe: str
    start_ns: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        self._check_shapes()
        for name in PRICES:
            column = self._column(name)
            self._refuse(~(np.isfinite(column) & (column > 0)), name, column, "a positive number")
        self._refuse(~(np.isfinite(self.volume) & (self.volume >= 0)), "volume", self.volume, "a number of 0 or more")
        self._refuse(np.maximum(self.open, self.close) > self.high, "high", self.high, "no less than open and close")
        self._refuse(np.minimum(self.open, self.close) < self.low, "low", self.low, "no more than open and close")
        self._refuse(self.start_ns < 0, "start_ns", self.start_ns, "nanoseconds since 1970")
        early = np.zeros(len(self), dtype=np.bool_)
        early[1:] = np.diff(self.start_ns) < self.length_ns
        self._refuse(
            early, "start_ns", self.start_ns, f"a bar of {self.timeframe} that begins after the one before ended"
        )

    def __len__(self) -> int:
        return len(self.start_ns)

    @property
    def length_ns(self) -> int:
        """Return the length of a bar, nanoseconds."""
        return timeframe_ns(self.timeframe)

    @property
    def end_ns(self) -> Integers:
        """Return the ends of the bars: the first moments that are no longer in them."""
        return self.start_ns + self.length_ns

    @property
    def gaps(self) -> int:
        """Return how many bars do not begin where the one before ended."""
        return int(np.count_nonzero(np.diff(self.start_ns) != self.length_ns))

    def between(self, start_ns: int | None = None, end_ns: int | None = None) -> Self:
        """Return the bars that begin at `start_ns` or later and before `end_ns`; None does not limit."""
        first = 0 if start_ns is None else int(np.searchsorted(self.start_ns, start_ns))
        behind = len(self) if end_ns is None else int(np.searchsorted(self.start_ns, end_ns))
        return self.rows(first, behind)

    def rows(self, first: int, behind: int) -> Self:
        """Return the bars from row `first` up to, not including, row `behind`."""
        part = slice(first, max(first, behind))
        columns = [self._column(name)[part] for name in ("start_ns", *PRICES, "volume")]
        return type(self)(self.symbol, self.timeframe, *columns)

    def _column(self, name: str) -> npt.NDArray[Any]:
        column: npt.NDArray[Any] = getattr(self, name)
        return column

    def _check_shapes(self) -> None:
        if not self.symbol:
            raise BarTableError("symbol: expected a name, found nothing")
        timeframe_ns(self.timeframe)
        for name in ("start_ns", *PRICES, "volume"):
            column, wanted = self._column(name), np.int64 if name == "start_ns" else np.float64
            if column.dtype != wanted or column.shape != (len(self.start_ns),):
                expected = f"{len(self.start_ns)} values of {np.dtype(wanted).name}"
                raise BarTableError(
                    f"{self.symbol}: {name}: expected {expected}, found {column.shape} of {column.dtype}"
                )

    def _refuse(self, bad: npt.NDArray[np.bool_], name: str, column: npt.NDArray[Any], expected: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            raise BarTableError(f"{self.symbol}: row {row}: {name}: expected {expected}, found {column[row]}")
