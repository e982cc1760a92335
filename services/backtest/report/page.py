"""The page: tables as HTML, charts drawn by a small script from data inside the page. Nothing is loaded from outside."""

from html import escape
from importlib.resources import files
from string import Template

import msgspec

from services.backtest.metrics import Metrics
from services.backtest.report import tables
from services.backtest.report.curves import (
    POINTS_A_CURVE,
    Indicators,
    account_curves,
    part_curves,
    price_curves,
    rolling_curves,
)
from services.backtest.report.distribution import histogram
from services.backtest.report.thinning import stretch_length
from services.backtest.report.trade_rows import MOST_TRADES, trade_columns
from services.backtest.report.words import moment
from services.backtest.result import RunResult


def render(result: RunResult, metrics: Metrics, indicators: Indicators | None = None) -> str:
    """Return the report as HTML.

    Its size is bounded whatever the run's: curves keep the extremes of each stretch, the trade list its ends.
    """
    parts = {
        "name": escape(result.name),
        "subtitle": escape(_subtitle(result)),
        "warning": _warning(result),
        "cards": tables.cards(result, metrics),
        "figures": tables.figures(result, metrics),
        "months": tables.months(result),
        "days": _section("Returns by day, %", tables.days(result)),
        "parts": tables.parts(metrics),
        "parameters": tables.parameters(result),
        "provenance": tables.provenance(result.provenance),
        "tier": tables.tier(result),
        "digest": escape(result.digest),
        "lines_note": _lines_note(result),
        "trades_note": _trades_note(result),
        "style": _asset("report.css"),
        "script": _asset("report.js"),
        "data": _data(result, indicators or {}),
    }
    return Template(_asset("report.html")).substitute(parts)


def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _data(result: RunResult, indicators: Indicators) -> str:
    """Return the charts' data as JSON that cannot end the script it stands in."""
    payload = {
        "cash": float(result.initial_cash),
        "account": account_curves(result),
        "rolling": rolling_curves(result),
        "parts": part_curves(result),
        "prices": price_curves(result, indicators),
        "histogram": histogram([float(trade.pnl) for trade in result.trades]),
        "trades": trade_columns(result.trades),
    }
    return msgspec.json.encode(payload).decode().replace("<", "\\u003c")


def _subtitle(result: RunResult) -> str:
    symbols = ", ".join(result.closes) or "no symbol"
    if not result.equity:
        return f"{symbols} · no bars"
    return f"{symbols} · {moment(result.equity[0].time_ns)} to {moment(result.equity[-1].time_ns)} UTC"


def _warning(result: RunResult) -> str:
    if result.is_complete:
        return ""
    return f'<p class="warning"><b>Partial run.</b> It stopped early: {escape(result.error)}</p>'


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _lines_note(result: RunResult) -> str:
    if len(result.equity) <= POINTS_A_CURVE:
        return ""
    stretch = stretch_length(len(result.equity), POINTS_A_CURVE)
    return f"Each line keeps at least the lowest and the highest value of every {stretch:,} bars; equity.csv has all."


def _trades_note(result: RunResult) -> str:
    if len(result.trades) <= MOST_TRADES:
        return ""
    quarter = MOST_TRADES // 4
    return (
        f"Listed are the first, the last, the best and the worst {quarter:,} of {len(result.trades):,} trades; "
        "trades.csv has all."
    )
