"""The trade list as columns, short enough for tens of thousands of rows."""

from collections.abc import Sequence

from services.backtest.report.thinning import MS_NS
from services.backtest.result import ClosedTrade

MOST_TRADES = 30_000
"""Of more trades the first and the last half of these are listed; trades.csv has all."""


def listed(trades: Sequence[ClosedTrade]) -> list[ClosedTrade]:
    """Return the trades that the report lists."""
    half = MOST_TRADES // 2
    return [*trades] if len(trades) <= MOST_TRADES else [*trades[:half], *trades[-half:]]


def trade_columns(trades: Sequence[ClosedTrade]) -> dict[str, list[object]]:
    """Return the columns; `words` is the dictionary that strategy, symbol, side and reasons are indices into."""
    shown, words = listed(trades), dict[str, int]()

    def index(word: str) -> int:
        return words.setdefault(word, len(words))

    columns: dict[str, list[object]] = {
        "strategy": [index(trade.strategy) for trade in shown],
        "symbol": [index(trade.symbol) for trade in shown],
        "side": [index(trade.side) for trade in shown],
        "quantity": [float(trade.quantity) for trade in shown],
        "entry": [trade.entry_ns // MS_NS for trade in shown],
        "entryPrice": [float(trade.entry_price) for trade in shown],
        "exit": [trade.exit_ns // MS_NS for trade in shown],
        "exitPrice": [float(trade.exit_price) for trade in shown],
        "pnl": [float(trade.pnl) for trade in shown],
        "fees": [float(trade.fees) for trade in shown],
        "bars": [trade.bars_held for trade in shown],
        "entryReason": [index(trade.entry_reason) for trade in shown],
        "exitReason": [index(trade.exit_reason) for trade in shown],
    }
    return columns | {"words": [*words]}
