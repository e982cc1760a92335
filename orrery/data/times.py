"""A column of times in whatever form a file has, to int64 nanoseconds UTC."""

import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.backtest.bars_table import Integers

NAIVE = "times without a zone taken as UTC"
_FORMATS = (
    *("%Y%m%d %H:%M", "%Y%m%d %H:%M:%S", "%Y%m%d %H%M%S", "%Y.%m.%d %H:%M", "%Y.%m.%d %H:%M:%S", "%Y.%m.%d"),
    *("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%Y-%m-%d %I-%p"),
)
"""Texts beside those of ISO 8601 that can be read one way only."""
_DAYS = (19000101, 21001231)
"""Numbers that are read as a day, yyyymmdd; as seconds they would all lie in 1970."""
# The first of each unit: of 5138 in seconds, and of 1973 in the finer unit; so a number between has one meaning.
_UNITS = ((10**11, 1_000_000_000), (10**14, 1_000_000), (10**17, 1_000), (2**63 - 1, 1))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED = "a time as ISO text or in s, ms, µs or ns since 1970"


class TimeError(ValueError):
    """A value is no time. row: from 0."""

    def __init__(self, row: int, found: object) -> None:
        super().__init__(f"expected {_EXPECTED}, found {found if found is not None else 'nothing'}")
        self.row = row


class Times(NamedTuple):
    """Nanoseconds since 1970, UTC; is_naive: they were texts or dates that name no zone."""

    ns: Integers
    is_naive: bool


def times_of(column: pa.ChunkedArray, clock: pa.ChunkedArray | None = None) -> Times:
    """Return a column's times; `clock` is the column of the times of day where the date stands apart.

    Raises:
        TimeError: a value is empty or no time.
    """
    if clock is not None:
        column = pc.binary_join_element_wise(column.cast(pa.string()), clock.cast(pa.string()), " ")
    if column.null_count:
        raise TimeError(pc.index(pc.is_null(column), pa.scalar(value=True)).as_py(), None)
    kind = column.type
    if pa.types.is_timestamp(kind):
        return Times(_cast_ns(column), kind.tz is None)
    if pa.types.is_date(kind):
        return Times(_cast_ns(column), is_naive=True)
    if pa.types.is_integer(kind):
        return _of_integers(numbers_of(column.cast(pa.int64())))
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Times(_of_floats(numbers_of(column.cast(pa.float64()))), is_naive=False)
    return _of_texts(column.cast(pa.string()).to_pylist())


def numbers_of(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column of numbers as an array; empty cells of a column of floats are NaN."""
    whole = column.fill_null(math.nan) if column.null_count else column
    # Arrow's own to_numpy imports pandas where it is installed, which takes a second.
    array: npt.NDArray[Any] = np.from_dlpack(whole.combine_chunks())
    return array


def moment_ns(text: str) -> int:
    """Return the time that a text or a number written as text names, nanoseconds UTC; TimeError."""
    return int(_of_texts([text]).ns[0])


def _cast_ns(column: pa.ChunkedArray) -> Integers:
    try:
        return numbers_of(column.cast(pa.timestamp("ns")).cast(pa.int64()))
    except pa.ArrowInvalid as error:
        outside = "a year outside 1678 to 2261"
        raise TimeError(0, outside) from error


def _of_integers(values: Integers) -> Times:
    if len(values) and values.min() >= _DAYS[0] and values.max() <= _DAYS[1]:
        return _of_texts([str(value) for value in values.tolist()])
    _refuse(values < 0, values)
    return Times(values * _factors(values), is_naive=False)


def _factors(values: Integers) -> Integers:
    bounds = np.array([bound for bound, _ in _UNITS])
    factors = np.array([factor for _, factor in _UNITS])
    found: Integers = factors[np.searchsorted(bounds, values, side="right").clip(max=3)]
    return found


def _of_floats(values: npt.NDArray[np.float64]) -> Integers:
    _refuse(~(np.isfinite(values) & (values >= 0) & (values < 2.0**63)), values)
    whole = np.floor(values).astype(np.int64)
    factor = _factors(whole)
    # A float of seconds is exact to a quarter of a microsecond today: what lies below is noise.
    micro = np.maximum(factor // 1_000, 1)
    fraction = np.rint((values - whole) * micro).astype(np.int64) * np.minimum(factor, 1_000)
    nanoseconds: Integers = whole * factor + fraction
    return nanoseconds


def _refuse(bad: npt.NDArray[np.bool_], values: npt.NDArray[Any]) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise TimeError(row, values[row])


def _of_texts(texts: list[str]) -> Times:
    found = np.empty(len(texts), dtype=np.int64)
    is_naive = False
    for row, text in enumerate(texts):
        read = _read(text.strip())
        if read is None:
            raise TimeError(row, repr(text))
        found[row], without_zone = read
        is_naive = is_naive or without_zone
    return Times(found, is_naive)


def _read(text: str) -> tuple[int, bool] | None:
    if text.isdecimal() and len(text) != 8:
        number = int(text)
        return (int(_of_integers(np.array([number])).ns[0]), False) if number < 2**63 else None
    at = _parsed(text)
    if at is None:
        return None
    since = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _EPOCH
    micro = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return micro * 1_000, at.tzinfo is None


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # the caller says what no zone means
        except ValueError:
            continue
    return None
