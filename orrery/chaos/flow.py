"""What was in play in a run: orders by type, parts, changes, stops, refusals, counted from the journals."""

from collections import Counter
from pathlib import Path

import msgspec

from common.codec import decode
from common.journal import read_folder
from common.messages import (
    AmendRejected,
    AnyMessage,
    ApprovedOrder,
    Fill,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRejected,
)
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL


def flow_of(data: Path) -> dict[str, int]:
    """Return how often each was said: orders by type and kind, fills of a part, amends, cancels, rejections by reason."""
    counts: Counter[str] = Counter()
    for service in (SIGNAL, RISK_MANAGER, EXECUTION):
        for _, payload in read_folder(data / service / "outbox"):
            counts.update(_names(decode(payload)))
    return dict(sorted(counts.items()))


def _names(message: AnyMessage) -> tuple[str, ...]:  # noqa: PLR0911 - a table in the form of a match, one row a kind
    match message:
        case OrderIntent():
            return ("guarded entries",) if message.guards is not msgspec.UNSET else ()
        case ApprovedOrder():
            return (f"{message.order_type} orders", f"{message.kind} orders")
        case Fill():
            return ("fills of a part",) if message.remaining_quantity else ("last fills",)
        case OrderAmended():
            return ("amended",)
        case AmendRejected():
            return ("amends rejected",)
        case OrderCancelled():
            return ("cancelled",)
        case OrderRejected():
            return (f"rejected: {message.reason}",)
        case _:
            return ()
