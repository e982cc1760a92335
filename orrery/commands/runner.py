"""`orrery runner`: the runners of a running stack, looked into and changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orrery.commands import STACK
from orrery.errors import EXIT_OK, CommandLineError
from orrery.options import ConfigOption, DurationOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from common.config.models import Config
    from orrery.runners.asking import Answered

PANEL = STACK

app = typer.Typer(help="Look into the runners of a running stack; add, pause, change and remove them.")

RunnerArgument = Annotated[str, typer.Argument(metavar="RUNNER", help="Its id, such as ema_crossover:BTCUSDT.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="Lua file.")]
ParamOption = Annotated[list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="May be repeated.")]


@app.command("list")
def list_(config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False) -> int:
    """Show a line for each runner: state, position, health, which version of which file.

    Example: `orrery runner list`
    """
    from orrery.runners.text import list_lines

    answered = _ask("runner.list", {}, config, overrides)
    return _print(answered, list_lines(answered.result), json=json)


@app.command()
def show(
    runner: RunnerArgument,
    *,
    bars: Annotated[
        int | None, typer.Option(min=1, max=10_000, metavar="N", help="So many of the latest bars.")
    ] = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Show all that is known of a runner, without stopping it, and how long the answer took.

    State, position, context, account, indicators, counts, and the latest bars: as many as asked for, as far as the
    service keeps them (`signal.window`).

    Example: `orrery runner show ema_crossover:BTCUSDT --bars 50`
    """
    from orrery.runners.text import show_lines

    wanted = {} if bars is None else {"bars": bars}
    answered = _ask("runner.show", {"runner": runner, **wanted}, config, overrides)
    return _print(answered, show_lines(answered.result, answered.took_ms, bars), json=json)


@app.command()
def history(
    runner: RunnerArgument, config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False
) -> int:
    """Show the latest changes of a runner's state.

    Example: `orrery runner history ema_crossover:BTCUSDT`
    """
    from orrery.runners.text import history_lines

    answered = _ask("runner.history", {"runner": runner}, config, overrides)
    return _print(answered, history_lines(answered.result["history"]), json=json)


@app.command()
def add(  # noqa: PLR0913 - one argument per option
    file: FileArgument,
    symbol: Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="One that market data follows.")],
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="Name in ids. Default: the file's own.")] = "",
    timeframe: Annotated[str, typer.Option(metavar="TIME", help="Bar length, such as 1m. Default: the file's.")] = "",
    param: ParamOption = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Add a runner: the file is checked here, its content travels to the service and into its journal.

    A runner that was removed and comes back under its id takes over the position that it left.

    Example: `orrery runner add strategies/momentum.lua --symbol BTCUSDT --timeframe 1m --param period=20`
    """
    from orrery.runners.adding import Wanted, spec_of
    from services.signal.core.changes import described

    wanted = Wanted(file, symbol, name, timeframe, tuple(param or ()))
    spec = spec_of(wanted, load(config, overrides).config)
    answered = _ask("runner.add", described(spec), config, overrides)
    return _print(answered, [f"{spec.id}: added, timeframe {spec.timeframe}"], json=json)


@app.command()
def reload(  # noqa: PLR0913 - one argument per option
    runner: RunnerArgument,
    file: FileArgument,
    *,
    param: ParamOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on: give each version of the file, until Ctrl-C.")] = False,
    duration: DurationOption = None,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Give a runner another version of its file, or other parameters; position and context stay.

    Files named in the configuration are watched and need no command; this is for runners that were added. With --watch a
    version that is not good is told and not given; the one before stays.

    Example: `orrery runner reload momentum:BTCUSDT strategies/momentum.lua --param period=30 --watch`
    """

    def give() -> int:
        answered = _give(runner, file, param or (), load(config, overrides).config)
        return _print(answered, [f"{runner}: reloaded, {answered.result['sha256'][:12]}"], json=json)

    code = give()
    if watch:
        from orrery.runners.watching import follow_file

        follow_file(file, give, duration)
    return code


def _give(runner: str, file: Path, params: Sequence[str], config: "Config") -> "Answered":
    from orrery.runners.adding import Wanted, spec_of
    from orrery.runners.asking import ask
    from services.signal.core.changes import described

    name, _, symbol = runner.partition(":")
    spec = spec_of(Wanted(file, symbol, name, "", params), config)
    arguments = described(spec) | {"runner": runner, "timeframe": spec.strategy.timeframe}
    return ask(config, "strategy.reload", arguments)


@app.command()
def remove(
    runner: RunnerArgument,
    *,
    flatten: Annotated[bool, typer.Option("--flatten", help="Cancel and close first, then remove.")] = False,
    keep_position: Annotated[
        bool, typer.Option("--keep-position", help="Remove now; risk keeps the position with its stop and target.")
    ] = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Remove a runner; only if it is flat and waits for nothing, unless told otherwise.

    Example: `orrery runner remove momentum:BTCUSDT --flatten`
    """
    if flatten and keep_position:
        raise CommandLineError("expected --flatten or --keep-position, not both")
    how = "flatten" if flatten else "keep_position" if keep_position else "when_flat"
    answered = _ask("runner.remove", {"runner": runner, "how": how}, config, overrides)
    is_gone = answered.result.get("removed", False)
    return _print(answered, [f"{runner}: {'removed' if is_gone else 'leaves when its position is closed'}"], json=json)


@app.command()
def pause(
    runner: RunnerArgument, config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False
) -> int:
    """Ask a runner's strategy nothing until it is resumed; risk goes on watching its stop and target.

    Example: `orrery runner pause ema_crossover:BTCUSDT`
    """
    return _print(_ask("runner.pause", {"runner": runner}, config, overrides), [f"{runner}: paused"], json=json)


@app.command()
def resume(
    runner: RunnerArgument, config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False
) -> int:
    """Ask a paused runner's strategy again, with a clean slate of errors.

    Example: `orrery runner resume ema_crossover:BTCUSDT`
    """
    return _print(_ask("runner.resume", {"runner": runner}, config, overrides), [f"{runner}: resumed"], json=json)


@app.command()
def throttle(
    runner: RunnerArgument,
    milliseconds: Annotated[int, typer.Argument(min=0, max=86_400_000, metavar="MS", help="0: no limit.")],
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Set the least time between two updates by quotes, for a runner that evaluates on ticks.

    Example: `orrery runner throttle scalper:BTCUSDT 250`
    """
    arguments = {"runner": runner, "interval_ms": str(milliseconds)}
    text = f"{runner}: at most one update by quotes each {milliseconds} ms"
    return _print(_ask("runner.throttle", arguments, config, overrides), [text], json=json)


def _ask(name: str, arguments: dict[str, Any], config: Path | None, overrides: list[str] | None) -> "Answered":
    from orrery.runners.asking import ask

    return ask(load(config, overrides).config, name, arguments)


def _print(answered: "Answered", lines: Any, *, json: bool) -> int:
    if json:
        import msgspec

        print(msgspec.json.encode({**answered.result, "took_ms": answered.took_ms}).decode(), flush=True)
    else:
        for line in lines:
            print(line, flush=True)
    return EXIT_OK
