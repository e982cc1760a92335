"""Decides pairs of orders of which one cancels the other: both pass the rules, or neither is let through.

How it works: the first of a pair waits until the second is there, which its runner says in the same breath. The second is then
judged as if the first were on its way. Where the venue links the orders, no more of one side fills than the larger asks for,
so there it is judged as if it were alone; where execution cancels the other itself, both could fill, and both count.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import UNSET
from msgspec.structs import replace

from common.ids import Novelty
from common.messages import AnyMessage, IntentKind, OrderIntent, OrderRefused, RejectReason, Side
from common.money import ZERO, begin_exact, end_exact, use_money_context
from common.order_terms import LEGS
from services.risk_manager.core import fuses
from services.risk_manager.core.checking import Judged, check, rules_now
from services.risk_manager.core.desk import Desk, Waiting
from services.risk_manager.core.halting import follow, roll
from services.risk_manager.core.intents import approved, decide, refuse
from services.risk_manager.core.markets import market_of
from services.risk_manager.core.refusal import Refusal


def decide_any(desk: Desk, intent: OrderIntent, now_ns: int) -> Sequence[AnyMessage]:
    """Answer an intent, or a pair of them once both are there; a repeat gets no second answer."""
    terms = intent.terms
    if terms is UNSET or terms.legs != LEGS or not terms.oco:
        return decide(desk, intent, now_ns)
    use_money_context()
    state = desk.state
    novelty = state.intents.judge(intent.id, intent.event_ns)
    if novelty is Novelty.REPEAT:
        state.counts.repeated_intents += 1
        return ()
    if state.waiting is UNSET:
        state.waiting = {}
    first = state.waiting.pop(intent.runner, None)
    this = Waiting(intent, novelty is Novelty.REUSED)
    if first is not None and _group(first.intent) == terms.oco and first.intent.symbol == intent.symbol:
        return _decide_pair(desk, (first, this), now_ns)
    state.waiting[intent.runner] = this
    return () if first is None else (refuse(desk, first.intent, _alone(first.intent), None, now_ns),)


def _group(intent: OrderIntent) -> str:
    return "" if intent.terms is UNSET else intent.terms.oco


def _alone(intent: OrderIntent) -> tuple[RejectReason, Refusal]:
    detail = f"{intent.id}: expected the other of {_group(intent)}, found another order of its runner"
    return RejectReason.ORDER_TERMS, Refusal("the other of its pair", "another order", detail)


def _decide_pair(desk: Desk, pair: tuple[Waiting, Waiting], now_ns: int) -> Sequence[AnyMessage]:
    intents = [each.intent for each in pair]
    symbol, runner = intents[0].symbol, intents[0].runner
    market = desk.state.markets.get(symbol) or market_of(desk.state.markets, symbol)
    if runner not in market.positions:
        market.position(runner, intents[0].strategy)
    told = list[AnyMessage](roll(desk, intents[1].id, now_ns) if desk.limits.is_timed else ())
    judged = judge_pair(desk, pair, now_ns)
    refused = next((number for number, (_, found, _) in enumerate(judged) if found is not None), None)
    if refused is not None:
        return [*told, *_refuse_both(desk, intents, judged, refused, now_ns)]
    for intent, (quantity, _, sizing) in zip(intents, judged, strict=True):
        order = approved(desk, intent, quantity, sizing, now_ns)
        told.append(order)
        if desk.limits.fuses.order_count:
            fuses.count_order(desk, now_ns)
    return [*told, *follow(desk, intents[1].id, now_ns)] if desk.limits.fuses.order_count else told


def judge_pair(desk: Desk, pair: tuple[Waiting, Waiting], now_ns: int) -> list[Judged]:
    """Hold both orders against the rules, the second with the first on its way; the state stays as it is."""
    first, second = pair
    judged = [_judge(desk, first, now_ns)]
    quantity, found, _ = judged[0]
    if found is not None:
        return [judged[0], (quantity, None, None)]
    counts = _counts(desk, first.intent, second.intent)
    kept = list(desk.state.approvals.times)
    if desk.limits.orders_kept:
        desk.state.approvals.note(now_ns, desk.limits.orders_kept)
    if counts:
        _lift(desk, first.intent, quantity)
    judged.append(_judge(desk, second, now_ns))
    if counts:
        _lift(desk, first.intent, -quantity)
    desk.state.approvals.times = kept
    return judged


def _counts(desk: Desk, first: OrderIntent, second: OrderIntent) -> bool:
    """Return whether the first of a pair counts as on its way while the second is judged."""
    is_exit = first.kind is IntentKind.EXIT and rules_now(desk) is desk.active_rules
    return first.side is not second.side or not (desk.links_orders or is_exit)


def lay_first(desk: Desk, second: OrderIntent, now_ns: int) -> None:
    """Let the first of a pair, where it waits for this second, count as it does when the second is judged."""
    waiting = None if desk.state.waiting is UNSET else desk.state.waiting.get(second.runner)
    if waiting is None or not _group(second) or _group(waiting.intent) != _group(second):
        return
    quantity, found, _ = _judge(desk, waiting, now_ns)
    if found is None and _counts(desk, waiting.intent, second):
        _lift(desk, waiting.intent, quantity)


def _judge(desk: Desk, each: Waiting, now_ns: int) -> Judged:
    intent = each.intent
    return check(desk, intent, desk.state.markets[intent.symbol], intent.id if each.is_reused else "", now_ns)


def _lift(desk: Desk, intent: OrderIntent, quantity: Decimal) -> None:
    """Let a quantity of an order count as on its way; negative: no more."""
    market = desk.state.markets[intent.symbol]
    position = market.positions[intent.runner]
    begin_exact()
    if intent.side is Side.BUY:
        position.buying += quantity
    else:
        position.selling += quantity
    if intent.kind is IntentKind.ENTRY:
        position.entries += 1 if quantity > ZERO else -1
    desk.changed(market, position)
    end_exact()


def _refuse_both(
    desk: Desk, intents: Sequence[OrderIntent], judged: Sequence[Judged], refused: int, now_ns: int
) -> list[OrderRefused]:
    _, found, sizing = judged[refused]
    assert found is not None, "expected a refusal"
    reason, refusal = found
    named = (reason, replace(refusal, detail=f"{intents[refused].id}, the other of its pair: {refusal.detail}"))
    return [
        refuse(desk, intent, found, sizing, now_ns) if number == refused else refuse(desk, intent, named, None, now_ns)
        for number, intent in enumerate(intents)
    ]
