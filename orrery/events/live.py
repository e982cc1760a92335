"""The state of the running platform beside the state that its events fold to: the same hash, the same figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from common.config.models import Config
from common.routes import EVENT_STORE, EXECUTION, RISK_MANAGER, SIGNAL
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.health import ask_all
from services.event_store.adapters.projected import ProjectedLog
from services.event_store.core.projection.compare import Difference, compare

ASKED = (SIGNAL, RISK_MANAGER, EXECUTION, EVENT_STORE)
LOOKS = 6
"""How often it is looked again before a difference counts: a fill may be on its way while we ask."""


class LiveCheck(msgspec.Struct, frozen=True, kw_only=True):
    """live: the hash that the running store has after event `sequence`; folded: that of the log up to there.

    differences: figures on which events and services still do not agree after some looks.
    """

    sequence: int
    live: str
    folded: str
    equal: bool
    asked: list[str]
    differences: list[Difference]


def check_live(config: Config, store: Path) -> LiveCheck:
    """Hold the store's log against the running store and services.

    Raises:
        CommandLineError: the store does not answer, or keeps no state. StoreError: the log cannot be folded.
    """
    statuses = ask_all(config, ASKED)
    live = _live(statuses)
    log = ProjectedLog(store, up_to=live["sequence"], writes=False)
    log.catch_up(live["sequence"])
    folded = log.projection.digest()
    differences = _differences(log, statuses)
    for _ in range(LOOKS - 1):
        if not differences:
            break
        statuses = ask_all(config, ASKED)
        differences = _differences(log, statuses)
    return LiveCheck(
        sequence=live["sequence"],
        live=live["sha256"],
        folded=folded,
        equal=live["sha256"] == folded and not differences,
        asked=[name for name in (SIGNAL, RISK_MANAGER, EXECUTION) if name in statuses],
        differences=differences,
    )


def _live(statuses: Mapping[str, Any]) -> dict[str, Any]:
    if EVENT_STORE not in statuses:
        raise CommandLineError("--live: expected a running event store, found none that answers", EXIT_FAILED)
    live: dict[str, Any] | None = statuses[EVENT_STORE]["core"].get("projection")
    if live is None:
        raise CommandLineError("--live: the event store keeps no state; its log says why", EXIT_FAILED)
    return live


def _differences(log: ProjectedLog, statuses: Mapping[str, Any]) -> list[Difference]:
    log.catch_up()
    cores = {name: status["core"] for name, status in statuses.items()}
    return compare(
        log.projection.state,
        risk=cores.get(RISK_MANAGER),
        execution=cores.get(EXECUTION),
        signal=cores.get(SIGNAL),
    )
