"""What the rules saw: the explanation agrees with every decision of the core, and its figures are the rules' own."""

from collections import Counter
from typing import override

from hypothesis import given

from common.messages import AnyMessage, ApprovedOrder, OrderIntent, OrderRefused, RejectReason
from services.risk_manager.core.explain import Explanation, explain
from tests.unit.risk_manager.builders import T0, D, exit_intent, fill_of, intent, quote, risk_core
from tests.unit.test_cores_together import KINDS, Stack, Step, steps


class Explained(Stack):
    """A stack that asks why before each intent."""

    @override
    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        super().__init__()

    @override
    def say(self, service: str, message: AnyMessage) -> None:
        if not isinstance(message, OrderIntent):
            super().say(service, message)
            return
        before = self.risk.snapshot()
        explanation = explain(self.risk, message, self.now_ns)
        assert self.risk.snapshot() == before
        known = len(self.published)
        super().say(service, message)
        self.check(explanation, self.published[known:])

    def check(self, explanation: Explanation, published: list[AnyMessage]) -> None:
        refusal = explanation.refusal
        answer = next((each for each in published if isinstance(each, OrderRefused | ApprovedOrder)), None)
        if isinstance(answer, OrderRefused):
            assert refusal is not None
            assert (refusal.rule, refusal.refusal) == (answer.reason.value, answer.detail)
            failed = next(each for each in refusal.compared if not each.passed)
            assert (failed.limit, failed.found) == (answer.limit, answer.found)
        elif answer is not None:
            assert refusal is None
        for rule in explanation.rules:
            assert all(each.passed for each in rule.compared) is rule.passed, rule
        self.reasons[refusal.rule if refusal else "approved"] += 1


@given(steps)
def test_the_explanation_agrees_with_every_decision(flow: list[Step]) -> None:
    stack = Explained()
    for step in flow:
        stack.step(step)


def test_the_explanation_agrees_over_a_long_run_with_many_refusals() -> None:
    stack, state = Explained(), 99
    for _ in range(500):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        draw = state >> 20
        stack.step((KINDS[draw % 11], draw // 11 % 10**6, draw // 7 % 12 + 1, 9_700 + draw // 13 % 600))
    assert stack.reasons["approved"] > 50
    assert len(stack.reasons) > 4


def test_every_rule_gives_its_limit_what_it_found_and_what_is_left() -> None:
    limits = {"max_open_positions": 2, "max_loss_threshold": 50, "enable_circuit_breaker": True}
    core = risk_core(max_position_size=3, max_notional_exposure=1_000, **limits)
    core.handle(quote(99.99, 100.01), T0)
    explanation = explain(core, intent(1, "2"), T0 + 5_000_000)
    shown = {
        rule.rule: [(each.limit, each.found, each.free, each.unit) for each in rule.compared]
        for rule in explanation.rules
    }
    assert shown["position_size"][0] == ("3", "2", "1", "BTC")
    assert shown["notional"] == [("1000", "200", "800", "USDT")]
    assert shown["open_positions"] == [("2", "1", "1", "runners")]
    assert shown["breaker_open"] == [("50", "0", "50", "USDT")]
    assert shown["stale_market"][1] == ("5000", "5", "4995", "ms")
    assert shown["invalid_quantity"] == [("at least 0.001", "2", "", "BTC"), ("at least 5", "200", "", "USDT")]
    assert shown["invalid_price"] == [("positive", "none", "", "")]
    assert explanation.refusal is None
    assert (explanation.equity, explanation.exposure, explanation.market) == ("1000000000", "0", "")


def test_an_exit_is_held_against_what_there_is_to_close() -> None:
    core = risk_core()
    core.handle(quote(), T0)
    found = explain(core, exit_intent(2), T0)
    assert found.refusal is not None
    assert found.refusal.rule == RejectReason.NOTHING_TO_REDUCE
    order = core.handle(intent(1, "2"), T0)[0]
    assert isinstance(order, ApprovedOrder)
    core.handle(fill_of(order), T0)
    last = explain(core, exit_intent(2, D(2)), T0).rules[-1]
    assert last.passed
    assert (last.compared[0].limit, last.compared[0].found) == ("2", "2")
