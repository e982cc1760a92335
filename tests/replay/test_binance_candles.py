"""Bars built from recorded Binance trades against the candles that the venue sent in the same recording.

A candle frame says which trades it holds (f to L). The candle of the minute in which the recording began holds trades
from before it, so there only the growth from frame to frame can be compared; the next minute's is compared whole.
"""

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from common.messages import Bar, BarSource, Trade
from services.market_data.core.bars import SymbolBars
from services.market_data.core.tape import Tape
from tests.replay.binance_player import FIXTURES, Frame, Player, books_of, frames_of

MS = 1_000_000
MINUTE_MS = 60_000


def candles_of(frames: list[Frame]) -> dict[str, list[dict[str, Any]]]:
    """Return the candle frames by symbol, in order."""
    found = defaultdict(list)
    for frame in frames:
        data: dict[str, Any] = frame.data
        if data.get("e") == "kline":
            found[data["s"]].append(data["k"])
    return dict(found)


def trades_of(player: Player, symbol: str) -> list[Trade]:
    """Return the trades that were published."""
    return [output for output in player.outputs if isinstance(output, Trade) and output.symbol == symbol]


def bar_of(trades: list[Trade], end_ms: int) -> Bar:
    """Return the minute bar of trades that all lie in it."""
    bars = SymbolBars(trades[0].symbol, 0, Tape())
    bars.require("1m")
    for trade in trades:
        assert list(bars.trade(trade, trade.event_ns)) == []
    (bar,) = bars.hear(end_ms * MS, end_ms * MS)
    return bar


def check_whole_candles(candles: list[dict[str, Any]], trades: list[Trade]) -> int:
    """Compare every candle frame whose first trade was recorded; return how many."""
    compared = 0
    for candle in candles:
        inside = [trade for trade in trades if candle["f"] <= trade.first_trade_id and trade.trade_id <= candle["L"]]
        if not inside or inside[0].first_trade_id != candle["f"] or inside[-1].trade_id != candle["L"]:
            continue
        bar = bar_of(inside, candle["t"] + MINUTE_MS)
        assert bar.start_ns == candle["t"] * MS
        expected = tuple(float(candle[key]) for key in "ohlcv")
        assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == expected
        assert bar.trade_count == candle["n"]
        compared += 1
    return compared


def check_growth(candles: list[dict[str, Any]], trades: list[Trade]) -> int:
    """Compare what each candle frame grew by with the trades between; return how many.

    A candle may be sent in the middle of what is then told as one aggregate; such a one cannot be compared.
    """
    compared = 0
    for before, after in pairwise(candles):
        between = [trade for trade in trades if before["L"] < trade.first_trade_id and trade.trade_id <= after["L"]]
        whole = between and (between[0].first_trade_id, between[-1].trade_id) == (before["L"] + 1, after["L"])
        if before["t"] != after["t"] or not whole:
            continue
        bar = bar_of(between, after["t"] + MINUTE_MS)
        assert bar.volume == float(Decimal(after["v"]) - Decimal(before["v"]))
        assert bar.trade_count == after["n"] - before["n"]
        assert bar.close == float(after["c"])
        compared += 1
    return compared


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "DOTUSDT"])
def test_bars_equal_the_candles_of_the_recording(shared_data: Path, symbol: str) -> None:
    stem = shared_data / "binance" / "com" / "cf_20210404_btc_eth_dot"
    frames = frames_of(stem.with_name(f"{stem.name}_ws.jsonl.gz"))
    player = Player(books_of(stem.with_name(f"{stem.name}_depth_rest.jsonl.gz")), ["1m"]).play(frames)
    candles, trades = candles_of(frames)[symbol], trades_of(player, symbol)
    assert check_whole_candles(candles, trades) >= 10
    assert check_growth(candles, trades) >= 20


def test_bars_equal_the_candles_of_the_fixture() -> None:
    frames = frames_of(FIXTURES / "dotusdt_20210404_ws.jsonl.gz")
    player = Player(books_of(FIXTURES / "dotusdt_20210404_depth_rest.jsonl.gz"), ["1m"]).play(frames)
    candles, trades = candles_of(frames)["DOTUSDT"], trades_of(player, "DOTUSDT")
    assert check_whole_candles(candles, trades) >= 10
    assert check_growth(candles, trades) >= 20
    (closed,) = [candle for candle in candles if candle["x"]]
    own = [each for each in player.outputs if isinstance(each, Bar) and each.source is BarSource.TRADES]
    assert [(bar.end_ns, bar.close, bar.partial) for bar in own] == [((closed["T"] + 1) * MS, float(closed["c"]), True)]


def test_the_venues_closed_candles_are_published_as_they_are() -> None:
    frames = frames_of(FIXTURES / "dotusdt_20210404_ws.jsonl.gz")
    player = Player(books_of(FIXTURES / "dotusdt_20210404_depth_rest.jsonl.gz")).play(frames)
    (bar,) = [output for output in player.outputs if isinstance(output, Bar)]
    (closed,) = [candle for candle in candles_of(frames)["DOTUSDT"] if candle["x"]]
    expected = tuple(float(closed[key]) for key in "ohlcv")
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == expected
    assert (bar.source, bar.partial, bar.trade_count) == (BarSource.VENUE, False, closed["n"])
