"""`orrery run --config FILE`: the stack of a configuration file."""

from pathlib import Path
from typing import Annotated

import typer

from orrery.commands import STACK
from orrery.errors import CommandLineError
from orrery.options import DurationOption, JsonOption, SetOption, VerboseOption, load

PANEL = STACK


def command(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="TOML or JSON file.")],
    overrides: SetOption = None,
    duration: DurationOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    dashboard: Annotated[
        int | None, typer.Option(metavar="PORT", help="The dashboard comes in a later version.")
    ] = None,
) -> int:
    """Run the stack of a configuration file, like `orrery up --config FILE`.

    Example: `orrery run --config config/system.json`
    """
    from orrery.launch import Launch, launch
    from orrery.stack.run import RunOptions

    refuse_dashboard(dashboard)
    settings = list(overrides or ())
    return launch(
        Launch(
            loaded=load(config, settings),
            overrides=settings,
            options=RunOptions(duration_s=duration),
            json=json,
            verbose=verbose,
        )
    )


def refuse_dashboard(port: int | None) -> None:
    """Raise a CommandLineError if a dashboard is asked for."""
    if port is not None:
        raise CommandLineError(
            f"--dashboard {port}: the dashboard comes in a later version; the live table of this terminal and "
            "`orrery status` show the run"
        )
