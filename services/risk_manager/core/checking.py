"""Holds an intent against the rules: gathers what they may know, asks them in order."""

from decimal import Decimal

from msgspec.structs import replace

from common.instruments import Instrument
from common.messages import IntentKind, OrderIntent, RejectReason, Side
from common.money import ZERO
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.markets import Market
from services.risk_manager.core.rough import upper_bound
from services.risk_manager.core.rules import BY_TOTALS, ENTRY_RULES, EXIT_RULES, first_refusal
from services.risk_manager.core.view import Refusal, View

type Found = tuple[RejectReason, Refusal] | None


def check(desk: Desk, intent: OrderIntent, market: Market, used_id: str, now_ns: int) -> tuple[Decimal, Found]:
    """Return the quantity to approve, on the lot and for an exit at most the position, and the first refusal if any.

    used_id: the intent's own id if an earlier intent had it, else empty. The runner's position must be in the market.
    """
    instrument = desk.instruments[intent.symbol]
    quantity = _on_lot(intent, instrument)
    if intent.kind is IntentKind.ENTRY:
        earlier_id = used_id
        if not used_id and desk.limits.duplicate_window_ns:
            earlier_id = _equal_entry(desk, intent, now_ns)
        return quantity, _check_entry(desk, intent, market, quantity, earlier_id, now_ns)
    reducible = market.positions[intent.runner].reducible(intent.side)
    found = first_refusal(EXIT_RULES, intent, View(desk.limits, instrument, quantity, reducible, used_id))
    if quantity > reducible:
        return reducible, found
    return quantity, found


def _check_entry(
    desk: Desk, intent: OrderIntent, market: Market, quantity: Decimal, earlier_id: str, now_ns: int
) -> Found:
    # What passes by the bounds of the totals passes by the totals, and the bounds cost next to nothing.
    bounded = _bounded_view(desk, intent, market, quantity, earlier_id, now_ns)
    if bounded is not None:
        found = first_refusal(ENTRY_RULES, intent, bounded)
        if found is None or found[0] not in BY_TOTALS:
            return found
    view, valuation = _view_of_entry(desk, intent, market, quantity, earlier_id, now_ns), desk.valuation
    exact = replace(view, others_value=valuation.exposure_without(intent.symbol), equity=valuation.equity())
    return first_refusal(ENTRY_RULES, intent, exact)


def _bounded_view(
    desk: Desk, intent: OrderIntent, market: Market, quantity: Decimal, earlier_id: str, now_ns: int
) -> View | None:
    """Return a view whose values are bounds, worse than the truth; None where there are none."""
    state, instrument, quote = desk.state, desk.instruments[intent.symbol], market.quote
    if quote is None or instrument.quote != desk.limits.account_currency:
        return None
    purses = state.account.purses
    if not state.open_positions and len(purses) == 1:  # nothing is worth anything: these are the totals
        bounds: tuple[Decimal, Decimal] | None = (ZERO, purses[instrument.quote].cash)
    else:
        bounds = desk.rough.bounds_without(intent.symbol)
    if bounds is None:
        return None
    own = market.positions[intent.runner]
    long_reach, short_reach = desk.reaches[intent.symbol].after(own, intent.side, quantity)
    value = upper_bound(float(max(short_reach, long_reach)) * (quote.bid + quote.ask) * 0.5)
    if value is None:
        return None
    return View(
        desk.limits,
        instrument,
        quantity,
        ZERO,
        earlier_id,
        state.breaker.reason,
        market.state,
        None if market.quote_ns is None else now_ns - market.quote_ns,
        desk.valuation.mark(market) if instrument.min_notional else ZERO,  # nothing else looks at it
        state.open_positions - own.is_open,
        long_reach if intent.side is Side.BUY else short_reach,
        value,
        bounds[0],
        bounds[1],
    )


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


def exact_view(desk: Desk, intent: OrderIntent, market: Market, used_id: str, now_ns: int) -> View:
    """Return what the rules see of an intent, with the totals as they are; `check` decides as these would.

    used_id: as for `check`.
    """
    instrument = desk.instruments[intent.symbol]
    quantity = _on_lot(intent, instrument)
    if intent.kind is IntentKind.EXIT:
        return View(desk.limits, instrument, quantity, market.positions[intent.runner].reducible(intent.side), used_id)
    earlier_id = used_id or _equal_entry(desk, intent, now_ns)
    view, valuation = _view_of_entry(desk, intent, market, quantity, earlier_id, now_ns), desk.valuation
    return replace(view, others_value=valuation.exposure_without(intent.symbol), equity=valuation.equity())


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
