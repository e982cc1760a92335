"""`orrery repl`: try a strategy on a data file, step by step, forward and back; or look at a running one."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.backtesting import arguments as a
from orrery.commands import TOOLS
from orrery.errors import CommandLineError
from orrery.options import ConfigOption, IndicatorOption, JsonOption, SetOption, install_indicators, load
from services.backtest.on_bad import OnBad

if TYPE_CHECKING:
    from orrery.backtesting.options import Options
    from orrery.repl.answering import Session

PANEL = TOOLS

StrategyArgument = Annotated[Path | None, typer.Argument(metavar="STRATEGY", help="Lua file, to try on --data.")]
AttachOption = Annotated[bool, typer.Option("--attach", help="Look at a runner of a running stack.")]
RunnerOption = Annotated[str, typer.Option(metavar="ID", help="Which runner; with --attach.")]
ScriptOption = Annotated[
    list[str] | None,
    typer.Option("--command", "-e", metavar="LINES", help="Lines to do, divided by `;`; may be repeated."),
]


def command(  # noqa: PLR0913 - one argument per option
    strategy: StrategyArgument = None,
    *,
    data: a.DataOption = None,
    symbol: a.SymbolOption = None,
    timeframe: a.TimeframeOption = "",
    tier: a.TierOption = None,
    start: a.StartOption = "",
    end: a.EndOption = "",
    cash: a.CashOption = "",
    fee: a.FeeOption = "0.001",
    slippage: a.SlippageOption = "0",
    spread: a.SpreadOption = "0",
    param: a.ParamOption = None,
    map_: a.MapOption = None,
    indicator: IndicatorOption = None,
    on_bad: a.OnBadOption = OnBad.ERROR,
    attach: AttachOption = False,
    runner: RunnerOption = "",
    lines: ScriptOption = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Try a strategy on a data file, or look at one that runs.

    On data: step through the bars, forward and back; see state, indicators, orders, why something was decided; change
    parameters or the file on the way; evaluate any Lua at the present moment, on a copy. The cores are those of
    `orrery backtest`, and so is every fill. --set takes keys of the configuration, and `name=value` for a parameter.

    With --attach: the same looks at a runner of a running stack, which is not stopped and not changed by them.

    Without --command lines come from the terminal, or from standard input; a script ends at the first error, exit code 1.

    Examples:

    - `orrery repl strategies/ema_crossover.lua --data BTCUSDT_1m.csv`
    - `orrery repl my.lua -d btc.csv -e "until fill; why; = indicators.ema(10) - indicators.ema(20)"`
    - `orrery repl --attach --runner ema_crossover:BTCUSDT`
    """
    keys = [text for text in overrides or () if "." in text.partition("=")[0]]
    params = [*(param or ()), *(text for text in overrides or () if text not in keys)]
    if attach:
        if strategy is not None or data:
            raise CommandLineError("repl: expected --attach, or STRATEGY and --data, found both")
        from orrery.repl.attached import attached

        return _talk(attached(load(config, keys).config, runner, is_json=json), lines, is_json=json)
    if strategy is None or not data or runner:
        raise CommandLineError("repl: expected STRATEGY and --data FILE, or --attach; `orrery repl --help` shows both")
    from orrery.backtesting.options import Options

    install_indicators(indicator)
    is_configured = config is not None or bool(keys)
    options = Options(
        strategies=[strategy], data=data, symbols=symbol or (), start=start, end=end,
        cash=cash or ("" if is_configured else "100000"), fee=fee, slippage=slippage, params=params,
        mapping=map_ or (), on_bad=on_bad, tier=tier or "", timeframe=timeframe, spread=spread,
        loaded=load(config, keys).config if is_configured else None,
    )  # fmt: skip
    return _on_data(options, lines, is_json=json)


def _on_data(options: "Options", lines: list[str] | None, *, is_json: bool) -> int:
    try:
        from orrery.repl.data_session import DataSession
        from orrery.repl.opening import open_data
        from orrery.repl.trip import Trip
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("orrery", "services", "common"):
            raise  # that is ours, and no extra brings it
        text = f"expected the packages of the extra `research`, found no {error.name}"
        raise CommandLineError(f"repl: {text}") from error
    opened = open_data(options)
    with opened.in_its_history():
        return _talk(DataSession(Trip(opened)), lines, is_json=is_json)


def _talk(session: "Session", lines: list[str] | None, *, is_json: bool) -> int:
    from orrery.repl.language import parts
    from orrery.repl.shell import run_script, run_terminal

    if lines is None and sys.stdin.isatty() and not is_json:
        print("`help` lists the commands; `= EXPRESSION` evaluates Lua; Ctrl-D ends")
        return run_terminal(session, Path.home())
    script: Iterable[str] = sys.stdin if lines is None else (part for text in lines for part in parts(text))
    return run_script(session, script, is_json=is_json)
