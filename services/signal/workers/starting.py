"""From the configuration to a core whose runners live in workers, or in this process."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from common.clock import monotonic_ns
from common.config.instruments import instruments_of
from common.config.models import Config
from common.config.signal_keys import runner_keys
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.workers.frames import Begin
from services.signal.workers.guard import Guard, WorkerError
from services.signal.workers.keeper import Keeper
from services.signal.workers.making import core_with
from services.signal.workers.process import ProcessLink
from services.signal.workers.sharded import ShardedCore
from services.signal.workers.sharing import share_of

NS_PER_MS = 1_000_000
REFILL_AFTER_NS = 10_000_000_000
"""How long after a start, or after a worker was replaced, another process is made to wait."""


class Spares:
    """Worker processes, started before anybody knows what they will have to do.

    How it works: to load a process takes longer than to bring its runners to where they stood. So once the service has
    run for a while one more waits, for the moment when a worker is lost.
    """

    def __init__(self, config: Config) -> None:
        """Start as many as the configuration wants; raises WorkerError if none can be started."""
        self._timeout_ns = config.signal.worker_timeout_ms * NS_PER_MS
        self._started: list[ProcessLink] = []
        self._refill_ns = monotonic_ns() + REFILL_AFTER_NS
        for _ in range(config.signal.workers):
            self._started.append(self._new())

    def take(self) -> ProcessLink:
        """Return a process that has nothing to do yet; raises WorkerError."""
        while self._started:
            link = self._started.pop()
            if link.is_alive():
                self._refill_ns = monotonic_ns() + REFILL_AFTER_NS
                return link
            link.end()
        return self._new()

    def refill(self, *, at_once: bool = False) -> None:
        """Start one to wait, if there is none and it is time; without one there is only a longer wait."""
        if not self._started and (at_once or monotonic_ns() >= self._refill_ns):
            self._refill_ns = monotonic_ns() + REFILL_AFTER_NS
            with suppress(WorkerError):
                self._started.append(self._new())

    def close(self) -> None:
        """End those that nobody took."""
        while self._started:
            self._started.pop().end()

    def _new(self) -> ProcessLink:
        try:
            return ProcessLink(self._timeout_ns)
        except OSError as error:
            raise WorkerError(f"signal.workers: no process can be started: {error.strerror}") from error


def start_core(
    config: Config,
    specs: Sequence[RunnerSpec],
    spares: Spares,
    guard: Guard,
    unloadable: Mapping[str, str] | None = None,
) -> ShardedCore:
    """Return a core whose runners live in the workers that the configuration wants; raises WorkerError.

    unloadable: plug-ins that the workers are not to load, and why.
    """
    count = config.signal.workers
    keys, instruments, dead = runner_keys(config.signal), list(instruments_of(config).values()), dict(unloadable or {})
    shares = [[spec for spec in specs if share_of(spec.id, count) == number] for number in range(count)]
    begins = [Begin(keys, instruments, share, dead) for share in shares]
    keepers = [Keeper(number, spares.take, begin) for number, begin in enumerate(begins)]
    try:
        return ShardedCore(keepers, [spec.id for spec in specs], config.signal.window, guard)
    except BaseException:
        for keeper in keepers:
            keeper.link.end()
        raise


def core_of(config: Config, specs: Sequence[RunnerSpec]) -> SignalCore:
    """Return a fresh core of these runners, in this process."""
    return core_with(config.signal, instruments_of(config), specs)
