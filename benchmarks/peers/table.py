"""What was measured, as a table and the notes that it needs."""

import textwrap
from collections.abc import Iterator, Sequence

from benchmarks.peers.catalogue import Workload
from benchmarks.peers.measure import Measured

WIDTH = 120
HEADS = ("engine", "version", "bars/s", "best", "runs", "x fastest", "MiB", "orders", "trades", "final equity")


def lines(measured: Sequence[Measured], workload: Workload, title: str) -> Iterator[str]:
    """Yield a table with a row an engine; `x fastest` is the speed over that of the fastest event-driven peer."""
    fastest = max(
        (each for each in measured if each.is_event_driven and not each.is_ours and each.median),
        key=lambda each: each.median or 0.0,
        default=None,
    )
    yield ""
    yield title
    yield f"EMA({workload.fast}) over EMA({workload.slow}), {workload.name}; long one unit, fee 0.1 % a fill"
    yield ""
    rows = [HEADS, *(_row(each, fastest) for each in measured if not each.fault)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
    yield from (f"{each.engine}: {each.fault}" for each in measured if each.fault)
    yield ""
    yield f"fastest event-driven peer: {fastest.engine if fastest else 'none ran'}"
    for each in measured:
        yield from _remarks(each)


def _row(each: Measured, fastest: Measured | None) -> tuple[str, ...]:
    ratio = (each.median or 0.0) / fastest.median if fastest and fastest.median else None
    return (
        each.engine,
        each.version or "-",
        f"{each.median or 0:,.0f}",
        f"{each.best or 0:,.0f}",
        str(len(each.seconds)),
        "-" if ratio is None else f"{ratio:.2f}",
        f"{each.peak_mib:,.0f}",
        _count(each.orders),
        _count(each.trades),
        "not told" if each.final_equity is None else f"{each.final_equity:,.2f}",
    )


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _remarks(each: Measured) -> Iterator[str]:
    agreement = ""
    if each.equity_difference is not None and not each.is_ours:
        agreement = f" Equity beside ours: {each.equity_difference:+,.2f}."
        if each.fills_at_next_open:
            agreement = f"{agreement} {'DISAGREES' if each.disagrees else 'Agrees to the cent.'}"
    text = f"{each.engine}: {each.kind}. {each.note}{agreement}"
    yield from textwrap.wrap(text, WIDTH, subsequent_indent="  ")
