"""Carries letters out by apprise: a thread for each channel, so that no channel waits for another, and nobody for any.

How it works: letters wait in a bounded queue; one that cannot be delivered is tried again after delays that double; what
became of each is collected by the loop. A thread that hangs in a venue's server is a daemon and ends with the process.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Any, Final, NamedTuple, override

from common.config.alerts import AlertsSection
from common.redaction import redact_text
from services.alerts.adapters.wording import body_of, title_of
from services.alerts.core.alert import Severity
from services.alerts.core.letters import OUTBOX_LIMIT, Letter, News, Turn

LONGEST_DELAY_S: Final = 300.0
LONGEST_PROBLEM: Final = 300
APPRISE_LOG: Final = "apprise"
POLL_S: Final = 0.2
UNSPECIFIED: Final = "apprise could not deliver it and said no more"

type Send = Callable[[News], str]
"""Delivers one piece of news; returns what went wrong, empty when nothing did."""


class Outcome(NamedTuple):
    """What became of a letter; problem is empty when it was delivered."""

    number: int
    problem: str
    seconds: float = 0.0


class Carrier(threading.Thread):
    """The thread of one channel."""

    def __init__(self, name: str, send: Send, section: AlertsSection, outcomes: "deque[Outcome]") -> None:
        super().__init__(name=f"alerts-{name}", daemon=True)
        self._send, self._outcomes = send, outcomes
        self._attempts, self._delay_s = section.attempts, section.retry_delay_ms / 1_000
        self._waiting: Queue[Letter] = Queue(OUTBOX_LIMIT)
        self._ends = threading.Event()
        self.retries = 0

    def take(self, letter: Letter) -> None:
        """Take a letter; never waits."""
        try:
            self._waiting.put_nowait(letter)
        except Full:
            self._outcomes.append(Outcome(letter.number, f"{OUTBOX_LIMIT} letters wait already"))

    def waiting(self) -> int:
        """Return how many letters wait behind the one under way."""
        return self._waiting.qsize()

    @override
    def run(self) -> None:
        while not self._ends.is_set():
            with suppress(Empty):
                self._deliver(self._waiting.get(timeout=POLL_S))

    def end(self, wait_s: float) -> None:
        """End after the letter under way, or after `wait_s`."""
        self._ends.set()
        self.join(wait_s)

    def _deliver(self, letter: Letter) -> None:
        delay_s, problem = self._delay_s, ""
        for attempt in range(self._attempts):
            if attempt:
                self.retries += 1
                if self._ends.wait(min(delay_s, LONGEST_DELAY_S)):
                    return  # not delivered, and not given up: it is kept for the next start
                delay_s *= 2
            problem = self._try(letter.news)
            if not problem:
                break
        self._outcomes.append(Outcome(letter.number, problem))

    def _try(self, news: News) -> str:
        try:
            return redact_text(self._send(news))[:LONGEST_PROBLEM]
        except Exception as error:  # noqa: BLE001 - a plug-in of apprise may raise anything, and must end nothing
            return redact_text(f"{type(error).__name__}: {error}")[:LONGEST_PROBLEM]


class _Told(logging.Handler):
    """Keeps the latest words that apprise logged in each thread: all it says of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.latest: dict[int, str] = {}

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.latest[threading.get_ident()] = record.getMessage()


_told = _Told()


def sender(url: str, timeout_ms: int) -> Send | str:
    """Return what delivers to an apprise URL, or, where it cannot be used, why not."""
    try:
        import apprise
    except ModuleNotFoundError:
        return "the package apprise is not installed (make setup)"
    log = logging.getLogger(APPRISE_LOG)
    log.propagate = False  # it logs addresses at lower levels, and our logs have what matters
    if _told not in log.handlers:
        log.addHandler(_told)
    asset = apprise.AppriseAsset(app_id="Orrery", app_desc="Orrery", storage_mode="memory", plugin_paths=[])
    service: Any = apprise.Apprise(asset=asset)
    if not service.add(url):
        return "apprise knows no such address; see its documentation for the form of URLs"
    for server in service:
        server.socket_connect_timeout = server.socket_read_timeout = timeout_ms / 1_000
    types = {
        Severity.INFO: apprise.NotifyType.INFO,
        Severity.WARNING: apprise.NotifyType.WARNING,
        Severity.CRITICAL: apprise.NotifyType.FAILURE,
    }

    def send(news: News) -> str:
        kind = apprise.NotifyType.SUCCESS if news.turn is Turn.RESOLVED else types[news.severity]
        _told.latest.pop(threading.get_ident(), None)
        if service.notify(body=body_of(news), title=title_of(news), notify_type=kind):
            return ""
        return _told.latest.get(threading.get_ident(), "") or UNSPECIFIED

    return send
