"""Runs a stand-in venue as a process: one JSON line when it is ready, one at the end of the recording, exit by signal."""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from orrery.stand_in.errors import StandInError
from orrery.stand_in.server import StandIn, StandInOptions

EXIT_USAGE = 2
EXIT_AT_ONCE = 130

__all__ = ["StandInOptions", "run_stand_in"]


def run_stand_in(options: StandInOptions) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code: 0 stopped, 2 cannot serve (said on standard error)."""
    try:
        asyncio.run(_serve(options))
    except StandInError as error:
        print(f"stand-in: {error}", file=sys.stderr)
        return EXIT_USAGE
    return 0


async def _serve(options: StandInOptions) -> None:
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(EXIT_AT_ONCE)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    await StandIn(options).serve(_say, stop)


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)
