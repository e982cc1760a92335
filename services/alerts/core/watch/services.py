"""Services: silent, unwell, halted, started anew, refused by their disk."""

from collections.abc import Iterator
from typing import Final

from common.messages import Halt, Health, HealthState
from common.routes import ALERTS as OURSELVES
from common.routes import ALL_SERVICES
from services.alerts.core.alert import Alert, Severity, Sign, Tick
from services.alerts.core.memory import Seen, Watched

PATIENCE_NS: Final = 3_000_000_000
SILENT_PEERS: Final = "nothing heard from "
"""How the detail begins of a service that is unwell only because another is silent."""
DISK_WORDS: Final = ("refuses writes", "Errno", "No space", "cannot write", "Input/output", "Read-only")
"""What the detail has of a service whose disk takes nothing."""


def note(watched: Watched, seen: Health, now_ns: int) -> None:
    """Remember a service as it is, after all alerts have looked."""
    services = watched.memory.services
    before = services.get(seen.service)
    is_same = before is not None and before.state == seen.state.value
    since_ns = before.since_ns if before is not None and is_same else now_ns
    services[seen.service] = Seen(seen.state.value, seen.detail, seen.pid, now_ns, since_ns)


def _is_disk(detail: str) -> bool:
    return any(word in detail for word in DISK_WORDS)


def _silent(watched: Watched, seen: Health | Halt | Tick, now_ns: int) -> Iterator[Sign]:
    memory, thresholds = watched.memory, watched.thresholds
    if isinstance(seen, Health):
        yield Sign(seen.service, is_over=True)
        return
    for name in ALL_SERVICES if isinstance(seen, Tick) else ():
        known = memory.services.get(name)
        if name == OURSELVES or (known is not None and known.state == HealthState.STOPPING):
            continue
        heard_ns = max(memory.began_ns, 0 if known is None else known.heard_ns)
        allowed_ns = thresholds.startup_ns if known is None else thresholds.silence_ns
        if now_ns - heard_ns > allowed_ns:
            yield Sign(name, f"nothing heard from {name} for {(now_ns - heard_ns) / 1e9:.1f} s", f"health:{name}")


def _degraded(_watched: Watched, seen: Health, _now_ns: int) -> Iterator[Sign]:
    detail = seen.detail
    if seen.state is HealthState.DEGRADED and not detail.startswith(SILENT_PEERS) and not _is_disk(detail):
        yield Sign(seen.service, f"{seen.service} is degraded: {detail}", f"health:{seen.service}")
    else:
        yield Sign(seen.service, is_over=True)


def _disk(_watched: Watched, seen: Health, _now_ns: int) -> Iterator[Sign]:
    if seen.state is HealthState.DEGRADED and _is_disk(seen.detail):
        yield Sign(seen.service, f"{seen.service} cannot write: {seen.detail}", f"health:{seen.service}")
    else:
        yield Sign(seen.service, is_over=True)


def _halted(_watched: Watched, seen: Halt, _now_ns: int) -> Iterator[Sign]:
    yield Sign(seen.service, f"{seen.service} met a bug and ended: {seen.error}", f"halt:{seen.service}")


def _restarted(watched: Watched, seen: Health, _now_ns: int) -> Iterator[Sign]:
    known = watched.memory.services.get(seen.service)
    if known is not None and known.pid != seen.pid and known.state != HealthState.STOPPING:
        text = f"{seen.service} was started anew: process {known.pid} is gone, {seen.pid} goes on"
        yield Sign(seen.service, text, f"health:{seen.service}")


def _starting(watched: Watched, seen: Health, now_ns: int) -> Iterator[Sign]:
    known = watched.memory.services.get(seen.service)
    if seen.state is not HealthState.STARTING:
        yield Sign(seen.service, is_over=True)
    elif known is not None and known.state == seen.state and now_ns - known.since_ns > watched.thresholds.startup_ns:
        text = f"{seen.service} has been starting for {(now_ns - known.since_ns) / 1e9:.0f} s: {seen.detail}"
        yield Sign(seen.service, text, f"health:{seen.service}")


def _stopped(_watched: Watched, seen: Health, _now_ns: int) -> Iterator[Sign]:
    if seen.state is HealthState.STOPPING:
        yield Sign(seen.service, f"{seen.service} was stopped", f"health:{seen.service}")
    else:
        yield Sign(seen.service, is_over=True)


ALERTS: Final = (
    Alert(
        "service_silent",
        Severity.CRITICAL,
        "A service that was not stopped says nothing for `engine.peer_timeout_ms`, or was never heard within `alerts.startup_ms`.",
        "The process is gone or hangs. Its journal brings it back: `orrery status`, then its log.",
        (Health, Tick),
        _silent,
    ),
    Alert(
        "service_restarted",
        Severity.WARNING,
        "A service ended without being told to, and lives again.",
        "The last lines of its log name the fault.",
        (Health,),
        _restarted,
        lasts=False,
    ),
    Alert(
        "service_halted",
        Severity.CRITICAL,
        "A service met a bug and ended itself.",
        "The log has the whole error; `orrery replay --at` brings the moment back.",
        (Halt,),
        _halted,
        lasts=False,
    ),
    Alert(
        "service_degraded",
        Severity.WARNING,
        "A service says for three seconds that something is wrong with it.",
        "`orrery status` has its words.",
        (Health,),
        _degraded,
        patience_ns=PATIENCE_NS,
    ),
    Alert(
        "service_not_ready",
        Severity.WARNING,
        "A service has been starting for longer than `alerts.startup_ms`; nothing trades before it is ready.",
        "`orrery status` says what it waits for.",
        (Health,),
        _starting,
    ),
    Alert(
        "service_stopped",
        Severity.INFO,
        "A service was stopped gracefully.",
        "Nothing, if it was you.",
        (Health,),
        _stopped,
    ),
    Alert(
        "disk_refuses",
        Severity.CRITICAL,
        "A journal or the event store cannot write: that service acts no more until it can.",
        "Make room on the disk, or look at its rights; it goes on by itself.",
        (Health,),
        _disk,
    ),
)
