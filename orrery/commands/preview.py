"""`orrery preview`: what an order would do, before it is sent."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import STACK
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from common.messages import OrderType
    from orrery.venue.previewing import Outlook

PANEL = STACK
TypeOption = Annotated[
    str,
    typer.Option(
        "--type", metavar="TYPE", help="An order type, such as stop. Default: limit with --limit, else market."
    ),
]
TriggerOption = Annotated[str, typer.Option("--trigger", metavar="PRICE", help="From which price on it is alive.")]
TrailOption = Annotated[str, typer.Option("--trail", metavar="N", help="Distance of a trailing stop, quote units.")]
ShareOption = Annotated[
    str, typer.Option("--trail-percent", metavar="P", help="Distance of a trailing stop, percent of the price.")
]


def command(  # noqa: PLR0913 - one argument per option
    *,
    symbol: Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="What is traded.")],
    side: Annotated[str, typer.Option("--side", metavar="buy|sell", help="Which way.")],
    quantity: Annotated[str, typer.Option("--quantity", "-q", metavar="N", help="Base units.")],
    limit: Annotated[
        str, typer.Option("--limit", metavar="PRICE", help="At this price or better. Default: at market.")
    ] = "",
    order_type: TypeOption = "",
    trigger: TriggerOption = "",
    trail: TrailOption = "",
    trail_percent: ShareOption = "",
    runner: Annotated[
        str,
        typer.Option("--runner", metavar="STRATEGY:SYMBOL", help="As if this runner asked; see `orrery runner list`."),
    ] = "",
    reduce: Annotated[bool, typer.Option("--reduce", help="It closes what the runner holds: rules of exits.")] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Show what an order would do if it were sent now; nothing is sent and nothing changes.

    Asked of the running stack: each rule with its figures and which one would refuse, what the order would take of what is
    shown and at which price, fee, spread, slippage and market impact, and the position and exposure after it.
    Of an order that waits for a trigger (stop, take-profit, trailing stop, and with a limit) it tells where that is, how far
    from the price, and what the market or limit order would be that it is from then on.
    Exit code 0 when it would pass, 1 when not.

    Examples: `orrery preview --symbol BTCUSDT --side buy --quantity 0.5`,
    `orrery preview --symbol BTCUSDT --side sell --quantity 0.5 --type stop --trigger 58000`
    """
    from common.messages import Side
    from orrery.venue.knowing import check_runner
    from orrery.venue.previewing import Asked, preview

    if side not in tuple(Side):
        raise CommandLineError(f"--side: expected buy or sell, found {side!r}")
    loaded = load(config, overrides).config
    if symbol not in loaded.market_data.symbols:
        known = ", ".join(loaded.market_data.symbols)
        raise CommandLineError(f"--symbol: expected one of {known}, found {symbol!r}")
    asked = Asked(
        symbol=symbol,
        side=Side(side),
        quantity=_positive(quantity, "--quantity"),
        limit=_optional(limit, "--limit"),
        order_type=_type(order_type, has_limit=bool(limit)),
        trigger=_optional(trigger, "--trigger"),
        trail=_optional(trail, "--trail"),
        trail_percent=_optional(trail_percent, "--trail-percent"),
        runner=runner,
        reduces=reduce,
    )
    if runner:
        check_runner(loaded, runner, symbol)
    outlook = preview(loaded, asked)
    _print(outlook, is_json=json)
    return EXIT_OK if outlook.passes else EXIT_FAILED


def _print(outlook: "Outlook", *, is_json: bool) -> None:
    import msgspec

    from orrery.venue.previewing import lines

    print(msgspec.json.encode(outlook).decode() if is_json else "\n".join(lines(outlook)))


def _type(word: str, *, has_limit: bool) -> "OrderType":
    from common.messages import OrderType

    if not word:
        return OrderType.LIMIT if has_limit else OrderType.MARKET
    if word not in tuple(OrderType):
        raise CommandLineError(f"--type: expected {', '.join(OrderType)}, found {word!r}")
    return OrderType(word)


def _optional(text: str, option: str) -> Decimal | None:
    return _positive(text, option) if text else None


def _positive(text: str, option: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise CommandLineError(f"{option}: expected a positive number, found {text!r}")
    return number
