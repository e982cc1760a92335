"""The sizing models: one file each, named as the configuration names it, with one function `size(basis) -> Size`.

What lies in this folder is what exists. A new model is a file, a line here, a name in the configuration's schema and a
test.
"""

from collections.abc import Callable
from types import ModuleType

from services.risk_manager.core.basis import Basis, Size
from services.risk_manager.core.sizing import fixed, kelly, percent_of_equity, risk_per_trade, volatility_target

_MODULES = (fixed, percent_of_equity, risk_per_trade, volatility_target, kelly)


def _name_of(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


MODULES: dict[str, ModuleType] = {_name_of(module): module for module in _MODULES}
"""Each model's file, by its name."""

MODELS: dict[str, Callable[[Basis], Size]] = {name: module.size for name, module in MODULES.items()}
"""Each model by its name."""
