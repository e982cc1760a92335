"""`orrery check`: does a strategy know the future, or remember where its data began? Does the sandbox hold?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, IndicatorOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from common.config.models import Config
    from orrery.checks.inputs import Inputs
    from orrery.sandbox.corpus import Attempt
    from services.backtest.checks.model import Report
    from services.backtest.plan import Plan

PANEL = TOOLS
app = typer.Typer(
    no_args_is_help=True, help="Does a strategy know the future, or its data's beginning? Does the sandbox hold?"
)

_Strategy = Annotated[Path, typer.Option("--strategy", "-s", metavar="FILE", help="Lua file.")]
_Data = Annotated[
    list[Path],
    typer.Option(
        "--data",
        "-d",
        metavar="FILE",
        help="Bars: CSV, Parquet, Feather, JSON Lines. The strategy runs on the first file; it may read further ones.",
    ),
]
_Symbol = Annotated[
    list[str] | None, typer.Option(metavar="SYMBOL", help="The symbol of each file, where they do not say it.")
]
_Param = Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Override a parameter; may be repeated.")]
_Map = Annotated[
    list[str] | None, typer.Option("--map", metavar="COLUMN=NAME", help="Our column's name and the file's, repeatable.")
]
_Bars = Annotated[int, typer.Option(min=1, help="Check the latest bars of the file, so many at most.")]


@app.command("lookahead")
def lookahead(  # noqa: PLR0913 - one argument per option
    *,
    strategy: _Strategy,
    data: _Data,
    symbol: _Symbol = None,
    param: _Param = None,
    indicator: IndicatorOption = None,
    map_: _Map = None,
    bars: _Bars = 5_000,
    cuts: Annotated[int, typer.Option(min=1, max=1_000, help="Bars at which the data is cut.")] = 24,
    allow_dates: Annotated[
        bool, typer.Option("--allow-dates", help="Let decisions be bound to dates and prices.")
    ] = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Find what a strategy knows of bars that are still to come.

    It is run on data that end, or go on differently, behind many bars: nothing up to there may change. Exit code 0
    when it is clean, 1 when it is not, 2 when it cannot be checked. With --config or --set the limits, instruments and the
    model of the configuration apply.

    Example: `orrery check lookahead --strategy my.lua --data BTCUSDT_1m.csv --indicator zscore.py`
    """
    with _research():
        from orrery.checks.inputs import Inputs
        from services.backtest.checks.lookahead import check_lookahead

    inputs = Inputs(
        strategy=strategy, data=data, symbols=symbol or (), params=param or (), indicators=indicator or (),
        mapping=map_ or (), bars=bars, loaded=_loaded(config, overrides),
    )  # fmt: skip
    return _check(inputs, lambda plan: check_lookahead(plan, cuts=cuts, allows_dates=allow_dates), is_json=json)


@app.command("warmup")
def warmup(  # noqa: PLR0913 - one argument per option
    *,
    strategy: _Strategy,
    data: _Data,
    symbol: _Symbol = None,
    param: _Param = None,
    indicator: IndicatorOption = None,
    map_: _Map = None,
    bars: _Bars = 5_000,
    tolerance: Annotated[
        float, typer.Option(min=0.0, max=100.0, metavar="PERCENT", help="Of an indicator's range.")
    ] = 1.0,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Find what a strategy remembers of the first bar of its data, and how long a warm-up its indicators need.

    It is run on data that begin later: after five times its declared warm-up, and 100 bars at least, nothing may differ.
    Exit code 0 when it is clean, 1 when it is not, 2 when it cannot be checked. With --config or --set the limits,
    instruments and the model of the configuration apply.

    Example: `orrery check warmup --strategy strategies/ema_crossover.lua --data BTCUSDT_1m.csv`
    """
    with _research():
        from orrery.checks.inputs import Inputs
        from services.backtest.checks.warmup import check_warmup

    inputs = Inputs(
        strategy=strategy, data=data, symbols=symbol or (), params=param or (), indicators=indicator or (),
        mapping=map_ or (), bars=bars, loaded=_loaded(config, overrides),
    )  # fmt: skip
    return _check(inputs, lambda plan: check_warmup(plan, tolerance=tolerance), is_json=json)


@app.command("sandbox")
def sandbox(*, json: JsonOption = False) -> int:
    """Try to get out of the sandbox of strategies, and to wear it out, in some hundred ways.

    Each attempt is a runner beside another one that trades, in one core. Exit code 0 when none got hold of anything, each
    was stopped in time and within its memory, and the neighbour went on; 1 otherwise. It takes half a minute.

    Example: `orrery check sandbox`
    """
    import sys

    from orrery.sandbox import report as shown

    def begin(number: int, total: int, attempt: "Attempt") -> None:
        if sys.stderr.isatty() and not json:
            print(f"\r\x1b[K{number}/{total} {attempt.theme}: {attempt.name}"[:78], end="", file=sys.stderr, flush=True)

    report = shown.run_corpus(begin=begin)
    if sys.stderr.isatty() and not json:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    print(shown.as_json(report) if json else "\n".join(shown.as_lines(report)))
    return EXIT_OK if report.holds else EXIT_FAILED


@contextmanager
def _research() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        text = f"expected the packages of the extra `research`, found no {error.name}"
        raise CommandLineError(f"check: {text}") from error


def _loaded(config: Path | None, overrides: list[str] | None) -> "Config | None":
    return load(config, overrides).config if config is not None or overrides else None


def _check(inputs: "Inputs", check: "Callable[[Plan], Report]", *, is_json: bool) -> int:
    from orrery.checks.inputs import plan_of
    from orrery.checks.output import as_json, as_lines
    from services.backtest.checks.model import CheckError

    try:
        report = check(plan_of(inputs))
    except CheckError as error:
        raise CommandLineError(f"{inputs.strategy}: {error}") from error
    print(as_json(report) if is_json else "\n".join(as_lines(report)))
    return EXIT_OK if report.is_clean else EXIT_FAILED
