"""Execution as the configuration wants it: its fill model, and the time that the way to the venue takes."""

from types import ModuleType
from typing import Final, cast

from common.config.models import ExecutionSection
from common.core import Core
from common.instruments import Instruments
from services.execution.core.asking import VenueFile
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.fills import depth, orders, queue, trades
from services.execution.core.fills.shown import FillModel
from services.execution.core.latency import LatencyCore
from services.execution.core.routed import RoutedCore
from services.execution.core.router.router import Router
from services.execution.core.router.settings import Settings
from services.execution.core.venues import gateway
from services.execution.core.venues.observed import ObservedVenue
from services.execution.core.venues.simulated import SimulatedVenue
from services.execution.core.watching import WatchingCore

MODELS: Final[dict[str, ModuleType]] = {"trades": trades, "depth": depth, "queue": queue, "orders": orders}
"""The fill models that look at more than quotes."""
FILES: Final[dict[str, ModuleType]] = {"gateway": gateway}
"""The venues beyond the process."""


def also_hears(section: ExecutionSection) -> tuple[str, ...]:
    """Return what execution hears beside quotes, of `common.routes.MAY_HEAR`: nothing for the default model."""
    heard = {
        "trades": ("trade.",),
        "depth": ("trade.", "book."),
        "queue": ("trade.", "book."),
        "orders": ("trade.", "book."),
    }
    return heard.get(section.fill_model, ())


def make_execution(section: ExecutionSection, instruments: Instruments) -> Core:
    """Return a fresh core with its venue: inside the process, or behind a router."""
    file = FILES.get(section.venue)
    if file is not None:
        return RoutedCore(section, instruments, Router(Settings.of(section), cast(VenueFile, file)))
    model = MODELS.get(section.fill_model)
    core: Core
    if model is None:
        core = ExecutionCore(section, instruments, SimulatedVenue(section, instruments))
    else:
        venue = ObservedVenue(section, instruments, cast(FillModel, model))
        core = WatchingCore(section, instruments, venue)
    if section.latency_ns or section.response_latency_ns:
        return LatencyCore(core, section.latency_ns, section.response_latency_ns)
    return core
