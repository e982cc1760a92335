"""The trade list as columns, short enough for tens of thousands of rows."""

from collections.abc import Sequence

from services.backtest.report.thinning import MS_NS
from services.backtest.result import ClosedTrade

MOST_TRADES = 10_000
"""Of more trades a quarter of these are listed from each end, of the best and of the worst; trades.csv has all."""


def listed(trades: Sequence[ClosedTrade]) -> list[int]:
    """Return which trades the report lists, by their places in the order of closing."""
    count, quarter = len(trades), MOST_TRADES // 4
    if count <= MOST_TRADES:
        return [*range(count)]
    by_profit = sorted(range(count), key=lambda number: trades[number].pnl)
    ends = (*range(quarter), *range(count - quarter, count))
    return sorted({*ends, *by_profit[:quarter], *by_profit[-quarter:]})


def trade_columns(trades: Sequence[ClosedTrade]) -> dict[str, list[object]]:
    """Return the columns; `words` is the dictionary that strategy, symbol, side and reasons are indices into.

    `number` counts trades from 1 in the order of closing.
    """
    numbers, words = listed(trades), dict[str, int]()
    shown = [trades[number] for number in numbers]

    def index(word: str) -> int:
        return words.setdefault(word, len(words))

    columns: dict[str, list[object]] = {
        "number": [number + 1 for number in numbers],
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
