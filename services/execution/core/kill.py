"""The kill switch of execution itself: it cancels what rests and takes nothing but reductions, whether risk lives or not."""

from collections.abc import Sequence
from typing import Final

from common.messages import AnyMessage, OperatorCommand, OrderType
from services.execution.core.desk import Desk
from services.execution.core.following import follow
from services.execution.core.life_cycle import NEXT, OrderEvent

KILL: Final = "kill"
ARM: Final = "arm"
COMMANDS: Final = (KILL, ARM)
"""What operators may tell execution."""
WITHOUT_REASON: Final = "no reason given"


def obey(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    """Kill or arm; an order that is closing a position at market goes on."""
    if command.name == ARM:
        desk.state.killed = ""
        return ()
    if command.name != KILL:
        return ()
    desk.state.killed = command.arguments.get("reason", "") or WITHOUT_REASON
    told: list[AnyMessage] = []
    for order in list(desk.state.book.open.values()):
        approved = order.approved
        is_closing = approved.reduce_only and approved.order_type is OrderType.MARKET
        if is_closing or order.state not in NEXT[OrderEvent.REQUEST_CANCEL]:
            continue
        desk.advance(order, OrderEvent.REQUEST_CANCEL)
        told += follow(desk, desk.venue.cancel(approved.id, approved.symbol, now_ns), command.id, now_ns)
    return told


def why(desk: Desk) -> str:
    """Return why an order that does not only reduce is rejected."""
    return f"killed by an operator ({desk.state.killed}); only reductions pass until it is armed"
