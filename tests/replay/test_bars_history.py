"""Two and a half days of XRP/ETH trades make exactly the minute bars that the venue published for them."""

from pathlib import Path

import pytest

from common.messages import Bar, Side, Trade
from services.market_data.core.bars import SymbolBars
from services.market_data.core.tape import Tape

GRACE = 250_000_000


def test_minute_bars_of_recorded_trades_equal_the_published_ones(shared_data: Path) -> None:
    parquet, feather = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow.feather")
    history = shared_data / "history"
    rows = parquet.read_table(history / "xrp_eth_trades_201910.parquet").to_pylist()
    expected = feather.read_table(history / "xrp_eth_1m_201910.feather").to_pylist()
    tape = Tape()
    bars = SymbolBars("XRPETH", GRACE, tape)
    bars.require("1m")
    made: dict[int, Bar] = {}
    for row in rows:
        trade = trade_of(row["timestamp"] * 1_000_000, int(row["id"]), row["price"], row["amount"])
        assert tape.take(trade.first_trade_id, trade.trade_id, trade.event_ns)
        made |= {bar.start_ns: bar for bar in bars.trade(trade, trade.event_ns)}
    last_ns = rows[-1]["timestamp"] * 1_000_000
    made |= {bar.start_ns: bar for bar in bars.hear(last_ns + 120_000_000_000, last_ns)}
    assert len(expected) == 2_469
    for row in expected:
        bar = made[int(row["date"].timestamp()) * 1_000_000_000]
        figures = (row["open"], row["high"], row["low"], row["close"], row["volume"])
        assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == figures
    assert [bar.partial for bar in made.values()].count(True) == 1


def trade_of(at_ns: int, number: int, price: float, size: float) -> Trade:
    """Return a trade of XRP/ETH."""
    return Trade(
        symbol="XRPETH",
        price=price,
        size=size,
        side=Side.BUY,
        trade_id=number,
        first_trade_id=number,
        event_ns=at_ns,
        received_ns=at_ns,
    )
