"""What runners might want, drawn by chance: entries and exits, at market, at a limit, or at once; and second thoughts."""

import random
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from common.messages import CancelIntent, IntentKind, OrderIntent, OrderType, Side, TimeInForce

SYMBOLS: Final = ("AAAUSDT", "BBBUSDT")
RUNNERS: Final = 8
LOT: Final = Decimal("0.001")
CANCEL_SHARE: Final = 0.25
REMEMBERED: Final = 40
"""Latest intents among which one to take back is drawn."""


def drawn(seed: int, count: int) -> Iterator[OrderIntent | CancelIntent]:
    """Yield `count` intents and cancels between them; their times are 0, to be filled in by who sends them."""
    chance = random.Random(f"orders {seed}")  # noqa: S311 - repeatable chance is the point
    numbers: dict[str, int] = {}
    latest: deque[OrderIntent] = deque(maxlen=REMEMBERED)
    for _ in range(count):
        symbol = chance.choice(SYMBOLS)
        runner = f"chaos{chance.randrange(RUNNERS)}:{symbol}"
        numbers[runner] = numbers.get(runner, 0) + 1
        intent = _intent(chance, runner, symbol, numbers[runner])
        yield intent
        latest.append(intent)
        if chance.random() < CANCEL_SHARE:
            position = chance.randrange(len(latest))
            taken_back = latest[position]
            del latest[position]
            yield cancel_of(taken_back)


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
    is_limit = chance.random() < 0.6
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
        order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
        time_in_force=TimeInForce.IOC if is_limit and chance.random() < 0.2 else TimeInForce.GTC,
        limit_price=Decimal(chance.randrange(9_950, 10_050)) / 100 if is_limit else None,
    )
