"""Workers without processes: the same orders and answers, and strategies that can hang or end their worker when told to."""

from collections.abc import Callable, Sequence
from typing import Any, override

from common.config.models import SignalSection
from common.config.signal_keys import runner_keys
from services.signal.adapters.marker import Marker, make_page
from services.signal.core.host import Function, Outcome, PassingHost, StrategyHost
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.workers.frames import BEGIN, Begin, LostError, unpack_begin
from services.signal.workers.guard import Guard, Loss
from services.signal.workers.keeper import Keeper
from services.signal.workers.process import FAILED, HUNG
from services.signal.workers.second import Opinion
from services.signal.workers.shard import Shard
from services.signal.workers.sharded import ShardedCore
from services.signal.workers.sharing import share_of
from tests.unit.signal.support import INSTRUMENTS

LIMITS = SignalLimits(max_errors=4, window=60)
KEYS = runner_keys(SignalSection())


class Hang(BaseException):
    """A call that does not end."""


class Crash(BaseException):
    """A call that ends its process."""


HANGS_LOADING, CRASHES_LOADING = "hangs-loading", "crashes-loading"
_LOADING = {HANGS_LOADING: Hang, CRASHES_LOADING: Crash}


class Dangerous(PassingHost):
    """A host whose strategy hangs, or ends its process, when it is asked at the price of 13 or 14."""

    @override
    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        """Ask the other host, if it comes to that."""
        if arguments[4] == 13.0:
            raise Hang
        if arguments[4] == 14.0:
            raise Crash
        return super().evaluate(function, arguments)


def make_host(spec: RunnerSpec) -> StrategyHost:
    """Return a host; strategies named `danger…` are dangerous."""
    if spec.strategy.name in _LOADING:
        raise _LOADING[spec.strategy.name]
    host = lua_factory(LuaLimits())(spec)
    return Dangerous(host) if spec.strategy.name.startswith("danger") else host


def plain_core(specs: Sequence[RunnerSpec]) -> SignalCore:
    """Return a core whose runners live in this process."""
    return SignalCore(specs, make_host, INSTRUMENTS, LIMITS)


class Silent:
    """No second opinion on indicators."""

    def look(self) -> None:
        """Do nothing."""

    def take(self) -> Opinion:
        """Return that there is none."""
        return Opinion({}, "", {}, {})


class LocalLink:
    """A worker in this process. lose: says before each order whether the worker dies of it from outside."""

    pid = 1

    def __init__(self, lose: Callable[[bytes], bool] = lambda _order: False) -> None:
        self._marker = Marker(make_page())
        self._shard: Shard | None = None
        self._lose = lose
        self._answer: bytes | LostError = b""
        self.is_ended = False

    def is_alive(self) -> bool:
        """Return whether it has not ended."""
        return not self.is_ended

    def send(self, order: bytes) -> None:
        """Do the order at once; the answer waits."""
        assert not self.is_ended, "a worker that has ended is told nothing"
        if self._lose(order):
            self._answer = LostError("killed", "", "killed from outside")
            return
        try:
            self._answer = self._do(order)
        except Hang:
            self._answer = LostError(HUNG, self._runner(), f"no answer, at {self._runner()}")
        except Crash:
            self._answer = LostError(FAILED, self._runner(), f"ended by signal SIGSEGV, at {self._runner()}")

    def _runner(self) -> str:
        return self._marker.read()[1]

    def _do(self, order: bytes) -> bytes:
        if order[:1] != BEGIN:
            assert self._shard is not None
            return self._shard.answer(order)
        self._shard = Shard(plain_core(unpack_begin(order[1:]).specs), self._marker, Silent())
        return self._shard.news()

    def receive(self, *, begins: bool = False) -> bytes:
        """Return the answer."""
        if isinstance(self._answer, LostError):
            raise self._answer
        assert self._answer or begins
        return self._answer

    def end(self) -> None:
        """End the worker."""
        self.is_ended = True
        self._marker.close()


def sharded_core(
    specs: Sequence[RunnerSpec], count: int, losses: list[Loss] | None = None, *, is_live: bool = True, **link: Any
) -> ShardedCore:
    """Return a core whose runners live in so many workers; losses: takes what is told of them.

    is_live: whether inputs are new, not those of a journal that is redone.
    """
    keepers = [
        Keeper(
            number,
            lambda: LocalLink(**link),
            Begin(KEYS, [], [spec for spec in specs if share_of(spec.id, count) == number]),
        )
        for number in range(count)
    ]
    guard = Guard((lambda _loss: None) if losses is None else losses.append)
    core = ShardedCore(keepers, [spec.id for spec in specs], LIMITS.window, guard)
    if is_live:
        core.go_live()
    return core
