"""Lean's zips: what their paths say, New York's clock, prices times 10 000, quote bars and ticks of many exchanges."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from common.messages import Quote, Trade
from orrery.data.bars import read_bars
from orrery.data.errors import DataFileError
from orrery.data.event_rows import event_rows
from orrery.data.kinds import held_in
from orrery.data.lean import lean_file
from orrery.data.options import ReadOptions
from services.backtest.result import DataTier

MINUTE_NS = 60_000_000_000


def packed(tmp_path: Path, name: str, *lines: str) -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside.csv", "\n".join([*lines, ""]))
    return path


def quotes_of(path: Path) -> list[Quote]:
    return [message for message in event_rows(path, ReadOptions()).messages() if isinstance(message, Quote)]


def utc_ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Data/equity/usa/minute/spy/20131007_trade.zip", (True, "minute", "SPY", "20131007", False)),
        ("equity/usa/daily/aapl.zip", (True, "daily", "AAPL", "", False)),
        ("crypto/coinbase/daily/btcusd_quote.zip", (False, "daily", "BTCUSD", "", True)),
        ("crypto/coinbase/second/btcusd/20161009_trade.zip", (False, "second", "BTCUSD", "20161009", False)),
        ("minute/spy/20131007_trade.zip", None),
        ("equity/usa/minute/spy/other.zip", None),
    ],
)
def test_a_path_says_what_a_file_is(name: str, found: tuple[bool, str, str, str, bool] | None) -> None:
    file = lean_file(Path(name))
    assert (file and tuple(file)) == found


@pytest.mark.parametrize(("day", "opens"), [("20131007", "13:30"), ("20131209", "14:30")], ids=["summer", "winter"])
def test_equities_go_by_new_york(tmp_path: Path, day: str, opens: str) -> None:
    rows = ("34200000,1659000,1660000,1658900,1659500,100", "34320000,1659500,1659600,1659000,1659100,200")
    loaded = read_bars(packed(tmp_path, f"equity/usa/minute/spy/{day}_trade.zip", *rows), ReadOptions())
    table = loaded.table
    assert (table.symbol, table.timeframe, len(table)) == ("SPY", "1m", 2)
    assert int(table.start_ns[0]) == utc_ns(f"{day[:4]}-{day[4:6]}-{day[6:]}T{opens}")
    assert (table.open[0], table.high[0], table.low[0], table.close[0], table.volume[0]) == (
        165.9, 166.0, 165.89, 165.95, 100,
    )  # fmt: skip


def test_days_are_days_whatever_the_clock_does(tmp_path: Path) -> None:
    rows = [f"201303{day:02} 00:00,10000,10000,10000,10000,1" for day in range(8, 13)]
    table = read_bars(packed(tmp_path, "equity/usa/daily/spy.zip", *rows), ReadOptions()).table
    assert table.timeframe == "1d"
    assert set(np.diff(table.start_ns)) == {1_440 * MINUTE_NS}


def test_crypto_has_plain_prices_and_utc(tmp_path: Path) -> None:
    path = packed(tmp_path, "crypto/coinbase/second/btcusd/20161009_trade.zip", "1000,619.41,619.5,619.4,619.45,3.5")
    table = read_bars(path, ReadOptions()).table
    assert (int(table.start_ns[0]), table.close[0]) == (utc_ns("2016-10-09T00:00:01"), 619.45)


def test_a_quote_bar_is_a_quote_at_its_end(tmp_path: Path) -> None:
    path = packed(
        tmp_path,
        "equity/usa/minute/spy/20131007_quote.zip",
        "34200000,1659000,1660000,1658900,1659500,7,1659700,1660100,1659600,1659600,9",
        "34260000,,,,,,1659700,1660100,1659600,1659600,9",
    )
    assert held_in(path, ReadOptions()).tier is DataTier.QUOTES
    (quote,) = quotes_of(path)
    assert (quote.symbol, quote.event_ns) == ("SPY", utc_ns("2013-10-07T13:31"))
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (165.95, 7, 165.96, 9)


def test_ticks_of_quotes_are_the_best_of_all_exchanges(tmp_path: Path) -> None:
    path = packed(
        tmp_path,
        "equity/usa/tick/bac/20131007_quote.zip",
        "34200000,139000,5,0,0,P,1,0",
        "34200001,0,0,139200,4,Q,1,0",
        "34200002,139100,3,0,0,Q,1,0",
        "34200003,139300,3,0,0,Z,1,0",
        "34200004,139150,3,0,0,Z,1,1",
        "34200005,139050,3,0,0,Z,1,0",
    )
    assert [(quote.bid, quote.ask) for quote in quotes_of(path)] == [(13.9, 13.92), (13.91, 13.92)]


def test_suspicious_ticks_are_left_out(tmp_path: Path) -> None:
    rows = ("34200000,139400,500,P,20002020,0", "34200100,1,500,P,20002020,1")
    path = packed(tmp_path, "equity/usa/tick/bac/20131007_trade.zip", *rows)
    trades = [message for message in event_rows(path, ReadOptions()).messages() if isinstance(message, Trade)]
    assert [(trade.price, trade.size) for trade in trades] == [(13.94, 500)]


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, "equity/usa/minute/spy/20131007_trade.zip", "timestamp,open,high,low,close,volume")
    with pytest.raises(DataFileError, match="rows of Lean's minute data"):
        read_bars(path, ReadOptions())
