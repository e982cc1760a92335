"""What was measured, as a table and the notes that it needs."""

import textwrap
from collections.abc import Iterator, Sequence

from benchmarks.peers.catalogue import Workload
from benchmarks.peers.measure import Measured

WIDTH = 120
HEADS = (
    "engine",
    "version",
    "bars/s",
    "best",
    "runs",
    "x fastest",
    "MiB",
    "orders",
    "trades",
    "final equity",
    "beside ours",
)


def lines(measured: Sequence[Measured], workload: Workload, title: str) -> Iterator[str]:
    """Yield a table with a row an engine; `x fastest` is the speed over that of the fastest event-driven peer."""
    fastest = fastest_peer(measured)
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
    yield from _verdicts(measured, workload)
    for each in measured:
        if each.disagrees:
            yield f"{each.engine}: DISAGREES: expected our equity to the cent, as it fills at the next open too"


def fastest_peer(measured: Sequence[Measured]) -> Measured | None:
    """Return the fastest event-driven engine that is not ours; None if none ran."""
    peers = [each for each in measured if each.is_event_driven and not each.is_ours and each.median]
    return max(peers, key=lambda each: each.median or 0.0, default=None)


def _verdicts(measured: Sequence[Measured], workload: Workload) -> Iterator[str]:
    ours = next((each for each in measured if each.is_ours and each.median), None)
    fastest = fastest_peer(measured)
    if fastest is None or ours is None:
        yield "fastest event-driven peer: none ran"
        return
    alike = fastest_peer([each for each in measured if each.is_same_strategy])
    for peer in {each.engine: each for each in (fastest, alike) if each}.values():
        other = "" if peer.is_same_strategy else ", on another strategy"
        ratio = (ours.median or 0.0) / (peer.median or 1.0)
        yield f"{ours.engine} / {peer.engine}{other}: {ratio:.2f} (owed {workload.owed:g}, aim {workload.aim:g})"


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
        "-" if each.equity_difference is None or each.is_ours else f"{each.equity_difference:+z,.2f}",
    )


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def notes(measured: Sequence[Measured]) -> Iterator[str]:
    """Yield what has to be known to read the tables, once for each engine."""
    yield ""
    for each in {each.engine: each for each in measured}.values():
        yield from textwrap.wrap(f"{each.engine}: {each.kind}. {each.note}", WIDTH, subsequent_indent="  ")
