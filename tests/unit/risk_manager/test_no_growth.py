"""Whatever happens in whatever order: while REDUCING or HALTED no exposure grows, and what reduces always passes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from common.config.risk import RiskSection
from common.messages import (
    AmendIntent,
    AmendRejected,
    AnyMessage,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    CancelIntent,
    IntentKind,
    OperatorCommand,
    OrderAmended,
    OrderRefused,
    OrderTerms,
    OrderType,
    Side,
    TradingState,
    TradingStateChanged,
    VenueRejectReason,
)
from common.order_terms import TABLE
from services.risk_manager.core.parameters import CHANGE, section_of, text_of
from services.risk_manager.core.reconciling import COMPARED, RECONCILE, encoded
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

RUNNERS = ("a:BTCUSDT", "b:BTCUSDT", "a:ETHUSDT")
CENTS = st.integers(9_000, 11_000)
SIZES = st.integers(1, 5)
SIDES = st.sampled_from(Side)
WHO = st.sampled_from(RUNNERS)


KINDS = st.sampled_from(OrderType)


def parts_of(kind: OrderType, cents: int) -> dict[str, Any]:
    """Return what makes an intent an order of a type, with all its prices at one."""
    price, allowed = D(cents) / 100, TABLE[kind]
    parts: dict[str, Any] = {"order_type": kind}
    if allowed.needs_price:
        parts["limit_price"] = price
    if allowed.needs_trigger:
        parts["terms"] = OrderTerms(trigger_price=price)
    elif allowed.needs_trail:
        parts["terms"] = OrderTerms(trail=D(cents) / 1000)
    return parts


def fresh_core() -> RiskCore:
    return risk_core(
        initial_cash=2_000,
        max_position_size=20,
        max_drawdown_percent=2,
        max_daily_loss=30,
        enable_circuit_breaker=True,
        max_loss_threshold=45,
        stop_loss_percent=3,
        breaker={"cooldown_ms": 7, "losing_streak": 3, "reject_count": 4, "reject_window_ms": 20},
    )


def commanded(number: int, name: str, **arguments: str) -> OperatorCommand:
    return OperatorCommand(
        id=f"op-{number}", service="risk_manager", name=name, arguments=arguments, event_ns=T0, received_ns=T0
    )


class Trading(RuleBasedStateMachine):
    """A venue that does what it is told at once, beside everybody who may tell risk something."""

    def __init__(self) -> None:
        super().__init__()
        self.core = fresh_core()
        self.now_ns = T0
        self.count = 0
        self.state = TradingState.ACTIVE
        self.open: dict[str, tuple[ApprovedOrder, Decimal, int]] = {}
        self.changed: dict[str, Decimal] = {}
        self.held = dict.fromkeys(RUNNERS, D(0))
        self.most = dict(self.held)
        for symbol in ("BTCUSDT", "ETHUSDT"):
            self.say(quote(100.0, 100.0, symbol=symbol))

    def say(self, message: AnyMessage) -> Sequence[AnyMessage]:
        self.now_ns += MILLISECOND
        answers = self.core.handle(message, self.now_ns)
        for answer in answers:
            self.take(answer)
        return answers

    def take(self, answer: AnyMessage) -> None:
        if isinstance(answer, TradingStateChanged):
            assert answer.before is self.state
            self.state = answer.after
            self.most = {runner: abs(held) for runner, held in self.held.items()}
        elif isinstance(answer, ApprovedOrder):
            if self.state is not TradingState.ACTIVE:
                assert answer.kind is IntentKind.EXIT
                assert answer.reduce_only
            self.open[answer.id] = (answer, answer.quantity, 0)
        elif isinstance(answer, ApprovedCancel) and answer.order_id in self.open:
            order, left, _ = self.open.pop(answer.order_id)
            self.say(cancelled(order, left))

    def number(self) -> int:
        self.count += 1
        return self.count

    @rule(runner=WHO, size=SIZES, side=SIDES, cents=CENTS, kind=KINDS)
    def enter(self, runner: str, size: int, side: Side, cents: int, kind: OrderType) -> None:
        limit = parts_of(kind, cents)
        was = self.state
        answers = self.say(intent(self.number(), D(size), side=side, runner=runner, at=self.now_ns, **limit))
        is_kept_out = was is not TradingState.ACTIVE and self.state is not TradingState.ACTIVE
        if is_kept_out or self.core.reconciliation.is_pending:
            assert isinstance(answers[-1], OrderRefused)

    @rule(runner=WHO, size=SIZES, kind=KINDS, cents=CENTS)
    def leave(self, runner: str, size: int, kind: OrderType, cents: int) -> None:
        held = self.held[runner]
        side = Side.SELL if held > 0 else Side.BUY
        closing = sum(left for order, left, _ in self.open.values() if (order.runner, order.side) == (runner, side))
        limit = parts_of(kind, cents)
        answers = self.say(exit_intent(self.number(), D(size), side=side, runner=runner, at=self.now_ns, **limit))
        assert isinstance(answers[-1], ApprovedOrder) is (abs(held) > closing)

    @rule(choice=st.integers(0, 99), cents=CENTS, part=st.integers(1, 3))
    def fill(self, choice: int, cents: int, part: int) -> None:
        if not self.open:
            return
        order, left, fills = self.open.pop(sorted(self.open)[choice % len(self.open)])
        size = min(left, D(part))
        if left > size:
            self.open[order.id] = (order, left - size, fills + 1)
        self.held[order.runner] += size if order.side is Side.BUY else -size
        self.say(fill_of(order, D(cents) / 100, size, number=fills + 1, remaining=left - size))

    @rule(choice=st.integers(0, 99))
    def reject(self, choice: int) -> None:
        if self.open:
            order, _, _ = self.open.pop(sorted(self.open)[choice % len(self.open)])
            self.say(rejected(order))

    @rule(choice=st.integers(0, 99))
    def cancel(self, choice: int) -> None:
        if not self.open:
            return
        id_ = sorted(self.open)[choice % len(self.open)]
        order = self.open[id_][0]
        wanted = CancelIntent(
            id=f"{id_}-cancel", runner=order.runner, intent_id=id_, symbol=order.symbol, reason="", cause="bar",
            event_ns=self.now_ns, received_ns=self.now_ns,
        )  # fmt: skip
        assert [each for each in self.say(wanted) if isinstance(each, ApprovedCancel)]

    @rule(choice=st.integers(0, 99), size=SIZES, cents=CENTS, is_done=st.booleans())
    def amend(self, choice: int, size: int, cents: int, is_done: bool) -> None:
        if not self.open:
            return
        id_ = sorted(self.open)[choice % len(self.open)]
        order, left, fills = self.open[id_]
        filled, number = self.changed.get(id_, order.quantity) - left, self.number()
        wanted = AmendIntent(
            id=f"{order.runner}-{number}", runner=order.runner, intent_id=id_, symbol=order.symbol, cause="bar",
            quantity=filled + D(size), limit_price=D(cents) / 100 if order.limit_price else None,
            event_ns=self.now_ns, received_ns=self.now_ns,
        )  # fmt: skip
        was = self.state
        for answer in self.say(wanted):
            if not isinstance(answer, ApprovedAmend):
                continue
            assert was is TradingState.ACTIVE or order.kind is IntentKind.EXIT
            about: dict[str, Any] = {
                "order_id": id_, "intent_id": order.intent_id, "runner": order.runner, "symbol": order.symbol,
                "venue": "simulated", "cause": answer.id, "event_ns": self.now_ns, "received_ns": self.now_ns,
            }  # fmt: skip
            if not is_done:
                self.say(AmendRejected(**about, reason=VenueRejectReason.NO_MARKET, detail=""))
            elif answer.quantity is not None:
                left = answer.quantity - filled
                self.open[id_] = (order, left, fills)
                self.changed[id_] = answer.quantity
                self.say(
                    OrderAmended(
                        **about,
                        quantity=answer.quantity,
                        remaining_quantity=left,
                        limit_price=answer.limit_price,
                        trigger_price=None,
                    )
                )

    @rule(cents=CENTS, symbol=st.sampled_from(("BTCUSDT", "ETHUSDT")))
    def mark(self, cents: int, symbol: str) -> None:
        self.say(quote(cents / 100, cents / 100, symbol=symbol, update_id=self.number()))

    @rule(
        name=st.sampled_from(("kill", "arm", "reduce", "not_ready", "ready", "reset_breaker")),
        flatten=st.sampled_from(("yes", "no")),
    )
    def command(self, name: str, flatten: str) -> None:
        self.say(commanded(self.number(), name, flatten=flatten))

    @rule(off=st.sampled_from((0, 0, 1)))
    def compare(self, off: int) -> None:
        if not self.core.reconciliation.is_pending:
            self.say(commanded(self.number(), RECONCILE))
            return
        held: dict[str, dict[str, str]] = {}
        for runner, amount in self.held.items():
            held.setdefault(runner.partition(":")[2], {})[runner] = str(amount + off)
        self.say(commanded(self.number(), COMPARED, differences=encoded(self.core.differences(held))))

    @rule(most=st.integers(1, 20), percent=st.integers(0, 5))
    def change_limits(self, most: int, percent: int) -> None:
        before, _ = self.core.parameters()
        changed = section_of(before).model_dump() | {"max_position_size": most, "max_drawdown_percent": percent}
        after = text_of(RiskSection.model_validate(changed))
        self.say(commanded(self.number(), CHANGE, before=before, after=after))

    @rule()
    def restart(self) -> None:
        fresh = fresh_core()
        fresh.restore(self.core.snapshot())
        assert fresh.snapshot() == self.core.snapshot()
        self.core = fresh

    @invariant()
    def nothing_grows(self) -> None:
        assert self.core.status()["trading"] == self.state
        if self.state is TradingState.ACTIVE:
            return
        assert all(order.kind is IntentKind.EXIT for order, _, _ in self.open.values())
        for runner, held in self.held.items():
            assert abs(held) <= self.most[runner]
            self.most[runner] = abs(held)


TestTrading = Trading.TestCase
TestTrading.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target),
)
