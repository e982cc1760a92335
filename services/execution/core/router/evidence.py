"""What the venue shows of our orders, however often and in whatever order: each fill is counted once, nothing is lost.

How it works: a fill is known by its number. An order is over only when our fills sum to what the venue says that it
filled; where they do not, the fills are asked for. So a report may come twice, late, before another or never.
"""

from common.messages import DifferenceAction, DifferenceKind, Side, VenueRejectReason
from common.money import ZERO, figure, use_money_context
from services.execution.core.asking import OrderStanding, OrderView
from services.execution.core.router.amends import proven
from services.execution.core.router.stages import Event, Stage
from services.execution.core.router.state import Difference, Ended, Routed
from services.execution.core.router.work import Work
from services.execution.core.venue import VenueCancelled, VenueFilled, VenueRejected


def learn_view(work: Work, view: OrderView, now_ns: int, *, is_pushed: bool) -> None:
    """Take what the venue says of an order of ours; one that is over, or not ours, is ignored."""
    routed = work.state.orders.get(view.order_id)
    if routed is None:
        return
    use_money_context()
    if not (view.filled.is_finite() and view.filled >= ZERO):
        work.state.tally.unreadable += 1
        return
    if view.standing is OrderStanding.REJECTED and routed.stage in (Stage.SENT, Stage.UNKNOWN):
        refuse(work, routed, view.reason or VenueRejectReason.NO_MARKET, view.detail, now_ns)
        return
    work.show(routed, now_ns)
    routed.told = max(routed.told, view.filled)
    if view.standing is not OrderStanding.OPEN and routed.end is None:
        routed.end = view.standing
        if not is_pushed and not routed.wants_cancel and view.standing is OrderStanding.CANCELLED and routed.looks:
            work.healed(DifferenceKind.LOST_END, routed, "open", view.standing)
    settle(work, routed, now_ns)


def learn_fill(work: Work, fill: VenueFilled, now_ns: int, *, is_pushed: bool) -> None:
    """Count a fill, unless it is known."""
    state, tally = work.state, work.state.tally
    if fill.number in state.fills or fill.number <= state.watermark:
        tally.repeated_fills += 1
        return
    use_money_context()
    if not (fill.quantity.is_finite() and fill.price.is_finite() and fill.quantity > ZERO < fill.price):
        tally.unreadable += 1
        return
    state.fills[fill.number] = now_ns
    routed = state.orders.get(fill.order_id)
    if routed is None and state.reconciling.baseline is None and fill.order_id not in state.ended.by_key:
        return  # it was there before us
    signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
    state.held[fill.symbol] = state.held.get(fill.symbol, ZERO) + signed
    state.traded_ns = now_ns
    if routed is None:
        _stray(work, fill)
    else:
        _book(work, routed, fill, now_ns, is_pushed=is_pushed)


def _book(work: Work, routed: Routed, fill: VenueFilled, now_ns: int, *, is_pushed: bool) -> None:
    work.show(routed, now_ns)
    if routed.amending is not None and routed.filled + fill.quantity > routed.order.quantity:
        proven(work, routed)
    before, quantity = routed.filled, routed.order.quantity
    routed.filled = before + fill.quantity
    routed.told = max(routed.told, routed.filled)
    work.report(fill)
    if not is_pushed:
        work.state.tally.healed_fills += 1
        work.healed(DifferenceKind.LOST_FILL, routed, figure(before), figure(routed.filled))
    if routed.filled > quantity:
        work.differ(
            Difference(
                DifferenceKind.OVERFILL,
                DifferenceAction.HALTED,
                fill.symbol,
                fill.order_id,
                figure(quantity),
                figure(routed.filled),
            )
        )
    settle(work, routed, now_ns)


def _stray(work: Work, fill: VenueFilled) -> None:
    """Take a fill of an order that is over, or of one that was never ours."""
    ended = work.state.ended
    before = ended.get(fill.order_id)
    if before is None:
        work.state.tally.unknown_fills += 1
        kind, action, ours = DifferenceKind.UNKNOWN_FILL, DifferenceAction.HALTED, ""
    else:
        work.state.tally.late_fills += 1
        ended.put(fill.order_id, Ended(before.filled + fill.quantity, before.at_ns))
        kind, action, ours = DifferenceKind.LATE_FILL, DifferenceAction.HEALED, figure(before.filled)
        work.report(fill)
    theirs = f"{fill.side} {figure(fill.quantity)} at {figure(fill.price)}, fill {fill.number}"
    work.differ(Difference(kind, action, fill.symbol, fill.order_id, ours, theirs))


def settle(work: Work, routed: Routed, now_ns: int) -> None:
    """End an order of which all is known; ask for fills that the venue tells of and that have not come."""
    order = routed.order
    if routed.filled >= routed.most:
        work.move(routed, Event.END, now_ns)
    elif routed.told > routed.filled:
        work.look_for_fills(now_ns, min(routed.looks, 1))
    elif routed.end is not None:
        remaining = order.quantity - routed.filled
        if work.move(routed, Event.END, now_ns) and remaining > ZERO:
            work.report(VenueCancelled(order.id, remaining))


def refuse(work: Work, routed: Routed, reason: VenueRejectReason, detail: str, now_ns: int) -> None:
    """End an order that the venue does not take."""
    if work.move(routed, Event.REFUSE, now_ns):
        work.report(VenueRejected(routed.order.id, reason, detail))


def miss(work: Work, routed: Routed, asked_ns: int, now_ns: int) -> None:
    """Take notice that the venue does not know an order. Twice, and asked when it could take it no more: it never will.

    An order that it had taken before is then over, and what of it filled is known from the fills.
    """
    routed.misses = routed.misses + 1 if asked_ns > routed.expires_ns else 0
    if routed.misses < MISSES:
        work.look(routed, now_ns)
        return
    order, was_working = routed.order, routed.stage is Stage.WORKING
    if not work.move(routed, Event.MISS, now_ns):
        return
    if was_working:
        work.healed(DifferenceKind.LOST_ORDER, routed, "open", "unknown")
        work.report(VenueCancelled(order.id, order.quantity - routed.filled))
        return
    work.state.tally.never_arrived += 1
    work.report(
        VenueRejected(order.id, VenueRejectReason.NEVER_ARRIVED, "sent, not answered, and unknown to the venue")
    )


MISSES = 2
"""Answers in a row that the venue does not know an order, before it is believed."""
