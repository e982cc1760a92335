"""`orrery status`: is the stack well?"""

from orrery.commands import STACK
from orrery.options import ConfigOption, JsonOption, SetOption, load

PANEL = STACK


def command(config: ConfigOption = None, overrides: SetOption = None, json: JsonOption = False) -> int:
    """Ask every service how it is; one summary of the stack.

    Exit code 0 when all are ready, 1 otherwise. A service that cannot be reached, or does not answer in time, is unreachable.

    Example: `orrery status --json`
    """
    from orrery.health import ask_all, health_of
    from orrery.view.report import health_lines

    health = health_of(ask_all(load(config, overrides).config))
    if json:
        import msgspec

        print(msgspec.json.encode(health).decode())
    else:
        for line in health_lines(health):
            print(line)
    return 0 if health.stack == "ready" else 1
