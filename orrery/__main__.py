"""The command line: `orrery COMMAND`, also `python -m orrery COMMAND`."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from orrery.commands import register_all
from orrery.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CommandLineError

HELP = """A trading stack that can be set to any moment and shows exactly how it stood.

Begin with `orrery up`: market data, strategies, risk and execution on this machine, on paper.
"""

app = typer.Typer(
    name="orrery",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["--help", "-h"],
        "token_normalize_func": lambda word: word.replace("_", "-"),
    },
)
register_all(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"orrery {version('orrery')}")
        except PackageNotFoundError:
            print("orrery (not installed)")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options before the command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. What goes wrong is one line on standard error."""
    try:
        result = app(args=arguments, prog_name="orrery", standalone_mode=False)
    except typer.TyperException as error:
        return _usage(error)
    except CommandLineError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; what is left of it goes nowhere, silently.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as error:
        if not _is_expected(error):
            raise
        return _fail(str(error), EXIT_USAGE)
    return result if isinstance(result, int) else EXIT_OK


def _is_expected(error: Exception) -> bool:
    """Return whether an exception is one of those whose text tells people what to change."""
    from common.bus.security import KeysError
    from common.config.load import ConfigError
    from services.signal.hosts.ocaml import OcamlUnavailableError

    return isinstance(error, ConfigError | KeysError | OcamlUnavailableError)


def _usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "orrery"
    message = error.format_message().strip()
    if not message:
        return EXIT_USAGE  # Called with nothing: the help text has been printed.
    return _fail(f"{message.rstrip('.')}; see `{command} --help`", EXIT_USAGE)


def _fail(message: str, exit_code: int) -> int:
    for line in message.splitlines() or [""]:
        print(f"orrery: {line}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
