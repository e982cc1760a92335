"""`orrery indicators`: which there are, what one gives on a file, and whether all implementations agree."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import JsonOption

if TYPE_CHECKING:
    from orrery.indicators.verify import Comparison
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
    data: Annotated[Path | None, typer.Option("--data", "-d", metavar="FILE", help="Bars, as for backtests.")] = None,
    symbol: Annotated[str, typer.Option(help="The symbol, where the file holds several.")] = "",
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    backend: Annotated[str, typer.Option(help="native, ocaml, pandas-ta or ta-lib.")] = "native",
    last: Annotated[int, typer.Option(min=1, help="How many of the latest bars to print.")] = SHOWN,
    json: JsonOption = False,
) -> int:
    """List the indicators, compute one over a file of bars, or compare the implementations.

    Examples: `orrery indicators --list`, `orrery indicators ema --param period=10 --data btc.csv --backend ocaml`,
    `orrery indicators --verify --data btc.csv`
    """
    if list_ and not (name or verify):
        return _list(json=json)
    if data is None or list_ or (name is None) is not verify:
        raise CommandLineError("indicators: expected --list, or NAME --data FILE, or --verify --data FILE")
    table = _table(data, symbol)
    if name is None:
        return _verify(table, json=json)
    return _compute(_key(name, param or []), table, backend, last, json=json)


def _table(data: Path, symbol: str) -> "BarTable":
    from orrery.data.bars import load_bars

    return load_bars(data, symbol=symbol)[0]


def _list(*, json: bool) -> int:
    from orrery.indicators.backends import inputs_of
    from services.signal.core.indicators import REGISTRY

    if json:
        _print_json(
            {
                name: {
                    "inputs": inputs_of(kind),
                    "outputs": kind.OUTPUTS,
                    "parameters": [parameter._asdict() for parameter in kind.PARAMETERS],
                }
                for name, kind in sorted(REGISTRY.items())
            }
        )
        return EXIT_OK
    for name, kind in sorted(REGISTRY.items()):
        given = ", ".join(
            parameter.name + ("" if parameter.default is None else f" = {parameter.default:g}")
            for parameter in kind.PARAMETERS
        )
        print(f"{f'{name}({given})':<58} {', '.join(kind.OUTPUTS)}")
    return EXIT_OK


def _key(name: str, texts: list[str]) -> "IndicatorKey":
    from services.signal.core.indicator import BadParametersError, IndicatorKey, checked
    from services.signal.core.indicators import REGISTRY

    kind = REGISTRY.get(name)
    if kind is None:
        raise CommandLineError(f"{name}: expected an indicator, one of {', '.join(sorted(REGISTRY))}")
    names = [parameter.name for parameter in kind.PARAMETERS]
    given: dict[str, float] = {}
    for text in texts:
        parameter, _, value = text.partition("=")
        if parameter not in names or parameter in given:
            raise CommandLineError(f"--param {text}: expected NAME=VALUE once for {', '.join(names) or 'no parameter'}")
        try:
            given[parameter] = float(value)
        except ValueError:
            raise CommandLineError(f"--param {text}: expected a number, found {value or 'nothing'}") from None
    try:
        return IndicatorKey(name, checked(name, kind.PARAMETERS, [given.get(parameter) for parameter in names]))
    except BadParametersError as error:
        raise CommandLineError(str(error)) from error


def _compute(key: "IndicatorKey", table: "BarTable", backend: str, last: int, *, json: bool) -> int:
    from orrery.indicators.backends import NAMES, UnknownHereError
    from orrery.indicators.backends import backend as open_backend
    from services.backtest.data_quality import moment

    if backend not in NAMES:
        raise CommandLineError(f"--backend {backend}: expected one of {', '.join(NAMES)}")
    with open_backend(backend) as compute:
        try:
            outputs = compute(key, table)
        except UnknownHereError:
            raise CommandLineError(f"{backend} does not have {key.name}") from None
    times = [moment(int(end)) for end in table.end_ns[-last:]]
    rows = {name: [None if math.isnan(x) else x for x in column[-last:].tolist()] for name, column in outputs.items()}
    if json:
        about = {"indicator": key.name, "parameters": key.parameters, "backend": backend}
        _print_json({**about, "bars": len(table), "time": times, "outputs": rows})
        return EXIT_OK
    print(f"{'time':<24}" + "".join(f"{name:>24}" for name in rows))
    for number, time in enumerate(times):
        cells = [column[number] for column in rows.values()]
        print(f"{time:<24}" + "".join(f"{'nil' if cell is None else format(cell, '.15g'):>24}" for cell in cells))
    return EXIT_OK


def _verify(table: "BarTable", *, json: bool) -> int:
    from orrery.indicators.verify import compare_all

    comparisons = compare_all(table, lambda text: typer.echo(f"left out: {text}", err=True))
    if json:
        import msgspec

        _print_json([{**msgspec.structs.asdict(found), "verdict": found.verdict} for found in comparisons])
    else:
        print(f"{table.symbol} {table.timeframe}, {len(table)} bars; native against")
        for found in comparisons:
            print(_line(found))
    return EXIT_FAILED if any(found.verdict == "differs" for found in comparisons) else EXIT_OK


def _line(found: "Comparison") -> str:
    parameters = ", ".join(f"{number:g}" for number in found.parameters)
    figures = (
        ""
        if found.difference is None
        else f"{found.difference:9.1e} {'' if found.settled is None else format(found.settled, '9.1e'):>9}"
        f" {found.first_value!s:>5} {found.first_value_there!s:>5}"
    )
    return f"{f'{found.indicator}({parameters})':<24}{found.backend:<11}{figures:<33}{found.verdict}"


def _print_json(value: Any) -> None:
    import msgspec

    print(msgspec.json.encode(value).decode())
