"""A line is a curve of equity with its round trips; lines add up, are cut to a range, and have the figures of a backtest."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from services.backtest.metrics import Metrics, compute
from services.backtest.result import ClosedTrade, DataTier, EquityPoint, RunResult

BEGINNING, END = 0, 2**63 - 1


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy, one run, or all together. times_ns ascend; equity and exposure are at their ends, account currency.

    cash: what it began with. final: the last equity to the digit, where that is known. closes: of symbols at the times,
    for buy and hold. fees, turnover and slippage are of the whole line.
    """

    name: str
    cash: Decimal
    times_ns: Sequence[int]
    equity: Sequence[float]
    exposure: Sequence[float]
    trades: Sequence[ClosedTrade] = ()
    strategies: tuple[str, ...] = ()
    closes: Mapping[str, Sequence[float]] = {}
    final: Decimal | None = None
    fees: Decimal = Decimal(0)
    turnover: Decimal = Decimal(0)
    slippage: Decimal = Decimal(0)

    def at(self, time_ns: int) -> float:
        """Return the equity as of a time: what it began with before the first point."""
        place = bisect_right(self.times_ns, time_ns) - 1
        return float(self.cash) if place < 0 else self.equity[place]


def cut(line: Line, begin_ns: int = BEGINNING, end_ns: int = END) -> Line:
    """Return the part of a line from `begin_ns` up to, not including, `end_ns`; it begins with the equity before.

    Trades belong to the range in which they ended. Fees and turnover of a part are those of its trades, slippage is not
    known of a part.
    """
    first, last = bisect_left(line.times_ns, begin_ns), bisect_left(line.times_ns, end_ns)
    if (first, last) == (0, len(line.times_ns)):
        return line
    trades = [trade for trade in line.trades if begin_ns <= trade.exit_ns < end_ns]
    return msgspec.structs.replace(
        line,
        cash=Decimal(repr(line.equity[first - 1])) if first else line.cash,
        times_ns=line.times_ns[first:last],
        equity=line.equity[first:last],
        exposure=line.exposure[first:last],
        trades=trades,
        closes={symbol: closes[first:last] for symbol, closes in line.closes.items()},
        final=line.final if last == len(line.times_ns) and last > first else None,
        fees=sum((trade.fees for trade in trades), Decimal(0)),
        turnover=sum((trade.quantity * (trade.entry_price + trade.exit_price) for trade in trades), Decimal(0)),
        slippage=Decimal(0),
    )


def figures(line: Line) -> Metrics:
    """Return the figures of a line, by the code of the backtests' reports."""
    final = line.final
    if final is None:
        final = Decimal(repr(line.equity[-1])) if line.equity else line.cash
    return compute(
        RunResult(
            name=line.name,
            tier=DataTier.BARS,
            strategies=line.strategies,
            params={},
            settings={},
            provenance=(),
            initial_cash=line.cash,
            final_equity=final,
            bars=len(line.times_ns),
            intents=0,
            orders=0,
            fills=0,
            refusals=0,
            fees=line.fees,
            slippage_paid=line.slippage,
            turnover=line.turnover,
            trades=tuple(line.trades),
            equity=tuple(map(EquityPoint, line.times_ns, line.equity, line.exposure)),
            closes={symbol: tuple(closes) for symbol, closes in line.closes.items()},
            digest="",
            seconds=0.0,
            bars_per_second=0.0,
        )
    )


def total(name: str, lines: Sequence[Line]) -> Line:
    """Return the sum of lines: each counts what it began with before its first point, and its last equity after its last."""
    times = sorted({time_ns for line in lines for time_ns in line.times_ns})
    equity, exposure = [0.0] * len(times), [0.0] * len(times)
    for line in lines:
        cash, place, own = float(line.cash), -1, line.times_ns
        for row, time_ns in enumerate(times):
            while place + 1 < len(own) and own[place + 1] <= time_ns:
                place += 1
            equity[row] += cash if place < 0 else line.equity[place]
            if place >= 0 and time_ns <= own[-1]:
                exposure[row] += line.exposure[place]
    return Line(
        name=name,
        cash=sum((line.cash for line in lines), Decimal(0)),
        times_ns=times,
        equity=equity,
        exposure=exposure,
        trades=sorted((trade for line in lines for trade in line.trades), key=lambda trade: trade.exit_ns),
        strategies=tuple(dict.fromkeys(name for line in lines for name in line.strategies)),
        final=sum((_final(line) for line in lines), Decimal(0)),
        fees=sum((line.fees for line in lines), Decimal(0)),
        turnover=sum((line.turnover for line in lines), Decimal(0)),
        slippage=sum((line.slippage for line in lines), Decimal(0)),
    )


def _final(line: Line) -> Decimal:
    if line.final is not None:
        return line.final
    return Decimal(repr(line.equity[-1])) if line.equity else line.cash
