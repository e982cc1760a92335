"""A second opinion on live indicators: every so many bars, the OCaml program says what they should be.

How it works: between two messages `look` takes, of each indicator whose runner has heard enough bars, its value and the
bars since the last time, and puts the question into the program's pipe; a later look takes the answer out. Nobody ever
waits for the program: what delays a message is one look, some ten microseconds a question. A thread would not do: while
it holds the interpreter's lock, and it may be put to sleep with it, trading stands still. The session hears every bar, so both have seen the same ones wherever the series' window held all there were when it
was opened. Where it did not (a restart from a snapshot, a long run), the session begins with the window, and is compared
once so many bars have passed that the beginning weighs less than 1e-12 (`settling_bars`).
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import msgspec

from common.clock import monotonic_ns
from common.late_logs import late_logger
from common.messages import Bar
from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import BUILT_IN
from services.signal.core.roster import Roster
from services.signal.core.runner import Runner
from services.signal.hosts.ocaml import OcamlUnavailableError
from services.signal.hosts.ocaml_queue import OcamlQueue
from services.signal.hosts.ocaml_session import OcamlSession
from services.signal.hosts.ocaml_track import DIFFERENT, UNANSWERED, Check, Job, Track

UNDER_WAY_MAX = 64
"""Questions without an answer yet; what does not fit waits for a later look."""
QUESTIONS_PER_LOOK = 4
"""So that a look stays short."""
PAUSE_NS = 5_000_000_000
"""After a missing answer, until the program is asked again."""
LOGGED_MAX = 100
"""Differences that are logged; all are counted."""
FORGET_EVERY = 1_200
"""Looks between two at what is watched and not there any more."""

_log = late_logger("indicators")


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
        self, roster: Roster, program: OcamlQueue, every: int, observe: Callable[[Check], None] = lambda _check: None
    ) -> None:
        self._roster, self._program, self._every, self._observe = roster, program, every, observe
        self._tracks: dict[tuple[str, IndicatorKey], Track] = {}
        self._due: dict[tuple[str, str], int] = {}
        self._waiting: deque[tuple[Runner, IndicatorKey]] = deque()
        self._asked: dict[int, tuple[Job, Runner, IndicatorKey]] = {}
        self._logged = self._looks = self._again_ns = 0
        self.counters = CheckCounters()

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is to be asked, answered or told."""
        return not (self._asked or self._waiting)

    def look(self) -> None:
        """Take answers and ask what is to be asked; takes microseconds and never waits."""
        self._collect()
        self._looks += 1
        if self._looks % FORGET_EVERY == 0:
            self._forget()
        due = self._due
        for key, runners in self._roster.of_series.items():
            count = self._roster.series[key].count
            if count >= due.get(key, self._every):
                due[key] = count + self._every
                for runner in runners:
                    names = [each for each, _ in runner.asker.bank.shown() if each.name in BUILT_IN]
                    self._waiting += [(runner, each) for each in names]
        for _ in range(min(len(self._waiting), QUESTIONS_PER_LOOK, UNDER_WAY_MAX - len(self._asked))):
            self._ask(*self._waiting.popleft())

    def close(self) -> None:
        """End the program."""
        self._program.close()

    def status(self) -> dict[str, Any]:
        """Return the counters, as plain data."""
        counted = msgspec.structs.asdict(self.counters)
        program = {**msgspec.structs.asdict(self._program.counters), "pid": self._program.pid}
        return {"every": self._every, "watched": len(self._tracks), **counted, "program": program}

    def _track(self, runner: Runner, key: IndicatorKey, count: int, window: Sequence[Bar]) -> Track | None:
        indicator = dict(runner.asker.bank.shown()).get(key)
        if indicator is None:
            return None
        track = self._tracks.get((runner.id, key))
        if track is None or not track.goes_on(indicator, count, len(window)):
            session = OcamlSession(self._program, key, type(indicator))
            track = self._tracks[runner.id, key] = Track(key, indicator, session, window, count)
        return track

    def _ask(self, runner: Runner, key: IndicatorKey) -> None:
        if runner.held is not None or self._roster.runners.get(runner.id) is not runner:
            return  # an update that waits has not fed its bar yet
        count, window = _seen(runner, key)
        track = self._track(runner, key, count, window)
        if track is None or track.is_asked or track.count == count:
            return
        is_paused = monotonic_ns() < self._again_ns
        first = len(window) - (count - track.count)
        bars = list(islice(window, first, None if is_paused else first + track.session.room))
        track.count += len(bars)
        is_last = track.count == count
        is_settled = is_last and track.is_settled(bars[-1])
        job = Job(track, bars, track.rows(bars), track.live, runner.id, is_last=is_last, is_settled=is_settled)
        if is_paused:
            self._tell(job.unanswered())
        else:
            self._put(job, runner, key)

    def _put(self, job: Job, runner: Runner, key: IndicatorKey) -> None:
        try:
            number = self._program.put(job.track.session.question(job.rows))
        except OcamlUnavailableError as error:
            self._tell(job.unanswered())
            self._lose(str(error))
            return
        job.track.is_asked = True
        self._asked[number] = (job, runner, key)

    def _collect(self) -> None:
        try:
            answers = self._program.take()
        except OcamlUnavailableError as error:
            self._lose(str(error))
            return
        for number, answer in answers:
            job, runner, key = self._asked.pop(number)
            job.track.is_asked = False
            check = job.answered(answer)
            if job.is_last:
                self._tell(check)
            else:
                self._waiting.append((runner, key))

    def _lose(self, reason: str) -> None:
        _log().warning("OCaml gives no second opinion", error=reason, lost=len(self._asked))
        self._again_ns = monotonic_ns() + PAUSE_NS
        while self._asked:
            _, (job, _, _) = self._asked.popitem()
            job.track.is_asked = False
            self._tell(job.unanswered())

    def _tell(self, check: Check | None) -> None:
        counters = self.counters
        if check is None:
            counters.settling += 1
            return
        setattr(counters, check.result, getattr(counters, check.result) + 1)
        if check.result != UNANSWERED:
            counters.largest = max(counters.largest, check.apart)
        if check.result == DIFFERENT and self._logged < LOGGED_MAX:
            self._logged += 1
            _log().warning("live indicator differs from OCaml's", **msgspec.structs.asdict(check))
        self._observe(check)

    def _forget(self) -> None:
        gone = self._tracks.keys() - {
            (runner.id, key) for runner in self._roster.runners.values() for key, _ in runner.asker.bank.shown()
        }
        for key in gone:
            del self._tracks[key]


def _seen(runner: Runner, key: IndicatorKey) -> tuple[int, Sequence[Bar]]:
    """Return how many bars an indicator has been fed, and those that are kept, oldest first."""
    asker = runner.asker
    if key.is_own:
        return asker.series.count, asker.series.window
    reading = asker.readings.all[runner.spec.series_of(key)]
    return reading.seen, tuple(reading.shown())
