"""The text of a strategy's page: its head, its parameters as the file declares them, and what came of its runs."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from orrery.strategy_pages.runs import Outcome
from services.backtest.metrics import Metrics
from services.signal.core.spec import ParameterSpec
from services.signal.loading import Report

NOTE = """\
Cash of 100 000 at the start, a fee of 0.1 % of each fill, no slippage, the parameters as they stand in the file unless said
otherwise. The examples are there to be read: none has an edge that pays its fees on this data, and none was fitted to it.
"""
_HEADS = (
    "bars",
    "round trips",
    "win rate",
    "return",
    "buy and hold",
    "Sharpe, daily",
    "largest drawdown",
    "fees",
    "digest",
)


def described(report: Report) -> str:
    """Return the part of the page that is known without a run."""
    spec = report.spec
    assert spec is not None, report.path
    title, idea, risk = _head(spec.source.decode())
    trial = report.trial
    is_made_up = any(title.startswith("model") for title in report.indicators)
    warm = "" if is_made_up or trial is None else f"; all have values from bar {trial.warm_after} on"
    used = ", ".join(f"`{title}`" for title in report.indicators)
    indicators = f"Indicators: {used}{warm}." if used else "It uses no indicators."
    return "\n".join(
        [
            f"# {title}\n",
            f"`strategies/{spec.name}.lua`. This page is made by `python -m orrery.strategy_pages`.\n",
            *([f"**Idea.** {_sentence(idea)}\n", f"**Risk.** {_sentence(risk)}\n"] if idea else []),
            indicators + "\n",
            "| parameter | default | range |\n|---|---|---|",
            *[f"| `{name}` | {_shown(each.default)} | {_range(each)} |" for name, each in spec.declared.items()],
            "",
        ]
    )


def recorded(name: str, outcomes: Sequence[Outcome]) -> str:
    """Return the part of the page that tells of the runs."""
    return "\n".join(
        [
            "## On recorded data\n",
            NOTE,
            *(line for number, each in enumerate(outcomes, start=1) for line in _outcome(f"{name}-{number}.svg", each)),
        ]
    )


def _outcome(picture: str, outcome: Outcome) -> Iterator[str]:
    recording, result, metrics = outcome
    first, last = (_day(result.equity[place].time_ns) for place in (0, -1))
    yield f"### {recording.title}\n"
    if recording.params:
        yield f"With {', '.join(f'`{param}`' for param in recording.params)}.\n"
    yield f"{first} to {last}; `{result.tier.value}`. {_sources(outcome)}\n"
    yield "| " + " | ".join(_HEADS) + " |\n|" + "---|" * len(_HEADS)
    yield "| " + " | ".join(_figures(outcome, metrics)) + " |\n"
    yield f"![equity]({picture})\n"


def _figures(outcome: Outcome, metrics: Metrics) -> list[str]:
    result, trades = outcome.result, metrics.trades
    return [
        f"{result.bars:,}",
        f"{trades.trades:,}",
        _percent(trades.win_rate),
        _percent(metrics.total_return),
        _percent(metrics.benchmark_return),
        f"{metrics.sharpe:.2f}" if metrics.sharpe is not None and metrics.sampling == "daily" else "-",
        _percent(metrics.max_drawdown),
        f"{result.fees:,.2f}",
        f"`{result.digest[:16]}`",
    ]


def _sources(outcome: Outcome) -> str:
    if outcome.recording.make is not None:
        return (outcome.recording.make.__doc__ or "").partition("\n\n")[2].strip().replace("\n    ", " ")
    files = [f"`{source.file}` (sha256 `{source.sha256[:16]}`)" for source in outcome.result.provenance]
    return "From " + ", ".join(files[:3]) + "."


def _head(source: str) -> tuple[str, str, str]:
    """Return the first line, the idea and the risk that the comment at the head of a strategy tells."""
    lines = []
    for line in source.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    text = "\n".join(lines)
    parts = {
        name: " ".join(found.group(1).split())
        for name in ("Idea", "Risk")
        if (
            found := re.search(rf"(?ms)^{name}: (.*?)(?=^(?:Idea|Risk|Indicators|Greeks|Features)[^\n]*: |^$|\Z)", text)
        )
    }
    return lines[0].rstrip("."), parts.get("Idea", ""), parts.get("Risk", "")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _range(declared: ParameterSpec) -> str:
    if declared.min is None and declared.max is None:
        return "any"
    return f"{_bound(declared.min)} to {_bound(declared.max)}"


def _bound(bound: float | None) -> str:
    return "…" if bound is None else f"{bound:g}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value) or '""'


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _day(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M")
