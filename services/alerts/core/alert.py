"""What an alert is: a row with its severity, its meaning, the messages it hears, and the function that sees it in them."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from services.alerts.core.memory import Watched

ACCOUNT = "account"
"""Subject of what concerns the account as a whole."""


class Severity(StrEnum):
    """How much an alert wants to be read."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return 0 for info, 1 for warning, 2 for critical."""
        return ("info", "warning", "critical").index(self.value)


class Tick(msgspec.Struct, frozen=True):
    """Time has passed: alerts about silence and rates look again."""


class AccountSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What risk said of the account when it was asked.

    in_the_way: reasons that refuse entries, each with its sentence. asked_ns: when it was asked; what was told after
    that is newer.
    """

    equity: float
    currency: str
    in_the_way: dict[str, str]
    asked_ns: int


class Sign(NamedTuple):
    """What a message says about one alert. subject: whom it is about; is_over: it has ended."""

    subject: str
    text: str = ""
    cause: str = ""
    is_over: bool = False


type Look = Callable[[Watched, Any, int], Iterable[Sign]]


class Alert(NamedTuple):
    """One alert. lasts: it goes on until it is over, else it is told where it happens.

    patience_ns: how long it must last before it is told. hears: the types that `look` is asked about.
    """

    kind: str
    severity: Severity
    meaning: str
    advice: str
    hears: tuple[type, ...]
    look: Look
    lasts: bool = True
    patience_ns: int = 0
