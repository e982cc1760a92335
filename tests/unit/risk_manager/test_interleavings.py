"""Whatever comes in whatever order: no entry leads past a limit, the books agree, and a snapshot goes on the same."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    AccountChanged,
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    CancelIntent,
    IntentKind,
    OrderRefused,
    OrderType,
    PositionChanged,
    Side,
    StopUpdate,
)
from services.risk_manager.core.far import Far
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    MILLISECOND,
    T0,
    D,
    cancelled,
    exit_intent,
    fill_of,
    intent,
    quote,
    rejected,
    risk_core,
)

RUNNERS = ("a:BTCUSDT", "b:BTCUSDT", "c:BTCUSDT", "a:ETHUSDT", "b:ETHUSDT")
MAX_SIZE, MAX_NOTIONAL, MAX_OPEN = D(10), D(1_500), 3
CASH = 100_000
LIMITS: dict[str, Any] = {
    "max_position_size": MAX_SIZE,
    "max_notional_exposure": MAX_NOTIONAL,
    "max_open_positions": MAX_OPEN,
    "initial_cash": CASH,
    "stop_loss_percent": 3,
    "trailing_stop_percent": 4,
    "enable_circuit_breaker": True,
    "max_loss_threshold": 60,
    "duplicate_window_ms": 2,
}

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ("entry", "entry", "exit", "fill", "fill", "cancel", "reject", "quote", "quote", "stop", "ask_cancel")
        ),
        st.integers(0, 10**6),
        st.integers(1, 12),
        st.integers(9_500, 10_500),
    ),
    max_size=60,
)
Step = tuple[str, int, int, int]


def limit_at(cents: int) -> dict[str, Any]:
    return {"order_type": OrderType.LIMIT, "limit_price": D(cents) / 100}


class Market:
    """Drives a risk core as the rest of the stack would; keeps its own books of every fill."""

    def __init__(self, core: RiskCore) -> None:
        self.core = core
        self.now_ns = T0
        self.numbers = dict.fromkeys(RUNNERS, 0)
        self.open: dict[str, tuple[ApprovedOrder, Decimal, int]] = {}
        self.held: dict[tuple[str, str], Decimal] = {}
        self.cash = Fraction(CASH)
        self.marks = {"BTCUSDT": Fraction(100), "ETHUSDT": Fraction(100)}
        self.entries_approved: list[ApprovedOrder] = []
        for symbol in self.marks:
            self.say(quote(100.0, 100.0, symbol=symbol))

    def say(self, message: AnyMessage) -> Sequence[AnyMessage]:
        answers = self.core.handle(message, self.now_ns)
        for answer in answers:
            if isinstance(answer, ApprovedOrder):
                assert answer.id not in self.open
                self.open[answer.id] = (answer, answer.quantity, 0)
                if answer.kind is IntentKind.ENTRY:
                    self.entries_approved.append(answer)
        return answers

    def step(self, step: Step) -> Sequence[AnyMessage]:
        what, choice, size, cents = step
        self.now_ns += MILLISECOND
        acts: dict[str, Callable[[int, int, int], Sequence[AnyMessage]]] = {
            "entry": self.entry, "exit": self.exit, "fill": self.fill, "cancel": self.cancel, "reject": self.reject,
            "quote": self.quote, "stop": self.stop, "ask_cancel": self.ask_cancel,
        }  # fmt: skip
        return acts[what](choice, size, cents)

    def entry(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        runner, side = RUNNERS[choice % 5], tuple(Side)[choice % 2]
        self.numbers[runner] += 1
        limit = limit_at(cents) if choice % 3 == 0 else {}
        return self.say(intent(self.numbers[runner], D(size) / 2, side=side, runner=runner, at=self.now_ns, **limit))

    def exit(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        runner, side = RUNNERS[choice % 5], tuple(Side)[choice % 2]
        self.numbers[runner] += 1
        limit = limit_at(cents) if choice % 3 == 0 else {}
        number = self.numbers[runner]
        return self.say(exit_intent(number, D(size) / 2, side=side, runner=runner, at=self.now_ns, **limit))

    def pick(self, choice: int) -> tuple[ApprovedOrder, Decimal, int] | None:
        return list(self.open.values())[choice % len(self.open)] if self.open else None

    def fill(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        if (picked := self.pick(choice)) is None:
            return ()
        order, remaining, number = picked
        quantity = min(remaining, D(size) / 2)
        left = remaining - quantity
        price, fee = D(cents) / 100, D(size) / 1000
        self.open[order.id] = (order, left, number + 1)
        if not left:
            del self.open[order.id]
        signed = quantity * order.side.sign
        key = (order.runner, order.symbol)
        self.held[key] = self.held.get(key, D(0)) + signed
        self.cash -= Fraction(signed) * Fraction(price) + Fraction(fee)
        message = fill_of(order, price, quantity, number=number + 1, remaining=left, fee=fee, at=self.now_ns)
        answers = self.say(message)
        assert self.say(message) == ()
        return answers

    def cancel(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        if (picked := self.pick(choice)) is None:
            return ()
        del self.open[picked[0].id]
        return self.say(cancelled(picked[0], picked[1]))

    def reject(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        if (picked := self.pick(choice)) is None or picked[2]:
            return ()
        del self.open[picked[0].id]
        return self.say(rejected(picked[0]))

    def quote(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        symbol = tuple(self.marks)[choice % 2]
        self.marks[symbol] = Fraction(cents, 100)
        return self.say(quote(cents / 100, cents / 100, symbol=symbol, update_id=choice, at=self.now_ns))

    def stop(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        runner = RUNNERS[choice % 5]
        return self.say(
            StopUpdate(
                id=f"{runner}-move-{self.now_ns}", runner=runner, symbol=runner.partition(":")[2], cause="bar",
                stop_price=D(cents) / 100 if choice % 2 else None, event_ns=self.now_ns, received_ns=self.now_ns,
            )
        )  # fmt: skip

    def ask_cancel(self, choice: int, size: int, cents: int) -> Sequence[AnyMessage]:
        if (picked := self.pick(choice)) is None:
            return ()
        order = picked[0]
        return self.say(
            CancelIntent(
                id=f"{order.id}-cancel", runner=order.runner, intent_id=order.id, symbol=order.symbol, reason="",
                cause="bar", event_ns=self.now_ns, received_ns=self.now_ns,
            )
        )  # fmt: skip

    def reach(self, symbol: str) -> Fraction:
        """Return the largest |net| over every set of orders that may fill and every set of runners that may close."""
        worst = Fraction(0)
        for side in Side:
            reaches = Fraction(0)
            for runner in RUNNERS:
                if runner.endswith(symbol):
                    held = Fraction(self.held.get((runner, symbol), D(0))) * side.sign
                    coming = [
                        Fraction(remaining)
                        for order, remaining, _ in self.open.values()
                        if order.runner == runner and order.side is side
                    ]
                    subsets = product((0, 1), repeat=len(coming)) if len(coming) < 6 else [(1,) * len(coming)]
                    reaches += max(Fraction(0), *(held + sum(map(lambda a, b: a * b, s, coming)) for s in subsets))
            worst = max(worst, reaches)
        return worst


def check_limits(market: Market, answers: Sequence[AnyMessage]) -> None:
    for symbol in market.marks:
        net = sum((held for (_, name), held in market.held.items() if name == symbol), D(0))
        assert abs(net) <= MAX_SIZE
        assert market.reach(symbol) <= MAX_SIZE
    if any(isinstance(answer, ApprovedOrder) and answer.kind is IntentKind.ENTRY for answer in answers):
        assert sum(market.reach(symbol) * mark for symbol, mark in market.marks.items()) <= MAX_NOTIONAL
        active = {order.runner for order, _, _ in market.open.values() if order.kind is IntentKind.ENTRY}
        active |= {runner for (runner, _), held in market.held.items() if held}
        assert len(active) <= MAX_OPEN


@given(steps)
def test_no_interleaving_of_fills_leads_past_a_limit(flow: list[Step]) -> None:
    market = Market(risk_core(**LIMITS))
    for step in flow:
        check_limits(market, market.step(step))


@given(steps)
def test_exits_only_ever_reduce(flow: list[Step]) -> None:
    market = Market(risk_core(**LIMITS))
    for step in flow:
        before = dict(market.held)
        answers = market.step(step)
        for answer in answers:
            if isinstance(answer, ApprovedOrder) and answer.kind is IntentKind.EXIT:
                assert answer.reduce_only
                held = before.get((answer.runner, answer.symbol), D(0)) * -answer.side.sign
                working = sum(
                    remaining
                    for order, remaining, _ in market.open.values()
                    if order.runner == answer.runner and order.side is answer.side
                )
                assert working <= held


@given(steps)
def test_the_books_agree_to_the_last_digit(flow: list[Step]) -> None:
    market = Market(risk_core(**LIMITS))
    shown: dict[tuple[str, str], Decimal] = {}
    for step in flow:
        for answer in market.step(step):
            if isinstance(answer, PositionChanged):
                shown[answer.runner, answer.symbol] = answer.quantity
            elif isinstance(answer, AccountChanged):
                assert Fraction(answer.cash) == market.cash
        assert {key: held for key, held in shown.items() if held} == {
            k: held for k, held in market.held.items() if held
        }
        status = market.core.status()
        worth = sum(Fraction(held) * market.marks[symbol] for (_, symbol), held in market.held.items())
        assert Fraction(status["equity"]) == market.cash + worth
        total = Fraction(status["realised_pnl"]) + Fraction(status["unrealised_pnl"])
        assert total == Fraction(status["equity"]) - CASH
        assert status["unknown_order_fills"] == 0
        assert status["working_orders"] == len(market.open)


@given(steps)
def test_every_intent_has_one_outcome_and_every_message_its_cause(flow: list[Step]) -> None:
    market = Market(risk_core(**LIMITS))
    outcomes: list[str] = []
    for step in flow:
        for answer in market.step(step):
            assert answer.event_ns == answer.received_ns == market.now_ns
            if isinstance(answer, ApprovedOrder | OrderRefused):
                outcomes.append(answer.intent_id)
            if isinstance(answer, ApprovedOrder | ApprovedCancel | OrderRefused | PositionChanged | AccountChanged):
                assert answer.cause
    decided = [name for name in outcomes if "-stop-" not in name]
    assert len(set(outcomes)) == len(outcomes)
    assert len(decided) == sum(market.numbers.values())


WIDE: dict[str, Any] = {
    "initial_cash": 10**6,
    "max_position_size": 10**6,
    "max_notional_exposure": 10**9,
    "max_open_positions": 10,
    "stop_loss_percent": 2,
}
SINGLE_LIMITS: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda size: {"max_position_size": size},
    lambda size: {"max_notional_exposure": size * 100},
    lambda size: {"initial_cash": size * 100},
    lambda size: {"initial_cash": 2_000, "max_leverage": D(size) / 20},
    lambda size: {"max_order_quantity": D(size) / 4},
    lambda size: {"max_order_notional": size * 25},
    lambda size: {"price_collar_percent": D(size) / 8},
    lambda size: {"max_orders": size, "order_window_ms": 40},
    lambda size: {"symbols": [{"symbol": "BTCUSDT", "max_position_size": size}]},
    lambda size: {"symbols": [{"symbol": "BTCUSDT", "max_notional": size * 100}]},
    lambda size: {"strategies": [{"name": "a", "max_notional": size * 100}]},
    lambda size: {"strategies": [{"name": "a", "max_open_positions": 1}]},
    lambda size: {"groups": [{"name": "both", "symbols": ["BTCUSDT", "ETHUSDT"], "max_notional": size * 100}]},
)
"""One limit each, near what a random flow comes to."""


@pytest.mark.parametrize("single", SINGLE_LIMITS)
@given(steps, st.integers(1, 12))
def test_floats_decide_as_the_exact_totals_do(
    single: Callable[[int], dict[str, Any]], flow: list[Step], size: int
) -> None:
    market = Market(risk_core(**WIDE | single(size)))
    by_floats = [msgspec.msgpack.encode(market.step(step)) for step in flow]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Far, "is_far", lambda *_: False)
        market = Market(risk_core(**WIDE | single(size)))
        assert [msgspec.msgpack.encode(market.step(step)) for step in flow] == by_floats


@given(steps)
def test_bounds_enclose_the_exact_totals(flow: list[Step]) -> None:
    market = Market(risk_core(**LIMITS))
    for step in flow:
        market.step(step)
        desk = market.core._desk
        totals = desk.rough.totals_without("BTCUSDT")
        assert totals is not None
        exposure, equity = desk.valuation.exposure_without("BTCUSDT"), desk.valuation.equity()
        assert exposure <= totals[0] <= exposure + 2
        assert equity - 3 <= totals[1] <= equity


@given(steps, st.integers(0, 60))
def test_a_restored_core_goes_on_the_same(flow: list[Step], cut: int) -> None:
    market, twin = Market(risk_core(**LIMITS)), Market(risk_core(**LIMITS))
    for number, step in enumerate(flow):
        if number == cut:
            fresh = risk_core(**LIMITS)
            fresh.restore(market.core.snapshot())
            assert fresh.snapshot() == market.core.snapshot()
            assert fresh.status() == market.core.status()
            market.core = fresh
        encode = msgspec.msgpack.encode
        assert encode(market.step(step)) == encode(twin.step(step))
    assert market.core.snapshot() == twin.core.snapshot()
