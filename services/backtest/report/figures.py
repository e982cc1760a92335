"""The figures of a run as groups of named lines."""

from decimal import Decimal
from typing import Protocol

from services.backtest.metrics import Metrics, TradeFigures
from services.backtest.report.words import duration, moment, number, percent

type Lines = tuple[tuple[str, str], ...]


class Totals(Protocol):
    """What a run counted: a RunResult, or what was kept of one."""

    @property
    def initial_cash(self) -> Decimal:
        """Money at the start."""
        ...

    @property
    def final_equity(self) -> Decimal:
        """The account at the end."""
        ...

    @property
    def bars(self) -> int:
        """Bars seen."""
        ...

    @property
    def intents(self) -> int:
        """What strategies asked for."""
        ...

    @property
    def orders(self) -> int:
        """What was sent to the venue."""
        ...

    @property
    def fills(self) -> int:
        """What the venue filled."""
        ...

    @property
    def refusals(self) -> int:
        """What risk refused."""
        ...

    @property
    def seconds(self) -> float:
        """How long the run took."""
        ...

    @property
    def bars_per_second(self) -> float:
        """How fast it was."""
        ...


def groups(result: Totals, metrics: Metrics) -> dict[str, Lines]:
    """Return every figure, in words, by group."""
    return {
        "Return": _return(result, metrics),
        "Risk": _risk(metrics),
        "Trades": _trades(metrics.trades),
        "Market and costs": _costs(metrics),
        "Run": _run(result),
    }


def _return(result: Totals, metrics: Metrics) -> Lines:
    return (
        ("Initial cash", number(float(result.initial_cash))),
        ("Final equity", number(float(result.final_equity))),
        ("Total return", percent(metrics.total_return)),
        ("Annualised return", percent(metrics.annualised_return)),
        ("Buy and hold", percent(metrics.benchmark_return)),
        ("Over buy and hold", percent(metrics.excess_return)),
        ("Sharpe ratio", number(metrics.sharpe)),
        ("Sortino ratio", number(metrics.sortino)),
        ("Calmar ratio", number(metrics.calmar)),
    )


def _risk(metrics: Metrics) -> Lines:
    return (
        ("Volatility, annualised", percent(metrics.volatility)),
        ("Maximum drawdown", percent(metrics.max_drawdown)),
        ("Peak before it", moment(metrics.drawdown_peak_ns)),
        ("Its trough", moment(metrics.drawdown_trough_ns)),
        ("Recovered", moment(metrics.drawdown_recovered_ns)),
        ("Time to trough", duration(metrics.drawdown_duration_ns)),
        ("Time to recover", duration(metrics.drawdown_recovery_ns)),
        ("Longest time under water", duration(metrics.longest_underwater_ns)),
        ("Returns used", f"{metrics.returns:,} {metrics.sampling}, {metrics.periods_per_year:,.0f} a year"),
    )


def _trades(trades: TradeFigures) -> Lines:
    return (
        ("Trades", f"{trades.trades:,}"),
        ("Won / lost", f"{trades.wins:,} / {trades.losses:,}"),
        ("Win rate", percent(trades.win_rate, 1)),
        ("Profit factor", number(trades.profit_factor)),
        ("Expectancy", number(trades.expectancy)),
        ("Average win / loss", f"{number(trades.average_win)} / {number(trades.average_loss)}"),
        ("Best / worst", f"{number(trades.best_trade)} / {number(trades.worst_trade)}"),
        ("Longest losing streak", f"{trades.longest_losing_streak:,}"),
        ("Average bars held", number(trades.average_bars_held, 1)),
    )


def _costs(metrics: Metrics) -> Lines:
    return (
        ("Fees paid", number(metrics.fees)),
        ("Slippage paid", number(metrics.slippage)),
        ("Turnover", number(metrics.turnover)),
        ("Turnover / mean equity", number(metrics.turnover_ratio)),
        ("Mean exposure", percent(metrics.exposure, 1)),
        ("Time in the market", percent(metrics.time_in_market, 1)),
    )


def _run(result: Totals) -> Lines:
    return (
        ("Bars", f"{result.bars:,}"),
        ("Intents / refused", f"{result.intents:,} / {result.refusals:,}"),
        ("Orders / fills", f"{result.orders:,} / {result.fills:,}"),
        ("Time taken", f"{result.seconds:,.2f} s"),
        ("Bars a second", number(result.bars_per_second, 0)),
    )
