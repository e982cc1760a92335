"""`orrery keygen`: keys for a bus that leaves this machine."""

from pathlib import Path
from typing import Annotated

import typer

from orrery.commands import TOOLS
from orrery.errors import CommandLineError
from orrery.options import JsonOption

PANEL = TOOLS


def command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the keys go: engine.keys_dir.")],
    json: JsonOption = False,
) -> None:
    """Make the CURVE keys that services and operators need when the bus leaves loopback.

    One key pair for each service and one for the operator. Keys that exist are kept. Secrets are written, never shown.

    Example: `orrery keygen --out keys`, then `keys_dir = "keys"` under `[engine]`.
    """
    from common.bus.security import OPERATOR, generate_keys
    from common.routes import ALL_SERVICES

    try:
        made = [path.stem for path in generate_keys(out)]
    except OSError as error:
        raise CommandLineError(f"{out}: cannot write keys: {error.strerror}") from error
    names = [*ALL_SERVICES, OPERATOR]
    kept = [name for name in names if name not in made]
    if json:
        import msgspec

        print(msgspec.json.encode({"folder": str(out), "made": made, "kept": kept}).decode())
        return
    print(f"{out}: {len(made)} key pairs made{': ' if made else ''}{', '.join(made)}")
    if kept:
        print(f"{out}: {len(kept)} kept as they were: {', '.join(kept)}")
