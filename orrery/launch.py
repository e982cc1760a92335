"""From options of the command line to a run of the stack: commands of the services, logs, view, report."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from common.config.load import LoadedConfig
from common.config.places import source_type
from common.routes import ALL_SERVICES
from orrery.alone import service_arguments
from orrery.errors import CommandLineError
from orrery.stack.run import RunOptions, StackRun
from orrery.stack.view import View
from orrery.summary import Summary

SYMBOLS_SHOWN = 4
LOG_FILE = "{service}.log"


class Launch(NamedTuple):
    """What the user asked for. overrides: the --set of the user, which the services get as well.

    logs: the folder of the services' logs, `logs` in `engine.data_dir` if None.
    """

    loaded: LoadedConfig
    overrides: Sequence[str]
    options: RunOptions = RunOptions()
    json: bool = False
    verbose: bool = False
    logs: Path | None = None


def launch(asked: Launch) -> int:
    """Run the stack to its end; print what it came to; return the exit code."""
    for warning in asked.loaded.warnings:
        print(f"orrery: warning: {warning}", file=sys.stderr)
    overrides = [*asked.overrides, *_log_overrides(asked)]
    arguments = service_arguments(asked.loaded.path, overrides)
    commands = {service: [sys.executable, "-m", f"services.{service}", *arguments] for service in ALL_SERVICES}
    run = StackRun(asked.loaded.config, commands, asked.options)
    exit_code, summary = run.run(_view(asked, run))
    _report(summary, run, asked)
    return exit_code


def _log_overrides(asked: Launch) -> list[str]:
    """Send the services' logs to files, unless the configuration has its own or they shall be seen."""
    engine = asked.loaded.config.engine
    if asked.verbose or engine.log_file:
        return []
    folder = asked.logs or log_folder(asked.loaded)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandLineError(f"{folder}: cannot make the folder of the logs: {error.strerror}") from error
    return [f"engine.log_file={folder.absolute() / LOG_FILE}"]


def log_folder(loaded: LoadedConfig) -> Path:
    """Return where the services' logs go when the configuration names no file."""
    return Path(loaded.config.engine.data_dir) / "logs"


def _view(asked: Launch, run: StackRun) -> View:
    from orrery.view.lines import LineView

    if asked.json:
        return LineView(sys.stderr, show_output=True)
    if asked.verbose or not sys.stdout.isatty():
        return LineView(sys.stdout, show_output=True)
    from orrery.view.table import TableView

    return TableView(_title(asked.loaded), run.tape)


def _title(loaded: LoadedConfig) -> str:
    symbols = loaded.config.market_data.symbols
    shown = " ".join(symbols[:SYMBOLS_SHOWN]) + (" ..." if len(symbols) > SYMBOLS_SHOWN else "")
    return f"paper · {source_type(loaded.config)} · {shown}"


def _report(summary: Summary, run: StackRun, asked: Launch) -> None:
    if asked.json:
        print(msgspec.json.encode(summary).decode(), flush=True)
        return
    from orrery.view.report import report_lines

    for line in report_lines(summary):
        print(line)
    if not asked.verbose and not asked.loaded.config.engine.log_file:
        print(f"logs: {asked.logs or log_folder(asked.loaded)}")
