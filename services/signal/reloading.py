"""Strategy files that change under a running service: seen, checked beside the trading, taken over only if good.

How it works: twice a second the loop looks at the files' times and sizes. A changed file is read once, at the second look
that finds it as it was (half a file may be a whole one), and what was read is tried in a process of its own. If it is good, each of its runners is told by an operator's command that carries the
source, so that redoing the journal needs no file; if not, everything stays as it is and the failure is told. A start
does the same with files that changed meanwhile, but at once: the core is first made with the strategies that the
journals were written with, which the session's folder keeps.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from common.bus.commands import CommandError
from common.clock import monotonic_ns
from common.config.models import Config, StrategySection
from common.journaled_service import JournaledService
from common.logs import get_logger
from common.operators import NotDoneError
from common.runner import EventLoop
from common.sessions import kept_source, scripts_of
from services.signal.adapters.checker import CHECK_LIMIT_NS, Checker
from services.signal.checking import MODULE, Job, Verdict, check_one
from services.signal.core.changes import ADD, RELOAD, STOP, described, digest_of
from services.signal.core.questions import Asked, Question, Runners
from services.signal.core.spec import RunnerSpec
from services.signal.loading import StrategyFileError, limits_of, read_source, read_spec, runners_of
from services.signal.prospects import Prospects

POLL_NS = 500_000_000
"""Between two looks at the files."""

type Stamp = tuple[int, int, int]
"""What tells one file from another: when it was written, its size, which one it is."""

_log = get_logger("reload")


def sources_of_session(folder: Path, config: Config) -> dict[str, bytes]:
    """Return the content of each strategy file as the latest start in a service's folder had it, else as it is now.

    Raises:
        StrategyFileError, JournalError: a file cannot be read.
    """
    sources: dict[str, bytes] = {}
    for script, digest in scripts_of(folder, config).items():
        kept = kept_source(folder, digest)
        sources[script] = read_source(script) if kept is None else kept
    return sources


class Reloader:
    """Watches the strategy files of a configuration. on_change: called after runners changed. prospects: of the start."""

    def __init__(
        self,
        service: JournaledService,
        runners: Runners,
        config: Config,
        count_failure: Callable[[], None],
        prospects: Prospects,
    ) -> None:
        self._service, self._runners, self.config = service, runners, config
        self._count_failure, self._prospects = count_failure, prospects
        self._left_out, self._stopped = dict(prospects.left_out), set[str]()
        self.on_change: Callable[[], None] = lambda: None
        self._seen: dict[str, Stamp] = {}
        self._settling: dict[str, Stamp] = {}
        self._changed: deque[tuple[StrategySection, bytes]] = deque()
        self._todo: deque[tuple[str, RunnerSpec]] = deque()
        self._failures: dict[str, str] = {}
        self._failed = self._reloaded = 0
        self._checker: Checker | None = None

    def begin(self, loop: EventLoop) -> None:
        """Take over what changed since the journals were written, then watch, if the configuration wants it."""
        for section in self.config.strategies:
            stamp = _stamp(section)
            if stamp is not None:
                self._seen[_key(section)] = self._settling[_key(section)] = stamp
            self._begin_with(section)
        while self._todo:
            self._tell_next()
        if self.config.signal.reload:
            self._checker = Checker(loop, MODULE)
            loop.every(POLL_NS, self.poll)
            # One runner a turn: making its host takes a millisecond, and there may be a thousand.
            loop.when_due(lambda: monotonic_ns() if self._todo else None, self._tell_next)

    def _begin_with(self, section: StrategySection) -> None:
        name, prospects = section.name, self._prospects
        why = prospects.stopped.get(name) or prospects.left_out.get(name, "")
        if why and self._running(section):
            self._left_out.pop(name, None)  # it was, and came in since
            self._stop(name, why)
        elif why:
            self._tell_failure(name, why)
        if name in prospects.ready:
            self._take(section, prospects.ready[name], may_add=True)
        elif name not in prospects.left_out:
            self._catch_up(section)

    def _stop(self, name: str, why: str) -> None:
        """Have no runner of a strategy called that failed its trial and was needed to redo the journal."""
        self._stopped.add(name)
        self._tell_failure(name, why)
        number = self._service.ledger.inbox.last_number
        for id_ in [id_ for id_, spec in self._runners.specs().items() if spec.strategy.name == name]:
            if not self._runners.ask(Question(Asked.LINE, id_))["stopped"]:
                error = f"stopped: {why}; `orrery runner resume` lets it try again"
                try:
                    self._service.desk.obey(STOP, {"runner": id_, "error": error}, f"{STOP}:{id_}:{number}")
                except NotDoneError as failure:
                    self._tell_failure(name, str(failure))

    def status(self) -> dict[str, Any]:
        """Return what is watched and what failed, as plain data."""
        return {
            "watched": sorted(self._seen) if self.config.signal.reload else [],
            "reloaded": self._reloaded,
            "failed": self._failed,
            "failures": dict(sorted(self._failures.items())),
            "left_out": sorted(self._left_out),
            "stopped": sorted(self._stopped),
        }

    def poll(self) -> None:
        """Look at the files; begin to check what has changed."""
        for section in self.config.strategies:
            if self._look(section):
                self._note(section)
        checker = self._checker
        if checker is None or checker.is_busy or not self._changed:
            return
        section, source = self._changed.popleft()
        try:
            checker.start(msgspec.json.encode(self._job(section, source)), lambda answer: self._judge(section, answer))
        except OSError as error:
            self._tell_failure(section.name, f"no process to check it in: {error.strerror}")

    def _look(self, section: StrategySection) -> bool:
        """Return whether a file is another one than before, and stays as it is; one that is not there may be under way."""
        key, stamp = _key(section), _stamp(section)
        if stamp is None:
            return False
        is_settled, self._settling[key] = self._settling.get(key) == stamp, stamp
        if not is_settled or self._seen.get(key) == stamp:
            return False
        self._seen[key] = stamp
        return True

    def _note(self, section: StrategySection) -> None:
        try:
            source = read_source(section.script)
        except StrategyFileError as error:
            self._tell_failure(section.name, str(error))
            return
        if section.name not in self._left_out and all(source == running for running in self._running(section)):
            self._failures.pop(section.name, None)  # touched, or put back as it was
        else:
            self._changed.append((section, source))

    def _running(self, section: StrategySection) -> list[bytes]:
        strategies = [spec.strategy for spec in self._runners.specs().values()]
        return [each.source for each in strategies if each.name == section.name]

    def _job(self, section: StrategySection, source: bytes) -> Job:
        signal = self.config.signal.model_dump(mode="json")
        return Job(source, section.script, section.name, dict(section.params), signal)

    def _judge(self, section: StrategySection, answer: bytes | None) -> None:
        if answer is None:
            limit_s = CHECK_LIMIT_NS // 1_000_000_000
            self._tell_failure(section.name, f"{section.script}: expected a verdict within {limit_s} s, found none")
            return
        try:
            verdict = msgspec.json.decode(answer, type=Verdict)
        except msgspec.MsgspecError:
            verdict = Verdict(None, f"{section.script}: the process that checked it died")
        self._take(section, verdict, may_add=section.name in self._left_out)

    def _catch_up(self, section: StrategySection) -> None:
        try:
            source = read_source(section.script)
            spec = read_spec(
                source, section.script, name=section.name, params=section.params, limits=limits_of(self.config.signal)
            )
            wanted = runners_of(self.config, section, spec)
        except StrategyFileError as error:
            self._tell_failure(section.name, str(error))
            return
        if any(self._differs(each, may_add=True) for each in wanted):
            self._take(section, check_one(self._job(section, source)), may_add=True)

    def _take(self, section: StrategySection, verdict: Verdict, *, may_add: bool) -> None:
        if verdict.spec is None or verdict.error:
            self._tell_failure(section.name, verdict.error)
            return
        try:
            wanted = runners_of(self.config, section, verdict.spec)
            verdict.spec.source.decode()
        except (StrategyFileError, UnicodeDecodeError) as error:
            self._tell_failure(section.name, str(error))
            return
        self._failures.pop(section.name, None)
        self._left_out.pop(section.name, None)
        self._stopped.discard(section.name)
        for spec in wanted:
            if self._differs(spec, may_add=may_add):
                name = RELOAD if spec.id in self._runners.specs() else ADD
                self._todo.append((name, spec))

    def _differs(self, wanted: RunnerSpec, *, may_add: bool) -> bool:
        spec = self._runners.specs().get(wanted.id)
        if spec is None:
            return may_add and not self._runners.is_retired(wanted.id)
        one, other = spec.strategy, wanted.strategy
        return (one.source, one.params, spec.timeframe) != (other.source, other.params, wanted.timeframe)

    def _tell_next(self) -> None:
        name, spec = self._todo.popleft()
        number = self._service.ledger.inbox.last_number
        digest = digest_of(spec.strategy.source)
        try:
            arguments = {"runner": spec.id, **described(spec)}
            self._service.desk.obey(name, arguments, f"{name}:{spec.id}:{digest[:16]}:{number}")
        except NotDoneError as error:
            self._tell_failure(spec.strategy.name, str(error))
            return
        except CommandError as error:
            _log.error("strategy not reloaded", runner=spec.id, error=str(error))
            self._seen.clear()  # so that it is tried again
            return
        if self._runners.refusal:
            self._tell_failure(spec.strategy.name, self._runners.refusal)
            return
        self._reloaded += 1
        _log.info("strategy taken over", runner=spec.id, script=spec.strategy.script, sha256=digest[:12])
        self.on_change()

    def _tell_failure(self, name: str, error: str) -> None:
        self._failed += 1
        self._failures[name] = error
        self._count_failure()
        if name in self._left_out:
            _log.error("strategy failed when it was tried; the others trade without it", strategy=name, error=error)
        elif name in self._stopped:
            _log.error("strategy failed when it was tried; its runners are stopped", strategy=name, error=error)
        else:
            _log.error("changed strategy file refused; the last good one stays", strategy=name, error=error)


def _key(section: StrategySection) -> str:
    return f"{section.name}:{section.script}"


def _stamp(section: StrategySection) -> Stamp | None:
    try:
        stat = Path(section.script).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
