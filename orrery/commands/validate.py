"""`orrery validate`: can this strategy run?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import IndicatorOption, JsonOption, install_indicators

if TYPE_CHECKING:
    from services.signal.loading import Report

PANEL = TOOLS


def command(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Lua file.", show_default=False)] = None,
    strategy: Annotated[
        Path | None, typer.Option("--strategy", "-s", metavar="FILE", help="The same, as an option.")
    ] = None,
    indicator: IndicatorOption = None,
    json: JsonOption = False,
) -> int:
    """Check a strategy: load it as the signal service would, and try it on made-up bars.

    It tells errors with file and line, the indicators it uses, and what it answered. Exit code 0 when it can run,
    1 when it cannot.

    Example: `orrery validate strategies/ema_crossover.lua`
    """
    path = strategy or file
    if path is None or (strategy is not None and file is not None):
        raise CommandLineError(
            "validate: expected one Lua file, such as `orrery validate strategies/ema_crossover.lua`"
        )
    if not path.is_file():
        raise CommandLineError(f"{path}: expected a Lua file, found none")
    install_indicators(indicator)
    from services.signal.loading import validate

    report = validate(path)
    if json:
        import msgspec

        print(msgspec.json.encode(_as_object(report)).decode())
    else:
        for line in _lines(report):
            print(line)
    return EXIT_OK if report.ok else EXIT_FAILED


def _as_object(report: "Report") -> dict[str, object]:
    return {
        "ok": report.ok,
        "path": report.path,
        "problems": report.problems,
        "strategy": None if report.spec is None else report.spec.plain(),
        "indicators": report.indicators,
        "trial": None if report.trial is None else {name: getattr(report.trial, name) for name in _TRIAL},
    }


_TRIAL = ("bars", "warm_after", "opportunities", "entries", "cancels", "exits", "other")


def _lines(report: "Report") -> Iterator[str]:
    for problem in report.problems:
        yield f"{'error' if problem.is_fatal else 'warning'}: {problem.text}"
        if problem.hint:
            yield f"  hint: {problem.hint}"
    if report.spec is not None:
        spec = report.spec
        params = ", ".join(f"{name}={value}" for name, value in spec.params.items())
        yield f"strategy {spec.name}: timeframe {spec.timeframe or 'of the configuration'}, warmup {spec.warmup} bars"
        yield f"  params: {params or 'none'}"
        yield f"  indicators: {', '.join(report.indicators) or 'none'}"
    if report.trial is not None:
        trial = report.trial
        yield (
            f"  on {trial.bars} made-up bars: {trial.opportunities} opportunities, {trial.entries} entries, "
            f"{trial.cancels} cancels, {trial.exits} exits"
        )
    yield f"{report.path}: {'ok' if report.ok else 'cannot run'}"
