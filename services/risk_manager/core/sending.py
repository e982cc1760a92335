"""Sends what risk wants of a working order."""

from common.messages import ApprovedCancel
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.orders import WorkingOrder


def send_cancel(desk: Desk, order: WorkingOrder, id_: str, cause: str, now_ns: int) -> ApprovedCancel:
    """Cancel a working order; at most one cancel goes out for each."""
    order.is_cancel_sent = True
    desk.state.counts.cancels += 1
    return ApprovedCancel(
        event_ns=now_ns, received_ns=now_ns, id=id_, order_id=order.id, symbol=order.symbol, cause=cause
    )
