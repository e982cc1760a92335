"""Hold kept backtests beside each other: figures, parameters, settings, data, digest."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from orrery.runs.kept import KeptRun

type Row = list[float | int | str | bool | None]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Runs side by side; each row has one value a run, None where the run has none.

    `metrics` holds every figure, `parameters` and `settings` only what differs. The data are the same if files
    (by SHA-256), symbols and ranges are; the runs are the same if their digests are.
    """

    runs: list[str]
    is_same_digest: bool
    is_same_data: bool
    digests: list[str]
    data: list[list[str]]
    metrics: dict[str, Row]
    parameters: dict[str, Row]
    settings: dict[str, Row]


def compare_runs(runs: Sequence[KeptRun]) -> Comparison:
    """Return runs side by side."""
    data = [_data(run) for run in runs]
    return Comparison(
        runs=[run.id for run in runs],
        is_same_digest=len({run.digest for run in runs}) == 1,
        is_same_data=len({tuple(sorted(sources)) for sources in data}) == 1,
        digests=[run.digest for run in runs],
        data=data,
        metrics=_rows([_figures(run) for run in runs]),
        parameters=_differing([_parameters(run) for run in runs]),
        settings=_differing([run.settings | {"tier": run.tier.value} for run in runs]),
    )


def _data(run: KeptRun) -> list[str]:
    return [f"{s.symbol} {s.timeframe} {s.sha256[:16]} {s.start_ns}..{s.end_ns} {s.rows}" for s in run.provenance]


def _figures(run: KeptRun) -> dict[str, float | int | str | bool | None]:
    figures: dict[str, Any] = msgspec.to_builtins(run.metrics)
    for parts in ("strategies", "symbols"):
        figures.pop(parts)
    trades: dict[str, Any] = figures.pop("trades")
    counts: dict[str, Any] = {"bars": run.bars, "orders": run.orders, "fills": run.fills, "refusals": run.refusals}
    total = {"final_equity": float(run.final_equity)}
    return counts | total | figures | {"trades": trades.pop("trades"), "trade_fees": trades.pop("fees")} | trades


def _parameters(run: KeptRun) -> dict[str, float | int | str | bool]:
    return {f"{strategy}.{name}": value for strategy, named in run.params.items() for name, value in named.items()}


def _rows[V: float | int | str | bool | None](tables: Sequence[Mapping[str, V]]) -> dict[str, Row]:
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: [table.get(name) for table in tables] for name in names}


def _differing[V: float | int | str | bool | None](tables: Sequence[Mapping[str, V]]) -> dict[str, Row]:
    return {name: row for name, row in _rows(tables).items() if any(value != row[0] for value in row)}
