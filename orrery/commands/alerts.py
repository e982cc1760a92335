"""`orrery alerts`: the service that tells people what goes wrong, what it told, and whether its channels work."""

from typing import Annotated

import typer

from orrery.commands import STACK
from orrery.errors import EXIT_FAILED, EXIT_OK
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = STACK

app = typer.Typer(
    help="What goes wrong: what is firing, what was told, and whether channels work.", no_args_is_help=True
)


@app.command()
def run(config: ConfigOption = None, overrides: SetOption = None) -> None:
    """Run the alerts alone: they hear everything the others say, and tell whom it concerns.

    Nothing that trades waits for them. Channels are [[alerts.channels]] of the configuration; their addresses come from
    the environment or from files, never from the configuration.

    Example: `orrery alerts run --config config/system.toml`
    """
    from orrery.alone import run_alone

    run_alone("alerts", config, overrides)


@app.command("list")
def list_(
    most: Annotated[int, typer.Option("--most", "-n", min=1, metavar="N", help="How many of the latest.")] = 20,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Show what is firing, the latest that was told, and how the channels fare; from the running service.

    Exit code 0 when it answered, 1 when it is not there.

    Example: `orrery alerts list`
    """
    from orrery.alerts.asking import status_of
    from orrery.alerts.text import list_lines

    status = status_of(load(config, overrides).config)
    status["history"] = status["history"][-most:]
    _print(status, list_lines(status), json=json)
    return EXIT_OK


@app.command("test")
def try_out(
    channel: Annotated[str, typer.Option(metavar="NAME", help="Only this channel; all if not given.")] = "",
    wait: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the delivery.")] = 15.0,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Send a test message by the running service's channels, and say whether it was delivered.

    Exit code 0 when every channel delivered it.

    Example: `orrery alerts test --channel ops`
    """
    from orrery.alerts.asking import send_test
    from orrery.alerts.text import test_lines

    outcomes = send_test(load(config, overrides).config, channel, wait)
    _print({"ok": all(each == "" for each in outcomes.values()), "channels": outcomes}, test_lines(outcomes), json=json)
    return EXIT_OK if all(each == "" for each in outcomes.values()) else EXIT_FAILED


@app.command()
def kinds(json: JsonOption = False) -> None:
    """List every alert there is: its severity, what it means, and what to do.

    Example: `orrery alerts kinds`
    """
    from orrery.alerts.page import rows
    from orrery.alerts.text import kind_lines

    _print(rows(), kind_lines(rows()), json=json)


def _print(value: object, lines: list[str], *, json: bool) -> None:
    if json:
        import msgspec

        print(msgspec.json.encode(value).decode())
        return
    for line in lines:
        print(line)
