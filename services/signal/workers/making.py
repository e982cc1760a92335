"""In a worker: its share of the runners, made from what it was told.

A module of its own, without what only the parent needs: a worker that is lost is missed until another has loaded all this.
"""

from collections.abc import Sequence
from pathlib import Path

from common.config.signal_keys import SignalKeys
from common.instruments import Instruments
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import lua_factory
from services.signal.hosts.ocaml_backend import use_backend
from services.signal.hosts.plugin_files import install
from services.signal.loading import limits_of, use_model
from services.signal.workers.frames import Begin


def make_share(given: Begin) -> SignalCore:
    """Return, in a worker, a fresh core of the runners named.

    Raises:
        PluginError, StrategyFileError, HostError, OcamlUnavailableError: what the parent could use cannot be used any more.
    """
    install([Path(name) for name in given.signal.indicators], given.unloadable)
    use_model([spec.strategy for spec in given.specs], given.signal)
    use_backend(given.signal)
    return core_with(given.signal, Instruments(tuple(given.instruments)), given.specs)


def core_with(section: SignalKeys, instruments: Instruments, specs: Sequence[RunnerSpec]) -> SignalCore:
    """Return a fresh core of these runners, in this process."""
    limits = SignalLimits(max_errors=section.max_errors, window=section.window)
    return SignalCore(specs, lua_factory(limits_of(section)), instruments, limits)
