"""What an order would do if it were sent now, from the running stack: rules, price, costs, position. Nothing is changed."""

from decimal import Decimal
from typing import Any

import msgspec

from common.config.instruments import instruments_of
from common.config.models import Config
from common.messages import OrderTerms, OrderType, Side, TimeInForce
from common.money import HUNDRED
from common.order_terms import CONDITIONAL, NO_TERMS
from common.routes import EXECUTION, RISK_MANAGER
from orrery.runners.asking import ask
from orrery.venue.market import Shown, shown_now
from services.execution.core.preview import Preview, Surroundings
from services.execution.core.preview import preview as estimate
from services.execution.core.preview_trigger import Trigger, from_then_on, trigger_of
from services.execution.core.venue import VenueOrder
from services.risk_manager.core.explain import Explanation


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The order asked about. limit: None where it has none; runner: whose order it would be, an operator's if empty.

    trigger, trail: quote units; trail_percent: of the price. None where it has none.
    """

    symbol: str
    side: Side
    quantity: Decimal
    limit: Decimal | None = None
    runner: str = ""
    reduces: bool = False
    order_type: OrderType = OrderType.MARKET
    trigger: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None

    @property
    def terms(self) -> OrderTerms | None:
        """Return what the order says beyond market and limit."""
        share = None if self.trail_percent is None else self.trail_percent * HUNDRED
        terms = OrderTerms(trigger_price=self.trigger, trail=self.trail, trail_bps=share)
        return None if terms == NO_TERMS else terms


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen. passes: rules and venue would take it; refused_by: the rule, or what stands at execution.

    rules: every rule with its figures. cost: what it would pay. cost_total: against the mid price, account of the symbol's
    quote currency. position, exposure: now and after it.
    trigger: what it waits for, None where it waits for nothing or the venue would not take it; the cost is then that of what is
    triggered, by what is shown now, moved to the trigger.
    """

    asked: Asked
    passes: bool
    refused_by: str
    rules: Explanation
    cost: Preview
    cost_total: str
    mark: str
    position: str
    position_after: str
    worth: str
    exposure_after: str
    market: Shown
    trigger: Trigger | None = None


def preview(config: Config, asked: Asked) -> Outlook:
    """Return what an order would do now.

    Raises:
        KeysError: the bus needs keys that are missing.
        CommandLineError: a service does not answer, or nothing is shown of the symbol.
    """
    shown = shown_now(config, asked.symbol)
    arguments = {
        "symbol": asked.symbol,
        "side": asked.side.value,
        "quantity": str(asked.quantity),
        "limit_price": _text(asked.limit),
        "order_type": asked.order_type.value,
        "trigger_price": _text(asked.trigger),
        "trail": _text(asked.trail),
        "trail_percent": _text(asked.trail_percent),
        "runner": asked.runner,
        "kind": "exit" if asked.reduces else "entry",
    }
    risk: dict[str, Any] = ask(config, "preview", arguments, RISK_MANAGER).result
    rules = msgspec.convert(risk, Explanation)
    cost, trigger = _cost(config, asked, Decimal(rules.quantity), shown)
    refused_by = _refused_by(rules, cost, ask(config, "status", service=EXECUTION).result["core"], asked)
    figures = {name: risk[name] for name in ("mark", "position", "position_after", "worth", "exposure_after")}
    return Outlook(
        asked=asked,
        passes=not refused_by,
        refused_by=refused_by,
        rules=rules,
        cost=cost,
        cost_total=str(cost.cost),
        market=msgspec.structs.replace(shown, bids=shown.bids[:5], asks=shown.asks[:5]),
        trigger=trigger,
        **figures,
    )


def _text(number: Decimal | None) -> str:
    return "" if number is None else str(number)


def _cost(config: Config, asked: Asked, quantity: Decimal, shown: Shown) -> tuple[Preview, Trigger | None]:
    order = VenueOrder(
        id="preview",
        symbol=asked.symbol,
        side=asked.side,
        quantity=quantity,
        order_type=asked.order_type,
        time_in_force=TimeInForce.GTC,
        limit_price=asked.limit,
        is_reduction=asked.reduces,
        terms=asked.terms,
    )
    around = Surroundings(
        levels=shown.takes(asked.side),
        opposite=shown.opposite(asked.side),
        taker_fee_bps=config.execution.taker_fee_bps,
        volatility=shown.volatility,
        volume=shown.volume,
    )
    instrument = instruments_of(config)[asked.symbol]
    cost = estimate(order, instrument, around)
    if cost.problem or asked.order_type not in CONDITIONAL:
        return cost, None
    trigger = trigger_of(order, instrument, around)
    order, around = from_then_on(order, trigger, around)
    return estimate(order, instrument, around), trigger


def _refused_by(rules: Explanation, cost: Preview, execution: dict[str, Any], asked: Asked) -> str:
    """Return who would refuse the order first, empty if nobody."""
    if rules.refusal is not None:
        return f"{rules.refusal.rule}: {rules.refusal.refusal}"
    venue = execution.get("venue")
    halted = venue.get("halted", "") if isinstance(venue, dict) else ""
    if execution["killed"] and not asked.reduces:
        return f"execution is killed: {execution['killed']}"
    if halted and not asked.reduces:
        return f"execution is halted: {halted}"
    return f"venue: {cost.problem}" if cost.problem else ""


def lines(outlook: Outlook) -> list[str]:
    """Return the outlook as lines for people."""
    from orrery.why.story_text import rule_lines

    asked, cost, market = outlook.asked, outlook.cost, outlook.market
    verdict = "would pass" if outlook.passes else f"would be refused by {outlook.refused_by}"
    found = [
        f"{asked.side.value} {asked.quantity} {asked.symbol} {_kind(asked)}: {verdict}",
        *rule_lines(outlook.rules),
        *_waits(outlook),
    ]
    if not cost.problem:
        average = "nothing" if cost.average_price is None else f"{cost.average_price:.8g}"
        found.append(
            f"price      {cost.takes.normalize():f} at {average} on average, worst {cost.worst_price or '-'} ({market.source})"
        )
        if cost.rests:
            found.append(f"           {cost.rests.normalize():f} would rest")
        if cost.unknown:
            found.append(f"           {cost.unknown.normalize():f} are beyond what is shown")
        found.append(
            f"cost       {cost.cost:.6g}: fee {cost.fee:.6g}, half the spread {cost.spread_cost:.6g}, "
            f"slippage {cost.slippage:.6g}, impact {cost.impact:.6g}"
            + (
                f" (a day: volatility {market.volatility:.2%}, volume {market.volume:.6g})"
                if market.bars
                else " (too few bars)"
            )
        )
    found.append(f"position   {outlook.position} now, {outlook.position_after} after it")
    found.append(
        f"exposure   {float(outlook.rules.exposure):.2f} now, {float(outlook.exposure_after):.2f} after it, "
        f"of equity {float(outlook.rules.equity):.2f} {outlook.rules.currency}"
    )
    return found


def _kind(asked: Asked) -> str:
    if asked.order_type is OrderType.MARKET:
        return "at market"
    if asked.order_type is OrderType.LIMIT:
        return f"at {asked.limit} or better"
    away = f"{asked.trail_percent} %" if asked.trail is None else str(asked.trail)
    level = f"{away} behind the best price" if asked.trigger is None else f"at {asked.trigger}"
    then = "" if asked.limit is None else f", then at {asked.limit} or better"
    return f"by {asked.order_type.value} {level}{then}"


def _waits(outlook: Outlook) -> list[str]:
    """Return what the order waits for, and as what it is reckoned from then on."""
    trigger, asked = outlook.trigger, outlook.asked
    if trigger is None:
        return []
    side = "ask" if asked.side is Side.BUY else "bid"
    then = "a market order" if asked.limit is None else f"a limit order at {asked.limit}"
    if trigger.is_reached:
        return [
            f"trigger    {trigger.level} has been reached: the {side} is {trigger.price}, so it would be {then} at once"
        ]
    way = "above" if trigger.rises else "below"
    follows = " (it follows the price in its favour)" if asked.trigger is None else ""
    return [
        f"trigger    once the {side} is at {trigger.level} or {way}{follows}; it is {trigger.price}, "
        f"{trigger.distance} or {trigger.distance_percent:.3g} % away",
        f"           from then on {then}; below is what it would trade if what is shown now stood there",
    ]
