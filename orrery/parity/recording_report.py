"""`orrery parity --recording`: the running stack in lock-step beside the backtester, and what came of it."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from common.config.load import LoadedConfig
from common.journal import JournalError
from orrery.data.errors import DataFileError
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.parity.conductor import ConductorError
from orrery.parity.differences import Difference, lines_of
from orrery.parity.flow import PUBLISHED, Stream, compare, first_difference
from orrery.parity.lockstep import Played, Progress, plan_of, play_backtest, play_stack
from orrery.parity.processes import ProcessesError
from services.backtest.plan import PlanError
from services.signal.loading import StrategyFileError


class RecordingReport(msgspec.Struct, kw_only=True):
    """What `--json` prints. events: inputs of the recording; the rates count without starting and stopping."""

    recording: str
    strategies: list[str]
    symbols: list[str]
    equal: bool
    events: int
    stack_events_per_second: float
    backtest_events_per_second: float
    stack_equity: str
    backtest_equity: str
    streams: list[Stream]
    difference: Difference | None = None


def strategy_settings(scripts: Sequence[Path]) -> list[str]:
    """Return the override that runs these strategies and no others, none where none is named."""
    if not scripts:
        return []
    for script in scripts:
        if not script.is_file():
            raise CommandLineError(f"--strategy {script}: expected a Lua file, found no file")
    names = [re.sub(r"[^A-Za-z0-9_-]", "_", script.stem) for script in scripts]
    stanzas = [
        f"{{name = {msgspec.json.encode(name).decode()}, script = {msgspec.json.encode(str(script.absolute())).decode()}}}"
        for name, script in zip(names, scripts, strict=True)
    ]
    return [f"strategies=[{', '.join(stanzas)}]"]


def run_recording(
    loaded: LoadedConfig, overrides: list[str], folder: Path, limit: int | None, progress: Progress | None = None
) -> RecordingReport:
    """Run both and compare; CommandLineError says what cannot be used, and what a process did not do."""
    config = loaded.config
    try:
        plan = plan_of(config)
        backtest = play_backtest(config, plan, limit)
        stack = play_stack(loaded, overrides, folder, limit, progress)
    except (StrategyFileError, PlanError, DataFileError, JournalError) as error:
        raise CommandLineError(str(error)) from error
    except (ConductorError, ProcessesError) as error:
        raise CommandLineError(f"lock-step: {error}") from error
    return report_of(loaded, stack, backtest)


def report_of(loaded: LoadedConfig, stack: Played, backtest: Played) -> RecordingReport:
    """Return what two runs come to, held against each other."""
    config = loaded.config
    streams = compare(stack.flow, backtest.flow)
    difference = first_difference(stack.flow, backtest.flow) or _of_the_ends(stack, backtest)
    return RecordingReport(
        recording=config.data_source.file.path,
        strategies=[strategy.name for strategy in config.strategies],
        symbols=config.market_data.symbols,
        equal=difference is None and all(stream.is_equal for stream in streams),
        events=stack.events,
        stack_events_per_second=stack.events / max(stack.seconds, 1e-9),
        backtest_events_per_second=backtest.events / max(backtest.seconds, 1e-9),
        stack_equity=stack.equity,
        backtest_equity=backtest.equity,
        streams=streams,
        difference=difference,
    )


def _of_the_ends(stack: Played, backtest: Played) -> Difference | None:
    for what, expected, found in (
        ("inputs of the recording", str(backtest.events), str(stack.events)),
        ("equity at the end", backtest.equity, stack.equity),
    ):
        if expected != found:
            return Difference(
                what=what, where="backtest (expected) and running stack (found)", expected=expected, found=found
            )
    return None


def exit_code_of(report: RecordingReport) -> int:
    """Return 0 for equal, 1 for different."""
    return EXIT_OK if report.equal else EXIT_FAILED


def lines(report: RecordingReport) -> Iterator[str]:
    """Yield the report for people."""
    yield f"{report.events:,} events of {report.recording}: {', '.join(report.symbols)}"
    yield f"strategies: {', '.join(report.strategies)}"
    yield f"running stack {report.stack_events_per_second:,.0f} events/s · backtest {report.backtest_events_per_second:,.0f} events/s"
    for stream in report.streams:
        inset = "" if stream.name in PUBLISHED else "  "
        if stream.is_equal:
            yield f"{inset}{stream.name:<10} equal {stream.stack:>8,}  sha256 {stream.stack_digest}"
        else:
            yield f"{inset}{stream.name:<10} DIFFERENT"
            yield f"{inset}  stack    {stream.stack:>8,}  sha256 {stream.stack_digest}"
            yield f"{inset}  backtest {stream.backtest:>8,}  sha256 {stream.backtest_digest}"
    yield f"equity at the end: {report.stack_equity}"
    if report.difference is not None:
        yield from lines_of(report.difference)
    yield "equal, byte for byte" if report.equal else "different"


def private_folder() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder for the stack that is removed when it is left; its name is short, for the sockets in it."""
    return tempfile.TemporaryDirectory(prefix="orr-")
