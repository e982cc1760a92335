"""The options of `orrery backtest` as they are typed and explained; no more than that is loaded for `--help`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from services.backtest.on_bad import OnBad

Tier = Literal["bars", "trades", "quotes", "depth", "orders"]
FillModel = Literal["touch", "trades", "depth", "queue", "orders"]

StrategyOption = Annotated[
    list[Path] | None, typer.Option("--strategy", "-s", metavar="FILE", help="Lua file; may be repeated.")
]
DataOption = Annotated[
    list[Path] | None,
    typer.Option("--data", "-d", metavar="FILE", help="Bars, trades, quotes, books, recordings; may be repeated."),
]
SymbolOption = Annotated[
    list[str] | None,
    typer.Option(help="The symbol of each --data, where the file does not say it; without --data, one to look for."),
]
CatalogueOption = Annotated[
    Path, typer.Option(metavar="FOLDER", help="Where --symbol is looked for; see `orrery data list`.")
]
TimeframeOption = Annotated[str, typer.Option(metavar="LENGTH", help="Bars of this length, such as 5m.")]
TierOption = Annotated[Tier | None, typer.Option(help="What to look at; as much as the data show if not given.")]
StartOption = Annotated[str, typer.Option(metavar="TIME", help="Trade from here, UTC; bars before it warm up.")]
EndOption = Annotated[str, typer.Option(metavar="TIME", help="Trade until here, UTC.")]
WarmupOption = Annotated[int | None, typer.Option(min=0, help="Bars before --start; as many as fit, if not given.")]
CashOption = Annotated[str, typer.Option(metavar="AMOUNT", help="Cash at the start. [default: 100000]")]
FeeOption = Annotated[str, typer.Option(metavar="FRACTION", help="Fee of each fill, a fraction of its value.")]
SlippageOption = Annotated[str, typer.Option(metavar="FRACTION", help="Added to what is bought, taken off sales.")]
SpreadOption = Annotated[
    str, typer.Option(metavar="FRACTION", help="Of bars and trades, which show none; half of it is paid.")
]
LatencyOption = Annotated[float, typer.Option(min=0, metavar="MS", help="From here to the venue; events only.")]
ResponseLatencyOption = Annotated[float, typer.Option(min=0, metavar="MS", help="From the venue back; events only.")]
FillModelOption = Annotated[
    FillModel | None, typer.Option(help="What fills are made against; that of the tier if not given.")
]
ParamOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Override a parameter; may be repeated.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=NAME", help="Our column's name and the file's, repeatable."),
]
OnBadOption = Annotated[OnBad, typer.Option(help="Bad rows of the data: refuse, leave out, or leave out and fill.")]
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep result and report under engine.data_dir.")]
