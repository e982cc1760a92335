"""`orrery events follow`: the command line of what is followed live."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orrery.errors import EXIT_OK
from orrery.options import ConfigOption, DurationOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from orrery.events.follow import Followed

KindOption = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", "-k", metavar="KIND",
        help="tick, book, bar, market, state, error, signal, order, position, account, fill, health, all; repeatable.",
    ),
]  # fmt: skip
_NS_PER_SECOND = 1_000_000_000
_LEFT_OUT = ("type", "event_ns", "received_ns", "runner", "symbol", "strategy", "cause", "service")


def follow_command(  # noqa: PLR0913 - one argument per option
    *,
    kind: KindOption = None,
    runner: Annotated[str, typer.Option(metavar="RUNNER", help="Only of this runner.")] = "",
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="Only of this symbol.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", min=0, metavar="N", help="End after so many; 0: never.")] = 0,
    duration: DurationOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Follow what happens in a running stack, as it happens: one event a line, with --json one JSON object a line.

    State transitions, signals (intents), orders, fills, positions, accounts and errors, unless --kind says which; also
    ticks, bars, books, market states, health. It comes from the services' own streams, not from the event store: as many as
    like may follow at once, and nobody waits for them. What a slow listener missed is told as an event `lost`.

    Examples:

    - `orrery events follow --json`
    - `orrery events follow --kind fill --kind position --runner ema_crossover:BTCUSDT`
    """
    from orrery.events.follow import KINDS, USUAL, Wanted, follow

    kinds = tuple(KINDS) if "all" in (kind or ()) else tuple(kind or USUAL)
    told = 0
    try:
        for event in follow(load(config, overrides).config, Wanted(kinds, runner, symbol), duration):
            if event is None:
                continue
            print(as_json(event) if json else as_line(event), flush=True)
            told += 1
            if told == count:
                break
    except KeyboardInterrupt:
        pass  # the usual way to end it
    return EXIT_OK


def as_json(event: "Followed") -> str:
    """Return an event as one JSON object."""
    import msgspec

    return msgspec.json.encode(event).decode()


def as_line(event: "Followed") -> str:
    """Return an event as a line for people: when, what kind, of whom, what."""
    message = event.message
    seconds, rest = divmod(int(message.get("received_ns", 0)), _NS_PER_SECOND)
    at = f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}.{rest // 1_000_000:03d}" if seconds else " " * 12
    whose = str(message.get("runner") or message.get("symbol") or message.get("service") or event.publisher)
    return f"{at}  {event.kind:<9}{whose:<24} {_said(message)}".rstrip()


def _said(message: dict[str, Any]) -> str:
    from orrery.why.story_text import sentence

    try:
        return sentence(message)
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return " ".join(_fields(message))


def _fields(message: dict[str, Any]) -> Iterator[str]:
    yield str(message.get("type", ""))
    for name, value in message.items():
        if name not in _LEFT_OUT and not isinstance(value, dict | list):
            yield f"{name}={value}"
