"""A folder of data files that are found by their names: `<symbol>_<timeframe>`, `<symbol>_trades`, `<symbol>_quotes`."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from common.timeframes import timeframe_ns
from orrery.data.names import same_symbol
from orrery.errors import CommandLineError

EVENT_KINDS: Final = ("trades", "quotes", "ws", "recording")
"""What stands in the place of a timeframe in the names of files of events."""
MAX_LISTED: Final = 20
"""Files that an error names."""
_NAME = re.compile(
    r"(?P<symbol>[A-Za-z0-9.-]+(?:_[A-Za-z0-9.-]+)*?)_(?P<kind>[1-9][0-9]*(?:ms|s|m|h|d|w)|trades|quotes|ws|recording)"
    r"\.(?P<ending>csv|parquet|feather|jsonl)(?:\.gz)?"
)
EXPECTED: Final = (
    "<symbol>_<timeframe>.(csv|parquet|feather|jsonl)[.gz], such as BTCUSDT_1m.csv, or <symbol>_trades.csv"
)


class Entry(NamedTuple):
    """A file of the catalogue. kind: its timeframe, or what events it holds."""

    symbol: str
    kind: str
    path: Path

    @property
    def length_ns(self) -> int:
        """Return the length of its bars, nanoseconds; 0 for events."""
        return 0 if self.kind in EVENT_KINDS else timeframe_ns(self.kind)


def entries(folder: Path) -> list[Entry]:
    """Return what lies in a folder and the folders in it, by symbol and length; nothing where there is no folder."""
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match is not None and path.is_file():
            found.append(Entry(match["symbol"], match["kind"], path))
    return sorted(found, key=lambda entry: (entry.symbol.upper(), entry.length_ns, entry.kind, str(entry.path)))


def found_file(folder: Path, symbol: str, timeframe: str = "") -> Path:
    """Return the file of a symbol: of bars of this length, or of the longest that it can be made of, or of events.

    Without a timeframe: the only file there is, else the shortest bars.

    Raises:
        CommandLineError: there is none; the text names folder, names that are expected, and what is there.
    """
    there = entries(folder)
    fitting = [entry for entry in there if same_symbol(entry.symbol, symbol)]
    bars = [entry for entry in fitting if entry.length_ns]
    if timeframe:
        wanted_ns = _length_of(timeframe)
        bars = [entry for entry in bars if wanted_ns % entry.length_ns == 0]
        if bars:
            return max(bars, key=lambda entry: entry.length_ns).path
    elif bars:
        return bars[0].path
    events = [entry for entry in fitting if not entry.length_ns]
    if events:
        return events[0].path
    what = f"{symbol} in bars of {timeframe} or shorter" if timeframe else symbol
    raise CommandLineError(f"--catalogue {folder}: expected {what}, named {EXPECTED}; found {_listed(folder, there)}")


def found_files(folder: Path, symbols: Sequence[str], timeframe: str = "") -> list[Path]:
    """Return the file of each symbol; CommandLineError as `found_file`."""
    return [found_file(folder, symbol, timeframe) for symbol in symbols]


def _length_of(timeframe: str) -> int:
    try:
        return timeframe_ns(timeframe)
    except ValueError as error:
        raise CommandLineError(f"--timeframe: {error}") from error


def _listed(folder: Path, there: Sequence[Entry]) -> str:
    if not folder.is_dir():
        return "no such folder"
    names = [entry.path.name for entry in there]
    if not names:
        others = len([path for path in folder.rglob("*") if path.is_file()])
        return f"no file of such a name, and {others} others" if others else "nothing in it"
    more = len(names) - MAX_LISTED
    return ", ".join(names[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
