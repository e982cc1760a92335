"""Files of bars as people have them: any delimiter, names, times and packing; what is wrong is named with its line."""

import gzip
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Bar, BarSource
from orrery.data.bars import load_bars, read_bars
from orrery.data.errors import DataFileError
from orrery.data.options import ReadOptions
from services.backtest.bars_table import BarTable
from services.backtest.on_bad import OnBad
from services.market_data.adapters.recording_lines import line_of

START = 1_700_000_000_000_000_000 // 60_000_000_000 * 60_000_000_000
MINUTE = 60_000_000_000
PLAIN = """timestamp,open,high,low,close,volume
1699999980,10,12,9,11,100
1700000040,11,13,10,12,200
1700000100,12,14,11,13,300
1700000160,13,15,12,14,400
"""


def written(folder: Path, text: str, name: str = "BTCUSDT-1m.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def closes(path: Path, **options: Any) -> list[float]:
    found: list[float] = load_bars(path, **options)[0].close.tolist()
    return found


def test_a_plain_file_needs_no_mapping(tmp_path: Path) -> None:
    table, provenance = load_bars(written(tmp_path, PLAIN))
    assert (table.symbol, table.timeframe, len(table)) == ("BTCUSDT", "1m", 4)
    assert table.start_ns[0] == START
    assert table.volume.tolist() == [100, 200, 300, 400]
    assert (provenance.file, provenance.rows, provenance.start_ns) == ("BTCUSDT-1m.csv", 4, START)
    assert provenance.end_ns == START + 4 * MINUTE
    assert len(provenance.sha256) == 64
    assert provenance.notes == ("symbol BTCUSDT taken from the file's name",)


VARIANTS = {
    "semicolons and decimal commas": PLAIN.replace(",", ";").replace(";10;", ";10,0;"),
    "tabs": PLAIN.replace(",", "\t"),
    "bars": PLAIN.replace(",", "|"),
    "windows line ends": PLAIN.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + PLAIN,
    "no line end at the end": PLAIN.rstrip("\n"),
    "empty lines": PLAIN.replace("\n", "\n\n"),
    "comments and a title": "# made by hand\nwww.example.org\n" + PLAIN,
    "capitals and brackets": PLAIN.replace("timestamp,open,high", "<DATE>,<OPEN>, High "),
    "short names": PLAIN.replace("timestamp,open,high,low,close,volume", "t,o,h,l,c,v"),
    "quotes": PLAIN.replace("timestamp", '"open_time"').replace("1699999980", '"1699999980"'),
    "other columns": PLAIN.replace("timestamp", "note,timestamp").replace("\n1", '\n"a, b",1'),
    "no names": PLAIN.partition("\n")[2],
}


@pytest.mark.parametrize("name", VARIANTS)
def test_forms_of_csv(name: str, tmp_path: Path) -> None:
    table, _ = load_bars(written(tmp_path, VARIANTS[name]))
    assert table.close.tolist() == [11, 12, 13, 14]
    assert table.start_ns.tolist() == [START + number * MINUTE for number in range(4)]


def iso(form: str) -> str:
    text = PLAIN
    for minute in range(4):
        text = text.replace(str(1_699_999_980 + 60 * minute), form.format(minute=13 + minute))
    return text


TIMES = {
    "float seconds": (re.sub(r"^(\d{10})", r"\1.0", PLAIN, flags=re.MULTILINE), False),
    "float milliseconds": (re.sub(r"^(\d{10})", r"\g<1>000.0", PLAIN, flags=re.MULTILINE), False),
    "iso with zone": (iso("2023-11-14T22:{minute}:00Z"), False),
    "iso of another zone": (iso("2023-11-14 23:{minute}:00+01:00"), False),
    "iso without zone": (iso("2023-11-14 22:{minute}:00"), True),
    "iso with microseconds": (iso("2023-11-14 22:{minute}:00.000000"), True),
    "without seconds": (iso("2023-11-14 22:{minute}"), True),
    "dots": (iso("2023.11.14 22:{minute}"), True),
    "date and time apart": (iso("2023-11-14,22:{minute}:00").replace("timestamp", "date,time"), True),
    "day without dashes": (iso("20231114 22:{minute}"), True),
}


@pytest.mark.parametrize("name", TIMES)
def test_forms_of_times(name: str, tmp_path: Path) -> None:
    text, is_naive = TIMES[name]
    table, provenance = load_bars(written(tmp_path, text))
    assert table.start_ns.tolist() == [START + number * MINUTE for number in range(4)]
    assert ("times without a zone taken as UTC" in provenance.notes) == is_naive


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_units_of_numbers(factor: int, tmp_path: Path) -> None:
    lines = PLAIN.splitlines()
    rows = [f"{int(line[:10]) * factor}{line[10:]}" for line in lines[1:]]
    assert load_bars(written(tmp_path, "\n".join([lines[0], *rows])))[0].start_ns[0] == START


def test_days_as_numbers(tmp_path: Path) -> None:
    text = "date,open,high,low,close,volume\n20240228,1,1,1,1,1\n20240229,1,1,1,1,1\n20240301,1,1,1,1,1\n"
    table, _ = load_bars(written(tmp_path, text))
    assert table.timeframe == "1d"
    assert table.start_ns[1] == 1_709_164_800 * 1_000_000_000


def test_packed_files(tmp_path: Path) -> None:
    packed = tmp_path / "BTCUSDT.csv.gz"
    packed.write_bytes(gzip.compress(PLAIN.encode()))
    archive = tmp_path / "BTCUSDT.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("BTCUSDT-1m.csv", PLAIN)
    assert closes(packed) == closes(archive) == [11, 12, 13, 14]
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(DataFileError, match="expected a whole gzip or zip file, found it damaged"):
        load_bars(packed)


def test_parquet_feather_and_json_lines(tmp_path: Path) -> None:
    columns = load_bars(written(tmp_path, PLAIN))[0]
    names = ("open", "high", "low", "close", "volume")
    times = pa.array(columns.start_ns // 1_000_000).cast(pa.timestamp("ms", tz="UTC"))
    table = pa.table({"date": times} | {name: getattr(columns, name) for name in names})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    pyarrow.feather.write_feather(table, str(tmp_path / "a.feather"))
    rows = [
        dict(zip(PLAIN.split("\n", maxsplit=1)[0].split(","), line.split(","), strict=True))
        for line in PLAIN.split()[1:]
    ]
    lines = [str({key: float(value) for key, value in row.items()}).replace("'", '"') for row in rows]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    for name in ("a.parquet", "a.feather", "a.jsonl"):
        found, _ = load_bars(tmp_path / name, symbol="BTCUSDT")
        assert found.close.tolist() == columns.close.tolist()
        assert found.start_ns.tolist() == columns.start_ns.tolist()


def test_bars_of_a_recording(tmp_path: Path) -> None:
    bars = [
        Bar(
            symbol=symbol,
            timeframe="1m",
            start_ns=START + number * MINUTE,
            end_ns=START + (number + 1) * MINUTE,
            open=10.0,
            high=11.0,
            low=9.0,
            close=10.0 + number / 10,
            volume=1.0,
            trade_count=3,
            source=BarSource.TRADES,
            partial=number == 0,
            event_ns=START + (number + 1) * MINUTE,
            received_ns=START + (number + 1) * MINUTE,
        )
        for number in range(4)
        for symbol in ("BTCUSDT", "ETHUSDT")
    ]
    path = tmp_path / "session.jsonl"
    path.write_bytes(b"\n".join(map(line_of, bars)))
    table, provenance = load_bars(path, symbol="ETHUSDT")
    assert table.close.tolist() == [10.1, 10.2, 10.3]
    assert provenance.notes == ("1 bars left out whose beginning was not observed",)
    with pytest.raises(DataFileError, match="expected one symbol, or the name of one of them, found BTCUSDT, ETHUSDT"):
        load_bars(path)
    with pytest.raises(DataFileError, match="timeframe: expected whole bars of 5m, found 1m"):
        read_bars(path, ReadOptions(symbol="ETHUSDT", timeframe="5m"))


def test_mapping_names_columns_that_are_called_otherwise(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN.replace("close", "Adj Close").replace("timestamp", "When"))
    with pytest.raises(DataFileError, match=r"csv:1: columns: expected timestamp, close, found When, open"):
        load_bars(path)
    assert closes(path, mapping={"time": "When", "close": "adj close"}) == [11, 12, 13, 14]
    with pytest.raises(DataFileError, match="mapping close=Last: expected a column of the file, one of When"):
        load_bars(path, mapping={"close": "Last"})
    with pytest.raises(DataFileError, match="mapping last=close: expected one of time,"):
        load_bars(path, mapping={"last": "close"})


def test_start_and_end(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    assert closes(path, start=START + MINUTE, end=START + 3 * MINUTE) == [12, 13]
    with pytest.raises(
        DataFileError, match="expected bars from 2033-05-18T03:33:20Z to the end, found 4 bars from 2023"
    ):
        load_bars(path, start=2_000_000_000 * 10**9)


def test_rows_of_one_symbol(tmp_path: Path) -> None:
    lines = PLAIN.splitlines()
    both = [f"{line},{symbol}" for line in lines[1:] for symbol in ("BTC/USDT", "ETH/USDT")]
    path = written(
        tmp_path, "\n".join([f"{lines[0]},Symbol", *both[:3], both[3].replace(",12,", ",nan,", 1), *both[4:]])
    )
    assert closes(path, symbol="BTCUSDT") == [11, 12, 13, 14]
    with pytest.raises(DataFileError, match="symbol: expected SOLUSDT, found BTC/USDT, ETH/USDT"):
        load_bars(path, symbol="SOLUSDT")
    with pytest.raises(DataFileError, match="expected one symbol, or the name of one of them, found BTC/USDT, ETH"):
        load_bars(path)
    with pytest.raises(DataFileError, match=r"csv:5: close: expected a number, found nan"):
        load_bars(path, symbol="ETH-USDT")


def test_a_file_named_after_another_symbol_is_noted(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN, "eth_usdt_1m.csv")
    assert load_bars(path, symbol="BTCUSDT")[1].notes == ("the file's name says ETHUSDT, not BTCUSDT",)
    assert load_bars(path, symbol="ETH-USDT")[1].notes == ()


DAMAGE = {
    "text for a number": (("12,14,11,13", "12,x,11,13"), r":4: high: expected a number, found 'x'"),
    "a missing number": (("12,14,11,13", "12,14,,13"), r":4: low: expected a number, found nan"),
    "a negative price": (("12,14,11,13", "12,14,-11,13"), r":4: low: expected a number above 0, found -11.0"),
    "a zero price": (("12,14,11,13", "12,14,11,0"), r":4: close: expected a number above 0, found 0.0"),
    "high below close": (
        ("12,14,11,13", "12,12.5,11,13"),
        r":4: high: expected at least open and close, found open 12.0",
    ),
    "low above open": (("12,14,11,13", "12,14,12.5,13"), r":4: low: expected at most open and close, found open 12.0"),
    "a time twice": (("1700000100", "1700000040"), r":4: time: expected a time after 2023-11-14T22:14:00Z, found 2023"),
    "an early time": (
        ("1700000100", "1699990000"),
        r":4: time: expected a time after 2023-11-14T22:14:00Z, found 2023",
    ),
    "no time": (
        ("1700000100", ""),
        r":4: timestamp: expected a time as ISO text or in s, ms, µs or ns since 1970, found",
    ),
    "text for a time": (("1700000100", "soon"), r":4: timestamp: expected a time as ISO .* found 'soon'"),
    "a cell too many": (("12,14,11,13", "12,14,11,13,7"), r":4: expected 6 cells, found 7: '1700000100,12"),
    "a cut line": (("160,13,15,12,14,400\n", "160,13"), r":5: expected 6 cells, found 2: '1700000160,13'"),
    "no close": (
        ("close,", "x,"),
        r":1: columns: expected close, found timestamp, open, high, low, x, volume; a mapping",
    ),
    "a name twice": (("high", "open"), r":1: expected every column to have a name of its own, found \['open'\] twice"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    (old, new), message = DAMAGE[name]
    with pytest.raises(DataFileError, match=message):
        load_bars(written(tmp_path, PLAIN.replace(old, new)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected rows of data, found an empty file"),
        ("timestamp,open,high,low,close,volume\n", "expected bars from the beginning to the end, found no rows"),
        ("just words\n", "expected columns apart by one of"),
        ("\0\1\2\3", "found another form"),
        ("1,2,3\n4,5,6\n", "expected the columns' names, or 6 or 12 columns of bars without names, found 3 numbers"),
        (PLAIN[: PLAIN.index("1700000040")], "expected at least two bars at different times, found 1 rows at one"),
        ('{"ts":1,"conn":0,"frame":"{}"}', "raw frames of binance can be read, others when converted to CSV"),
        ("PAR1 cut off", "expected a whole file of columns"),
    ],
)
def test_files_that_are_no_bars(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=message):
        load_bars(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read: No such file"):
        load_bars(tmp_path / "none.csv")


def test_a_policy_drops_or_fills_and_the_provenance_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN.replace("12,14,11,13", "12,14,-11,13"))
    table, provenance = load_bars(path, policy=OnBad.DROP)
    assert table.close.tolist() == [11, 12, 14]
    assert "1 rows price not positive or volume negative: dropped" in provenance.notes
    assert closes(path, policy=OnBad.FILL) == [11, 12, 12, 14]


def test_no_volume_is_noted(tmp_path: Path) -> None:
    table, provenance = load_bars(written(tmp_path, PLAIN.replace("volume", "spread")))
    assert table.volume.tolist() == [0, 0, 0, 0]
    assert "no column of volume: taken as 0" in provenance.notes


def test_one_bar_is_read_when_its_length_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN[: PLAIN.index("1700000040")])
    assert len(read_bars(path, ReadOptions(timeframe="1m")).table) == 1
    with pytest.raises(DataFileError, match="timeframe '1x'"):
        read_bars(path, ReadOptions(timeframe="1x"))


def test_bars_of_another_length_than_told_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r":3: time: expected a time from 2023-11-14T22:18:00Z, the end of the bar"):
        read_bars(written(tmp_path, PLAIN), ReadOptions(timeframe="5m"))


PRICE = st.floats(0.01, 1e6)


@given(
    rows=st.lists(st.tuples(st.integers(1, 3), PRICE, PRICE, PRICE, PRICE, st.floats(0, 1e9)), min_size=2, max_size=20),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_was_written_is_read_to_the_last_digit(
    rows: list[tuple[int, float, float, float, float, float]], delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps, prices = np.array([row[0] for row in rows]), np.sort(np.array([row[1:5] for row in rows]), axis=1)
    volume = np.array([row[5] for row in rows])
    columns = (prices[:, 1], prices[:, 3], prices[:, 0], prices[:, 2], volume)
    times = START + np.cumsum(steps) * MINUTE
    length = f"{min(np.diff(np.cumsum(steps)).tolist())}m"
    table = BarTable("BTCUSDT", length, times, *(column.copy() for column in columns))
    lines = [
        delimiter.join(map(repr, line)) for line in zip(times.tolist(), *map(np.ndarray.tolist, columns), strict=True)
    ]
    header = delimiter.join(["timestamp", "open", "high", "low", "close", "volume"])
    path = written(tmp_path_factory.mktemp("bars"), "\n".join([header, *lines]))
    found = read_bars(path, ReadOptions(symbol="BTCUSDT", timeframe=length)).table
    for name in ("start_ns", "open", "high", "low", "close", "volume"):
        assert getattr(found, name).tolist() == getattr(table, name).tolist()


@pytest.mark.parametrize(
    ("name", "symbol", "timeframe", "rows", "gaps"),
    [
        ("btc_perp_1m_first_half.csv.gz", "BTCPERP", "1m", 23_099, 0),
        ("eth_btc_5m_201801.feather", "ETHBTC", "5m", 5_760, 0),
        ("ltc_btc_5m_201801.feather", "LTCBTC", "5m", 5_760, 0),
        ("xrp_eth_1m_201910.feather", "XRPETH", "1m", 2_469, 676),
    ],
)
def test_files_of_others(shared_data: Path, name: str, symbol: str, timeframe: str, rows: int, gaps: int) -> None:
    loaded = read_bars(shared_data / "history" / name, ReadOptions())
    assert (loaded.table.symbol, loaded.table.timeframe, len(loaded.table)) == (symbol, timeframe, rows)
    assert loaded.report.gaps == loaded.table.gaps == gaps


def test_damaged_copies_of_a_real_file(shared_data: Path, tmp_path: Path) -> None:
    text = gzip.decompress((shared_data / "history" / "btc_perp_1m_first_half.csv.gz").read_bytes()).decode()
    lines = text.splitlines()
    lines[20_000], lines[20_001] = lines[20_001], lines[20_000]
    path = written(tmp_path, "\n".join(lines))
    with pytest.raises(DataFileError, match=r"csv:20002: time: expected a time after"):
        load_bars(path)
    whole, damaged = load_bars(written(tmp_path, text, "whole.csv"))[0], load_bars(path, policy=OnBad.DROP)[0]
    assert damaged.close.tolist() == whole.close.tolist()
    del lines[10_000:10_100]
    filled, provenance = load_bars(written(tmp_path, "\n".join(lines)), policy=OnBad.FILL)
    assert len(filled) == len(whole)
    assert any("100 bars of 1m missing" in note for note in provenance.notes)


def test_reading_wakes_no_pandas(tmp_path: Path) -> None:
    # pandas may be there for others; waking it takes longer than the backtest.
    path = written(tmp_path, PLAIN)
    code = f"import sys, pathlib; from orrery.data.bars import load_bars; load_bars(pathlib.Path({str(path)!r}));"
    command = [sys.executable, "-c", code + "sys.exit('pandas' in sys.modules)"]
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run(command, cwd=root, check=False).returncode == 0
