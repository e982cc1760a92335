"""Holds an intent against the rules: gathers what they may know, asks them in order."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import UNSET
from msgspec.structs import replace

from common.instruments import Instrument
from common.messages import IntentKind, OrderIntent, OrderType, RejectReason, Side, TradingState
from common.money import ONE, ZERO
from services.risk_manager.core.basis import Sizing
from services.risk_manager.core.desk import Desk, State
from services.risk_manager.core.latches import Latch
from services.risk_manager.core.markets import Market
from services.risk_manager.core.orders import reserved
from services.risk_manager.core.positions import Position
from services.risk_manager.core.reconciliation import PENDING
from services.risk_manager.core.refusal import Refusal
from services.risk_manager.core.rules import EXIT_RULES, Rules, first_refusal
from services.risk_manager.core.sizer import size
from services.risk_manager.core.view import NO_MORE, More, View

type Found = tuple[RejectReason, Refusal] | None
type Judged = tuple[Decimal, Found, Sizing | None]
"""A quantity to approve, the first refusal if any, and how risk came to the quantity if it did."""


def check(desk: Desk, intent: OrderIntent, market: Market, used_id: str, now_ns: int) -> Judged:
    """Return the quantity to approve, on the lot and for an exit at most the position, and the first refusal if any.

    Last comes how risk sized the entry, None where the intent names the quantity. used_id: the intent's own id if an
    earlier intent had it, else empty. The runner's position must be in the market.
    """
    instrument = desk.instruments[intent.symbol]
    if intent.quantity is None and intent.kind is IntentKind.ENTRY:
        view = exact_view(desk, intent, market, used_id, now_ns)
        return view.quantity, first_refusal(rules_now(desk), intent, view), view.sizing
    quantity = _on_lot(intent, instrument)
    if intent.kind is IntentKind.ENTRY:
        earlier_id = used_id
        if not used_id and desk.limits.duplicate_window_ns:
            earlier_id = _equal_entry(desk, intent, now_ns)
        return quantity, _check_entry(desk, intent, market, quantity, earlier_id, now_ns), None
    reducible = _reducible(desk, intent, market)
    found = first_refusal(EXIT_RULES, intent, View(desk.limits, instrument, quantity, reducible, used_id))
    if quantity > reducible:
        return reducible, found, None
    return quantity, found, None


def _check_entry(
    desk: Desk, intent: OrderIntent, market: Market, quantity: Decimal, earlier_id: str, now_ns: int
) -> Found:
    # Amounts that are far from their limits need no exact totals, and floats cost next to nothing.
    rules = rules_now(desk)
    if rules is desk.active_rules:
        quick = _view_of_far_entry(desk, intent, market, quantity, earlier_id, now_ns)
        if quick is not None:
            return first_refusal(desk.other_rules, intent, quick)
    return first_refusal(rules, intent, _exact_view_of_entry(desk, intent, market, quantity, earlier_id, now_ns))


def rules_now(desk: Desk) -> Rules:
    """Return the rules that an entry must pass as trading stands."""
    state = desk.state
    if state.trading.state is TradingState.ACTIVE and not state.breaker.reason and not state.reconciliation.is_pending:
        return desk.active_rules
    return desk.all_rules


def _latches(state: State) -> Mapping[str, Latch]:
    latches = state.trading.latches
    if not state.reconciliation.is_pending:
        return latches
    return {RejectReason.NOT_READY.value: PENDING} | latches


def _view_of_far_entry(
    desk: Desk, intent: OrderIntent, market: Market, quantity: Decimal, earlier_id: str, now_ns: int
) -> View | None:
    """Return what `desk.other_rules` look at; None where an amount may be near its limit. Nothing is in the way."""
    quote, limits = market.quote, desk.limits
    instrument = desk.instruments[intent.symbol]
    if quote is None or instrument.quote != limits.account_currency:
        return None
    if intent.order_type is not OrderType.MARKET and (
        intent.terms is not UNSET or float(_worst_price(intent)) > quote.bid
    ):
        return None
    own = market.positions[intent.runner]
    long, short = desk.reaches[intent.symbol].after(own, intent.side, quantity)
    largest = long
    if short > long:  # `max` takes four times as long
        largest = short
    if not desk.far.is_far(intent, quantity, long if intent.side is Side.BUY else short, largest, quote):
        return None
    more = NO_MORE
    if limits.asks_more:
        more = More(
            now_ns,
            ZERO,
            desk.state.approvals.within(now_ns, limits.order_window_ns) if limits.max_orders else 0,
            limits.symbols.get(intent.symbol),
        )
    return View(
        limits,
        instrument,
        quantity,
        ZERO,
        earlier_id,
        "",
        market.state,
        None if market.quote_ns is None else now_ns - market.quote_ns,
        desk.valuation.mark(market) if instrument.min_notional else ZERO,
        desk.state.open_positions - own.is_open,
        more,
    )


def exact_view(desk: Desk, intent: OrderIntent, market: Market, used_id: str, now_ns: int) -> View:
    """Return what `check` shows the rules, with the totals to the last digit in the place of bounds."""
    instrument = desk.instruments[intent.symbol]
    if intent.kind is IntentKind.ENTRY:
        sizing = size(desk, intent, market) if intent.quantity is None else None
        quantity = _on_lot(intent, instrument) if sizing is None else sizing.quantity
        earlier_id = used_id or _equal_entry(desk, intent, now_ns)
        view = _exact_view_of_entry(desk, intent, market, quantity, earlier_id, now_ns)
        return view if sizing is None else replace(view, sizing=sizing)
    quantity = _on_lot(intent, instrument)
    return View(desk.limits, instrument, quantity, _reducible(desk, intent, market), used_id)


def _reducible(desk: Desk, intent: OrderIntent, market: Market) -> Decimal:
    """Return how much is left to close, for an order of a group what its group is closing already, too.

    Where the venue does not link them both could fill, so then only while trading is active: else it might grow.
    """
    reducible = market.positions[intent.runner].reducible(intent.side)
    if intent.terms is not UNSET and (desk.links_orders or rules_now(desk) is desk.active_rules):
        reducible += reserved(desk.state.orders, intent)
    return reducible


def _exact_view_of_entry(
    desk: Desk, intent: OrderIntent, market: Market, quantity: Decimal, earlier_id: str, now_ns: int
) -> View:
    state, valuation = desk.state, desk.valuation
    instrument, reach = desk.instruments[intent.symbol], desk.reaches[intent.symbol]
    mark = valuation.mark(market)
    rate = ONE if instrument.quote == desk.limits.account_currency else valuation.rate(instrument.quote)
    own, is_buy = market.positions[intent.runner], intent.side is Side.BUY
    long_reach, short_reach = reach.after(own, intent.side, quantity)
    value, used_value = max(long_reach, short_reach) * mark * rate, reach.largest * mark * rate
    worst = _worst_price(intent)
    if worst > mark:  # it would be worth more than it is now
        value += quantity * (worst - mark) * rate
    view = View(
        limits=desk.limits,
        instrument=instrument,
        quantity=quantity,
        earlier_id=earlier_id,
        breaker=state.breaker.reason,
        market_state=market.state,
        quote_age_ns=None if market.quote_ns is None else now_ns - market.quote_ns,
        mark=mark,
        others_open=state.open_positions - own.is_open,
        reach=long_reach if is_buy else short_reach,
        reach_value=value,
        latches=_latches(state),
        reach_used=reach.long if is_buy else reach.short,
        value_used=used_value,
    )
    more = NO_MORE
    if desk.limits.asks_more:
        more = _more(desk, intent, own, quantity, (quantity * mark * rate, used_value, value), now_ns)
    others = valuation.exposure_without(intent.symbol)
    return replace(view, others_value=others, equity=valuation.equity(), more=more)


def _worst_price(intent: OrderIntent) -> Decimal:
    """Return the highest price that an order names, at which it is worth the most; 0 where it names none."""
    trigger = None if intent.terms is UNSET else intent.terms.trigger_price
    named = [price for price in (intent.limit_price, trigger) if price is not None and price.is_finite()]
    return max(named, default=ZERO)


def _more(
    desk: Desk,
    intent: OrderIntent,
    own: Position,
    quantity: Decimal,
    values: tuple[Decimal, Decimal, Decimal],
    now_ns: int,
) -> More:
    """Return what configured rules want to know. values: of the order, of the symbol without it and with it."""
    limits, symbol = desk.limits, intent.symbol
    worth, used, found = values
    return More(
        now_ns,
        worth,
        desk.state.approvals.within(now_ns, limits.order_window_ns) if limits.max_orders else 0,
        limits.symbols.get(symbol),
        desk.usage.of_strategy(intent, own, quantity) if limits.strategies else None,
        desk.usage.of_groups(symbol, used, found) if limits.groups else (),
    )


def _equal_entry(desk: Desk, intent: OrderIntent, now_ns: int) -> str:
    """Return the id of the runner's latest entry if this one asks for the same within the window, else empty."""
    window_ns = desk.limits.duplicate_window_ns
    if not window_ns:
        return ""
    last = desk.state.last_entries.get(intent.runner)
    if last is None or now_ns - last.at_ns >= window_ns or not last.equals(intent):
        return ""
    return last.id


def _on_lot(intent: OrderIntent, instrument: Instrument) -> Decimal:
    """Return the intent's quantity on the lot, 0 if it is none; an exit always names one."""
    quantity = intent.quantity
    if quantity is None or not quantity.is_finite():
        return ZERO
    return instrument.quantity(quantity) if quantity % instrument.lot_size else quantity
