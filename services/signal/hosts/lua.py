"""Strategies in Lua: one sandboxed Lua 5.5 runtime for each runner.

How it works: the Lua files beside this one build the sandbox and the strategy's side of the host; this file only makes
the runtime, hands bytes and plain numbers over, and turns what comes back into an `Outcome`. Three rules keep Python out
of reach and the process alive:

1. Only None, numbers, bytes and tables made of numbers cross the border. With `encoding=None` anything else, a `str`
   too, would be wrapped as a Python object, so everything structured crosses as msgpack.
2. Lua hands back numbers, booleans and bytes only, never a table or function after loading: lupa registers those outside any
   protection, which would abort the process when the runtime is at its memory limit.
3. Bytes and tables of numbers go in only while loading, restoring, or while the memory limit is off, for the same reason.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import lupa.lua55 as lupa
import msgspec

from common.messages import ExternalSignal, Greeks
from services.signal.core.host import (
    FUNCTION_NAMES,
    AccountView,
    ErrorKind,
    Function,
    HostError,
    HostFactory,
    HostSpan,
    OrderView,
    Outcome,
    PositionView,
    StrategyError,
)
from services.signal.core.indicators import REGISTRY
from services.signal.core.model import MODEL
from services.signal.core.spec import RunnerSpec
from services.signal.hosts import pandas_ta
from services.signal.hosts.packets import decode_description, flat_answer, outcome_of

HASH_SEED = 0x0B5E55ED
"""Seed of Lua's string hashes: the same in every process."""
CALL_SECONDS_MAX = 2.0
"""Processor time of one call after which it is stopped even within its instruction limit, seconds."""
CHUNK_NAME_MAX = 50
"""Characters of a script's path in error messages; of a longer one only the file's name is shown."""
SIGNAL_TEXT_MAX = 1_000
"""Characters of a signal's text that a strategy is shown."""
BYTES_PER_MIB = 1 << 20
NS_PER_SECOND = 1e9

_PARTS = [
    *("guard", "plain", "classes", "patterns", "text", "tables", "sandbox", "memory"),
    *("timeframes", "indicators", "library", "strategy", "calls"),
]
_FOLDER = Path(__file__).parent / "lua"
_SOURCES = [(f"=[orrery] {part}".encode(), (_FOLDER / f"{part}.lua").read_bytes()) for part in _PARTS]


def _specs() -> dict[str, Any]:
    """Return what there is, plug-ins included."""
    return {
        name: {
            "parameters": [parameter._asdict() for parameter in kind.PARAMETERS],
            "outputs": len(kind.OUTPUTS),
            "is_own": name == MODEL,
        }
        for name, kind in sorted({**REGISTRY, **REGISTRY.unlisted}.items())
    }


class LuaLimits(NamedTuple):
    """What one call and one strategy may cost. instructions: Lua instructions per call. memory_mib: MiB per runner."""

    instructions: int = 1_000_000
    memory_mib: int = 64
    seconds: float = CALL_SECONDS_MAX


class LoadError(HostError):
    """A strategy file that cannot be used; the text begins with file and line."""


_encode = msgspec.msgpack.Encoder().encode


def display_name(path: str) -> str:
    """Return how errors name a script: its path as given, or the file's name where that is too long for Lua."""
    return path if len(path.encode()) <= CHUNK_NAME_MAX else path.rpartition("/")[2]


class LuaHost:
    """A strategy file in a runtime of its own. `load` it, then `configure` it, then evaluate."""

    def __init__(self, source: bytes, script: str, limits: LuaLimits) -> None:
        """Load a file; see `description` for what is in it.

        Raises:
            LoadError: it cannot be compiled, or fails or costs too much while it is run.
        """
        self._limits = limits
        self._script = display_name(script)
        self._runtime = _new_runtime(limits)
        lua = self._lua = self._runtime.table()
        for name, text in _SOURCES:
            self._runtime.execute(text, lua, name=name, mode="t")
        lua[b"memory_mib"] = limits.memory_mib
        lua[b"limit"](limits.instructions, limits.seconds)
        self._runtime.execute(b"debug = nil")
        try:
            packed = lua[b"load"](source, b"@" + self._script.encode())
        except lupa.LuaMemoryError as error:
            raise LoadError(f"{self._script}: more than {limits.memory_mib} MiB of memory") from error
        self.description = decode_description(packed)
        if self.description.error is not None:
            raise LoadError(self.description.error[1])
        self._calls = [lua[b"trampoline"](name.encode()) for name in FUNCTION_NAMES]
        self._stretches = [lua[b"stretch"](name.encode()) for name in FUNCTION_NAMES]
        lines = [self.description.functions[name][1] for name in FUNCTION_NAMES]
        self._places = [f"{self._script}:{line}: {name}: " for name, line in zip(FUNCTION_NAMES, lines, strict=True)]
        self._rows_bytes = 0
        self._memory_max = limits.memory_mib * BYTES_PER_MIB
        self._set_position, self._set_account = lua[b"set_position"], lua[b"set_account"]
        self._set_order = lua[b"set_order"]

    def configure(self, spec: RunnerSpec) -> None:
        """Set symbol, parameters and indicators before the first update."""
        pandas_ta.install(spec.strategy.indicators)
        given = {
            "symbol": spec.symbol,
            "currency": spec.currency,
            "params": spec.strategy.params,
            "seed": spec.id,
            "specs": _specs(),
            "timeframe": spec.timeframe,
            "library": pandas_ta.catalogue_text(),
            "indicators": spec.indicators,
        }
        self._lua[b"configure"](_encode(given))

    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        """Call a function; None means that it returned nil and nothing else happened."""
        try:
            packed = self._calls[function](*arguments)
        except lupa.LuaError as error:
            return Outcome(error=_fault(error, self._places[function], self._limits))
        if packed is None:
            return None
        return Outcome(flat_answer(packed)) if type(packed) is tuple else outcome_of(packed)

    def load_rows(self, columns: Sequence[Sequence[float | None]]) -> None:
        """Take the rows that `walk` goes through; they do not count as the strategy's memory."""
        self._unlimited(self._load_rows, columns)
        self._memory_max = self._limits.memory_mib * BYTES_PER_MIB + self._rows_bytes
        self._runtime.set_max_memory(self._memory_max)

    def _load_rows(self, columns: Sequence[Sequence[float | None]]) -> None:
        collect, load = self._lua[b"collect"], self._lua[b"load_rows"]
        collect(b"stop")  # what is collected in between would be missing in the difference
        before = self._runtime.get_memory_used()
        load(*[self._runtime.table_from(column) for column in columns])
        self._rows_bytes = self._runtime.get_memory_used() - before
        collect(b"restart")

    def walk(self, function: Function, span: HostSpan) -> tuple[int, Outcome | None]:
        """Call a function for one row after the other; see `SpanHost`."""
        try:
            found = self._stretches[function](
                span.first + 1, span.behind, span.bid, span.ask, span.falling, span.rising
            )
        except lupa.LuaError as error:
            return self._lua[b"reached"]() - 1, Outcome(error=_fault(error, self._places[function], self._limits))
        if type(found) is int:
            return found - 1, None
        row, packed = found[0] - 1, found[1:]
        return row, outcome_of(packed[0]) if len(packed) == 1 else Outcome(flat_answer(packed))

    def set_position(self, position: PositionView | None) -> None:
        """Tell the strategy its position; None when flat."""
        self._runtime.set_max_memory(0)  # as `_unlimited`, without the call: this is part of every order
        try:
            self._set_position(*(position or ()))
        finally:
            self._runtime.set_max_memory(self._memory_max)

    def set_order(self, order: OrderView | None, other: OrderView | None = None) -> None:
        """Tell the strategy its order that rests and the other of a pair; None when there is none."""
        fields: list[Any] = []
        for each in (order, other):
            if each is not None:
                fields += [field.encode() if type(field) is str else field for field in each]
        self._unlimited(self._set_order, *fields)

    def set_account(self, account: AccountView) -> None:
        """Tell the strategy the account."""
        self._runtime.set_max_memory(0)
        try:
            self._set_account(*account)
        finally:
            self._runtime.set_max_memory(self._memory_max)

    def set_greeks(self, greeks: Greeks) -> None:
        """Show the latest greeks as fields of market_data; what the venue does not say is nil."""
        values = (greeks.delta, greeks.gamma, greeks.vega, greeks.theta, greeks.iv, greeks.mark, greeks.underlying)
        self._unlimited(self._lua[b"set_greeks"], *values)

    def set_signal(self, signal: ExternalSignal) -> None:
        """Show a signal as market_data.signals.<name>."""
        at = signal.event_ns / NS_PER_SECOND
        name, text = signal.name.encode(), signal.text[:SIGNAL_TEXT_MAX].encode()
        self._unlimited(self._lua[b"set_signal"], name, signal.value, text, at)

    def save(self) -> bytes:
        """Return what the strategy remembers, canonical bytes."""
        saved: bytes = self._unlimited(self._lua[b"save"])
        return saved

    def restore(self, saved: bytes) -> None:
        """Take over what `save` returned; only on a fresh host.

        Raises:
            ValueError: the bytes do not fit this strategy.
        """
        try:
            self._unlimited(self._lua[b"restore"], saved)
        except lupa.LuaError as error:
            raise ValueError(f"state of a strategy cannot be restored: {error}") from error

    def _unlimited(self, function: Any, *arguments: Any) -> Any:
        """Call host code that must not fail for want of memory: it needs little, and the strategy may have left none."""
        self._runtime.set_max_memory(0)
        try:
            return function(*arguments)
        finally:
            self._runtime.set_max_memory(self._memory_max)

    @property
    def memory_bytes(self) -> int:
        """Return the memory that the strategy holds, without the runtime's own."""
        return int(self._runtime.get_memory_used()) - self._rows_bytes


def lua_factory(limits: LuaLimits) -> HostFactory:
    """Return what makes the hosts of runners."""

    def make_host(spec: RunnerSpec) -> LuaHost:
        host = LuaHost(spec.strategy.source, spec.strategy.script, limits)
        host.configure(spec)
        return host

    return make_host


def _new_runtime(limits: LuaLimits) -> Any:
    return lupa.LuaRuntime(
        encoding=None,
        register_eval=False,
        register_builtins=False,
        attribute_filter=_refuse,
        unpack_returned_tuples=True,
        max_memory=limits.memory_mib * BYTES_PER_MIB,
        string_hash_seed=HASH_SEED,
    )


def _fault(error: Exception, where: str, limits: LuaLimits) -> StrategyError:
    # The trampoline has its own protection; what comes here is a runtime too full to say what happened.
    if isinstance(error, lupa.LuaMemoryError) or "not enough memory" in str(error):
        return StrategyError(ErrorKind.MEMORY_LIMIT, f"{where}more than {limits.memory_mib} MiB of memory")
    return StrategyError(ErrorKind.RUNTIME, f"{where}{error}")


def _refuse(_object: Any, name: Any, _is_setting: bool) -> NoReturn:
    raise AttributeError(f"no attribute of a Python object is available to strategies (wanted {name!r})")
