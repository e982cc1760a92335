"""An indicator inside the OCaml program, with what it takes to have it once more in another process.

How it works: bars are fed to a session of the program. After every EXPORT_EVERY bars the program says what the session
remembers; that, and the bars since, are kept here. A process that died is so replaced without a difference: the session
is opened anew with what was exported, fed the bars since, and the question is asked again. What is kept depends on the
bars alone, so it may stand in snapshots.
"""

from collections.abc import Sequence
from typing import Any

from services.signal.core.indicator import Indicator, IndicatorKey, Value
from services.signal.hosts.ocaml import Answer, OcamlIndicators
from services.signal.hosts.ocaml_difference import Measure

EXPORT_EVERY = 64
"""Bars between two exports."""
SINCE_MAX = 4_096
"""Bars kept while nobody answers; beyond, the older half is forgotten and the indicator begins anew with the rest."""
_NS_PER_SECOND = 1e9

Row = Sequence[float]
"""The inputs of a bar, in the order of the indicator's INPUTS."""


class OcamlSession:
    """One indicator over one series. count: bars fed. restarts: how often it began anew with what was left of the bars.

    measure: says how far a value is from another of this indicator.
    """

    __slots__ = (
        "_columns",
        "_exported",
        "_key",
        "_kind",
        "_number",
        "_of",
        "_program",
        "_since",
        "count",
        "measure",
        "restarts",
    )

    def __init__(self, program: OcamlIndicators, key: IndicatorKey, kind: type[Indicator]) -> None:
        self._program, self._key, self._kind = program, key, kind
        self.measure = Measure(key.name, kind.INPUTS)
        self._columns = ["timestamp" if name == "start_ns" else name for name in kind.INPUTS]
        self._number, self._of = program.session(), 0
        self._exported: list[list[float]] | None = None
        self._since: list[Row] = []
        self.count = self.restarts = 0

    def __del__(self) -> None:
        self._program.end(self._number)

    def feed(self, rows: Sequence[Row], deadline_ns: int | None = None) -> list[Value]:
        """Return the values at these bars. deadline_ns: time for each question.

        Raises:
            OcamlError, OcamlUnavailableError: as `OcamlIndicators` does; bars behind the last export can be fed again.
        """
        values: list[Value] = []
        while len(values) < len(rows):
            part = rows[len(values) : len(values) + self.room]
            values += self.accept(part, self._program.exchange(self.question(part), deadline_ns))
        return values

    @property
    def room(self) -> int:
        """Return how many bars one question may have."""
        return EXPORT_EVERY - self.count % EXPORT_EVERY

    def keep(self, rows: Sequence[Row]) -> None:
        """Take bars whose values nobody wants; the program hears of them with the next question."""
        self._since += rows
        self.count += len(rows)
        self._of = 0
        if len(self._since) > SINCE_MAX:
            self._exported = None
            del self._since[: SINCE_MAX // 2]
            self.restarts += 1

    def state(self) -> tuple[Any, ...]:
        """Return all that is needed to go on."""
        return (self.count, self._exported, tuple(tuple(row) for row in self._since))

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self.count, self._exported, since = state
        self._since = [tuple(row) for row in since]
        self._of = 0

    def question(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the request for the values at these bars, at most `room`; `accept` or `keep` follows before another."""
        request: dict[str, Any] = {"session": self._number, "last": len(rows)}
        fed = rows
        if self._of == 0 or self._of != self._program.incarnation:
            names = [parameter.name for parameter in self._kind.PARAMETERS]
            request["indicator"] = self._key.name
            request["params"] = dict(zip(names, self._key.parameters, strict=True))
            request["state"] = self._exported
            fed = [*self._since, *rows]
        request["data"] = {name: self._column(name, fed, at) for at, name in enumerate(self._columns)}
        if len(rows) == self.room:
            request["export"] = True
        return request

    def accept(self, rows: Sequence[Row], answer: Answer) -> list[Value]:
        """Remember what was answered to the question about these bars; return the values."""
        is_due = len(rows) == self.room
        self._of = self._program.incarnation
        self.count += len(rows)
        if is_due:
            self._exported, self._since = answer.state, []
        else:
            self._since += rows
        return self._values(answer.ok)

    def _column(self, name: str, rows: Sequence[Row], at: int) -> list[float]:
        if name == "timestamp":
            return [row[at] / _NS_PER_SECOND for row in rows]
        return [row[at] for row in rows]

    def _values(self, found: Any) -> list[Value]:
        if isinstance(found, list):
            return found
        rows = zip(*[found[name] for name in self._kind.OUTPUTS], strict=True)
        return [None if None in row else row for row in rows]
