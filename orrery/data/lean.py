"""Files of QuantConnect's Lean: zips in its tree of folders, as rows with the names and units of our other files.

How it works: a path such as `equity/usa/minute/spy/20131007_trade.zip` says what its nameless columns are. Equities have
prices times 10 000 and New York's clock, crypto plain prices and UTC. A quote bar becomes a quote at its end, with the
closes of both sides. Ticks of quotes are sides of single exchanges: the best of them all is followed. Format:
https://www.quantconnect.com/docs/v2/lean-engine/contributions/datasets/data-formats
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from orrery.data.errors import DataFileError

NEW_YORK: Final = ZoneInfo("America/New_York")
EQUITY_SCALE: Final = 10_000
LENGTHS_MS: Final = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "daily": 86_400_000}
TIMEFRAMES: Final = {"second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_DAY_FILE = re.compile(r"(?P<day>\d{8})_(?P<what>trade|quote)\.zip")
_WHOLE_FILE = re.compile(r"(?P<symbol>[a-z0-9.]+?)(?:_(?P<what>trade|quote))?\.zip")
_BARS, _QUOTES, _TRADES = (
    "timestamp,symbol,open,high,low,close,volume",
    "timestamp,symbol,bid,bid_size,ask,ask_size",
    "timestamp,symbol,price,size",
)


class LeanFile(NamedTuple):
    """What a path says of a file. day: the date of a file of one day, else empty."""

    is_equity: bool
    resolution: str
    symbol: str
    day: str
    is_of_quotes: bool

    @property
    def timeframe(self) -> str:
        """Return the length of its bars, empty for ticks."""
        return TIMEFRAMES.get(self.resolution, "")

    def time_ms(self, cell: str) -> int:
        """Return the time of a row, ms UTC. Days count from midnight UTC, whatever the exchange's zone."""
        zone = NEW_YORK if self.is_equity and self.resolution != "daily" else UTC
        if not self.day:
            local = datetime.strptime(cell, "%Y%m%d %H:%M").replace(tzinfo=zone)
            return int(local.timestamp()) * 1_000
        midnight = datetime.strptime(self.day, "%Y%m%d").replace(tzinfo=zone)
        # The cell counts by the clock on the wall, which is not what has passed on a day when it is changed.
        seconds, rest = divmod(int(cell), 1_000)
        return int((midnight + timedelta(seconds=seconds)).timestamp()) * 1_000 + rest

    def price(self, cell: str) -> str:
        """Return a price as a decimal text."""
        return f"{int(cell) / EQUITY_SCALE:.4f}" if self.is_equity else cell


def lean_file(path: Path) -> LeanFile | None:
    """Return what a path says, None for one that is not of Lean's tree."""
    parts = path.parts
    for place, resolution in enumerate(parts[:-1]):
        if place < 2 or parts[place - 2] not in {"equity", "crypto"}:
            continue
        is_equity, inside = parts[place - 2] == "equity", parts[place + 1 : -1]
        day, whole = _DAY_FILE.fullmatch(path.name), _WHOLE_FILE.fullmatch(path.name)
        if resolution in {"tick", "second", "minute"} and len(inside) == 1 and day is not None:
            return LeanFile(is_equity, resolution, inside[0].upper(), day["day"], day["what"] == "quote")
        if resolution in {"hour", "daily"} and not inside and whole is not None:
            return LeanFile(is_equity, resolution, whole["symbol"].upper(), "", whole["what"] == "quote")
    return None


def lean_rows(path: Path, file: LeanFile, data: bytes) -> bytes:
    """Return a file's content as CSV with names; DataFileError names the line that is none of such a file."""
    lines = [line.split(",") for line in data.decode(errors="replace").splitlines() if line]
    if file.resolution == "tick":
        names, rows = (_QUOTES, _best_quotes) if file.is_of_quotes else (_TRADES, _ticks)
    else:
        names, rows = (_QUOTES, _bar_quotes) if file.is_of_quotes else (_BARS, _bars)
    made = [names]
    try:
        made.extend(rows(file, lines))
    except (ValueError, IndexError) as error:
        raise DataFileError(path, "", f"expected rows of Lean's {file.resolution} data: {error}") from error
    return "\n".join([*made, ""]).encode()


def _bars(file: LeanFile, lines: list[list[str]]) -> Iterator[str]:
    for cells in lines:
        prices = ",".join(file.price(cell) for cell in cells[1:5])
        yield f"{file.time_ms(cells[0])},{file.symbol},{prices},{cells[5]}"


def _bar_quotes(file: LeanFile, lines: list[list[str]]) -> Iterator[str]:
    length_ms = LENGTHS_MS[file.resolution]
    for cells in lines:
        bid, bid_size, ask, ask_size = cells[4], cells[5], cells[9], cells[10]
        if bid and ask and float(bid) < float(ask):
            time_ms = file.time_ms(cells[0]) + length_ms
            yield f"{time_ms},{file.symbol},{file.price(bid)},{bid_size},{file.price(ask)},{ask_size}"


def _ticks(file: LeanFile, lines: list[list[str]]) -> Iterator[str]:
    for cells in lines:
        if cells[5] == "0":  # else marked as suspicious
            yield f"{file.time_ms(cells[0])},{file.symbol},{file.price(cells[1])},{cells[2]}"


def _best_quotes(file: LeanFile, lines: list[list[str]]) -> Iterator[str]:
    bids: dict[str, tuple[int, str]] = {}
    asks: dict[str, tuple[int, str]] = {}
    shown = ""
    for cells in lines:
        bid, ask, exchange = int(cells[1]), int(cells[3]), cells[5]
        if cells[7] != "0":
            continue
        if bid:
            bids[exchange] = (bid, cells[2])
        if ask:
            asks[exchange] = (ask, cells[4])
        if not bids or not asks:
            continue
        best_bid, best_ask = max(bids.values()), min(asks.values())
        if best_bid[0] >= best_ask[0]:
            continue  # locked or crossed between exchanges: nobody trades at both
        quote = f"{file.price(str(best_bid[0]))},{best_bid[1]},{file.price(str(best_ask[0]))},{best_ask[1]}"
        if quote != shown:
            shown = quote
            yield f"{file.time_ms(cells[0])},{file.symbol},{quote}"
