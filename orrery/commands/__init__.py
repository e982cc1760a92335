"""One file per command, found by its name: `risk_manager.py` is `orrery risk-manager`.

A file has either a function `command`, or, for commands with commands of their own, a `typer.Typer` named `app`; and
`PANEL`, the heading under which `orrery --help` shows it.
"""

import importlib
import pkgutil
from types import ModuleType

import typer

STACK = "The stack"
ALONE = "One service alone"
DATA = "Market data"
TOOLS = "Checks and keys"
PANELS = (STACK, ALONE, DATA, TOOLS)
"""Headings in the order of the help text."""


def command_names() -> list[str]:
    """Return the names of all commands, as typed."""
    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(__path__))


def register_all(app: typer.Typer) -> None:
    """Add every command of this folder to `app`, in the order of the headings."""
    modules = [(name, _module(name)) for name in command_names()]
    for name, module in sorted(modules, key=lambda item: PANELS.index(item[1].PANEL)):
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, rich_help_panel=module.PANEL)
        else:
            app.command(name, rich_help_panel=module.PANEL)(module.command)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
