"""A portfolio as lines for people."""

from collections.abc import Iterator, Sequence

from orrery.portfolio.correlation import Matrix
from orrery.portfolio.optimise import Optimised
from orrery.portfolio.rebalance import Drift, Rebalance
from orrery.portfolio.report import PortfolioReport
from orrery.runs.tables import utc
from services.backtest.metrics import Metrics

NAME_WIDTH = 24
HEADS = ("return", "sharpe", "sortino", "drawdown", "volatility", "exposure", "trades", "won", "profit")


def report_lines(found: PortfolioReport) -> Iterator[str]:
    """Yield the report."""
    yield f"{found.source}: {found.points:,} points from {utc(found.begin_ns)} to {utc(found.end_ns)}"
    yield f"equity {found.initial_equity:,.2f} -> {found.final_equity:,.2f}; returns {found.metrics.sampling}"
    yield ""
    yield f"{'':<{NAME_WIDTH}}" + "".join(f"{head:>11}" for head in HEADS)
    yield _row("all", found.metrics)
    for name, metrics in found.parts.items():
        yield _row(name, metrics)
    for title, matrix in (("profits", found.correlation), ("prices", found.symbols)):
        if len(matrix) > 1:
            yield ""
            yield from _matrix(title, matrix)
    for note in found.notes:
        yield f"note: {note}"


def _row(name: str, metrics: Metrics) -> str:
    cells = (
        _percent(metrics.total_return),
        _number(metrics.sharpe),
        _number(metrics.sortino),
        _percent(metrics.max_drawdown),
        _percent(metrics.volatility),
        _percent(metrics.exposure),
        str(metrics.trades.trades),
        _percent(metrics.trades.win_rate),
        f"{metrics.trades.net_profit:,.2f}",
    )
    return f"{name[:NAME_WIDTH]:<{NAME_WIDTH}}" + "".join(f"{cell:>11}" for cell in cells)


def _matrix(title: str, matrix: Matrix) -> Iterator[str]:
    names = list(matrix)
    yield f"{'correlation of ' + title:<{NAME_WIDTH}}" + "".join(f"{name[:10]:>11}" for name in names)
    for name in names:
        yield f"{name[:NAME_WIDTH]:<{NAME_WIDTH}}" + "".join(f"{_number(matrix[name][other]):>11}" for other in names)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def optimised_lines(found: Optimised) -> Iterator[str]:
    """Yield weights and figures."""
    yield f"{found.method} on {found.in_sample.returns:,} returns, {found.periods_per_year:,.0f} a year"
    width = max(map(len, found.weights))
    for name, weight in sorted(found.weights.items(), key=lambda item: -item[1]):
        yield f"  {name:<{width}}  {weight:.4f}"
    yield ""
    rows = {
        "in sample": found.in_sample,
        f"out of sample, {len(found.folds)} folds": found.out_of_sample,
        "equal weights, same folds": found.equal,
    }
    yield f"{'':<28}" + "".join(f"{head:>12}" for head in ("return", "sharpe", "sortino", "drawdown", "volatility"))
    for name, each in rows.items():
        yield (
            f"{name:<28}{_percent(each.total_return):>12}{_number(each.sharpe):>12}{_number(each.sortino):>12}"
            f"{_percent(each.max_drawdown):>12}{_percent(each.volatility):>12}"
        )


def rebalance_lines(found: Rebalance, *, applied: bool) -> Iterator[str]:
    """Yield targets, and the command that sets them."""
    yield f"of {found.equity} {found.currency}:"
    for name, target in found.targets.items():
        yield f"  {name:<{NAME_WIDTH}} at most {target}"
    yield "risk has taken it:" if applied else "not told to anybody; this does, or --apply:"
    yield "  orrery risk set " + " ".join(f"'{setting}'" for setting in found.settings)


def drift_lines(found: Sequence[Drift]) -> Iterator[str]:
    """Yield a row for each strategy, the farthest first."""
    yield f"{'':<{NAME_WIDTH}}{'target':>14}{'held':>14}{'target':>9}{'held':>9}{'drift':>9}"
    for each in found:
        yield (
            f"{each.strategy[:NAME_WIDTH]:<{NAME_WIDTH}}{float(each.target):>14,.2f}{float(each.held):>14,.2f}"
            f"{each.target_share:>9.2%}{each.held_share:>9.2%}{each.drift:>+9.2%}"
        )
