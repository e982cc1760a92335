"""From messages to news: each alert told when it begins, again while it goes on, and when it is over."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from common.config.models import Config
from common.messages import AnyMessage, Health
from services.alerts.core.alert import AccountSeen, Alert, Severity, Sign, Tick
from services.alerts.core.letters import TEST, Letter, News, Post, PostOffice, Turn
from services.alerts.core.memory import Memory, Thresholds, Watched
from services.alerts.core.watch import ALERTS, BY_KIND
from services.alerts.core.watch.services import note

MOST_OPEN: Final = 10_000
"""Alerts of one kind and subject each that are kept at a time; beyond it, new ones are counted and not told."""
HISTORY: Final = 500
"""Latest news that are kept for `orrery alerts list`."""
SETTLE_NS: Final = 2_000_000_000
"""How long something that began while we were away must last before it is told: what follows may have ended it."""
EVERYBODY: Final = "*"


class Open(msgspec.Struct):
    """An alert that goes on, or that happened lately. due_ns: when it is told next; told: how often it was.

    count: how often it came since it was last told.
    """

    kind: str
    subject: str
    text: str
    cause: str
    since_ns: int
    due_ns: int
    told: int = 0
    count: int = 1


class State(msgspec.Struct):
    """All that a restart must know."""

    memory: Memory
    open: dict[str, Open] = {}
    history: list[News] = []
    post: Post = msgspec.field(default_factory=Post)
    told: dict[str, int] = {}
    late: int = 0
    overflow: int = 0


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(State)


class AlertsCore:
    """Takes messages, and the time; returns the letters that are to be delivered.

    news: what was told, for the log. revision: rises with everything that a restart must know.
    """

    def __init__(self, config: Config) -> None:
        section = config.alerts
        self._repeat_ns, self._late_ns = section.repeat_ms * 1_000_000, section.late_ms * 1_000_000
        self._office = PostOffice(section.channels)
        self._thresholds = Thresholds.of(config)
        self.news: deque[News] = deque(maxlen=HISTORY)
        self._state = State(memory=Memory(), post=self._office.post)
        self.revision = 0
        self._by_type: dict[type, list[Alert]] = {}
        for alert in ALERTS:
            for kind in alert.hears:
                self._by_type.setdefault(kind, []).append(alert)

    @property
    def hears(self) -> frozenset[type]:
        """Return the types of message that lead to alerts."""
        return frozenset(self._by_type)

    def handle(self, message: AnyMessage | AccountSeen | Tick, now_ns: int) -> list[Letter]:
        """Take one input; return the letters that follow from it."""
        memory = self._state.memory
        memory.began_ns = memory.began_ns or now_ns
        at_ns = getattr(message, "received_ns", now_ns)
        watched, letters = Watched(memory, self._thresholds), []
        for alert in self._by_type.get(type(message), ()):
            for sign in alert.look(watched, message, now_ns):
                letters += self._take(alert, sign, at_ns, now_ns)
        if isinstance(message, Health):
            note(watched, message, now_ns)
        return letters

    def started(self, now_ns: int) -> None:
        """Begin to wait for services anew: what they said and how they ended while we were away, nobody knows."""
        memory = self._state.memory
        memory.began_ns = now_ns
        memory.services.clear()

    def tick(self, now_ns: int) -> list[Letter]:
        """Let time pass: tell what lasted long enough, and again what goes on; several times a second."""
        letters = self.handle(Tick(), now_ns)
        for key, alert in [item for item in self._state.open.items() if item[1].due_ns <= now_ns]:
            letters += self._tell_due(key, alert, now_ns)
        return letters + self._office.tick(now_ns)

    def test(self, channel: str, now_ns: int) -> list[Letter]:
        """Return a test letter to one channel, to all if the name is empty."""
        news = News(
            kind=TEST,
            subject=channel,
            severity=Severity.INFO,
            turn=Turn.HAPPENED,
            text="This is a test: whoever reads it hears of alerts.",
            cause="",
            since_ns=now_ns,
            at_ns=now_ns,
        )
        return self._office.post_test(channel, news)

    def done(self, number: int, problem: str) -> None:
        """Note what became of a letter."""
        self.revision += 1
        self._office.done(number, problem)

    def undelivered(self) -> Sequence[Letter]:
        """Return the letters that wait, oldest first."""
        return list(self._state.post.outbox)

    def snapshot(self) -> bytes:
        """Return the whole state as canonical bytes."""
        return _encoder.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Take over a state that `snapshot` returned; msgspec.MsgspecError if it is none."""
        self._state = _decoder.decode(state)
        self._state.open = {key: each for key, each in self._state.open.items() if each.kind in BY_KIND}
        self._office.adopt(self._state.post)

    def status(self) -> dict[str, Any]:
        """Return what is firing, what was told lately, and the channels."""
        state = self._state
        firing = [each for each in state.open.values() if BY_KIND[each.kind].lasts and each.told]
        return {
            "firing": [
                {**msgspec.structs.asdict(each), "severity": BY_KIND[each.kind].severity.value} for each in firing
            ],
            "history": msgspec.to_builtins(state.history),
            "channels": msgspec.to_builtins(state.post.channels),
            "told": dict(sorted(state.told.items())),
            "undelivered": len(state.post.outbox),
            "late": state.late,
            "overflow": state.overflow,
        }

    def _take(self, alert: Alert, sign: Sign, at_ns: int, now_ns: int) -> list[Letter]:
        key = f"{alert.kind} {sign.subject}"
        if sign.is_over:
            return self._end(alert, sign, key, now_ns)
        known = self._state.open.get(key)
        if known is not None:
            known.count += not alert.lasts
            known.text, known.cause = sign.text, sign.cause or known.cause
            return []
        is_late = now_ns - at_ns > self._late_ns
        if is_late and not alert.lasts:
            self._state.late += 1
            return []
        if len(self._state.open) >= MOST_OPEN:
            self._state.overflow += 1
            return []
        wait_ns = max(alert.patience_ns, SETTLE_NS if is_late else 0)
        opened = Open(alert.kind, sign.subject, sign.text, sign.cause, at_ns, now_ns + wait_ns)
        self._state.open[key] = opened
        self.revision += 1
        return [] if wait_ns else self._tell_due(key, opened, now_ns)

    def _end(self, alert: Alert, sign: Sign, key: str, now_ns: int) -> list[Letter]:
        prefix = f"{alert.kind} "
        keys = [each for each in self._state.open if each.startswith(prefix)] if sign.subject == EVERYBODY else [key]
        letters: list[Letter] = []
        for each in keys:
            ended = self._state.open.pop(each, None)
            self.revision += ended is not None
            if ended is not None and ended.told:
                ended.cause = sign.cause or ended.cause
                letters += self._tell(ended, Turn.RESOLVED, now_ns)
        return letters

    def _tell_due(self, key: str, opened: Open, now_ns: int) -> list[Letter]:
        lasts = BY_KIND[opened.kind].lasts
        if not lasts and opened.told and not opened.count:
            del self._state.open[key]
            return []
        first, again = (Turn.FIRING, Turn.STILL) if lasts else (Turn.HAPPENED, Turn.AGAIN)
        letters = self._tell(opened, again if opened.told else first, now_ns)
        opened.told += 1
        opened.count, opened.due_ns = 0, now_ns + self._repeat_ns
        return letters

    def _tell(self, opened: Open, turn: Turn, now_ns: int) -> list[Letter]:
        alert, state = BY_KIND[opened.kind], self._state
        news = News(
            kind=opened.kind,
            subject=opened.subject,
            severity=alert.severity,
            turn=turn,
            text=opened.text,
            cause=opened.cause,
            since_ns=opened.since_ns,
            at_ns=now_ns,
            count=opened.count,
            advice=alert.advice,
        )
        self.revision += 1
        self.news.append(news)
        state.history = [*state.history[1 - HISTORY :], news]
        state.told[opened.kind] = state.told.get(opened.kind, 0) + 1
        return self._office.post_to_all(news, now_ns)


def firing_by_severity(status: dict[str, Any]) -> dict[str, int]:
    """Return how many alerts of each severity are firing, from a core's status."""
    counts = {severity.value: 0 for severity in Severity}
    for each in status["firing"]:
        counts[each["severity"]] += 1
    return counts
