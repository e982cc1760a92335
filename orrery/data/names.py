"""Which column of a file is which of ours: by the caller's mapping, then by the names that are in use; and whose data."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.instruments import split_symbol

TIME, CLOCK, SYMBOL = "time", "clock", "symbol"
"""Columns beside the figures. CLOCK: the time of day, in files that keep the date apart."""
NAME_CHARACTERS = 20
"""Most characters of a symbol that is made of a file's name."""

ALIASES: dict[str, tuple[str, ...]] = {
    TIME: (
        *("timestamp", "datetime", "date_time", "open_time", "opentime", "start_time", "start_ns", "time", "ts", "t"),
        *("date", "unix", "unix_time", "__index_level_0__"),
    ),
    CLOCK: ("time", "time_of_day"),
    SYMBOL: ("symbol", "ticker", "instrument", "pair", "market"),
    "open": ("open", "o", "open_price", "first"),
    "high": ("high", "h", "high_price", "max"),
    "low": ("low", "l", "low_price", "min"),
    "close": ("close", "c", "close_price", "last"),
    "volume": ("volume", "v", "vol", "base_volume", "volume_base", "tickvol"),
    "price": ("price", "p", "trade_price"),
    "size": ("size", "amount", "quantity", "qty", "q", "volume"),
    "side": ("side", "taker_side", "aggressor_side"),
    "is_buyer_maker": ("is_buyer_maker", "isbuyermaker"),
    "trade_id": ("trade_id", "tradeid", "id"),
    "bid": ("bid", "best_bid", "bid_price", "best_bid_price"),
    "bid_size": ("bid_size", "bid_amount", "bid_qty", "best_bid_size", "best_bid_qty"),
    "ask": ("ask", "best_ask", "ask_price", "best_ask_price"),
    "ask_size": ("ask_size", "ask_amount", "ask_qty", "best_ask_size", "best_ask_qty"),
}
_SEPARATORS = re.compile(r"[-/_.:\s]+")
_NOT_OF_A_SYMBOL = re.compile(
    r"[0-9]+(ms|s|m|min|h|d|w)?|[0-9]{4,}.*|trades?|quotes?|bars?|klines?|ohlcv?", re.IGNORECASE
)


def plain(name: str) -> str:
    """Return a column's name as it is compared: lower case, words joined by underscores, no brackets."""
    return re.sub(r"[-.\s]+", "_", name.strip().strip("<>").lower())


def found_columns(names: Sequence[str], fields: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return field -> the file's column, for the fields that are there.

    A date and a time of day in two columns are found as TIME and CLOCK.

    Raises:
        ValueError: the mapping names a field or a column that is not there; two columns of a field have one name.
    """
    known = {plain(name): name for name in reversed(names)}
    found = {field: _mapped(field, column, names, known) for field, column in mapping.items()}
    for field in fields:
        alias = next((alias for alias in ALIASES[field] if alias in known), None)
        if alias is not None and field not in found:
            found[field] = known[alias]
    if TIME not in mapping and plain(found.get(TIME, "")) == "time" and "date" in known:
        found |= {TIME: known["date"], CLOCK: known["time"]}
    return found


def _mapped(field: str, column: str, names: Sequence[str], known: Mapping[str, str]) -> str:
    if field not in ALIASES:
        raise ValueError(f"mapping {field}={column}: expected one of {', '.join(ALIASES)} before '=', found {field!r}")
    there = column if column in names else known.get(plain(column))
    if there is None:
        raise ValueError(f"mapping {field}={column}: expected a column of the file, one of {', '.join(names)}")
    return there


def same_symbol(one: str, other: str) -> bool:
    """Return whether two spellings name one symbol: case and separators do not count."""
    return _SEPARATORS.sub("", one).upper() == _SEPARATORS.sub("", other).upper()


def symbol_of_name(path: Path) -> str:
    """Return the symbol that a file's name seems to begin with: `eth_btc_5m_201801.feather` gives ETHBTC."""
    words: list[str] = []
    for word in _SEPARATORS.split(path.name.partition(".")[0]):
        if _NOT_OF_A_SYMBOL.fullmatch(word):
            break
        words.append(word)
    return "".join(words).upper()[:NAME_CHARACTERS] or "DATA"


def names_another(path: Path, symbol: str) -> bool:
    """Return whether a file's name clearly begins with a symbol other than `symbol`."""
    named = symbol_of_name(path)
    return bool(split_symbol(named)[1]) and not same_symbol(named, symbol)
