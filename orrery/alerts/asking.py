"""Asks the running alerts service, and follows a test message to its end."""

import time
from typing import Any

from common.clock import monotonic_ns
from common.config.models import Config
from common.routes import ALERTS
from orrery.runners.asking import ask

ASK_AGAIN_S = 0.1
ON_ITS_WAY = "not delivered yet; it is tried again"


def status_of(config: Config) -> dict[str, Any]:
    """Return what the alerts service says of itself; CommandLineError if it is not there."""
    status: dict[str, Any] = ask(config, "alerts", service=ALERTS).result
    return status


def send_test(config: Config, channel: str, wait_s: float) -> dict[str, str]:
    """Send a test message by a channel, or all if its name is empty; return by channel what went wrong, empty if nothing.

    Raises:
        CommandLineError: the service is not there, or has no such channel.
    """
    sent: dict[str, str] = ask(config, "alerts.test", {"channel": channel}, ALERTS).result["letters"]
    give_up_ns = monotonic_ns() + int(wait_s * 1e9)
    while True:
        outcomes: dict[str, str | None] = ask(config, "alerts.outcome", {"numbers": list(sent)}, ALERTS).result
        if all(each is not None for each in outcomes.values()) or monotonic_ns() > give_up_ns:
            return {name: ON_ITS_WAY if (end := outcomes[number]) is None else end for number, name in sent.items()}
        time.sleep(ASK_AGAIN_S)
