"""Risk and execution over the in-process bus: whatever is asked for in whatever market, all books agree."""

import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.codec import encode
from common.local_bus import LocalBus
from common.messages import (
    AccountChanged,
    AnyMessage,
    ApprovedOrder,
    CancelIntent,
    Fill,
    MarketState,
    MarketStatus,
    OperatorCommand,
    OrderIntent,
    OrderType,
    PositionChanged,
    Side,
    StopUpdate,
    TimeInForce,
)
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from orrery.audit import audit
from tests.unit.execution.builders import execution_core
from tests.unit.risk_manager.builders import MILLISECOND, T0, D, exit_intent, intent, quote, risk_core

RUNNERS = ("a:BTCUSDT", "b:BTCUSDT", "c:BTCUSDT", "a:ETHUSDT", "b:ETHUSDT")
CASH = 20_000
LIMITS: dict[str, Any] = {
    "max_position_size": 20,
    "max_notional_exposure": 4_000,
    "max_open_positions": 4,
    "initial_cash": CASH,
    "stop_loss_percent": 1,
    "trailing_stop_percent": 2,
    "enable_circuit_breaker": True,
    "max_loss_threshold": 80,
}
DECISIONS = ("ApprovedOrder", "ApprovedCancel", "OrderRefused", "PositionChanged", "AccountChanged")
KINDS = ("quote", "quote", "quote", "entry", "entry", "entry", "exit", "cancel", "stop", "status", "reset")

steps = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 10**6), st.integers(1, 12), st.integers(9_700, 10_300)),
    max_size=60,
)
Step = tuple[str, int, int, int]


def reset_at(now_ns: int) -> OperatorCommand:
    return OperatorCommand(
        id="reset", service=RISK_MANAGER, name="reset_breaker", arguments={}, event_ns=now_ns, received_ns=now_ns
    )


class Stack:
    """Two real cores on a bus, with a script in the place of market data and signal."""

    def __init__(self) -> None:
        self.risk, self.execution = risk_core(**LIMITS), execution_core()
        self.bus = LocalBus({RISK_MANAGER: self.risk, EXECUTION: self.execution})
        self.now_ns = T0
        self.numbers = dict.fromkeys(RUNNERS, 0)
        self.asked: list[AnyMessage] = []
        self.published: list[AnyMessage] = []
        for symbol in ("BTCUSDT", "ETHUSDT"):
            self.say(MARKET_DATA, quote(99.99, 100.01, symbol=symbol))

    def say(self, service: str, message: AnyMessage) -> None:
        if service == SIGNAL:
            self.asked.append(message)
        self.published += self.bus.publish(service, message, self.now_ns)

    def restart(self) -> None:
        risk, execution = risk_core(**LIMITS), execution_core()
        risk.restore(self.risk.snapshot())
        execution.restore(self.execution.snapshot())
        self.risk, self.execution = risk, execution
        self.bus = LocalBus({RISK_MANAGER: risk, EXECUTION: execution})

    def step(self, step: Step) -> None:
        self.now_ns += 10 * MILLISECOND
        what, choice, size, cents = step
        symbol = ("BTCUSDT", "ETHUSDT")[choice % 2]
        if what == "quote":
            price = cents / 100
            self.say(MARKET_DATA, quote(price - 0.01, price + 0.01, symbol=symbol, update_id=choice, at=self.now_ns))
        elif what == "status":
            state = tuple(MarketState)[choice % 4] if choice % 3 == 0 else MarketState.LIVE
            at = self.now_ns
            self.say(MARKET_DATA, MarketStatus(symbol=symbol, state=state, reason="", event_ns=at, received_ns=at))
        elif what == "reset":
            self.published += self.bus.tell(RISK_MANAGER, reset_at(self.now_ns), self.now_ns)
        else:
            self.say(SIGNAL, self.wish(what, choice, size, cents))

    def wish(self, what: str, choice: int, size: int, cents: int) -> AnyMessage:
        runner, side, at = RUNNERS[choice % 5], tuple(Side)[choice % 2], self.now_ns
        symbol, price = runner.partition(":")[2], D(cents) / 100
        if what == "stop":
            return StopUpdate(
                id=f"{runner}-move-{at}", runner=runner, symbol=symbol, cause="bar", stop_price=price,
                event_ns=at, received_ns=at,
            )  # fmt: skip
        if what == "cancel":
            target = f"{runner}-{self.numbers[runner]}"
            return CancelIntent(
                id=f"{target}-cancel", runner=runner, intent_id=target, symbol=symbol, reason="", cause="bar",
                event_ns=at, received_ns=at,
            )  # fmt: skip
        self.numbers[runner] += 1
        limit: dict[str, Any] = {}
        if choice % 3 == 0:
            limit = {"order_type": OrderType.LIMIT, "limit_price": price, "time_in_force": tuple(TimeInForce)[size % 2]}
        make = intent if what == "entry" else exit_intent
        return make(self.numbers[runner], D(size) / 2, side=side, runner=runner, at=at, **limit)


def check_books(stack: Stack) -> None:
    """Hold risk's positions, execution's holdings, the venue's and the sum of the fills against each other."""
    filled: defaultdict[str, Decimal] = defaultdict(Decimal)
    cash, shown = Fraction(CASH), Fraction(CASH)
    for message in stack.published:
        if isinstance(message, Fill):
            filled[message.symbol] += message.quantity * message.side.sign
            cash -= Fraction(message.quantity * message.side.sign) * Fraction(message.price) + Fraction(message.fee)
        elif isinstance(message, AccountChanged):
            shown = Fraction(message.cash)
    assert shown == cash == Fraction(stack.risk.status()["cash"]["USDT"])
    risk: defaultdict[str, Decimal] = defaultdict(Decimal)
    for position in stack.risk.status()["positions"]:
        risk[position["symbol"]] += D(position["quantity"])
    status = stack.execution.status()
    for symbol, total in filled.items():
        assert risk[symbol] == total == D(status["holdings"][symbol]) == D(status["venue"]["holdings"][symbol])
    assert status["open_orders"] == status["venue"]["resting"] == stack.risk.status()["working_orders"]
    assert status["impossible_events"] == status["repeated_orders"] == 0
    assert stack.risk.status()["unknown_order_fills"] == stack.risk.status()["ignored_reports"] == 0


def check_flow(stack: Stack) -> None:
    """Hold the order flow against itself: one outcome an intent, one life an order, no fill twice."""
    decisions = [message for message in stack.published if type(message).__name__ in DECISIONS]
    reports = [message for message in stack.published if type(message).__name__ not in DECISIONS]
    result = audit(stack.asked, decisions, reports)
    assert result.problems == []
    assert result.undecided_intents == result.unreported_orders == []
    causes = {message.id for message in stack.asked if isinstance(message, OrderIntent | CancelIntent | StopUpdate)}
    causes |= {message.id for message in stack.published if isinstance(message, ApprovedOrder | Fill)}
    for message in stack.published:
        if isinstance(message, PositionChanged):
            assert message.cause in causes


@given(steps)
def test_all_books_agree_at_every_step(flow: list[Step]) -> None:
    stack = Stack()
    for step in flow:
        stack.step(step)
        check_books(stack)
    check_flow(stack)


@given(steps, st.integers(0, 60))
def test_a_restart_in_the_middle_changes_nothing(flow: list[Step], cut: int) -> None:
    stack, twin = Stack(), Stack()
    for number, step in enumerate(flow):
        if number == cut:
            stack.restart()
        stack.step(step)
        twin.step(step)
    assert [encode(message) for message in stack.published] == [encode(message) for message in twin.published]
    assert stack.risk.snapshot() == twin.risk.snapshot()
    assert stack.execution.snapshot() == twin.execution.snapshot()


def scripted() -> Stack:
    """Return the stack after a long run with a script that a linear congruential generator writes."""
    stack, state = Stack(), 12345
    for _ in range(2_000):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        draw = state >> 20
        stack.step((KINDS[draw % 11], draw // 11 % 10**6, draw // 7 % 12 + 1, 9_700 + draw // 13 % 600))
    return stack


def digest_of(stack: Stack) -> str:
    """Return the SHA-256 of all that was published and of how it ended."""
    digest = hashlib.sha256()
    for message in stack.published:
        digest.update(encode(message))
    digest.update(stack.risk.snapshot())
    digest.update(stack.execution.snapshot())
    return digest.hexdigest()


def test_the_books_agree_after_a_long_run() -> None:
    stack = scripted()
    check_books(stack)
    check_flow(stack)
    assert sum(isinstance(message, Fill) for message in stack.published) > 100
    assert stack.risk.status()["protective_exits"] > 10


def test_another_process_with_another_hash_seed_gives_the_same_bytes(project_root: Path) -> None:
    code = "from tests.unit.test_cores_together import *; print(digest_of(scripted()))"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=project_root, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == digest_of(scripted())
