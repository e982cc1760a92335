"""Holds what we know against what the venue says: when it appears, and from time to time.

How it works: three questions (open orders, fills since the last known, positions) make one round. An answer is a picture
of a moment between question and answer, so what has changed here since the question is not judged by it; what looks
wrong is asked about once more before anything is done about it.
"""

from typing import Final

from common.messages import DifferenceAction, DifferenceKind
from common.money import ZERO, figure, use_money_context
from services.execution.core.asking import (
    AskFills,
    AskOpenOrders,
    AskOrder,
    AskPositions,
    Cancel,
    Fills,
    OpenOrders,
    OrderStanding,
    OrderView,
    Positions,
)
from services.execution.core.router.evidence import learn_fill, learn_view
from services.execution.core.router.stages import Stage
from services.execution.core.router.state import Difference, Part
from services.execution.core.router.work import Work

SETTLED_NS: Final = 10_000_000_000
"""For how long fills are asked for again: what a venue tells late is not missed because a later one was told before."""
STRANGERS: Final = 100
"""Orders that are not ours looked into in one round; more wait for the next."""
POSITION_LOOKS: Final = 3
"""Looks in a row that give the same difference of a position, before it is believed."""


def begin(work: Work, now_ns: int) -> None:
    """Begin a round, unless one is under way."""
    reconciling = work.state.reconciling
    reconciling.next_ns = now_ns + work.settings.reconcile_ns
    if reconciling.open:
        return
    reconciling.open = list(Part)
    work.errand(AskOpenOrders(), now_ns)
    if not work.state.asks_fills:
        work.state.asks_fills = True
        work.errand(AskFills(work.state.watermark), now_ns)
    work.errand(AskPositions(), now_ns)


def take_open_orders(work: Work, answer: OpenOrders, asked_ns: int, now_ns: int) -> None:
    """Compare the orders that rest with ours."""
    state = work.state
    listed = {view.order_id for view in answer.orders}
    strangers = 0
    for view in answer.orders:
        if view.order_id in state.orders:
            learn_view(work, view, now_ns, is_pushed=False)
        elif view.order_id in state.foreign.by_key:
            _deal_with(work, view, now_ns)
        elif strangers < STRANGERS:
            strangers += 1
            work.errand(AskOrder(view.order_id, view.symbol), now_ns)
    for order_id, routed in list(state.orders.items()):
        if routed.stage is Stage.WORKING and routed.changed_ns < asked_ns and order_id not in listed:
            work.look(routed, now_ns, at_once=True)
    _done(work, Part.ORDERS)


def take_found(work: Work, view: OrderView, asked_ns: int, now_ns: int) -> None:
    """Deal with an order that is not among ours, now that the venue has said twice that it rests."""
    ended = work.state.ended.get(view.order_id)
    if view.standing is not OrderStanding.OPEN or (ended is not None and ended.at_ns >= asked_ns):
        return
    if view.order_id not in work.state.foreign.by_key:
        cancels = work.settings.cancels_unknown or ended is not None
        action = DifferenceAction.CANCELLED if cancels else DifferenceAction.HALTED
        ours = "none" if ended is None else "over"
        theirs = f"open, {figure(view.filled)} of {figure(view.quantity)} filled"
        work.differ(Difference(DifferenceKind.UNKNOWN_ORDER, action, view.symbol, view.order_id, ours, theirs))
        work.state.foreign.put(view.order_id, cancels)
    _deal_with(work, view, now_ns)


def _deal_with(work: Work, view: OrderView, now_ns: int) -> None:
    if work.state.foreign.get(view.order_id):
        work.errand(Cancel(view.order_id, view.symbol), now_ns)


def take_fills(work: Work, answer: Fills, asked_ns: int, now_ns: int) -> None:
    """Learn the fills that no report told of; move the mark below which all are known."""
    state = work.state
    state.asks_fills = False
    for fill in answer.fills:
        learn_fill(work, fill, now_ns, is_pushed=False)
    last = answer.fills[-1].number if answer.fills else state.watermark
    settled = [
        number
        for number, learned_ns in state.fills.items()
        if learned_ns + SETTLED_NS < asked_ns and (answer.is_complete or number <= last)
    ]
    for number in settled:
        del state.fills[number]
    state.watermark = max([state.watermark, *settled])
    if not answer.is_complete and answer.fills:
        state.asks_fills = True
        work.errand(AskFills(answer.fills[-1].number), now_ns)
        return
    for routed in state.orders.values():
        if routed.told > routed.filled:
            routed.looks += 1
            work.look_for_fills(now_ns, routed.looks)
    _done(work, Part.FILLS)


def take_positions(work: Work, answer: Positions, asked_ns: int, now_ns: int) -> None:
    """Compare what is held with what our fills sum to, if nothing was traded since the question."""
    use_money_context()
    state, reconciling = work.state, work.state.reconciling
    is_quiet = state.traded_ns < asked_ns and all(routed.told == routed.filled for routed in state.orders.values())
    symbols = sorted({*answer.held, *state.held})
    if any(not quantity.is_finite() for quantity in answer.held.values()):
        state.tally.unreadable += 1
    elif reconciling.baseline is None:
        if Part.FILLS not in reconciling.open:
            reconciling.baseline = {
                symbol: answer.held.get(symbol, ZERO) - state.held.get(symbol, ZERO) for symbol in symbols
            }
        else:
            work.errand(AskPositions(), now_ns + work.settings.delay_ns)
            return
    elif is_quiet:
        for symbol in symbols:
            _compare_position(work, symbol, answer)
    _done(work, Part.POSITIONS)


def _compare_position(work: Work, symbol: str, answer: Positions) -> None:
    reconciling = work.state.reconciling
    baseline = reconciling.baseline or {}
    ours = work.state.held.get(symbol, ZERO) + baseline.get(symbol, ZERO)
    theirs = answer.held.get(symbol, ZERO)
    if ours == theirs:
        reconciling.unequal.pop(symbol, None)
        return
    amount = figure(theirs - ours)
    before, times = reconciling.unequal.get(symbol, (amount, 0))
    times = times + 1 if before == amount else 1
    reconciling.unequal[symbol] = (amount, times)
    if times == POSITION_LOOKS:
        work.differ(
            Difference(DifferenceKind.POSITION, DifferenceAction.HALTED, symbol, "", figure(ours), figure(theirs))
        )


def _done(work: Work, part: Part) -> None:
    reconciling = work.state.reconciling
    if part in reconciling.open:
        reconciling.open.remove(part)
        if not reconciling.open:
            reconciling.rounds += 1
            reconciling.is_synced = True
