"""What runners might want, drawn by chance: entries and exits by orders of every type, pairs too; and second thoughts."""

import random
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from common.messages import AmendIntent, CancelIntent, IntentKind, OrderIntent, OrderTerms, OrderType, Side, TimeInForce
from common.order_terms import LEGS, NO_TERMS, TABLE, Allowed, rests

SYMBOLS: Final = ("AAAUSDT", "BBBUSDT")
RUNNERS: Final = 8
T0: Final = 1_700_000_000_000_000_000
"""When it all begins, nanoseconds UTC."""
LOT: Final = Decimal("0.001")
CANCEL_SHARE: Final = 0.25
AMEND_SHARE: Final = 0.2
PAIR_SHARE: Final = 0.15
"""Chance of each order that rests that another of its runner comes with it, of which one cancels the other."""
KINDS: Final = (*OrderType, OrderType.MARKET, OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT)
"""Types, the usual ones more often."""
LATEST_END_NS: Final = 600_000_000_000
"""How long after the beginning an order that ends by time may end."""
REMEMBERED: Final = 40
"""Latest intents among which one to take back is drawn."""


def drawn(seed: int, count: int) -> Iterator[OrderIntent | CancelIntent | AmendIntent]:
    """Yield `count` intents, cancels and amends between them; their times are 0, to be filled in by who sends them."""
    chance = random.Random(f"orders {seed}")  # noqa: S311 - repeatable chance is the point
    numbers: dict[str, int] = {}
    pairs = random.Random(f"pairs {seed}")  # noqa: S311 - repeatable chance is the point
    latest: deque[OrderIntent] = deque(maxlen=REMEMBERED)
    for _ in range(count):
        symbol = chance.choice(SYMBOLS)
        runner = f"chaos{chance.randrange(RUNNERS)}:{symbol}"
        numbers[runner] = numbers.get(runner, 0) + 1
        intent = _intent(chance, runner, symbol, numbers[runner])
        if rests(intent.order_type, intent.time_in_force) and pairs.random() < PAIR_SHARE:
            numbers[runner] += 1
            for leg in _pair(pairs, intent, numbers[runner]):
                yield leg
                latest.append(leg)
        else:
            yield intent
            latest.append(intent)
        if chance.random() < CANCEL_SHARE:
            position = chance.randrange(len(latest))
            taken_back = latest[position]
            del latest[position]
            yield cancel_of(taken_back)
        elif chance.random() < AMEND_SHARE:
            changed = chance.choice(latest)
            numbers[changed.runner] += 1
            yield _amend(chance, changed, numbers[changed.runner])


def _pair(chance: random.Random, first: OrderIntent, number: int) -> Iterator[OrderIntent]:
    """Yield an order and another that rests, of its runner and kind, of which one cancels the other."""
    while True:
        second = _intent(chance, first.runner, first.symbol, number)
        if rests(second.order_type, second.time_in_force):
            break
    side = first.side if first.kind is IntentKind.EXIT else second.side
    for leg in (first, replace(second, kind=first.kind, side=side)):
        terms = NO_TERMS if leg.terms is UNSET else leg.terms
        yield replace(leg, terms=replace(terms, oco=first.id, legs=LEGS))


def _amend(chance: random.Random, intent: OrderIntent, number: int) -> AmendIntent:
    triggers = intent.terms is not UNSET and intent.terms.trigger_price is not None
    return AmendIntent(
        event_ns=0,
        received_ns=0,
        id=f"{intent.runner}-{number}",
        runner=intent.runner,
        intent_id=intent.id,
        symbol=intent.symbol,
        cause=intent.id,
        quantity=LOT * chance.randrange(100, 5_000) if chance.random() < 0.7 else None,
        limit_price=None if intent.limit_price is None else _price(chance),
        trigger_price=_price(chance) if triggers else None,
        reason="by chance",
    )


def cancel_of(intent: OrderIntent) -> CancelIntent:
    """Return the second thought about an intent."""
    return CancelIntent(
        event_ns=0,
        received_ns=0,
        id=f"{intent.id}-cancel",
        runner=intent.runner,
        intent_id=intent.id,
        symbol=intent.symbol,
        reason="by chance",
        cause=intent.id,
    )


def _intent(chance: random.Random, runner: str, symbol: str, number: int) -> OrderIntent:
    kind = chance.choice(KINDS)
    allowed = TABLE[kind]
    in_force = (
        chance.choice(allowed.times) if kind is not OrderType.MARKET and chance.random() < 0.3 else TimeInForce.GTC
    )
    return OrderIntent(
        event_ns=0,
        received_ns=0,
        id=f"{runner}-{number}",
        runner=runner,
        strategy=runner.partition(":")[0],
        symbol=symbol,
        kind=IntentKind.EXIT if chance.random() < 0.2 else IntentKind.ENTRY,
        side=Side.BUY if chance.random() < 0.5 else Side.SELL,
        quantity=LOT * chance.randrange(100, 5_000),
        reference_price=Decimal(100),
        cause=f"drawn:{number}",
        order_type=kind,
        time_in_force=in_force,
        limit_price=_price(chance) if allowed.needs_price else None,
        terms=_terms(chance, allowed, in_force),
    )


def _price(chance: random.Random) -> Decimal:
    return Decimal(chance.randrange(9_950, 10_050)) / 100


def _terms(chance: random.Random, allowed: Allowed, in_force: TimeInForce) -> OrderTerms | UnsetType:
    rests = in_force in (TimeInForce.GTC, TimeInForce.GTD)
    terms = OrderTerms(
        trigger_price=_price(chance) if allowed.needs_trigger else None,
        trail_bps=Decimal(chance.randrange(1, 100)) if allowed.needs_trail else None,
        expires_ns=T0 + chance.randrange(LATEST_END_NS) if in_force is TimeInForce.GTD else 0,
        post_only=allowed.may_post and rests and chance.random() < 0.2,
    )
    return UNSET if terms == NO_TERMS else terms
