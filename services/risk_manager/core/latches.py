"""What stands in the way of entries until somebody, or the clock, takes it away: one latch for each reason."""

from collections.abc import Mapping

import msgspec

from services.risk_manager.core.refusal import Refusal


class Latch(msgspec.Struct, frozen=True, array_like=True):
    """Why entries are refused: the rule's two figures, and a sentence for people."""

    limit: str
    found: str
    detail: str


NONE_SET: Mapping[str, Latch] = {}
"""Nothing stands in the way."""


def refused_by(latches: Mapping[str, Latch], reason: str, until: str) -> Refusal | None:
    """Return the refusal of a latch that is set, None while it is not. until: what lifts it."""
    latch = latches.get(reason)
    if latch is None:
        return None
    return Refusal(latch.limit, latch.found, f"{latch.detail}; {until}")
