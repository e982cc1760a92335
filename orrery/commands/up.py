"""`orrery up`: the whole paper stack on this machine, supervised."""

from typing import Annotated

import typer

from orrery.commands import STACK
from orrery.options import ConfigOption, DurationOption, JsonOption, SetOption, VerboseOption, load

PANEL = STACK


def command(
    config: ConfigOption = None,
    overrides: SetOption = None,
    source: Annotated[
        str, typer.Option(metavar="SOURCE", help="simulated, binance or file; short for --set data_source.type=…")
    ] = "",
    duration: DurationOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Run the whole stack: market data, signal, risk manager, execution and event store, each a process of its own.

    A process that dies is started again, after 0.2 s at first and at most 10 s; Ctrl-C stops everything gracefully in
    the order of the flow, a second Ctrl-C at once. In a terminal it shows a live table; logs go to
    <engine.data_dir>/logs.

    Examples:

    - `orrery up`
    - `orrery up --duration 30 --json`
    - `orrery up --config my.toml --set risk.max_open_positions=3`
    """
    from orrery.launch import Launch, launch
    from orrery.stack.run import RunOptions

    settings = [*(overrides or ()), *([f"data_source.type={source}"] if source else [])]
    return launch(
        Launch(
            loaded=load(config, settings),
            overrides=settings,
            options=RunOptions(duration_s=duration),
            json=json,
            verbose=verbose,
        )
    )
