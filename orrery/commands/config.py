"""`orrery config check` and `orrery config show`: is the configuration right, and what does it come to?"""

from typing import Annotated, Any

import typer

from orrery.commands import TOOLS
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = TOOLS

app = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)


@app.command()
def check(config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False) -> int:
    """Check the configuration as a start would: file, environment (ORRERY__SECTION__KEY) and --set together.

    All errors are shown at once, each with its file, line, key, what was expected and what was found; exit code 2.

    Example: `orrery config check --config config/system.json --set risk.max_open_positions=3`
    """
    from common.config.load import ConfigError
    from orrery.errors import EXIT_USAGE

    try:
        loaded = load(config, overrides)
    except ConfigError as error:
        if not json:
            raise
        _print_json({"ok": False, "errors": str(error).splitlines(), "warnings": []})
        return EXIT_USAGE
    where = "the built-in defaults" if loaded.path is None else str(loaded.path)
    if json:
        report = {"ok": True, "errors": [], "warnings": loaded.warnings, "file": where, "sources": loaded.sources}
        _print_json(report)
        return 0
    for warning in loaded.warnings:
        print(f"warning: {warning}")
    outside = {key: origin for key, origin in loaded.sources.items() if not origin.startswith(where)}
    for key, origin in outside.items():
        print(f"{key}: from {origin}")
    print(
        f"ok: {where}: {len(loaded.sources)} keys set, {len(outside)} from elsewhere, {len(loaded.warnings)} warnings"
    )
    return 0


@app.command()
def show(
    config: ConfigOption = None,
    overrides: SetOption = None,
    json: JsonOption = False,
    section: Annotated[str, typer.Option(help="Only this section, such as risk.")] = "",
) -> None:
    """Print the configuration that a start would use: every key with its value, defaults included.

    Example: `orrery config show --section risk`
    """
    from orrery.errors import CommandLineError
    from orrery.toml import toml_text

    values: dict[str, Any] = load(config, overrides).config.model_dump(mode="python")
    if section:
        if section not in values:
            raise CommandLineError(f"--section {section}: expected one of {', '.join(values)}")
        values = {section: values[section]}
    if json:
        _print_json(values)
    else:
        print(toml_text(values), end="")


def _print_json(report: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(report).decode())
