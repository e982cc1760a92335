"""Trades in a file become bars: the same that others made of them; damage is named with its line, or dropped and noted."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from common.messages import Side, Trade
from orrery.data.bars import load_bars, read_bars
from orrery.data.errors import DataFileError
from orrery.data.options import ReadOptions
from services.backtest.on_bad import OnBad
from services.market_data.adapters.recording_lines import line_of

START = 1_699_999_980_000_000_000

TRADES = """time,price,qty,side
1699999980.5,10,1,buy
1699999990.0,12,2,sell
1700000040.0,11,3,buy
1700000160.0,13,1,buy
1700000170.0,12,1,sell
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "BTCUSDT-trades.csv"
    path.write_text(text)
    return path


def test_bars_of_trades_equal_those_that_others_made(shared_data: Path) -> None:
    folder = shared_data / "history"
    made, provenance = load_bars(folder / "xrp_eth_trades_201910.parquet")
    given, _ = load_bars(folder / "xrp_eth_1m_201910.feather")
    assert len(made) == len(given) == 2_469
    for name in ("start_ns", "open", "high", "low", "close"):
        assert (getattr(made, name) == getattr(given, name)).all()
    assert np.allclose(made.volume, given.volume, rtol=1e-12)
    assert "bars of 1m made of 12477 trades" in provenance.notes


def test_trades_become_bars_of_the_length_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, TRADES)
    table, _ = load_bars(path)
    assert (table.symbol, table.timeframe) == ("BTCUSDT", "1m")
    assert table.open.tolist() == [10, 11, 13]
    assert table.high.tolist() == [12, 11, 13]
    assert table.low.tolist() == [10, 11, 12]
    assert table.close.tolist() == [12, 11, 12]
    assert table.volume.tolist() == [3, 3, 2]
    assert read_bars(path, ReadOptions(timeframe="1h")).table.volume.tolist() == [8]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("12,2,sell", "-12,2,sell", r":3: price: expected a number above 0, found -12\.0"),
        ("12,2,sell", "12,,sell", r":3: size: expected a number of 0 or more, found nan"),
        ("1700000160.0", "1699999985.0", r":5: time: expected a time no earlier than in the row before, found 2023-"),
        ("price", "cost", r":1: columns: expected open, high, low, close, found time, cost, qty, side; a mapping"),
    ],
)
def test_damage_is_named_with_its_line(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=message):
        load_bars(written(tmp_path, TRADES.replace(old, new)))


def test_a_policy_drops_and_sorts(tmp_path: Path) -> None:
    text = TRADES.replace("12,2,sell", "-12,2,sell").replace("1700000160.0", "1699999985.0")
    table, provenance = load_bars(written(tmp_path, text), policy=OnBad.DROP)
    assert table.close.tolist() == [13, 11, 12]
    assert "1 trades without a price above 0 and a size: dropped" in provenance.notes
    assert "1 trades earlier than one before them: sorted" in provenance.notes


def test_mapping_and_timeframe_are_checked(tmp_path: Path) -> None:
    path = written(tmp_path, TRADES.replace("price", "cost"))
    assert len(load_bars(path, mapping={"price": "cost"})[0]) == 3
    with pytest.raises(DataFileError, match="timeframe '1x': expected a number"):
        read_bars(written(tmp_path, TRADES), ReadOptions(timeframe="1x"))
    with pytest.raises(DataFileError, match="expected bars from the beginning to the end, found no rows"):
        load_bars(written(tmp_path, TRADES[: TRADES.index("\n") + 1]))


def test_bars_of_a_recording_of_trades(tmp_path: Path) -> None:
    prices = [(0, 10.0), (30, 12.0), (20, 9.0), (60, 11.0), (179, 13.0)]
    trades = [
        Trade(
            symbol="BTCUSDT",
            price=price,
            size=2.0,
            side=Side.BUY,
            trade_id=number,
            first_trade_id=number,
            event_ns=START + second * 10**9,
            received_ns=START + second * 10**9,
        )
        for number, (second, price) in enumerate(prices)
    ]
    path = tmp_path / "session.jsonl"
    path.write_bytes(b"\n".join(map(line_of, trades)))
    table, provenance = load_bars(path)
    assert table.close.tolist() == [12, 11, 13]
    assert table.low.tolist() == [9, 11, 13]
    assert table.volume.tolist() == [6, 2, 2]
    assert provenance.notes == ("bars of 1m made of 5 trades",)


def test_bars_of_the_mids_of_quotes(tmp_path: Path) -> None:
    lines = [
        f'{{"timestamp":{START // 10**9 + second},"instrument":"BTC-PERP","best_bid":{bid},"best_ask":{bid + 1}}}'
        for second, bid in [(0, 10.0), (30, 12.0), (70, 11.0)]
    ]
    path = tmp_path / "market_data.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    table, provenance = load_bars(path)
    assert (table.symbol, table.close.tolist(), table.volume.tolist()) == ("BTC-PERP", [12.5, 11.5], [0, 0])
    assert provenance.notes == ("bars of 1m made of 3 mids of quotes",)
    with pytest.raises(DataFileError, match="symbol: expected ETHUSDT, found nothing"):
        load_bars(path, symbol="ETHUSDT")
    one_sided = [lines[2].replace("11.0", "0"), lines[2].replace("12.0", "null"), lines[2].replace("12.0", "11.0")]
    for policy in OnBad:  # a market without a side is no damage
        path.write_text("\n".join([*lines[:2], *one_sided, lines[2]]))
        table, provenance = load_bars(path, policy=policy)
        assert table.close.tolist() == [12.5, 11.5]
        assert provenance.notes[0] == "3 lines that cannot be read or show no two-sided market: dropped"
    path.write_text("\n".join([*lines[:2], lines[2].replace("11.0", '"11.0"')]))
    with pytest.raises(DataFileError, match="line 3: Expected `float"):
        load_bars(path)
