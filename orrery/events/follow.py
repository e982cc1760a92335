"""What happens in a running stack, live from the services' streams: as many listeners as like, and nobody waits for one.

How it works: a listener subscribes to the topics it wants, from now on. The streams number their messages, so what a slow
listener lost is known and told as an event of its own; who must have everything reads the event store.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from common.bus.frames import HALT_TOPIC, HEALTH_TOPIC, FrameError, HeaderError, decode_header
from common.clock import monotonic_ns
from common.codec import UndecodableError
from common.config.models import Config
from common.routes import ALL_SERVICES, STREAMS
from orrery.errors import CommandLineError
from orrery.operator_bus import OperatorBus

POLL_MS = 200
"""Between two looks at the clock while nothing comes."""
KINDS: dict[str, tuple[str, ...]] = {
    "tick": ("quote", "trade", "greeks"),
    "book": ("book_update", "book_snapshot", "queue_moved"),
    "bar": ("bar",),
    "market": ("market_status", "external_signal"),
    "state": ("runner_transitioned",),
    "error": ("runner_failed", "order_rejected", "venue_difference", "halt"),
    "signal": ("order_intent", "cancel_intent", "amend_intent", "stop_update"),
    "order": (
        "approved_order", "approved_cancel", "approved_amend", "amend_refused", "order_refused", "order_accepted",
        "order_triggered", "order_amended", "amend_rejected", "order_rejected", "order_cancelled",
    ),
    "position": ("position_changed",),
    "account": ("account_changed", "trading_state_changed"),
    "fill": ("fill",),
    "health": ("health",),
}  # fmt: skip
"""Kind to the types of messages that it means; `error` and `order` share the rejected."""
USUAL = ("state", "error", "signal", "order", "position", "account", "fill")
"""Kinds that are followed if nobody says which: what happens with orders, and why."""
_STREAMS: dict[str, tuple[str, ...]] = {
    "tick": ("quote", "trade", "greeks"),
    "book": ("book",),
    "bar": ("bar", "venue_bar"),
    "market": ("market", "external"),
    "state": ("runners",),
    "error": ("runners", "reports"),
    "signal": ("intents",),
    "order": ("decisions", "reports"),
    "position": ("decisions",),
    "account": ("decisions",),
    "fill": ("reports",),
    "health": (),
}


class Wanted(NamedTuple):
    """What is to be followed. kinds: of `KINDS`; runner, symbol: empty for all."""

    kinds: Sequence[str] = USUAL
    runner: str = ""
    symbol: str = ""


class Followed(msgspec.Struct, frozen=True):
    """One event. kind: the first of `KINDS` that has its type, or `lost`, where `message` says how many were; number: in its topic."""

    kind: str
    publisher: str
    topic: str
    incarnation: int
    number: int
    message: dict[str, Any]


def follow_events(config: Config, wanted: Wanted, seconds: float | None = None) -> Iterator[Followed | None]:
    """Yield events as they happen, None where nothing came for a while; for `seconds`, or without end.

    Raises:
        CommandLineError: a kind that there is not. KeysError: the bus needs keys that are missing.
    """
    unknown = [kind for kind in wanted.kinds if kind not in KINDS]
    if unknown:
        raise CommandLineError(f"--kind {unknown[0]}: expected {', '.join(KINDS)}")
    bus = OperatorBus(config)
    until_ns = None if seconds is None else monotonic_ns() + int(seconds * 1e9)
    try:
        socket = bus.listener(_topics(wanted))
        ear = Ear(wanted)
        while until_ns is None or monotonic_ns() < until_ns:
            if not socket.poll(POLL_MS):
                yield None
                continue
            yield from ear.hear(socket.recv_multipart())
    finally:
        bus.close()


def _topics(wanted: Wanted) -> list[tuple[str, str]]:
    found = []
    for name in dict.fromkeys(name for kind in wanted.kinds for name in _STREAMS[kind]):
        publisher = STREAMS[name][0]
        is_per_symbol = name not in ("runners", "intents", "decisions", "reports")
        found.append((publisher, f"{name}.{wanted.symbol}" if is_per_symbol and name != "external" else name))
    for kind, topic in (("health", HEALTH_TOPIC), ("error", HALT_TOPIC)):
        if kind in wanted.kinds:
            found += [(service, topic) for service in ALL_SERVICES]
    return found


class Ear:
    """Makes events of what one socket brought, and notes what is missing."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        types = [name for kind in wanted.kinds for name in KINDS[kind]]
        self._kinds = {name: next(kind for kind in KINDS if name in KINDS[kind]) for name in types}
        self._last: dict[str, tuple[int, int]] = {}

    def hear(self, frames: Sequence[bytes]) -> Iterator[Followed]:
        """Yield the event of a message, if it is wanted, behind one that tells of a loss; what cannot be read is left out."""
        try:
            topic, (incarnation, number, _) = frames[0].decode(), decode_header(frames[1])
            message: dict[str, Any] = msgspec.msgpack.decode(frames[2])
        except (HeaderError, FrameError, UndecodableError, UnicodeDecodeError, msgspec.DecodeError, IndexError):
            return
        publisher = _publisher(topic)
        before = self._last.get(topic)
        self._last[topic] = (incarnation, number)
        if before is not None and before[0] == incarnation and number > before[1] + 1:
            missing = {"type": "lost", "topic": topic, "missing": number - before[1] - 1}
            yield Followed("lost", publisher, topic, incarnation, number, missing)
        kind = self._kinds.get(str(message.get("type")))
        if kind is not None and self._is_wanted(kind, message):
            yield Followed(kind, publisher, topic, incarnation, number, message)

    def _is_wanted(self, kind: str, message: dict[str, Any]) -> bool:
        runner, symbol = self._wanted.runner, self._wanted.symbol
        own = kind in _OF_NO_RUNNER or str(message.get("order_id", "")).startswith(f"{runner}-")
        if runner and message.get("runner", runner if own else "") != runner:
            return False
        return not symbol or message.get("symbol", symbol) == symbol


_OF_NO_RUNNER = ("tick", "book", "bar", "market", "account", "health")
"""Kinds whose messages name no runner: one who follows a runner asked for them by name."""


def _publisher(topic: str) -> str:
    name, _, rest = topic.partition(".")
    return STREAMS[name][0] if name in STREAMS else rest
