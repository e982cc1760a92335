"""A worker's second opinion on its indicators: looked after between orders, told to the parent when it asks."""

from collections import Counter
from typing import Any

import msgspec

from common.clock import monotonic_ns
from common.config.signal_keys import SignalKeys
from services.signal.core.roster import Roster
from services.signal.hosts.ocaml_backend import OcamlBackend
from services.signal.hosts.ocaml_watch import LOOK_NS, OcamlWatch


class Opinion(msgspec.Struct, frozen=True):
    """What a worker has of OCaml. checked: comparisons since the last question, by result, with the largest difference.

    events: what befell the program since then. degraded: why indicators are not what the configuration wants.
    """

    status: dict[str, Any]
    degraded: str
    checked: dict[str, tuple[int, float]]
    events: dict[str, int]


class SecondOpinion:
    """Looks after OCaml; counts for the parent."""

    def __init__(self, section: SignalKeys, roster: Roster, backend: OcamlBackend | None) -> None:
        self._checked: Counter[str] = Counter()
        self._largest: dict[str, float] = {}
        self._events: Counter[str] = Counter()
        self._looked_ns = 0
        self._watch = OcamlWatch(section, roster, backend, self)

    def indicator_checked(self, result: str, apart: float) -> None:
        """Count a comparison."""
        self._checked[result] += 1
        self._largest[result] = max(apart, self._largest.get(result, 0.0))

    def indicator_program(self, event: str, count: int) -> None:
        """Count what befell the program."""
        self._events[event] += count

    def look(self) -> None:
        """Note and tell what there is, now and then."""
        now_ns = monotonic_ns()
        if now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            self._watch.look()

    def take(self) -> Opinion:
        """Return what there is; what was counted is told once."""
        checked = {result: (count, self._largest[result]) for result, count in self._checked.items()}
        opinion = Opinion(self._watch.status(), self._watch.degraded, checked, dict(self._events))
        self._checked.clear()
        self._largest.clear()
        self._events.clear()
        return opinion
