"""`orrery risk`: the limits of a running risk manager, how much of them is used, and other limits without a restart."""

from typing import Annotated, Any

import typer

from orrery.commands import STACK
from orrery.errors import EXIT_OK
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = STACK

app = typer.Typer(help="Show the limits of a running risk manager and what is used of them; change them while it runs.")


@app.command()
def show(
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
    all_: Annotated[bool, typer.Option("--all", help="Keys that stand at their default, too.")] = False,
) -> int:
    """Show the parameters in force, which of them are not as in the file, and whether the last change failed.

    Example: `orrery risk show --all`
    """
    from orrery.risk.text import show_lines

    answer = _ask("risk.show", {}, config, overrides)
    return _print(answer, show_lines(answer, with_defaults=all_), json=json)


@app.command()
def limits(config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False) -> int:
    """Show each limit in force with what is used of it and what is left; all that is on its way counts.

    Example: `orrery risk limits`
    """
    from orrery.risk.text import usage_lines

    answer = _ask("risk.show", {}, config, overrides)
    return _print({"usage": answer["usage"]}, usage_lines(answer["usage"]), json=json)


@app.command("set")
def set_(
    settings: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="Such as max_open_positions=3.")],
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
) -> int:
    """Change parameters of the [risk] section: all of them or, if one cannot be, none.

    The change is journaled and holds over restarts, until the file itself says something new; it is not written to the file.

    Example: `orrery risk set max_open_positions=3 sizing.risk_percent=0.5`
    """
    from orrery.risk.text import change_lines

    answer = _ask("risk.set", {"settings": settings}, config, overrides)
    return _print(answer, change_lines(answer["changes"]), json=json)


@app.command()
def reload(config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False) -> int:
    """Let the risk manager read its configuration file now; it does so by itself within a second of a change.

    If the file cannot be used nothing changes: exit code 2 with file, line, key, expected and found, or 1 if it changes
    what holds as long as the state does.

    Example: `orrery risk reload`
    """
    from orrery.risk.text import change_lines

    answer = _ask("risk.reload", {}, config, overrides)
    return _print(answer, change_lines(answer["changes"]), json=json)


def _ask(name: str, arguments: dict[str, Any], config: ConfigOption, overrides: SetOption) -> dict[str, Any]:
    from common.routes import RISK_MANAGER
    from orrery.runners.asking import ask

    answer: dict[str, Any] = ask(load(config, overrides).config, name, arguments, RISK_MANAGER).result
    return answer


def _print(answer: dict[str, Any], lines: list[str], *, json: bool) -> int:
    if json:
        from json import dumps

        typer.echo(dumps(answer, indent=2))
    else:
        typer.echo("\n".join(lines))
    return EXIT_OK
