"""Small inputs for the risk and execution cores, with defaults for what a test does not care about."""

from decimal import Decimal
from typing import Any

from common.config.models import RiskSection
from common.instruments import Instrument, Instruments
from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Fill,
    IntentKind,
    Liquidity,
    OrderCancelled,
    OrderIntent,
    OrderRejected,
    Quote,
    Side,
    VenueRejectReason,
)
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.core.view import View

D = Decimal
T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
MILLISECOND = 1_000_000
BTC = Instrument(
    symbol="BTCUSDT", base="BTC", quote="USDT", tick_size=D("0.01"), lot_size=D("0.001"), min_notional=D(5)
)
ETH = Instrument(symbol="ETHUSDT", base="ETH", quote="USDT", tick_size=D("0.01"), lot_size=D("0.01"))
ETHBTC = Instrument(symbol="ETHBTC", base="ETH", quote="BTC", tick_size=D("0.00001"), lot_size=D("0.01"))
RUNNER = "ema:BTCUSDT"


def instruments() -> Instruments:
    """Return three symbols in two quote currencies."""
    return Instruments((BTC, ETH, ETHBTC))


def section(**changes: Any) -> RiskSection:
    """Return limits wide enough for a test that is about something else."""
    wide = {
        "max_position_size": 1_000,
        "max_notional_exposure": 10**9,
        "initial_cash": 10**9,
        "max_open_positions": 100,
    }
    return RiskSection.model_validate({**wide, **changes})


def limits(**changes: Any) -> Limits:
    """Return the limits of `section`."""
    return Limits.of(section(**changes))


def risk_core(**changes: Any) -> RiskCore:
    """Return a fresh core with the limits of `section`."""
    return RiskCore(section(**changes), instruments())


def quote(
    bid: float = 100.0, ask: float = 100.02, *, symbol: str = "BTCUSDT", update_id: int = 1, at: int = T0
) -> Quote:
    """Return a quote."""
    return Quote(
        symbol=symbol, bid=bid, bid_size=1.0, ask=ask, ask_size=1.0, update_id=update_id, event_ns=at, received_ns=at
    )


def intent(
    number: int = 1,
    quantity: str | Decimal = "1",
    *,
    kind: IntentKind = IntentKind.ENTRY,
    side: Side = Side.BUY,
    runner: str = RUNNER,
    at: int = T0,
    **changes: Any,
) -> OrderIntent:
    """Return a runner's intent; without more an entry that buys one at market."""
    strategy, _, symbol = runner.partition(":")
    return OrderIntent(
        id=f"{runner}-{number}",
        runner=runner,
        strategy=strategy,
        symbol=symbol,
        kind=kind,
        side=side,
        quantity=D(quantity),
        reference_price=D("100.01"),
        cause="bar",
        event_ns=at,
        received_ns=at,
        **changes,
    )


def exit_intent(number: int, quantity: str | Decimal = "1", *, side: Side = Side.SELL, **changes: Any) -> OrderIntent:
    """Return an intent that closes."""
    return intent(number, quantity, kind=IntentKind.EXIT, side=side, **changes)


def fill_of(
    order: ApprovedOrder,
    price: str | Decimal = "100",
    quantity: str | Decimal | None = None,
    *,
    number: int = 1,
    remaining: str | Decimal | None = None,
    fee: str | Decimal = "0",
    fee_currency: str = "USDT",
    at: int = T0,
) -> Fill:
    """Return a fill of an order; without more of the whole order."""
    filled = order.quantity if quantity is None else D(quantity)
    return Fill(
        id=f"{order.id}-f{number}",
        order_id=order.id,
        intent_id=order.intent_id,
        runner=order.runner,
        strategy=order.strategy,
        symbol=order.symbol,
        kind=order.kind,
        side=order.side,
        quantity=filled,
        price=D(price),
        fee=D(fee),
        fee_currency=fee_currency,
        liquidity=Liquidity.TAKER,
        remaining_quantity=order.quantity - filled if remaining is None else D(remaining),
        venue="simulated",
        cause=order.id,
        event_ns=at,
        received_ns=at,
    )


def cancelled(order: ApprovedOrder, remaining: str | Decimal = "0", *, at: int = T0) -> OrderCancelled:
    """Return the end of an order that did not fill whole."""
    return OrderCancelled(
        order_id=order.id,
        intent_id=order.intent_id,
        runner=order.runner,
        symbol=order.symbol,
        venue="simulated",
        remaining_quantity=D(remaining),
        cause=order.id,
        event_ns=at,
        received_ns=at,
    )


def rejected(order: ApprovedOrder, *, at: int = T0) -> OrderRejected:
    """Return a venue's rejection."""
    return OrderRejected(
        order_id=order.id,
        intent_id=order.intent_id,
        runner=order.runner,
        symbol=order.symbol,
        venue="simulated",
        reason=VenueRejectReason.NO_MARKET,
        detail="",
        cause=order.id,
        event_ns=at,
        received_ns=at,
    )


def approved(core: RiskCore, message: AnyMessage, at: int = T0) -> ApprovedOrder:
    """Return the one order that a core approves on a message."""
    (order,) = core.handle(message, at)
    assert isinstance(order, ApprovedOrder), order
    return order


def opened(
    core: RiskCore, quantity: str = "1", price: str = "100", *, side: Side = Side.BUY, **changes: Any
) -> ApprovedOrder:
    """Let a runner enter and fill it; return the order."""
    order = approved(core, intent(1, quantity, side=side, **changes))
    core.handle(fill_of(order, price), T0)
    return order


def view(**changes: Any) -> View:
    """Return a view in which every rule passes a market order for one BTC."""
    base: dict[str, Any] = {
        "limits": limits(),
        "instrument": BTC,
        "quantity": D(1),
        "reducible": D(1),
        "quote_age_ns": 0,
        "mark": D(100),
        "reach": D(1),
        "reach_value": D(100),
        "equity": D(10**9),
    }
    return View(**{**base, **changes})
