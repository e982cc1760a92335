"""A second opinion on live indicators: every so many bars, the OCaml program says what they should be.

How it works: between two messages `look` notes, for each indicator whose runner has heard enough bars, its value and the
bars since the last time. A thread feeds them to a session of the program and waits for the answer, so nobody who trades
does. The session hears every bar, so both have seen the same ones wherever the series' window held all there were when it
was opened. Where it did not (a restart from a snapshot, a long run), the session begins with the window, and is compared
once so many bars have passed that the beginning weighs less than 1e-12 (`settling_bars`).
"""

from collections import deque
from collections.abc import Callable
from itertools import islice
from queue import SimpleQueue
from threading import Thread
from typing import Any

import msgspec

from common.clock import monotonic_ns
from common.logs import get_logger
from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import BUILT_IN
from services.signal.core.roster import Roster
from services.signal.core.runner import Runner
from services.signal.hosts.ocaml import OcamlIndicators, OcamlUnavailableError
from services.signal.hosts.ocaml_session import OcamlSession
from services.signal.hosts.ocaml_track import DIFFERENT, UNANSWERED, Check, Job, Track

UNDER_WAY_MAX = 1_024
"""Questions without an answer yet; what does not fit waits for a later look."""
CHECKS_PER_LOOK = 32
"""Indicators noted at one look, so that a look stays short."""
PAUSE_NS = 5_000_000_000
"""After a missing answer, until the program is asked again."""
LOGGED_MAX = 100
"""Differences that are logged; all are counted."""
FORGET_EVERY = 240
"""Looks between two at what is watched and not there any more."""

_log = get_logger("indicators")


class CheckCounters(msgspec.Struct):
    """Checks by result; settling: answers that could not be compared yet."""

    equal: int = 0
    different: int = 0
    unanswered: int = 0
    settling: int = 0
    largest: float = 0.0


class Verifier:
    """Compares the live values of runners. every: bars between two checks. observe: told each check, in `look`."""

    def __init__(
        self,
        roster: Roster,
        program: OcamlIndicators,
        every: int,
        observe: Callable[[Check], None] = lambda _check: None,
    ) -> None:
        self._roster, self._program, self._every, self._observe = roster, program, every, observe
        self._tracks: dict[tuple[str, IndicatorKey], Track] = {}
        self._due: dict[tuple[str, str], int] = {}
        self._waiting: deque[tuple[Runner, IndicatorKey]] = deque()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._checks: deque[Check | None] = deque()
        self._thread: Thread | None = None
        self._under_way = self._logged = self._looks = self._again_ns = 0
        self.counters = CheckCounters()

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is to be asked, answered or told."""
        return not (self._under_way or self._waiting)

    def look(self) -> None:
        """Tell what came of earlier questions and note what is to be asked; takes microseconds and never waits."""
        self._tell()
        self._looks += 1
        if self._looks % FORGET_EVERY == 0:
            self._forget()
        due = self._due
        for key, series in self._roster.series.items():
            if series.count >= due.get(key, self._every):
                due[key] = series.count + self._every
                for runner in self._roster.of_series[key]:
                    names = [each for each, _ in runner.asker.bank.shown() if each.name in BUILT_IN]
                    self._waiting += [(runner, each) for each in names]
        for _ in range(min(len(self._waiting), CHECKS_PER_LOOK, UNDER_WAY_MAX - self._under_way)):
            self._note(*self._waiting.popleft())

    def close(self) -> None:
        """End the thread and the program."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        self._program.close()

    def status(self) -> dict[str, Any]:
        """Return the counters, as plain data."""
        counted = msgspec.structs.asdict(self.counters)
        program = {**msgspec.structs.asdict(self._program.counters), "pid": self._program.pid}
        return {"every": self._every, "watched": len(self._tracks), **counted, "program": program}

    def _note(self, runner: Runner, key: IndicatorKey) -> None:
        indicator = dict(runner.asker.bank.shown()).get(key)
        if indicator is None or self._roster.runners.get(runner.id) is not runner:
            return
        series = runner.asker.series
        window = series.window
        track = self._tracks.get((runner.id, key))
        if track is None or not track.goes_on(indicator, series.count, len(window)):
            track = Track(key, indicator, OcamlSession(self._program, key, type(indicator)), window, series.count)
            self._tracks[runner.id, key] = track
        bars = list(islice(window, len(window) - (series.count - track.count), None))
        track.count = series.count
        if not bars:
            return
        if self._thread is None:
            self._thread = Thread(target=self._answer_all, name="verifier", daemon=True)
            self._thread.start()
        self._under_way += 1
        self._jobs.put(Job(track, bars, indicator.value, runner.id, track.is_settled(bars[-1])))

    def _answer_all(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._checks.append(self._answer(job))

    def _answer(self, job: Job) -> Check | None:
        if monotonic_ns() < self._again_ns:
            return job.skipped()
        try:
            return job.checked()
        except OcamlUnavailableError as error:
            self._again_ns = monotonic_ns() + PAUSE_NS
            _log.warning("OCaml gives no second opinion", error=str(error))
            return job.unanswered()

    def _tell(self) -> None:
        counters = self.counters
        while self._checks:
            check = self._checks.popleft()
            self._under_way -= 1
            if check is None:
                counters.settling += 1
                continue
            setattr(counters, check.result, getattr(counters, check.result) + 1)
            if check.result != UNANSWERED:
                counters.largest = max(counters.largest, check.apart)
            if check.result == DIFFERENT and self._logged < LOGGED_MAX:
                self._logged += 1
                _log.warning("live indicator differs from OCaml's", **msgspec.structs.asdict(check))
            self._observe(check)

    def _forget(self) -> None:
        gone = self._tracks.keys() - {
            (runner.id, key) for runner in self._roster.runners.values() for key, _ in runner.asker.bank.shown()
        }
        for key in gone:
            del self._tracks[key]
