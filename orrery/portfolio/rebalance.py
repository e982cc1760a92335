"""From weights to risk's parameters, and how far what is held has drifted from them.

How it works: a strategy's share of the equity becomes the most it may hold (`[[risk.strategies]]`), and the worth of an entry
whose size it leaves to risk (`[risk.sizing]`). Nothing is traded by that: a strategy that holds more than its share takes no new
entries until it holds less, one that holds less may grow.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from common.config.instruments import instruments_of
from common.config.models import Config
from common.money import ZERO, decimal_of, figure, use_money_context
from common.routes import RISK_MANAGER
from orrery.errors import CommandLineError
from orrery.portfolio.rates import Rates
from orrery.portfolio.weights import Weights
from orrery.runners.asking import ask
from orrery.venue.market import mid_now

PERCENT = Decimal(100)
CENT = Decimal("0.01")


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy: its target and what it holds, account currency, both as shares of the equity, and their difference."""

    strategy: str
    target: str
    held: str
    target_share: float
    held_share: float
    drift: float


class Rebalance(msgspec.Struct, frozen=True, kw_only=True):
    """settings: for `orrery risk set`, all or none; overlay: the same as values of a configuration file."""

    equity: str
    currency: str
    targets: dict[str, str]
    settings: list[str]
    overlay: dict[str, Any]


def account_of(config: Config) -> dict[str, Any]:
    """Return what the running risk manager says of the account; CommandLineError if it is not there."""
    core: dict[str, Any] = ask(config, "status", service=RISK_MANAGER).result["core"]
    return core


def rebalance(config: Config, wanted: Weights, equity: Decimal) -> Rebalance:
    """Return the change of risk's parameters that gives each strategy its share of the equity.

    Raises:
        CommandLineError: a weight names a strategy that the configuration does not have.
    """
    use_money_context()
    known = [strategy.name for strategy in config.strategies]
    unknown = [name for name in wanted.weights if name not in known]
    if unknown:
        raise CommandLineError(
            f"weights: expected strategies of the configuration ({', '.join(known)}), found {unknown}"
        )
    if equity <= 0:
        raise CommandLineError(f"expected an equity above 0 to share out, found {equity}")
    targets = {name: _worth(equity, share) for name, share in wanted.weights.items()}
    limits = [limit.model_dump(exclude_defaults=True) for limit in config.risk.strategies]
    places = {limit.name: place for place, limit in enumerate(config.risk.strategies)}
    settings = []
    for name, target in targets.items():
        place = places.setdefault(name, len(places))
        if place == len(limits):
            limits.append({"name": name})
            settings.append(f"strategies[{place}].name={name}")
        # A limit of 0 is none, so a strategy without a share gets the smallest there is.
        limits[place]["max_notional"] = most = max(target, CENT)
        settings.append(f"strategies[{place}].max_notional={figure(most)}")
    sizing = _sizing(config, wanted)
    for name, plan in sizing.items():
        settings += [f"sizing.strategies.{name}.{key}={value}" for key, value in plan.items()]
    overlay: dict[str, Any] = {"risk": {"strategies": limits}}
    if sizing:
        overlay["risk"]["sizing"] = {"strategies": sizing}
    return Rebalance(
        equity=figure(equity),
        currency=config.risk.account_currency,
        targets={name: figure(target) for name, target in targets.items()},
        settings=settings,
        overlay=overlay,
    )


def _worth(equity: Decimal, share: float) -> Decimal:
    return (equity * Decimal(repr(share))).quantize(CENT)


def _sizing(config: Config, wanted: Weights) -> dict[str, dict[str, str | Decimal]]:
    """Return the plans of strategies with a share whose entries are worth a part of the equity: that part is their share."""
    plans: dict[str, dict[str, str | Decimal]] = {}
    for name, share in wanted.weights.items():
        plan = config.risk.sizing.plan_of(name)
        percent = (Decimal(repr(share)) * PERCENT).quantize(CENT)
        if plan.model == "percent_of_equity" and percent > 0:
            plans[name] = {"model": plan.model, "equity_percent": percent}
    return plans


def marks_of(config: Config, account: Mapping[str, Any]) -> dict[str, float]:
    """Return the marks of what is held, and the mids of symbols between other currencies of it and the account's.

    Raises:
        CommandLineError: market data do not answer.
    """
    facts, own = instruments_of(config), config.risk.account_currency
    marks = {each["symbol"]: float(each["mark"]) for each in account["positions"]}
    foreign = {facts[symbol].quote for symbol in marks} - {own}
    for symbol in config.market_data.symbols:
        pair = {facts[symbol].base, facts[symbol].quote}
        mid = mid_now(config, symbol) if symbol not in marks and own in pair and pair & foreign else None
        if mid is not None:
            marks[symbol] = mid
    return marks


def rates_of(config: Config, marks: Mapping[str, float]) -> dict[str, Decimal]:
    """Return the account's currency per unit of the quote currency of each symbol; those without a rate are left out."""
    facts = instruments_of(config)
    rates = Rates(config.risk.account_currency, facts, marks)
    for symbol, mark in marks.items():
        if mark > 0:
            rates.see(symbol)
    found = {symbol: rates.of(facts[symbol].quote) for symbol in marks}
    return {symbol: decimal_of(rate) for symbol, rate in found.items() if rate is not None}


def drift(wanted: Weights, account: Mapping[str, Any], rates: Mapping[str, Decimal]) -> list[Drift]:
    """Return each strategy's target and holdings; account: as risk tells it. What has no weight has a target of 0.

    rates: of symbols, as `rates_of` returns them; what is held of any other counts nothing.
    """
    use_money_context()
    equity = Decimal(account["equity"])
    held: dict[str, Decimal] = dict.fromkeys(wanted.weights, ZERO)
    for position in account["positions"]:
        name = position["runner"].rpartition(":")[0]
        worth = abs(Decimal(position["quantity"])) * Decimal(position["mark"]) * rates.get(position["symbol"], ZERO)
        held[name] = held.get(name, ZERO) + worth
    rows = []
    for name, worth in held.items():
        share = wanted.weights.get(name, 0.0)
        actual = float(worth / equity) if equity > 0 else 0.0
        rows.append(
            Drift(
                strategy=name,
                target=figure(_worth(equity, share)),
                held=figure(worth),
                target_share=share,
                held_share=actual,
                drift=actual - share,
            )
        )
    return sorted(rows, key=lambda row: -abs(row.drift))
