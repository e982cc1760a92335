"""Sizes an entry whose strategy left the quantity to risk: gathers what its model may know, and rounds down to the lot.

How it works: a model answers with an amount and with what a unit takes of it. The quantity is the whole number of lots
that fits, by exact integer division, so it never takes more than the amount, whatever the figures are. Sizing comes
before the rules and lets nothing through: they judge the sized quantity like any other.
"""

from decimal import Decimal

from msgspec import UNSET

from common.instruments import Instrument
from common.messages import OrderIntent, OrderType, Side, Sized
from common.money import HUNDRED, ONE, ZERO, decimal_of, figure, is_price
from services.risk_manager.core.basis import Basis, Size, Sizing, unsized
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.markets import Market
from services.risk_manager.core.plans import FIXED, VOLATILITY_TARGET, Plan
from services.risk_manager.core.sizing import MODELS

SHOWN_PLACES = Decimal("0.00000001")


def size(desk: Desk, intent: OrderIntent, market: Market) -> Sizing:
    """Return the quantity of an entry that names none; `use_money_context` has been called."""
    plan, instrument = desk.limits.sizing.plan_of(intent.strategy), desk.instruments[intent.symbol]
    model = MODELS.get(plan.model)
    if model is None:
        return Sizing(ZERO, Sized(plan.model, {}), f"risk.sizing names no model for {intent.strategy}")
    basis = _basis(desk, intent, market, plan, instrument)
    if plan.model == FIXED:
        answer, figures = model(basis), {}
    else:
        answer = _refused(basis) or model(basis)
        figures = {"equity": figure(basis.equity), "price": figure(basis.price)}
    figures |= answer.figures
    if answer.missing:
        return Sizing(ZERO, Sized(plan.model, figures), answer.missing)
    lots = answer.budget // (answer.per_unit * instrument.lot_size)
    if answer.is_capped:
        most = basis.equity * plan.cap // (basis.price * basis.rate * instrument.lot_size)
        if most < lots:
            lots, figures["cap_percent"] = most, figure(plan.cap * HUNDRED)
    quantity = lots * instrument.lot_size
    return Sizing(quantity, Sized(plan.model, figures), "" if lots else _too_small(answer, instrument))


def _refused(basis: Basis) -> Size | None:
    if not is_price(basis.price) or basis.rate <= ZERO:
        return unsized("there is no price to size by")
    if basis.equity <= ZERO:
        return unsized(f"there is no equity to size by: {figure(basis.equity)}")
    return None


def _too_small(answer: Size, instrument: Instrument) -> str:
    wanted = figure((answer.budget / answer.per_unit).quantize(SHOWN_PLACES))
    return f"the size is {wanted} {instrument.base}, less than one lot of {figure(instrument.lot_size)}"


def _basis(desk: Desk, intent: OrderIntent, market: Market, plan: Plan, instrument: Instrument) -> Basis:
    is_buy, currency = intent.side is Side.BUY, instrument.quote
    price = _price(intent, market, is_buy=is_buy)
    hint = None if intent.sizing is UNSET else intent.sizing
    move, move_from = None, ""
    if plan.model == VOLATILITY_TARGET:
        move, move_from = _move(desk, market, plan, price, None if hint is None else hint.atr)
    results = desk.state.results.get(intent.runner)
    return Basis(
        plan=plan,
        equity=desk.valuation.equity(),
        price=price,
        rate=ONE if currency == desk.limits.account_currency else desk.valuation.rate(currency),
        is_buy=is_buy,
        stop=_stop(desk, intent, price, instrument, is_buy=is_buy),
        asked_risk=None if hint is None else hint.risk,
        move=move,
        move_from=move_from,
        returns=() if results is None else results.returns,
    )


def _price(intent: OrderIntent, market: Market, *, is_buy: bool) -> Decimal:
    """Return what a unit would cost: the limit price, else the side of the last quote, else what the strategy saw."""
    if intent.order_type is OrderType.LIMIT and intent.limit_price is not None:
        return intent.limit_price
    quote = market.quote
    if quote is None:
        return intent.reference_price
    return decimal_of(quote.ask if is_buy else quote.bid)


def _stop(desk: Desk, intent: OrderIntent, price: Decimal, instrument: Instrument, *, is_buy: bool) -> Decimal | None:
    """Return the entry's own stop, else the one that the configuration will give it, else where a trailing one begins."""
    share = desk.limits.stop_loss_share
    if intent.stop_price is not None:
        return intent.stop_price if is_price(intent.stop_price) else None
    if not is_price(price):
        return None
    if share:
        return instrument.price(price * (ONE - share if is_buy else ONE + share))
    distance = _trail(desk, intent, price)
    if distance is None:
        return None
    return price - distance if is_buy else price + distance


def _trail(desk: Desk, intent: OrderIntent, price: Decimal) -> Decimal | None:
    """Return how far behind the price a trailing stop begins, None without one."""
    guards = None if intent.guards is UNSET else intent.guards
    if guards is not None and guards.trail is not None:
        return guards.trail
    if guards is not None and guards.trail_share is not None:
        return price * guards.trail_share
    return price * decimal_of(desk.limits.trailing_share) if desk.limits.trailing_share else None


def _move(desk: Desk, market: Market, plan: Plan, price: Decimal, atr: Decimal | None) -> tuple[Decimal | None, str]:
    """Return a typical move of the price and whence it is known, or None and what is missing."""
    if atr is not None:
        return (atr, "the strategy's ATR") if is_price(atr) else (None, f"the strategy's ATR is {atr}")
    sizing, seen = desk.limits.sizing, market.volatility
    known = 0 if seen is None else seen.samples
    if seen is None or known < sizing.samples:
        return None, f"volatility_target needs {sizing.samples} returns of {market.symbol}, there are {known}"
    if not is_price(price):
        return None, "there is no price to size by"
    deviation = seen.deviation(plan.horizon_ns / sizing.sample_ns)
    return decimal_of(float(price) * deviation), f"{known} returns of the marks"
