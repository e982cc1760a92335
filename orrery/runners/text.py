"""Runners for people: a line each, or one in full."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

NS_PER_SECOND = 1_000_000_000
ERROR_WIDTH = 60
LINES_PRINTED = BARS_PRINTED = 5


def list_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line a runner, then what is to be said of the files."""
    head = ("runner", "timeframe", "state", "quantity", "evals", "errors", "last update", "up", "memory", "file")
    rows = [head, *(_row(each, answer) for each in answer["runners"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row, runner in zip(rows, (None, *answer["runners"]), strict=True):
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        if runner is not None and runner["last_error"]:
            yield f"  last error: {runner['last_error'][:200]}"
    files = answer["files"]
    if files["watched"] or files["failed"]:
        yield f"files: {len(files['watched'])} watched, {files['reloaded']} reloads, {files['failed']} refused"
    for name, error in files["failures"].items():
        yield f"  {name}: {_what_stays(name, files)}: {error}"


def _what_stays(name: str, files: Mapping[str, Any]) -> str:
    if name in files.get("left_out", ()):
        return "failed, its runners are left out"
    return "failed, its runners are stopped" if name in files.get("stopped", ()) else "the last good version stays"


def _row(runner: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, ...]:
    state = f"{runner['state']}{_marks(runner)}"
    memory = runner["memory_bytes"]
    return (
        runner["id"],
        runner["timeframe"],
        state,
        runner["quantity"],
        str(runner["evaluations"]),
        str(runner["errors"]),
        _ago(runner["last_update_ns"], answer["now_ns"]),
        _long(uptime_ns(runner, answer)),
        "-" if memory is None else f"{memory / 1024:.0f} KiB",
        f"{runner['script']} {runner['sha256'][:8]}",
    )


def uptime_ns(runner: Mapping[str, Any], answer: Mapping[str, Any]) -> int:
    """Return how long a runner has been up: since it was added, at most since the service began."""
    since_start: int = answer["uptime_ms"] * 1_000_000
    added_ns = runner["added_ns"]
    return since_start if added_ns is None else min(since_start, max(0, answer["now_ns"] - added_ns))


def show_lines(runner: Mapping[str, Any], took_ms: float, bars: int | None = None) -> Iterator[str]:
    """Yield all that is known of a runner; bars: how many of the latest, a few if nothing is said."""
    yield f"{runner['id']}: {runner['state']} for {runner['updates_in_state']} updates{_marks(runner)}"
    yield f"  file        {runner['script']} {runner['sha256'][:12]}, timeframe {runner['timeframe']}"
    yield f"  params      {_pairs(runner['params'])}"
    yield f"  position    {_pairs(runner['position'] or {}) if runner['position'] else 'flat'}"
    yield f"  order       {_pairs(runner['pending'] or runner['working'] or {})}"
    yield f"  context     {_pairs(runner['context'])}"
    yield f"  remembers   {_pairs(runner['remembers'].get('context', {}))}"
    yield f"  account     {_pairs(runner['account'] or {})}"
    yield f"  indicators  {_pairs(runner['indicators'])}"
    for read in runner.get("other_series", ()):
        yield f"  reads       {_pairs(read)}"
    yield (
        f"  counts      {runner['bars']} bars, {runner['evaluations']} evaluations, {runner['decisions']} decisions, "
        f"{runner['transitions']} transitions, {runner['errors']} errors ({runner['errors_in_row']} in a row)"
    )
    updated, memory = _ago(runner["last_update_ns"], runner["now_ns"]), runner["memory_bytes"]
    held = "unknown" if memory is None else f"{memory / 1024:.0f} KiB"
    yield f"  health      up {_long(uptime_ns(runner, runner))}, last update {updated}, memory {held}{_where(runner)}"
    if runner["last_error"]:
        yield f"  last error  {runner['last_error']}"
    for line in runner["lines"][-LINES_PRINTED:]:
        yield f"  printed     {line}"
    for start_ns, *prices in runner["recent_bars"][-(bars or BARS_PRINTED) :]:
        yield f"  bar         {clock(start_ns)}  " + "  ".join(f"{value:g}" for value in prices)
    yield f"answered in {took_ms:.1f} ms"


def history_lines(history: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield a line a transition, the oldest first."""
    for at_ns, before, after, event in history:
        yield f"{clock(at_ns)}  {before:>11} -> {after:<11}  {event}"
    if not history:
        yield "no transitions yet"


def clock(at_ns: int) -> str:
    """Return a moment as date and time UTC, in milliseconds."""
    seconds, rest = divmod(at_ns, NS_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest // 1_000_000:03d}"


def _marks(runner: Mapping[str, Any]) -> str:
    marks = [name for name in ("stopped", "paused", "leaving") if runner[name]]
    return f" ({', '.join(marks)})" if marks else ""


def _where(runner: Mapping[str, Any]) -> str:
    return f", in worker {runner['worker']} (process {runner['worker_pid']})" if "worker" in runner else ""


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={_figure(value)}" for key, value in values.items()) or "none"


def _figure(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + _pairs(value) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _ago(at_ns: int | None, now_ns: int) -> str:
    return "never" if not at_ns else f"{max(0, now_ns - at_ns) / NS_PER_SECOND:.1f} s ago"


def _long(duration_ns: int) -> str:
    seconds = duration_ns // NS_PER_SECOND
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3_600 else f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
