"""What a signal service has of OCaml: its backend or its verifier, looked after between messages."""

from typing import Any, Protocol

import msgspec

from common.config.signal_keys import SignalKeys
from common.late_logs import late_logger
from services.signal.core.roster import Roster
from services.signal.hosts.ocaml import OcamlIndicators, find_program
from services.signal.hosts.ocaml_backend import PROJECT, OcamlBackend
from services.signal.hosts.ocaml_queue import OcamlQueue
from services.signal.hosts.ocaml_track import Check
from services.signal.hosts.ocaml_verifier import Verifier

LOOK_NS = 50_000_000
"""Between two looks."""

_log = late_logger("indicators")


class Counted(Protocol):
    """Who counts what is seen here."""

    def indicator_checked(self, result: str, apart: float) -> None:
        """Count a comparison."""
        ...

    def indicator_program(self, event: str, count: int) -> None:
        """Count what befell the program."""
        ...


class OcamlWatch:
    """The backend, if OCaml is that; else a verifier, where one is wanted and the program is there; else nothing.

    It is made by the process that has the runners of this roster, and lives in its loop.
    """

    def __init__(self, section: SignalKeys, roster: Roster, backend: OcamlBackend | None, counted: Counted) -> None:
        self._counted = counted
        self._backend = backend
        self._verifier: Verifier | None = None
        self._told: dict[str, int] = {}
        self._program: OcamlIndicators | None = None if backend is None else backend.program
        if backend is None and section.indicator_verify_every:
            found = find_program(PROJECT)
            if found is None:
                _log().info("no second opinion on indicators: ocaml-indicators is not built")
            else:
                program = OcamlQueue([str(found)])
                self._program = program
                self._verifier = Verifier(roster, program, section.indicator_verify_every, self._checked)

    @property
    def degraded(self) -> str:
        """Return why indicators are not what the configuration wants; empty if they are."""
        return "" if self._backend is None else self._backend.degraded

    def look(self) -> None:
        """Note and tell what there is to note and to tell; takes microseconds."""
        if self._verifier is not None:
            self._verifier.look()
        self._tell()

    def status(self) -> dict[str, Any]:
        """Return what there is and what it has done, as plain data."""
        if self._backend is not None:
            program = self._backend.program
            counted = {**msgspec.structs.asdict(program.counters), "pid": program.pid}
            return {"backend": "ocaml", **msgspec.structs.asdict(self._backend.counters), "program": counted}
        verifier = None if self._verifier is None else self._verifier.status()
        return {"backend": "native", "verifier": verifier}

    def close(self) -> None:
        """End the program."""
        if self._verifier is not None:
            self._verifier.close()
        elif self._program is not None:
            self._program.close()

    def _checked(self, check: Check) -> None:
        self._counted.indicator_checked(check.result, check.apart)

    def _tell(self) -> None:
        if self._program is None:
            return
        counters = self._program.counters
        now = {"start": counters.starts, "hang": counters.hangs, "death": counters.deaths}
        if self._backend is not None:
            ours = self._backend.counters
            now["fallback"] = ours.fallbacks
            self._tell_values(ours.equal, ours.different, ours.largest)
        for event, count in now.items():
            if count != self._told.get(event, 0):
                self._counted.indicator_program(event, count - self._told.get(event, 0))
        self._told |= now

    def _tell_values(self, equal: int, different: int, largest: float) -> None:
        for result, count in (("equal", equal), ("different", different)):
            for _ in range(count - self._told.get(result, 0)):
                self._counted.indicator_checked(result, largest)
            self._told[result] = count
