"""The report's tables as HTML; whatever comes from outside is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from services.backtest.data_quality import QualityReport
from services.backtest.metrics import Metrics, PartFigures, TradeFigures
from services.backtest.report import calendar
from services.backtest.report.figures import Lines, groups
from services.backtest.report.words import NONE, TIERS, duration, moment, number, percent
from services.backtest.result import Provenance, RunResult

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_GAIN, _LOSS = "gain", "loss"


def cards(result: RunResult, metrics: Metrics) -> str:
    """Return the figures that stand on top."""
    trades = metrics.trades
    shown = (
        ("Final equity", number(float(result.final_equity)), None),
        ("Total return", percent(metrics.total_return), metrics.total_return),
        ("Over buy and hold", percent(metrics.excess_return), metrics.excess_return),
        ("Sharpe", number(metrics.sharpe), metrics.sharpe),
        ("Max drawdown", percent(metrics.max_drawdown), metrics.max_drawdown),
        ("Win rate", percent(trades.win_rate, 1), None),
        ("Profit factor", number(trades.profit_factor), None),
        ("Trades", f"{trades.trades:,}", None),
    )
    return "".join(
        f'<div class="card"><span>{escape(label)}</span><b class="{sign(value)}">{escape(text)}</b></div>'
        for label, text, value in shown
    )


def figures(result: RunResult, metrics: Metrics) -> str:
    """Return all figures, a small table a group."""
    return "".join(
        f"<div><h3>{escape(title)}</h3>{_pairs(lines)}</div>" for title, lines in groups(result, metrics).items()
    )


def parts(metrics: Metrics) -> str:
    """Return the tables of the strategies, and of the symbols where there are several, each with the whole below."""
    whole = metrics.trades
    tables = [_parts("Strategy", metrics.strategies, whole)]
    if len(metrics.symbols) > 1:
        tables.append(_parts("Symbol", metrics.symbols, whole))
    return "".join(tables)


def _parts(kind: str, named: Mapping[str, PartFigures], whole: TradeFigures) -> str:
    heads = (
        kind, "Trades", "Win rate", "Net profit", "Profit factor", "Expectancy", "Fees", "Sharpe", "Max drawdown",
        "In market", "Turnover",
    )  # fmt: skip
    rows = [
        (
            name,
            *_trade_cells(part),
            number(part.sharpe),
            percent(part.max_drawdown),
            percent(part.time_in_market, 1),
            number(part.turnover, 0),
        )
        for name, part in named.items()
    ]
    if len(named) > 1:
        rows.append(("Together", *_trade_cells(whole), "", "", "", number(sum(p.turnover for p in named.values()), 0)))
    return _table(heads, rows)


def _trade_cells(part: TradeFigures) -> tuple[str, ...]:
    return (
        f"{part.trades:,}",
        percent(part.win_rate, 1),
        number(part.net_profit),
        number(part.profit_factor),
        number(part.expectancy),
        number(part.fees),
    )


def parameters(result: RunResult) -> str:
    """Return each strategy's parameters, and the settings of the run."""
    parts = {f"{name}, parameters": _lines(values) for name, values in result.params.items() if values}
    parts["Settings"] = _lines(result.settings)
    return "".join(f"<div><h3>{escape(title)}</h3>{_pairs(lines)}</div>" for title, lines in parts.items() if lines)


def provenance(sources: Iterable[Provenance]) -> str:
    """Return where the data came from and what was found in it, one block a file."""
    return "".join(f"<div>{_pairs(_source(source))}{_quality(source.quality)}</div>" for source in sources)


def _source(source: Provenance) -> Lines:
    told = () if source.quality is None else source.quality.notes()  # in figures below
    return (
        ("File", source.file),
        ("SHA-256", source.sha256),
        ("Symbol", source.symbol),
        ("Timeframe", source.timeframe),
        ("First bar", moment(source.start_ns)),
        ("Last bar", moment(source.end_ns)),
        ("Rows", f"{source.rows:,}"),
        *(("Note", note) for note in source.notes if note not in told),
    )


def _quality(quality: QualityReport | None) -> str:
    """Return what was found wrong with a file's bars, or that nothing was; empty where nobody looked."""
    if quality is None:
        return ""
    lines = [
        ("Rows read", f"{quality.rows_read:,}"),
        ("Bars kept", f"{quality.bars_kept:,}"),
        ("Bad rows", "none" if not quality.findings else f"{sum(each.rows for each in quality.findings):,}"),
        ("Bars missing", "none" if not quality.gaps else f"{quality.bars_missing:,} in {quality.gaps:,} gaps"),
    ]
    if quality.gaps:
        lines.append(("Longest gap", f"{duration(quality.longest_gap_ns)} from {moment(quality.longest_gap_start_ns)}"))
    if quality.bars_filled:
        lines.append(("Bars filled in", f"{quality.bars_filled:,}, of volume 0"))
    lines += [
        (each.problem.value.capitalize(), f"{_places(each.rows, each.first_row)}: {each.action}")
        for each in quality.findings
    ]
    return f"<h3>Data quality (bad rows: {escape(quality.on_bad.value)})</h3>{_pairs(lines)}"


def _places(rows: int, first: int) -> str:
    return f"row {first:,}" if rows == 1 else f"{rows:,} rows, the first is row {first:,}"


def tier(result: RunResult) -> str:
    """Return what the data could show, and what it could not."""
    words = TIERS[result.tier]
    return (
        f"<p><b>{escape(words.title)}.</b> It shows: {escape(words.can)}</p>"
        f"<p><b>It cannot know:</b> {escape(words.cannot)}</p>"
    )


def months(result: RunResult) -> str:
    """Return the returns by month as a heat map."""
    grid = calendar.monthly(float(result.initial_cash), result.equity)
    return _heat_map(("Year", *MONTHS, "All"), {
        year: [*(row.get(month) for month in range(1, 13)), calendar.yearly(row)] for year, row in grid.items()
    })  # fmt: skip


def days(result: RunResult) -> str:
    """Return the returns by day as a heat map; empty for a long run."""
    grid = calendar.daily(float(result.initial_cash), result.equity)
    heads = ("Month", *(str(day) for day in range(1, 32)))
    rows = {month: [row.get(day) for day in range(1, 32)] for month, row in grid.items()}
    return _heat_map(heads, rows, "days") if rows else ""


def _heat_map(heads: Sequence[str], rows: Mapping[str, Sequence[float | None]], kind: str = "") -> str:
    known = [abs(value) for row in rows.values() for value in row if value is not None]
    strongest = max(known, default=0.0) or 1.0
    body = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(_cell(value, strongest) for value in row)}</tr>"
        for name, row in rows.items()
    )
    return f'<div class="scroll"><table class="heat {kind}"><tr>{_heads(heads)}</tr>{body}</table></div>'


def _cell(value: float | None, strongest: float) -> str:
    if value is None:
        return "<td></td>"
    strength = round(12 + 58 * abs(value) / strongest)
    return f'<td class="{sign(value)}" style="--s:{strength}%">{escape(number(value * 100))}</td>'


def sign(value: float | None) -> str:
    """Return the class of a figure's colour."""
    if not value:
        return ""
    return _GAIN if value > 0 else _LOSS


def _lines(values: Mapping[str, object]) -> Lines:
    return tuple((str(name), str(value)) for name, value in values.items())


def _pairs(lines: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><th>{escape(label)}</th><td>{escape(text) or NONE}</td></tr>" for label, text in lines)
    return f'<table class="pairs">{rows}</table>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table class="rows"><tr>{_heads(heads)}</tr>{body}</table></div>'


def _heads(heads: Iterable[str]) -> str:
    return "".join(f"<th>{escape(head)}</th>" for head in heads)
