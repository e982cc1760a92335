"""What an order would do if it were sent now, from the running stack: rules, price, costs, position. Nothing is changed."""

from decimal import Decimal
from typing import Any

import msgspec

from common.config.instruments import instruments_of
from common.config.models import Config
from common.messages import OrderType, Side, TimeInForce
from common.routes import EXECUTION, RISK_MANAGER
from orrery.runners.asking import ask
from orrery.venue.market import Shown, shown_now
from services.execution.core.preview import Preview, Surroundings
from services.execution.core.preview import preview as estimate
from services.execution.core.venue import VenueOrder
from services.risk_manager.core.explain import Explanation


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The order asked about. limit: None at market; runner: whose order it would be, an operator's if empty."""

    symbol: str
    side: Side
    quantity: Decimal
    limit: Decimal | None = None
    runner: str = ""
    reduces: bool = False


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen. passes: rules and venue would take it; refused_by: the rule, or what stands at execution.

    rules: every rule with its figures. cost: what it would pay. cost_total: against the mid price, account of the symbol's
    quote currency. position, exposure: now and after it.
    order_types: those that can be looked at; what a trigger waits for is not foreseen.
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
    order_types: tuple[OrderType, ...] = (OrderType.MARKET, OrderType.LIMIT)


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
        "limit_price": "" if asked.limit is None else str(asked.limit),
        "runner": asked.runner,
        "kind": "exit" if asked.reduces else "entry",
    }
    risk: dict[str, Any] = ask(config, "preview", arguments, RISK_MANAGER).result
    rules = msgspec.convert(risk, Explanation)
    cost = _cost(config, asked, Decimal(rules.quantity), shown)
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
        **figures,
    )


def _cost(config: Config, asked: Asked, quantity: Decimal, shown: Shown) -> Preview:
    order = VenueOrder(
        id="preview",
        symbol=asked.symbol,
        side=asked.side,
        quantity=quantity,
        order_type=OrderType.MARKET if asked.limit is None else OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        limit_price=asked.limit,
        is_reduction=asked.reduces,
    )
    around = Surroundings(
        levels=shown.takes(asked.side),
        opposite=shown.opposite(asked.side),
        taker_fee_bps=config.execution.taker_fee_bps,
        volatility=shown.volatility,
        volume=shown.volume,
    )
    return estimate(order, instruments_of(config)[asked.symbol], around)


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
    price = "at market" if asked.limit is None else f"at {asked.limit} or better"
    verdict = "would pass" if outlook.passes else f"would be refused by {outlook.refused_by}"
    found = [f"{asked.side.value} {asked.quantity} {asked.symbol} {price}: {verdict}", *rule_lines(outlook.rules)]
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
    kinds = " and ".join(outlook.order_types)
    found.append(f"looks at   {kinds} orders only, as if sent now; what waits for a trigger is not foreseen")
    return found
