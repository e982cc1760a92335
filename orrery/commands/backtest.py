"""`orrery backtest`: a strategy on history, through the cores of the running stack; and the runs that were kept."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from orrery.backtesting import arguments as a
from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, IndicatorOption, JsonOption, SetOption, install_indicators, load
from orrery.runs.commands import compare_command, list_command, show_command
from services.backtest.on_bad import OnBad

if TYPE_CHECKING:
    from orrery.backtesting.options import Options

PANEL = TOOLS
app = typer.Typer(invoke_without_command=True)
app.command("list")(list_command)
app.command("show")(show_command)
app.command("compare")(compare_command)


@app.callback()
def command(  # noqa: PLR0913 - one argument per option
    context: typer.Context,
    *,
    strategy: a.StrategyOption = None,
    data: a.DataOption = None,
    symbol: a.SymbolOption = None,
    catalogue: a.CatalogueOption = Path("data"),
    timeframe: a.TimeframeOption = "",
    tier: a.TierOption = None,
    start: a.StartOption = "",
    end: a.EndOption = "",
    warmup: a.WarmupOption = None,
    cash: a.CashOption = "",
    fee: a.FeeOption = "0.001",
    slippage: a.SlippageOption = "0",
    spread: a.SpreadOption = "0",
    latency: a.LatencyOption = 0.0,
    response_latency: a.ResponseLatencyOption = 0.0,
    fill_model: a.FillModelOption = None,
    param: a.ParamOption = None,
    map_: a.MapOption = None,
    indicator: IndicatorOption = None,
    on_bad: a.OnBadOption = OnBad.ERROR,
    config: ConfigOption = None,
    overrides: SetOption = None,
    keep: a.KeepOption = False,
    json: JsonOption = False,
) -> int:
    """Run strategies on recorded bars or events, in one account, with the very code that trades.

    What is decided at the close of a bar fills at the open of the next; on trades, quotes and books orders fill as the
    market shows. Without --config and --set only the cash limits what is traded; with them the limits and instruments
    of the configuration apply. Exit code 1 when a strategy or the run failed; what was found until then is shown.

    Examples:

    - `orrery backtest --strategy strategies/ema_crossover.lua --data BTCUSDT_1m.csv`
    - `orrery backtest -s my.lua --symbol BTCUSDT --timeframe 5m --start 2024-01-01`
    - `orrery backtest -s my.lua -d btcusdt_ws.jsonl.gz --tier depth --latency 5`
    - `orrery backtest -s my.lua -d btc.csv -d eth.csv --symbol BTCUSDT --symbol ETHUSDT --param fast=5 --json`
    """
    if context.invoked_subcommand is not None:
        return EXIT_OK
    if not strategy or not (data or symbol):
        example = "`orrery backtest --strategy strategies/ema_crossover.lua --data BTCUSDT_1m.csv`"
        raise CommandLineError(f"backtest: expected --strategy FILE and --data FILE or --symbol, such as {example}")
    from orrery.backtesting.options import Options
    from orrery.data.catalogue import found_files

    install_indicators(indicator)
    is_configured = config is not None or bool(overrides)
    options = Options(
        strategies=strategy, data=data or found_files(catalogue, symbol or (), timeframe), symbols=symbol or (),
        start=start, end=end,
        cash=cash or ("" if is_configured else "100000"), fee=fee, slippage=slippage, params=param or (),
        mapping=map_ or (), on_bad=on_bad, tier=tier or "", timeframe=timeframe, spread=spread, latency_ms=latency,
        response_latency_ms=response_latency, fill_model=fill_model or "", warmup=warmup, catalogue=catalogue,
        loaded=load(config, overrides).config if is_configured else None,
    )  # fmt: skip
    return _backtest(options, load(config, overrides).config.engine.data_dir if keep else "", is_json=json)


def _backtest(options: "Options", keep_in: str, *, is_json: bool) -> int:
    try:
        from orrery.backtesting.output import as_json, as_lines
        from orrery.backtesting.runs import make_run
        from orrery.backtesting.shown import run_shown
        from services.backtest.metrics import compute
        from services.backtest.plan import Plan
    except ModuleNotFoundError as error:
        text = f"expected the packages of the extra `research`, found no {error.name}"
        raise CommandLineError(f"backtest: {text}") from error
    made = make_run(options)
    result = run_shown(made, is_shown=not is_json and sys.stderr.isatty())
    metrics = compute(result)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(as_json(result, metrics) if is_json else "\n".join(as_lines(result, metrics, width)))
    if keep_in:
        from orrery.runs.save import save_run
        from services.backtest.report.indicators import event_indicator_series, indicator_series

        if isinstance(made, Plan):
            series = indicator_series(made, result)
        else:
            series = event_indicator_series(made.plan, made.tap.bars, result)
        folder = save_run(result, metrics, Path(keep_in), series)
        print(f"orrery: kept in {folder}", file=sys.stderr)
    if result.error:
        print(f"orrery: {'strategy failed' if result.is_complete else 'ended early'}: {result.error}", file=sys.stderr)
    return EXIT_FAILED if result.error else EXIT_OK
