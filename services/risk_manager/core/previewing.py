"""What risk would answer to an order that nobody has sent: every rule with its figures, and what would be held after it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from msgspec import UNSET

from common.messages import IntentKind, OrderIntent, OrderTerms, OrderType, Side
from common.money import HUNDRED, ONE, ZERO, decimal_of, figure, is_price
from common.order_terms import NO_TERMS
from services.risk_manager.core.explain import explain
from services.risk_manager.core.risk_core import RiskCore

PREVIEW: Final = "preview"
OPERATOR: Final = "operator"
"""The strategy of an order that no strategy asks for."""


class PreviewError(ValueError):
    """What is asked about is no order; the text says what was expected."""


def preview(core: RiskCore, arguments: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
    """Return, in plain types, what the rules answer and what would be held; the core stays as it is.

    arguments: symbol, side and quantity; optionally order_type, limit_price, trigger_price, trail (quote units), trail_percent,
    runner, and kind (entry or exit).

    Raises:
        PreviewError: that is no order.
    """
    intent = intent_of(arguments, now_ns)
    explained = explain(core, intent, now_ns)
    desk = core._desk
    symbol, quantity = intent.symbol, Decimal(explained.quantity)
    market = desk.state.markets.get(symbol)
    held = ZERO if market is None else sum((each.quantity for each in market.positions.values()), ZERO)
    mark = ZERO if market is None else desk.valuation.mark(market)
    if not mark and intent.limit_price is not None:
        mark = intent.limit_price
    after = held + quantity * intent.side.sign
    currency = desk.instruments[symbol].quote
    rate = ONE if currency == desk.limits.account_currency else desk.valuation.rate(currency)
    return {
        **msgspec.to_builtins(explained),
        "mark": figure(mark),
        "position": figure(held),
        "position_after": figure(after),
        "worth": figure(quantity * mark * rate),
        "exposure_after": figure(Decimal(explained.exposure) + (abs(after) - abs(held)) * mark * rate),
    }


def intent_of(arguments: Mapping[str, Any], now_ns: int) -> OrderIntent:
    """Return the intent that is asked about; PreviewError where it is none."""
    symbol, runner = str(arguments["symbol"]), str(arguments.get("runner", ""))
    limit = _decimal(arguments.get("limit_price") or None, "limit_price")
    quantity = _decimal(arguments["quantity"], "quantity")
    terms = _terms(arguments)
    kind = OrderType(arguments.get("order_type") or (OrderType.MARKET if limit is None else OrderType.LIMIT))
    reference = limit or terms.trigger_price or decimal_of(1.0)
    if quantity is None or (limit is not None and not is_price(limit)):
        raise PreviewError(f"expected a quantity and a positive price, found {quantity} and {limit}")
    runner = runner or f"{OPERATOR}:{symbol}"
    return OrderIntent(
        id=f"{runner}-{PREVIEW}",
        runner=runner,
        strategy=runner.rpartition(":")[0],
        symbol=symbol,
        kind=IntentKind(arguments.get("kind", IntentKind.ENTRY)),
        side=Side(arguments["side"]),
        quantity=quantity,
        reference_price=reference,
        cause=PREVIEW,
        order_type=kind,
        limit_price=limit,
        terms=UNSET if terms == NO_TERMS else terms,
        event_ns=now_ns,
        received_ns=now_ns,
    )


def _terms(arguments: Mapping[str, Any]) -> OrderTerms:
    share = _decimal(arguments.get("trail_percent") or None, "trail_percent")
    return OrderTerms(
        trigger_price=_decimal(arguments.get("trigger_price") or None, "trigger_price"),
        trail=_decimal(arguments.get("trail") or None, "trail"),
        trail_bps=None if share is None else share * HUNDRED,
    )


def _decimal(value: Any, name: str) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise PreviewError(f"{name}: expected a number, found {value!r}") from error
    if not number.is_finite():
        raise PreviewError(f"{name}: expected a number, found {value!r}")
    return number
