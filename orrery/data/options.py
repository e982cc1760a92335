"""What a reader of data files is told: whose data, which part of it, under which names, and how strict to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orrery.errors import CommandLineError
from services.backtest.on_bad import OnBad


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """symbol: empty for the only one in the file. mapping: our column's name to the file's. timeframe: empty to infer it.

    lone_timeframe: of a file of one row, which has no distance to infer it from.
    start_ns: the first moment wanted; end_ns: the first no longer wanted; None does not limit.
    """

    symbol: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    start_ns: int | None = None
    end_ns: int | None = None
    timeframe: str = ""
    lone_timeframe: str = ""
    on_bad: OnBad = OnBad.ERROR


def mapping_of(texts: Sequence[str]) -> dict[str, str]:
    """Return our column's name -> the file's, from texts such as `close=Adj Close`; CommandLineError names the bad one."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, column = text.partition("=")
        if not equals or not name or not column or name in found:
            expected = "expected COLUMN=NAME once for a column, such as close=Last"
            raise CommandLineError(f"--map {text}: {expected}")
        found[name] = column
    return found
