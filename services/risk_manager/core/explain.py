"""What each rule saw of an intent: its limit and what it found, also where it let the intent pass.

How it works: nothing is decided here. A copy of the core's state is looked at as the core itself will look at it; each
rule's own answer says whether the intent passed, and the figures beside it are those that the rule compares. A core that is
driven again to just before an intent thus gives what the live one saw.
"""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from common.ids import Novelty
from common.messages import IntentKind, OrderIntent, RejectReason, Sized
from common.money import figure, use_money_context
from services.risk_manager.core.checking import exact_view
from services.risk_manager.core.comparing import Compared, comparisons
from services.risk_manager.core.desk import Desk, State
from services.risk_manager.core.markets import market_of
from services.risk_manager.core.pairs import lay_first
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.core.rules import EXIT_RULES, LATCHED, Rules
from services.risk_manager.core.view import View

_decode = msgspec.msgpack.Decoder(State).decode


class RuleFigures(msgspec.Struct, frozen=True):
    """One rule and one intent: what it compares, and its sentence where it refuses."""

    rule: str
    passed: bool
    compared: list[Compared]
    refusal: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """All rules in the order in which they are asked; the first that did not pass is why the intent was refused.

    quantity: on the lot. sizing: model and inputs where risk sized it, and missing: why it could not. The rest is the state the rules looked at, money in `currency`.
    """

    rules: list[RuleFigures]
    quantity: str
    currency: str
    equity: str
    exposure: str
    open_positions: int
    working_orders: int
    breaker: str
    market: str
    sizing: Sized | None = None
    missing: str = ""

    @property
    def refusal(self) -> RuleFigures | None:
        """Return the rule that refused, None when all let the intent pass."""
        return next((rule for rule in self.rules if not rule.passed), None)


def explain(core: RiskCore, intent: OrderIntent, now_ns: int) -> Explanation:
    """Say what the rules answer to an intent that comes at `now_ns`; the core stays as it is."""
    use_money_context()
    own = core._desk
    desk = Desk(own.limits, own.instruments, _decode(core.snapshot()), links_orders=own.links_orders)
    state, currency = desk.state, desk.limits.account_currency
    novelty = state.intents.judge(intent.id, intent.event_ns)
    market = market_of(state.markets, intent.symbol)
    market.position(intent.runner, intent.strategy)
    lay_first(desk, intent, now_ns)
    view = exact_view(desk, intent, market, intent.id if novelty is Novelty.REUSED else "", now_ns)
    loss = state.breaker.baseline - desk.losses.pnl()
    rules = _rules(desk, view) if intent.kind is IntentKind.ENTRY else EXIT_RULES
    return Explanation(
        rules=figures(rules, intent, view, loss),
        quantity=figure(view.quantity),
        currency=currency,
        equity=figure(desk.valuation.equity()),
        exposure=figure(desk.valuation.exposure()),
        open_positions=state.open_positions,
        working_orders=len(state.orders.working),
        breaker=state.breaker.reason,
        market="" if market.state is None else market.state.value,
        sizing=None if view.sizing is None else view.sizing.sized,
        missing="" if view.sizing is None else view.sizing.missing,
    )


def _rules(desk: Desk, view: View) -> Rules:
    """Return the rules worth telling of: all that are configured, and of the latches what is set, and the breaker."""
    return tuple(
        (reason, check)
        for reason, check in desk.all_rules
        if reason not in LATCHED or reason is RejectReason.BREAKER_OPEN or reason.value in view.latches
    )


def figures(rules: Rules, intent: OrderIntent, view: View, loss: Decimal) -> list[RuleFigures]:
    """Return what each rule compares and whether the intent passes. loss: since the breaker's baseline."""
    found = []
    for reason, check in rules:
        refusal = check(intent, view)
        compared = comparisons(reason, intent, view, loss)
        if refusal is None:
            found.append(RuleFigures(reason.value, passed=True, compared=compared))
            continue
        # The rule's own figures stand in the place of the comparison that failed.
        own = Compared(refusal.limit, refusal.found, passed=False)
        kept = [each if each.passed else replace(own, unit=each.unit) for each in compared]
        if all(each.passed for each in kept):
            kept = [own]
        found.append(RuleFigures(reason.value, passed=False, compared=kept, refusal=refusal.detail))
    return found
