"""`orrery indicators`: which there are, what one gives on a file, and whether all implementations agree."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orrery.backtesting.arguments import MapOption, OnBadOption
from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import IndicatorOption, JsonOption, install_indicators
from services.backtest.on_bad import OnBad

if TYPE_CHECKING:
    from orrery.data.options import ReadOptions
    from services.backtest.bars_table import BarTable
    from services.signal.core.indicator import IndicatorKey

PANEL = TOOLS
SHOWN = 20
"""Rows printed unless --last says otherwise."""


def command(  # noqa: PLR0913 - one argument per option
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="An indicator.", show_default=False)] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="List the indicators.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Hold all implementations against each other.")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", "-d", metavar="FILE", help="Bars, or what makes them, as for backtests.")
    ] = None,
    symbol: Annotated[str, typer.Option(help="The symbol, where the file holds several.")] = "",
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated. A period that is not told is 20."
        ),
    ] = None,
    timeframe: Annotated[
        str, typer.Option(metavar="LENGTH", help="Bars of this length, such as 5m; those of the data if not given.")
    ] = "",
    map_: MapOption = None,
    on_bad: OnBadOption = OnBad.ERROR,
    indicator: IndicatorOption = None,
    backend: Annotated[str, typer.Option(help="native, ocaml, pandas-ta or ta-lib.")] = "native",
    last: Annotated[int, typer.Option(min=1, help="How many of the latest bars to print.")] = SHOWN,
    json: JsonOption = False,
) -> int:
    """List the indicators, tell about one, compute it over a file of bars, or compare the implementations.

    Names that begin with `ta:` are pandas-ta's, which strategies call by `indicators.ta(name, parameters)`.

    Examples: `orrery indicators --list`, `orrery indicators ta:hma`, `orrery indicators --verify --data btc.csv`,
    `orrery indicators ema --param period=10 --data btc.csv --backend ocaml`, `orrery indicators rsi --data
    btcusdt_ws.jsonl.gz --timeframe 1s`
    """
    install_indicators(indicator)
    if list_ and not (name or verify):
        return _list(json=json)
    if name is not None and data is None and not verify:
        return _describe(name, json=json)
    if data is None or list_ or (name is None) is not verify:
        raise CommandLineError("indicators: expected --list, or NAME, or NAME --data FILE, or --verify --data FILE")
    from orrery.data.options import ReadOptions, mapping_of

    options = ReadOptions(symbol=symbol, mapping=mapping_of(map_ or ()), on_bad=on_bad)
    if name is None:
        return _verify(_table(data, options, timeframe), json=json)
    from orrery.indicators.keys import key_of

    key = key_of(name, param or [])
    return _compute(key, _table(data, options, timeframe), backend, last, json=json)


def _table(data: Path, options: "ReadOptions", timeframe: str) -> "BarTable":
    from orrery.data.bars import read_bars
    from orrery.data.lengths import bars_of_length

    return bars_of_length(data, options, timeframe)[0] if timeframe else read_bars(data, options).table


def _list(*, json: bool) -> int:
    from orrery.indicators.output import listed
    from services.signal.core.indicators import REGISTRY
    from services.signal.hosts.pandas_ta import FAMILY, catalogue

    if json:
        theirs = {FAMILY + name: _told(FAMILY + name) for name in catalogue()}
        _print_json({name: _told(name) for name in sorted(REGISTRY)} | theirs)
        return EXIT_OK
    for line in listed():
        print(line)
    return EXIT_OK


def _describe(name: str, *, json: bool) -> int:
    from orrery.indicators.keys import kind_of
    from orrery.indicators.output import described

    if json:
        kind_of(name)
        _print_json({name: _told(name)})
        return EXIT_OK
    for line in described(name):
        print(line)
    return EXIT_OK


def _told(name: str) -> Any:
    from orrery.indicators.backends import inputs_of
    from orrery.indicators.keys import entry_of, kind_of

    entry = entry_of(name)
    if entry is not None:
        return entry
    kind = kind_of(name)
    parameters = [parameter._asdict() for parameter in kind.PARAMETERS]
    return {"inputs": inputs_of(kind), "outputs": kind.OUTPUTS, "parameters": parameters}


def _compute(key: "IndicatorKey", table: "BarTable", backend: str, last: int, *, json: bool) -> int:
    from orrery.indicators.backends import NAMES, NATIVE, UnknownHereError
    from orrery.indicators.backends import backend as open_backend
    from orrery.indicators.guarded import computed
    from orrery.indicators.output import rows
    from services.backtest.data_quality import moment
    from services.signal.core.indicators import BUILT_IN, title_of
    from services.signal.hosts.pandas_ta import FAMILY

    ours = backend != NATIVE or key.name in BUILT_IN or key.name.startswith(FAMILY)
    if backend not in NAMES:
        raise CommandLineError(f"--backend {backend}: expected one of {', '.join(NAMES)}")
    with open_backend(backend, last) as compute:
        try:
            outputs = compute(key, table) if ours else computed(compute, key, table)
        except UnknownHereError:
            raise CommandLineError(f"{backend} does not have {key.name}") from None
    times = [moment(int(end)) for end in table.end_ns[-last:]]
    found = {name: [None if math.isnan(x) else x for x in column[-last:].tolist()] for name, column in outputs.items()}
    if json:
        about = {"indicator": key.name, "parameters": key.parameters, "backend": backend}
        _print_json({**about, "bars": len(table), "time": times, "outputs": found})
        return EXIT_OK
    print(f"{title_of(key)} by {backend}, {table.symbol} {table.timeframe}, the last {len(times)} of {len(table)} bars")
    for line in rows(times, found):
        print(line)
    return EXIT_OK


def _verify(table: "BarTable", *, json: bool) -> int:
    from orrery.indicators.output import compared
    from orrery.indicators.verify import compare_all

    comparisons = compare_all(table, lambda text: typer.echo(f"left out: {text}", err=True))
    if json:
        import msgspec

        _print_json([{**msgspec.structs.asdict(found), "verdict": found.verdict} for found in comparisons])
    else:
        print(f"{table.symbol} {table.timeframe}, {len(table)} bars: the largest difference from ours, in any output")
        for line in compared(comparisons):
            print(line)
    return EXIT_FAILED if any(found.verdict == "differs" for found in comparisons) else EXIT_OK


def _print_json(value: Any) -> None:
    import msgspec

    print(msgspec.json.encode(value).decode())
