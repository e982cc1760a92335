"""Options that several commands share, so that they are spelled and explained once."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.errors import CommandLineError

if TYPE_CHECKING:
    from common.config.load import LoadedConfig

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="TOML or JSON file. Default: config/system.toml."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override one key; may be repeated."),
]
IndicatorOption = Annotated[
    list[Path] | None,
    typer.Option("--indicator", metavar="FILE", help="Plug-in indicator, Python or Lua; may be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, for scripts.")]
DurationOption = Annotated[
    float | None,
    typer.Option("--duration", min=0.0, metavar="SECONDS", help="End by itself so long after everything was ready."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show the services' logs instead of writing them to files.")
]


def load(config: Path | None, overrides: Sequence[str] | None) -> "LoadedConfig":
    """Return the configuration of --config, the environment and --set; ConfigError if it cannot be used."""
    from common.config.load import load_config

    return load_config(config, list(overrides or ()), os.environ)


def install_indicators(files: Sequence[Path] | None) -> None:
    """Make the plug-in indicators of installed packages and of --indicator known; CommandLineError if one cannot be used.

    They are loaded in a child process first, so that one that hangs or dies of it is named.
    """
    from common.config.signal import SignalSection
    from services.signal.hosts.plugin_files import PluginError, has_plugins, install
    from services.signal.trying import bounds_of, try_all

    if not has_plugins(files or ()):
        return
    try:
        for why in try_all((), files or (), bounds_of(SignalSection())).unloadable.values():
            raise CommandLineError(why)
        install(files or ())
    except PluginError as error:
        raise CommandLineError(str(error)) from error
