"""OCaml as the backend of indicators: asked at each bar's close, with a deadline; our own classes stand by.

How it works: an indicator of this backend is two: a session of the program, whose values strategies see, and the class of
the same name, fed beside it. A program that dies or does not answer in time is ended, another is told what the session
remembered and is asked again: the same value, whatever happened. Only if that fails too, or no program can be started,
the class's own value is shown, which may differ in the last digits; the next attempt comes after a pause, and the session
then catches up. Each answer is held against the class's value, which costs nothing more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from common.clock import monotonic_ns
from common.config.signal_keys import SignalKeys
from common.late_logs import late_logger
from services.signal.core.ahead import update_many
from services.signal.core.backend import MAKER, NATIVE, Maker
from services.signal.core.indicator import Indicator, IndicatorKey, Parameter, Value, make
from services.signal.core.indicators import REGISTRY
from services.signal.hosts.ocaml import OcamlError, OcamlIndicators, OcamlUnavailableError, find_program
from services.signal.hosts.ocaml_difference import TOLERANCE
from services.signal.hosts.ocaml_session import OcamlSession, Row

OCAML = "ocaml"
PROJECT = Path(__file__).parents[3]
ATTEMPTS = 2
"""Processes that are asked the same question before our own value is shown."""
FIRST_PAUSE_NS = 1_000_000_000
LONGEST_PAUSE_NS = 60_000_000_000
"""After a failure, until the program is asked again; doubles from the first to the longest."""
MANY_SECONDS = 30
"""Time for an answer in a backtest, where nobody waits at a close, seconds."""

_log = late_logger("indicators")


class BackendCounters(msgspec.Struct):
    """Values: of the program, of our own class in its place (fallbacks); equal or different; the largest difference."""

    values: int = 0
    fallbacks: int = 0
    equal: int = 0
    different: int = 0
    largest: float = 0.0


class OcamlBackend:
    """Makes indicators that ask a program. deadline_ms: for one bar, all attempts together.

    is_strict: raise where the program cannot be had, instead of showing our own values. degraded: why these are shown.
    """

    def __init__(self, program: OcamlIndicators, deadline_ms: int, *, is_strict: bool = False) -> None:
        self.program = program
        self.counters = BackendCounters()
        self.degraded = ""
        self._attempt_ns = deadline_ms * 1_000_000 // ATTEMPTS
        self._is_strict = is_strict
        self._again_ns = self._pause_ns = 0

    @property
    def maker(self) -> Maker:
        """Return what makes indicators of this backend."""
        return self._make

    def _make(self, key: IndicatorKey) -> Indicator:
        native = make(REGISTRY, key)
        kind = type(native)
        members = {"__slots__": (), "INPUTS": kind.INPUTS, "OUTPUTS": kind.OUTPUTS, "PARAMETERS": kind.PARAMETERS}
        made: Indicator = type(f"Ocaml{kind.__name__}", (OcamlIndicator,), members)(native, key, self)
        return made

    def value(self, session: OcamlSession, row: Row, native: Value) -> Value:
        """Return a session's value at its next bar, or our own in its place."""
        if monotonic_ns() < self._again_ns:
            return self._stand_in(session, row, native)
        for attempt in range(ATTEMPTS):
            try:
                (found,) = session.feed([row], self._attempt_ns)
            except OcamlUnavailableError as error:
                if attempt + 1 == ATTEMPTS:
                    self._give_up(str(error))
            except OcamlError as error:
                self._give_up(f"{error.code}: {error}")
                break
            else:
                self._compare(session.measure.apart(native, found, row))
                return found
        return self._stand_in(session, row, native)

    def values(self, session: OcamlSession, rows: Sequence[Row], native: Sequence[Value]) -> Sequence[Value]:
        """Return a session's values at many bars, or our own in place of all of them."""
        limit_ns = MANY_SECONDS * 1_000_000_000 if self._is_strict else self._attempt_ns
        before = session.count
        if monotonic_ns() >= self._again_ns:
            try:
                found = session.feed(rows, limit_ns)
            except OcamlUnavailableError as error:
                self._give_up(str(error))
            except OcamlError as error:
                self._give_up(f"{error.code}: {error}")
            else:
                self.counters.values += len(found)
                return found
        session.keep(rows[session.count - before :])
        self.counters.fallbacks += len(rows)
        return native

    def _stand_in(self, session: OcamlSession, row: Row, native: Value) -> Value:
        session.keep([row])
        self.counters.fallbacks += 1
        return native

    def _give_up(self, reason: str) -> None:
        if self._is_strict:
            raise OcamlUnavailableError(reason)
        self._pause_ns = min(max(2 * self._pause_ns, FIRST_PAUSE_NS), LONGEST_PAUSE_NS)
        self._again_ns = monotonic_ns() + self._pause_ns
        if not self.degraded:
            _log().error("OCaml gives no values; our own are shown", error=reason)
        self.degraded = f"indicators are our own in place of OCaml's: {reason}"

    def _compare(self, apart: float) -> None:
        counters = self.counters
        counters.values += 1
        if self.degraded:
            _log().info("OCaml gives values again", fallbacks=counters.fallbacks)
            self.degraded, self._pause_ns = "", 0
        if apart > TOLERANCE:
            counters.different += 1
        else:
            counters.equal += 1
        counters.largest = max(counters.largest, apart)


class OcamlIndicator:
    """An indicator whose values come from the program; subclasses have the inputs and outputs of each."""

    BACKEND: ClassVar[str] = OCAML
    INPUTS: ClassVar[tuple[str, ...]]
    OUTPUTS: ClassVar[tuple[str, ...]]
    PARAMETERS: ClassVar[tuple[Parameter, ...]]

    __slots__ = ("_backend", "_native", "_session", "value")

    def __init__(self, native: Indicator, key: IndicatorKey, backend: OcamlBackend) -> None:
        self._native = native
        self._backend = backend
        self._session = OcamlSession(backend.program, key, type(native))
        self.value: Value = None

    def update(self, *fields: float) -> Value:
        """Take one bar; return the new value."""
        self.value = self._backend.value(self._session, fields, self._native.update(*fields))
        return self.value

    def update_many(self, *inputs: Sequence[float]) -> Sequence[Value]:
        """Take bars as columns; return what `update` would for each."""
        native = update_many(self._native, inputs)
        found = self._backend.values(self._session, list(zip(*inputs, strict=True)), native)
        if found:
            self.value = found[-1]
        return found

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (OCAML, self._native.state(), self._session.state(), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        _, native, session, value = state
        self._native.restore(native)
        self._session.restore(session)
        self.value = tuple(value) if isinstance(value, list) else value


def use_backend(section: SignalKeys, *, is_strict: bool = False) -> OcamlBackend | None:
    """Have the indicators of all cores made from now on computed as the configuration says; return OCaml if it is that.

    Raises:
        OcamlUnavailableError: OCaml is wanted, and there is no program.
    """
    if section.indicator_backend == NATIVE:
        MAKER.set(None)
        return None
    backend = _backend(section.indicator_deadline_ms, is_strict=is_strict)
    MAKER.set(backend.maker)
    return backend


def close_backends() -> None:
    """End the programs of all backends; cores that use them start them anew."""
    while _backends:
        _backends.popitem()[1].program.close()


_backends: dict[tuple[int, bool], OcamlBackend] = {}


def _backend(deadline_ms: int, *, is_strict: bool) -> OcamlBackend:
    known = _backends.get((deadline_ms, is_strict))
    if known is not None:
        return known
    program = find_program(PROJECT)
    if program is None:
        text = "expected the program ocaml-indicators, found none; `make setup` builds it where OCaml's dune is"
        raise OcamlUnavailableError(f"signal.indicator_backend: {text}")
    backend = OcamlBackend(OcamlIndicators([str(program)]), deadline_ms, is_strict=is_strict)
    _backends[deadline_ms, is_strict] = backend
    return backend
