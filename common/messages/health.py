"""Liveness: heartbeats that carry stream numbers, and each service's health."""

from common.messages.base import Message
from common.messages.enums import HealthState


class Heartbeat(Message, frozen=True, kw_only=True, tag="heartbeat", gc=False):
    """A publisher is alive; `last` maps each topic to (incarnation, last number), so loss at the tail is seen."""

    service: str
    last: dict[str, tuple[int, int]]


class Health(Message, frozen=True, kw_only=True, tag="health", gc=False):
    """A service's state, once a second.

    last_message_age_ms: since it last handled an input, None before the first. counters: totals since its journal (or,
    without one, its process) began.
    """

    service: str
    state: HealthState
    detail: str
    pid: int
    uptime_ms: int
    last_message_age_ms: int | None
    counters: dict[str, int]


class InputGap(Message, frozen=True, kw_only=True, tag="input_gap", gc=False):
    """A subscriber lost `missing` messages of `topic` that its publisher no longer keeps; told to the core as input."""

    topic: str
    missing: int
