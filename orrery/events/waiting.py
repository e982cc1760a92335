"""Follows events until Ctrl-C, and says once that nobody is there to be followed: a stack may come."""

import sys
from collections.abc import Iterator

from common.config.models import Config
from orrery.events.follow import Followed, Wanted, follow_events
from orrery.health import ask_all
from orrery.interrupts import noted_until_end


def follow_or_wait(config: Config, wanted: Wanted, seconds: float | None = None) -> Iterator[Followed | None]:
    """Yield as `follow_events` does; at the first silence say on standard error if no stack answers."""
    is_asked = False
    for event in follow_events(config, wanted, seconds):
        if event is None and not is_asked and not ask_all(config):
            text = "no stack answers; waiting for one with this configuration (`orrery up` starts it, Ctrl-C ends this)"
            print(f"orrery: {text}", file=sys.stderr, flush=True)
        is_asked = True
        yield event


def until_interrupted(events: Iterator[Followed | None]) -> Iterator[Followed]:
    """Yield what came, and raise KeyboardInterrupt at the first look behind a Ctrl-C."""
    with noted_until_end() as stopped:
        for event in events:
            if stopped.is_set():
                return
            if event is not None:
                yield event
