"""`orrery backtest`: a strategy on history, through the cores of the running stack."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from services.backtest.plan import Plan
    from services.backtest.result import RunResult

PANEL = TOOLS


def command(  # noqa: PLR0913 - one argument per option
    *,
    strategy: Annotated[
        list[Path], typer.Option("--strategy", "-s", metavar="FILE", help="Lua file; may be repeated.")
    ],
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", "-d", metavar="FILE", help="Bars: CSV, Parquet, Feather, JSON Lines; may be repeated."),
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="The symbol of each --data, where the file does not say it.")
    ] = None,
    start: Annotated[str, typer.Option(metavar="TIME", help="Trade from here, UTC; bars before it warm up.")] = "",
    end: Annotated[str, typer.Option(metavar="TIME", help="Trade until here, UTC.")] = "",
    cash: Annotated[str, typer.Option(metavar="AMOUNT", help="Cash at the start. [default: 100000]")] = "",
    fee: Annotated[str, typer.Option(metavar="FRACTION", help="Fee of each fill, a fraction of its value.")] = "0.001",
    slippage: Annotated[str, typer.Option(metavar="FRACTION", help="Added to what is bought, taken off sales.")] = "0",
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Override a parameter; may be repeated.")
    ] = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Run strategies on recorded bars, in one account, with the very code that trades.

    What is decided at the close of a bar fills at the open of the next. Without --config and --set only the cash limits
    what is traded; with them the limits and instruments of the configuration apply. Exit code 1 when a strategy or the
    run failed; what was found until then is shown.

    Examples:

    - `orrery backtest --strategy strategies/ema_crossover.lua --data BTCUSDT_1m.csv`
    - `orrery backtest -s my.lua -d btc.csv -d eth.csv --symbol BTCUSDT --symbol ETHUSDT --param fast=5 --json`
    """
    if not data:
        raise CommandLineError("backtest: expected --data FILE, such as --data BTCUSDT_1m.csv, found none")
    try:
        from orrery.backtesting.inputs import Options, make_plan
        from orrery.backtesting.output import as_json, as_lines
        from services.backtest.metrics import compute
    except ModuleNotFoundError as error:
        text = f"expected the packages of the extra `research`, such as by `make setup`, found no {error.name}"
        raise CommandLineError(f"backtest: {text}") from error
    is_configured = config is not None or bool(overrides)
    options = Options(
        strategies=strategy,
        data=data,
        symbols=symbol or (),
        start=start,
        end=end,
        cash=cash or ("" if is_configured else "100000"),
        fee=fee,
        slippage=slippage,
        params=param or (),
        loaded=load(config, overrides).config if is_configured else None,
    )
    result = _run(make_plan(options), is_shown=not json and sys.stderr.isatty())
    metrics = compute(result)
    if json:
        print(as_json(result, metrics))
    else:
        print("\n".join(as_lines(result, metrics)))
    if result.error:
        print(f"orrery: {'strategy failed' if result.is_complete else 'ended early'}: {result.error}", file=sys.stderr)
    return EXIT_FAILED if result.error else EXIT_OK


def _run(plan: "Plan", *, is_shown: bool) -> "RunResult":
    from services.backtest.engine import run

    if not is_shown:
        return run(plan)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("bars", total=None)
        return run(plan, lambda done, total: bars.update(task, completed=done, total=total))
