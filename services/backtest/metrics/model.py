"""What a backtest's figures are, and what each means."""

import msgspec


class TradeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a set of round trips; profit and loss are net of fees.

    A trade that made nothing is neither won nor lost, and counts in `trades`. `expectancy` is the mean profit of a
    trade; `profit_factor` is what winners made over what losers lost; `payoff_ratio` is the average win over the
    average loss, as a positive number.
    """

    trades: int
    wins: int
    losses: int
    win_rate: float | None
    net_profit: float
    gross_profit: float
    gross_loss: float
    profit_factor: float | None
    average_win: float | None
    average_loss: float | None
    payoff_ratio: float | None
    expectancy: float | None
    best_trade: float | None
    worst_trade: float | None
    longest_winning_streak: int
    longest_losing_streak: int
    average_bars_held: float | None
    fees: float


class PartFigures(TradeFigures, frozen=True, kw_only=True):
    """Figures of one strategy's trades, or of one symbol's, as if they alone had moved the account.

    A profit counts when its trade ends, so an open position is in none of these. `return_on_cash` is the net profit
    over the initial cash; the ratios are of returns sampled as the account's are. `time_in_market` is the part of the
    run's time with a trade open, `turnover` the value of entries and exits.
    """

    return_on_cash: float = 0.0
    volatility: float | None = None
    sharpe: float | None = None
    sortino: float | None = None
    max_drawdown: float = 0.0
    time_in_market: float = 0.0
    turnover: float = 0.0


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one backtest.

    `sampling` says what a return is ("daily" or "per bar") and `periods_per_year` how many of them a year holds; the
    ratios and the volatility come from those returns, drawdowns from every equity point. `exposure` is the mean part
    of the equity in positions, `time_in_market` the part of the time with any position; a point stands for the time
    since the one before it. `turnover_ratio` is the
    turnover over the mean equity. The benchmark buys equal amounts of each symbol at its first close and holds.
    """

    total_return: float
    annualised_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    sampling: str
    periods_per_year: float
    returns: int
    max_drawdown: float
    drawdown_peak_ns: int | None
    drawdown_trough_ns: int | None
    drawdown_recovered_ns: int | None
    drawdown_duration_ns: int
    drawdown_recovery_ns: int | None
    longest_underwater_ns: int
    exposure: float
    time_in_market: float
    turnover: float
    turnover_ratio: float | None
    fees: float
    slippage: float
    benchmark_return: float | None
    excess_return: float | None
    trades: TradeFigures
    strategies: dict[str, PartFigures]
    symbols: dict[str, PartFigures] = {}
