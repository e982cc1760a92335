"""What each rule saw of an intent: its limit and what it found, also where it let the intent pass.

How it works: nothing is decided here. A copy of the core's state is looked at as the core itself will look at it; each
rule's own answer says whether the intent passed, and the figures beside it are those that the rule compares. A core that is
driven again to just before an intent thus gives what the live one saw.
"""

from decimal import Decimal
from typing import assert_never

import msgspec
from msgspec.structs import replace

from common.ids import Novelty
from common.messages import IntentKind, OrderIntent, RejectReason
from common.money import figure, use_money_context
from services.risk_manager.core.checking import exact_view
from services.risk_manager.core.desk import Desk, State
from services.risk_manager.core.markets import market_of
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.core.rules import ENTRY_RULES, EXIT_RULES, Rules
from services.risk_manager.core.view import View

NONE = "none"
MICROSECOND_NS = 1_000

_decode = msgspec.msgpack.Decoder(State).decode


class Compared(msgspec.Struct, frozen=True):
    """Two figures a rule holds against each other. free: what is left, empty where that is no amount."""

    limit: str
    found: str
    free: str = ""
    unit: str = ""
    passed: bool = True


class RuleFigures(msgspec.Struct, frozen=True):
    """One rule and one intent: what it compares, and its sentence where it refuses."""

    rule: str
    passed: bool
    compared: list[Compared]
    refusal: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """All rules in the order in which they are asked; the first that did not pass is why the intent was refused.

    quantity: on the lot. The rest is the state the rules looked at, money in `currency`.
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

    @property
    def refusal(self) -> RuleFigures | None:
        """Return the rule that refused, None when all let the intent pass."""
        return next((rule for rule in self.rules if not rule.passed), None)


def explain(core: RiskCore, intent: OrderIntent, now_ns: int) -> Explanation:
    """Say what the rules answer to an intent that comes at `now_ns`; the core stays as it is."""
    use_money_context()
    own = core._desk
    desk = Desk(own.limits, own.instruments, _decode(core.snapshot()))
    state, currency = desk.state, desk.limits.account_currency
    novelty = state.intents.judge(intent.id, intent.event_ns)
    market = market_of(state.markets, intent.symbol)
    market.position(intent.runner, intent.strategy)
    view = exact_view(desk, intent, market, intent.id if novelty is Novelty.REUSED else "", now_ns)
    loss = state.breaker.baseline - desk.losses.pnl()
    rules = ENTRY_RULES if intent.kind is IntentKind.ENTRY else EXIT_RULES
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
    )


def figures(rules: Rules, intent: OrderIntent, view: View, loss: Decimal) -> list[RuleFigures]:
    """Return what each rule compares and whether the intent passes. loss: since the breaker's baseline."""
    found = []
    for reason, check in rules:
        refusal = check(intent, view)
        compared = _compared(reason, intent, view, loss)
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


def _compared(reason: RejectReason, intent: OrderIntent, view: View, loss: Decimal) -> list[Compared]:  # noqa: PLR0911 - a table in the form of a match, one row a rule
    limits = view.limits
    match reason:
        case RejectReason.DUPLICATE:
            return [_repeat(view)]
        case RejectReason.BREAKER_OPEN:
            return [_breaker(view, loss)]
        case RejectReason.STALE_MARKET:
            return _market(view)
        case RejectReason.INVALID_PRICE:
            return [Compared("positive", _prices(intent))]
        case RejectReason.INVALID_QUANTITY:
            return _quantity(intent, view)
        case RejectReason.OPEN_POSITIONS:
            return [_most(Decimal(limits.max_open_positions), Decimal(view.others_open + 1), "runners")]
        case RejectReason.POSITION_SIZE:
            share = limits.max_account_risk * view.equity
            return [
                _most(limits.max_position_size, view.reach, view.instrument.base),
                _most(share, view.reach_value, limits.account_currency),
            ]
        case RejectReason.NOTIONAL:
            found = view.others_value + view.reach_value
            return [_most(limits.max_notional_exposure, found, limits.account_currency)]
        case RejectReason.NOTHING_TO_REDUCE:
            wanted, there = figure(view.quantity), figure(view.reducible)
            return [Compared(there, wanted, unit=view.instrument.base, passed=view.reducible > 0)]
        case _:
            assert_never(reason)


def _most(limit: Decimal, found: Decimal, unit: str) -> Compared:
    return Compared(figure(limit), figure(found), figure(limit - found), unit, passed=found <= limit)


def _least(limit: Decimal, found: Decimal, unit: str) -> Compared:
    return Compared(f"at least {figure(limit)}", figure(found), "", unit, passed=found >= limit)


def _repeat(view: View) -> Compared:
    window_ns = view.limits.duplicate_window_ns
    limit = f"none in {_ms(window_ns)} ms" if window_ns else "a new id"
    return Compared(limit, view.earlier_id or NONE, passed=not view.earlier_id)


def _breaker(view: View, loss: Decimal) -> Compared:
    limits, is_open = view.limits, bool(view.breaker)
    if not limits.breaker_enabled:
        return Compared("off", figure(loss), unit=limits.account_currency, passed=not is_open)
    return replace(_most(limits.max_loss, loss, limits.account_currency), passed=not is_open)


def _market(view: View) -> list[Compared]:
    state, age_ns, limit_ns = view.market_state, view.quote_age_ns, view.limits.max_market_age_ns
    is_trusted = state is None or state.value == "live"
    found = Compared("live", "live" if state is None else state.value, passed=is_trusted)
    if age_ns is None:
        return [found, Compared(_ms(limit_ns), "no quote", unit="ms", passed=False)]
    age = Compared(_ms(limit_ns), _ms(age_ns), _ms(limit_ns - age_ns), "ms", passed=age_ns <= limit_ns)
    return [found, age]


def _ms(nanoseconds: int) -> str:
    return figure(Decimal(nanoseconds // MICROSECOND_NS) / 1_000)


def _quantity(intent: OrderIntent, view: View) -> list[Compared]:
    instrument = view.instrument
    found = [_least(instrument.lot_size, view.quantity, instrument.base)]
    if intent.kind is IntentKind.ENTRY and instrument.min_notional:
        notional = view.quantity * (view.mark if intent.limit_price is None else intent.limit_price)
        found.append(_least(instrument.min_notional, notional, instrument.quote))
    return found


def _prices(intent: OrderIntent) -> str:
    named = (("limit", intent.limit_price), ("stop", intent.stop_price), ("target", intent.target_price))
    return ", ".join(f"{name} {price}" for name, price in named if price is not None) or NONE
