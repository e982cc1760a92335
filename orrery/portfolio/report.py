"""The figures of a portfolio: of the whole and of each part, for any range of time, and how the parts move together."""

from collections.abc import Sequence

import msgspec

from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.portfolio import correlation
from orrery.portfolio.correlation import Matrix
from orrery.portfolio.lines import BEGINNING, END, Line, cut, figures
from services.backtest.metrics import Metrics


class Range(msgspec.Struct, frozen=True):
    """From `begin_ns` up to, not including, `end_ns`, nanoseconds UTC."""

    begin_ns: int = BEGINNING
    end_ns: int = END


class PortfolioReport(msgspec.Struct, frozen=True, kw_only=True):
    """A portfolio over a range. parts: strategies or runs, each as if it alone had moved the account.

    correlation: of the parts' profits; symbols: of the symbols' prices. begin_ns, end_ns: first and last point.
    """

    source: str
    begin_ns: int
    end_ns: int
    points: int
    initial_equity: float
    final_equity: float
    metrics: Metrics
    parts: dict[str, Metrics]
    correlation: Matrix
    symbols: Matrix
    notes: list[str]


def report(source: str, account: Line, parts: Sequence[Line], over: Range, notes: list[str]) -> PortfolioReport:
    """Return the figures over a range; CommandLineError where no point lies in it."""
    whole = cut(account, over.begin_ns, over.end_ns)
    if not whole.times_ns:
        raise CommandLineError(f"{source}: nothing lies in that range", EXIT_FAILED)
    cuts = [cut(part, over.begin_ns, over.end_ns) for part in parts]
    return PortfolioReport(
        source=source,
        begin_ns=whole.times_ns[0],
        end_ns=whole.times_ns[-1],
        points=len(whole.times_ns),
        initial_equity=float(whole.cash),
        final_equity=whole.equity[-1],
        metrics=figures(whole),
        parts={part.name: figures(part) for part in cuts},
        correlation=correlation.of_lines(cuts, whole),
        symbols=correlation.of_closes(whole),
        notes=notes,
    )
