"""How far symbols can go: the sums that follow each change are those of a fresh count, and nobody else is looked at."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Never, override

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from common.messages import AnyMessage, ApprovedOrder, Fill, IntentKind, Side
from services.risk_manager.core.markets import Market
from services.risk_manager.core.positions import Position
from services.risk_manager.core.reach import Reach, Reaches
from tests.unit.risk_manager.builders import (
    MILLISECOND,
    T0,
    D,
    approved,
    cancelled,
    fill_of,
    intent,
    opened,
    quote,
    rejected,
    risk_core,
)

RUNNERS = ("a:BTCUSDT", "b:BTCUSDT", "c:BTCUSDT", "a:ETHUSDT", "b:ETHUSDT")
LIMITS: dict[str, Any] = {"max_position_size": 12, "stop_loss_percent": 3, "trailing_stop_percent": 4}
KINDS = (
    "entry",
    "entry",
    "entry",
    "exit",
    "fill",
    "fill",
    "overfill",
    "stranger",
    "cancel",
    "reject",
    "quote",
    "restore",
)

steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 10**6),
        st.sampled_from(tuple(map(D, ("0.25", "0.5", "1", "1.000", "2.50", "3", "1E+1")))),
    ),
    max_size=60,
)
Step = tuple[str, int, Decimal]


class Trade:
    """Drives a risk core by whatever may happen to its orders, what no venue should do included."""

    def __init__(self, *, restores: bool = True) -> None:
        self.core = risk_core(**LIMITS)
        self.restores = restores
        self.now_ns = T0
        self.number = 0
        self.working: dict[str, ApprovedOrder] = {}
        self.say(quote(100.0, 100.0))
        self.say(quote(100.0, 100.0, symbol="ETHUSDT"))

    def say(self, message: AnyMessage) -> None:
        answers = self.core.handle(message, self.now_ns)
        self.working |= {answer.id: answer for answer in answers if isinstance(answer, ApprovedOrder)}

    def step(self, step: Step) -> None:
        kind, choice, quantity = step
        self.now_ns += MILLISECOND
        self.number += 1
        match kind:
            case "entry" | "exit":
                self.ask(IntentKind(kind), choice, quantity)
            case "quote":
                price = 95.0 + choice % 10
                symbol = ("BTCUSDT", "ETHUSDT")[choice % 2]
                self.say(quote(price, price, symbol=symbol, update_id=self.number, at=self.now_ns))
            case "restore":
                self.restore()
            case _:
                self.report(kind, choice, quantity)

    def ask(self, kind: IntentKind, choice: int, quantity: Decimal) -> None:
        runner, side = RUNNERS[choice % 5], tuple(Side)[choice % 2]
        self.say(intent(self.number, quantity, kind=kind, side=side, runner=runner, at=self.now_ns))

    def report(self, kind: str, choice: int, quantity: Decimal) -> None:
        if not self.working:
            return
        order = list(self.working.values())[choice % len(self.working)]
        ends: dict[str, Callable[[ApprovedOrder], AnyMessage]] = {"cancel": cancelled, "reject": rejected}
        if kind in ends:
            del self.working[order.id]
            self.say(ends[kind](order))
        elif kind == "fill":
            part = min(quantity, order.quantity)
            self.say(fill_of(order, "100", part, number=self.number, remaining="1", at=self.now_ns))
        elif kind == "overfill":
            del self.working[order.id]
            self.say(self.whole(order, order.quantity + quantity, order.id))
        else:
            self.say(self.whole(order, quantity, f"nobody-{self.number}"))

    def whole(self, order: ApprovedOrder, quantity: Decimal, order_id: str) -> Fill:
        fill = fill_of(order, "100", quantity, number=self.number, remaining="0", at=self.now_ns)
        return replace(fill, id=f"{order_id}-f{self.number}", order_id=order_id)

    def restore(self) -> None:
        if not self.restores:
            return
        state = self.core.snapshot()
        self.core = risk_core(**LIMITS)
        self.core.restore(state)
        assert self.core.snapshot() == state


def sums(market: Market) -> tuple[Decimal, Decimal, Decimal]:
    positions = market.positions.values()
    return (
        sum((each.quantity for each in positions), D(0)),
        sum((max(each.quantity + each.buying, D(0)) for each in positions), D(0)),
        sum((max(each.selling - each.quantity, D(0)) for each in positions), D(0)),
    )


def figures(reach: Reach) -> tuple[Decimal, Decimal, Decimal]:
    return reach.net, reach.long, reach.short


@given(steps)
def test_sums_that_follow_are_those_of_a_fresh_count(flow: list[Step]) -> None:
    trade = Trade()
    for step in flow:
        trade.step(step)
        desk = trade.core._desk
        fresh = Reaches(desk.state.markets)
        for symbol, market in desk.state.markets.items():
            reach = desk.reaches[symbol]
            assert figures(reach) == sums(market) == figures(fresh[symbol])
            assert reach.largest == max(reach.long, reach.short)


@given(steps)
def test_snapshots_say_nothing_of_sums_or_restores(flow: list[Step]) -> None:
    restored, straight = Trade(), Trade(restores=False)
    for step in flow:
        restored.step(step)
        straight.step(step)
        assert restored.core.snapshot() == straight.core.snapshot()


@given(
    st.lists(st.tuples(*[st.decimals(-5, 5, places=2)] * 3), min_size=1, max_size=4),
    st.sampled_from(tuple(Side)),
    st.decimals(0, 9, places=3),
)
def test_one_more_order_is_foreseen(held: list[tuple[Decimal, ...]], side: Side, quantity: Decimal) -> None:
    positions = [
        Position(
            runner=str(number), strategy="", symbol="BTCUSDT", quantity=units, buying=abs(buying), selling=abs(sold)
        )
        for number, (units, buying, sold) in enumerate(held)
    ]
    reach = Reach()
    for position in positions:
        reach.count(position)
    foreseen = reach.after(positions[0], side, quantity)
    if side is Side.BUY:
        positions[0].buying += quantity
    else:
        positions[0].selling += quantity
    reach.count(positions[0])
    assert foreseen == (reach.long, reach.short)


class Unwalked(dict[str, Position]):
    """Positions that can be looked up by their runner only."""

    @override
    def __iter__(self) -> Iterator[str]:
        raise AssertionError("somebody goes through all positions")

    def _walk(self) -> Never:
        raise AssertionError("somebody goes through all positions")

    keys = values = items = _walk


@pytest.mark.parametrize("limit", [10**9, 120])
def test_neither_check_nor_fill_goes_through_the_other_runners(limit: int) -> None:
    core = risk_core(max_notional_exposure=limit)
    core.handle(quote(100.0, 100.0), T0)
    opened(core, "0.1", runner="other:BTCUSDT")
    approved(core, intent(1, "0.1", runner="another:BTCUSDT"))
    market = core._desk.state.markets["BTCUSDT"]
    market.positions = Unwalked(market.positions)
    first, second = approved(core, intent(1, "0.5")), approved(core, intent(2, "0.5"))
    core.handle(fill_of(first), T0)
    core.handle(rejected(second), T0)
    (answer,) = core.handle(intent(3, "0.6"), T0)
    assert isinstance(answer, ApprovedOrder) is (limit > 10**3)
