"""`orrery validate`: can this strategy run?"""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import IndicatorOption, JsonOption

PANEL = TOOLS


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Lua files.", show_default=False)
    ] = None,
    strategy: Annotated[
        list[Path] | None, typer.Option("--strategy", "-s", metavar="FILE", help="The same, as an option.")
    ] = None,
    indicator: IndicatorOption = None,
    json: JsonOption = False,
) -> int:
    """Check strategies: load them as the signal service would, and try them on made-up bars, in a child process with limits.

    It tells errors with file and line and what to do about them, misspelt names, the parameters, the indicators used and
    the warm-up they need, and what was answered. Exit code 0 when all can run, 1 when one cannot. With --json one file is
    one object; several are `{"ok": ..., "files": [...]}`.

    Example: `orrery validate strategies/*.lua`
    """
    paths = [*(files or ()), *(strategy or ())]
    if not paths:
        raise CommandLineError("validate: expected a Lua file, such as `orrery validate strategies/ema_crossover.lua`")
    for path in paths:
        if not path.is_file():
            raise CommandLineError(f"{path}: expected a Lua file, found none")
    from orrery.validating.trying import judged

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    objects: list[object] = []
    codes: list[bool] = []
    for found in judged(paths, indicator or (), width):
        codes.append(found.ok)
        objects.append(found.shown)
        if not json:
            print("\n".join(found.lines))
    is_ok = all(codes)
    if json:
        import msgspec

        print(msgspec.json.encode(objects[0] if len(objects) == 1 else {"ok": is_ok, "files": objects}).decode())
    return EXIT_OK if is_ok else EXIT_FAILED
