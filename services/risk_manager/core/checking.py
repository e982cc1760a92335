"""Holds an intent against the rules: gathers what they may know, asks them in order."""

from decimal import Decimal

from msgspec.structs import replace

from common.instruments import Instrument
from common.messages import IntentKind, OrderIntent, RejectReason, Side
from common.money import ZERO
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.markets import Market
from services.risk_manager.core.rules import BY_TOTALS, ENTRY_RULES, EXIT_RULES, first_refusal
from services.risk_manager.core.view import Refusal, View

type Found = tuple[RejectReason, Refusal] | None


def check(desk: Desk, intent: OrderIntent, market: Market, used_id: str, now_ns: int) -> tuple[Decimal, Found]:
    """Return the quantity to approve, on the lot and for an exit at most the position, and the first refusal if any.

    used_id: the intent's own id if an earlier intent had it, else empty. The runner's position must be in the market.
    """
    quantity = _on_lot(intent, desk.instruments[intent.symbol])
    if intent.kind is IntentKind.ENTRY:
        view = _view_of_entry(desk, intent, market, quantity, used_id or _equal_entry(desk, intent, now_ns), now_ns)
        return quantity, _check_entry(desk, intent, view)
    reducible = market.positions[intent.runner].reducible(intent.side)
    view = View(
        limits=desk.limits,
        instrument=desk.instruments[intent.symbol],
        quantity=quantity,
        reducible=reducible,
        earlier_id=used_id,
    )
    return min(quantity, reducible), first_refusal(EXIT_RULES, intent, view)


def _check_entry(desk: Desk, intent: OrderIntent, view: View) -> Found:
    # What passes by the bounds of the totals passes by the totals, and the bounds cost next to nothing.
    bounds = desk.rough.bounds_without(intent.symbol)
    if bounds is not None:
        found = first_refusal(ENTRY_RULES, intent, replace(view, others_value=bounds[0], equity=bounds[1]))
        if found is None or found[0] not in BY_TOTALS:
            return found
    valuation = desk.valuation
    exact = replace(view, others_value=valuation.exposure_without(intent.symbol), equity=valuation.equity())
    return first_refusal(ENTRY_RULES, intent, exact)


def _view_of_entry(
    desk: Desk, intent: OrderIntent, market: Market, quantity: Decimal, earlier_id: str, now_ns: int
) -> View:
    state, valuation = desk.state, desk.valuation
    instrument = desk.instruments[intent.symbol]
    mark = valuation.mark(market)
    own = market.positions[intent.runner]
    long_reach, short_reach = desk.reaches[intent.symbol].after(own, intent.side, quantity)
    value = max(long_reach, short_reach) * mark
    if instrument.quote != desk.limits.account_currency:
        value *= valuation.rate(instrument.quote)
    return View(
        limits=desk.limits,
        instrument=instrument,
        quantity=quantity,
        earlier_id=earlier_id,
        breaker=state.breaker.reason,
        market_state=market.state,
        quote_age_ns=None if market.quote_ns is None else now_ns - market.quote_ns,
        mark=mark,
        others_open=state.open_positions - own.is_open,
        reach=long_reach if intent.side is Side.BUY else short_reach,
        reach_value=value,
    )


def _equal_entry(desk: Desk, intent: OrderIntent, now_ns: int) -> str:
    window_ns = desk.limits.duplicate_window_ns
    if not window_ns:
        return ""
    last = desk.state.last_entries.get(intent.runner)
    if last is None or now_ns - last.at_ns >= window_ns or not last.equals(intent):
        return ""
    return last.id


def _on_lot(intent: OrderIntent, instrument: Instrument) -> Decimal:
    quantity = intent.quantity
    if not quantity.is_finite():
        return ZERO
    return instrument.quantity(quantity) if quantity % instrument.lot_size else quantity
