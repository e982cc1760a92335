"""What the alerts remember between messages, and the figures they are judged by."""

from typing import NamedTuple

import msgspec

from common.config.models import Config


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """When a figure becomes an alert. Shares are fractions, 0 is never; times are nanoseconds."""

    drawdown: float = 0.0
    daily_loss: float = 0.0
    refused: int = 0
    refused_window_ns: int = 60_000_000_000
    silence_ns: int = 3_000_000_000
    startup_ns: int = 30_000_000_000

    @staticmethod
    def of(config: Config) -> "Thresholds":
        """Return what the configuration says."""
        section = config.alerts
        return Thresholds(
            drawdown=section.drawdown_percent / 100,
            daily_loss=section.daily_loss_percent / 100,
            refused=section.refused_count,
            refused_window_ns=section.refused_window_ms * 1_000_000,
            silence_ns=config.engine.peer_timeout_ms * 1_000_000,
            startup_ns=section.startup_ms * 1_000_000,
        )


class Seen(msgspec.Struct):
    """A service as it was last heard: its state, its words, its process and when."""

    state: str
    detail: str
    pid: int
    heard_ns: int
    since_ns: int


class Memory(msgspec.Struct):
    """The state of all alerts' eyes.

    refused: when intents were refused and by which rule, the latest last. peak, day_start: equity; day: UTC, days since 1970, -1 before the
    first. changed_ns: when the trading state last changed.
    """

    refused: list[tuple[int, str]] = []
    peak: float = 0.0
    day: int = -1
    day_start: float = 0.0
    changed_ns: int = 0
    services: dict[str, Seen] = {}
    began_ns: int = 0


class Watched(NamedTuple):
    """What an alert looks at beside the message."""

    memory: Memory
    thresholds: Thresholds
