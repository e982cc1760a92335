"""Loggers of what seldom has something to say, for processes that must be there soon."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger


def late_logger(component: str) -> "Callable[[], BoundLogger]":
    """Return what gives the logger of a component; structlog, and asyncio with it, is loaded at the first call."""

    def logger() -> "BoundLogger":
        from common.logs import get_logger

        return get_logger(component)

    return logger
