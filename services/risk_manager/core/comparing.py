"""The figures that each rule holds against each other, also where it lets an intent pass."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from common.messages import IntentKind, OrderIntent, RejectReason
from common.money import HUNDRED, ZERO, figure, ratio
from services.risk_manager.core.rules.price_collar import farthest
from services.risk_manager.core.view import View

NONE = "none"
MICROSECOND_NS = 1_000


class Compared(msgspec.Struct, frozen=True):
    """Two figures a rule holds against each other. free: what is left, empty where that is no amount."""

    limit: str
    found: str
    free: str = ""
    unit: str = ""
    passed: bool = True


def comparisons(reason: RejectReason, intent: OrderIntent, view: View, loss: Decimal) -> list[Compared]:
    """Return what a rule compares. loss: since the breaker's baseline."""
    latch = view.latches.get(reason.value)
    if latch is not None:
        return [Compared(latch.limit, latch.found, passed=False)]
    if reason is RejectReason.BREAKER_OPEN:
        return [_breaker(view, loss)]
    compare = _COMPARE.get(reason)
    return [] if compare is None else compare(intent, view)


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


def _market(_intent: OrderIntent, view: View) -> list[Compared]:
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


def _prices(intent: OrderIntent, _view: View) -> list[Compared]:
    named = (("limit", intent.limit_price), ("stop", intent.stop_price), ("target", intent.target_price))
    shown = ", ".join(f"{name} {price}" for name, price in named if price is not None) or NONE
    return [Compared("positive", shown)]


def _terms(intent: OrderIntent, _view: View) -> list[Compared]:
    return [Compared("one in docs/orders.md", f"{intent.order_type} {intent.time_in_force}")]


def _repeats(_intent: OrderIntent, view: View) -> list[Compared]:
    return [_repeat(view)]


def _open(_intent: OrderIntent, view: View) -> list[Compared]:
    return [_most(Decimal(view.limits.max_open_positions), Decimal(view.others_open + 1), "runners")]


def _size(_intent: OrderIntent, view: View) -> list[Compared]:
    limits = view.limits
    return [
        _most(limits.max_position_size, view.reach, view.instrument.base),
        _most(limits.max_account_risk * view.equity, view.reach_value, limits.account_currency),
    ]


def _notional(_intent: OrderIntent, view: View) -> list[Compared]:
    found = view.others_value + view.reach_value
    return [_most(view.limits.max_notional_exposure, found, view.limits.account_currency)]


def _leverage(_intent: OrderIntent, view: View) -> list[Compared]:
    exposure, limit, equity = view.others_value + view.reach_value, view.limits.max_leverage, view.equity
    if equity <= ZERO:
        return [Compared(figure(limit), "no equity", passed=exposure <= limit * equity)]
    compared = _most(limit, ratio(exposure, equity), "x equity")
    return [replace(compared, passed=exposure <= limit * equity)]


def _reducible(_intent: OrderIntent, view: View) -> list[Compared]:
    there, wanted = figure(view.reducible), figure(view.quantity)
    return [Compared(there, wanted, unit=view.instrument.base, passed=view.reducible > ZERO)]


def _order_size(_intent: OrderIntent, view: View) -> list[Compared]:
    limits, found = view.limits, []
    if limits.max_order_quantity:
        found.append(_most(limits.max_order_quantity, view.quantity, view.instrument.base))
    if limits.max_order_notional:
        found.append(_most(limits.max_order_notional, view.more.worth, limits.account_currency))
    return found


def _collar(intent: OrderIntent, view: View) -> list[Compared]:
    share, mark = view.limits.collar_share, view.mark
    if not mark:
        return []
    away = abs(farthest(intent, mark) - mark)
    return [replace(_most(share * HUNDRED, ratio(away * HUNDRED, mark), "%"), passed=away <= share * mark)]


def _rate(_intent: OrderIntent, view: View) -> list[Compared]:
    return [_most(Decimal(view.limits.max_orders), Decimal(view.more.orders + 1), "orders")]


def _hours(_intent: OrderIntent, view: View) -> list[Compared]:
    own, now_ns = view.more.symbol, view.more.now_ns
    if own is None or own.hours is None:
        return []
    return [Compared(own.hours.text, own.hours.shown(now_ns), passed=own.hours.contains(now_ns))]


def _symbol(_intent: OrderIntent, view: View) -> list[Compared]:
    own, found = view.more.symbol, []
    if own is not None and own.max_position_size:
        found.append(_most(own.max_position_size, view.reach, view.instrument.base))
    if own is not None and own.max_notional:
        found.append(_most(own.max_notional, view.reach_value, view.limits.account_currency))
    return found


def _strategy(_intent: OrderIntent, view: View) -> list[Compared]:
    use, found = view.more.strategy, []
    if use is not None and use.limit.max_open_positions:
        found.append(_most(Decimal(use.limit.max_open_positions), Decimal(use.others_open + 1), "runners"))
    if use is not None and use.limit.max_notional:
        found.append(_most(use.limit.max_notional, use.found, view.limits.account_currency))
    return found


def _groups(_intent: OrderIntent, view: View) -> list[Compared]:
    return [_most(use.group.max_notional, use.found, view.limits.account_currency) for use in view.more.groups]


_COMPARE: dict[RejectReason, Callable[[OrderIntent, View], list[Compared]]] = {
    RejectReason.DUPLICATE: _repeats,
    RejectReason.STALE_MARKET: _market,
    RejectReason.CLOSED_MARKET: _hours,
    RejectReason.INVALID_PRICE: _prices,
    RejectReason.ORDER_TERMS: _terms,
    RejectReason.INVALID_QUANTITY: _quantity,
    RejectReason.ORDER_SIZE: _order_size,
    RejectReason.PRICE_COLLAR: _collar,
    RejectReason.ORDER_RATE: _rate,
    RejectReason.OPEN_POSITIONS: _open,
    RejectReason.POSITION_SIZE: _size,
    RejectReason.SYMBOL_LIMIT: _symbol,
    RejectReason.STRATEGY_LIMIT: _strategy,
    RejectReason.CORRELATION_GROUP: _groups,
    RejectReason.NOTIONAL: _notional,
    RejectReason.LEVERAGE: _leverage,
    RejectReason.NOTHING_TO_REDUCE: _reducible,
}
"""What each rule compares; latches and the breaker compare what they were set with."""
