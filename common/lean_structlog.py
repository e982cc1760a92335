"""structlog, loaded without rich.

How it works: structlog imports rich wherever it is installed, for tracebacks in colours that our logs never show. That would
be a tenth of the processor time in which a service starts. `None` in `sys.modules` is Python's way to say that a module
cannot be had; it stands there while structlog loads, and afterwards rich is as it was.
"""

import sys

_RICH = "rich"

if _RICH in sys.modules:
    import structlog
else:
    sys.modules[_RICH] = None  # type: ignore[assignment]  # what the import system takes for `not there`
    try:
        import structlog
    finally:
        del sys.modules[_RICH]

__all__ = ["structlog"]
