"""Pairs of orders of which one cancels the other: both pass or neither, and what both could do is counted."""

from collections.abc import Sequence
from typing import Any, override

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    IntentKind,
    OrderIntent,
    OrderRefused,
    OrderTerms,
    OrderType,
    RejectReason,
    Side,
    TradingState,
)
from services.risk_manager.core.explain import explain
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    RUNNER,
    T0,
    D,
    cancelled,
    exit_intent,
    fill_of,
    instruments,
    intent,
    opened,
    quote,
    section,
)
from tests.unit.risk_manager.test_no_growth import CENTS, SIZES, WHO, Trading, commanded

BUY, SELL = Side.BUY, Side.SELL


def ready(*, links: bool = True, **limits: Any) -> RiskCore:
    core = RiskCore(section(**limits), instruments(), links_orders=links)
    core.handle(quote(100.0, 100.0), T0)
    return core


def stop(level: str, group: str) -> dict[str, Any]:
    return {"order_type": OrderType.STOP, "terms": OrderTerms(trigger_price=D(level), oco=group, legs=2)}


def limit(level: str, group: str) -> dict[str, Any]:
    return {"order_type": OrderType.LIMIT, "limit_price": D(level), "terms": OrderTerms(oco=group, legs=2)}


def straddle(first: int = 1, up: str = "2", down: str = "2", runner: str = RUNNER) -> tuple[OrderIntent, OrderIntent]:
    group = f"{runner}-{first}"
    return (
        intent(first, up, runner=runner, **stop("105", group)),
        intent(first + 1, down, side=SELL, runner=runner, **stop("95", group)),
    )


def same_side(first: int, quantity: str, other: str) -> tuple[OrderIntent, OrderIntent]:
    group = f"{RUNNER}-{first}"
    return intent(first, quantity, **stop("105", group)), intent(first + 1, other, **limit("95", group))


def way_out(first: int, quantity: str) -> tuple[OrderIntent, OrderIntent]:
    group = f"{RUNNER}-{first}"
    return exit_intent(first, quantity, **limit("110", group)), exit_intent(first + 1, quantity, **stop("95", group))


def give(core: RiskCore, pair: Sequence[OrderIntent]) -> Sequence[AnyMessage]:
    assert core.handle(pair[0], T0) == ()
    return core.handle(pair[1], T0)


def test_both_pass_together_and_a_repeat_is_not_answered() -> None:
    core, pair = ready(), straddle()
    first, second = give(core, pair)
    assert isinstance(first, ApprovedOrder)
    assert isinstance(second, ApprovedOrder)
    assert [(each.id, each.side, each.quantity) for each in (first, second)] == [
        (f"{RUNNER}-1", BUY, D(2)), (f"{RUNNER}-2", SELL, D(2)),
    ]  # fmt: skip
    assert [core.handle(each, T0) for each in pair] == [(), ()]
    assert core.status()["approved"] == 2


@pytest.mark.parametrize(("up", "down"), [("2", "30"), ("30", "2")])
def test_a_refusal_of_one_is_one_of_both(up: str, down: str) -> None:
    core = ready(max_position_size=20)
    told = give(core, straddle(up=up, down=down))
    assert [type(each) for each in told] == [OrderRefused, OrderRefused]
    assert {each.reason for each in told if isinstance(each, OrderRefused)} == {RejectReason.POSITION_SIZE}
    details = [each.detail for each in told if isinstance(each, OrderRefused)]
    assert sum("the other of its pair" in detail for detail in details) == 1
    assert core.status()["approved"] == 0
    assert len(give(core, straddle(3))) == 2


def test_a_refusal_leaves_the_state_as_it_was() -> None:
    core, other = ready(max_position_size=20), ready(max_position_size=20)
    give(core, straddle(up="2", down="30"))
    give(other, straddle(up="30", down="30"))
    assert core.snapshot() == other.snapshot()


def test_an_explanation_of_the_second_counts_the_first() -> None:
    for links, passed in ((True, True), (False, False)):
        core = ready(links=links, max_position_size=20)
        first, second = same_side(1, "12", "15")
        core.handle(first, T0)
        before = core.snapshot()
        refusal = explain(core, second, T0).refusal
        assert core.snapshot() == before
        assert (refusal is None) is passed
        assert refusal is None or refusal.rule == "position_size"


@pytest.mark.parametrize(("links", "passes"), [(True, True), (False, False)])
def test_one_side_counts_its_larger_order_only_where_the_venue_links_them(links: bool, passes: bool) -> None:
    told = give(ready(links=links, max_position_size=20), same_side(1, "12", "15"))
    assert isinstance(told[0], ApprovedOrder) is passes


def test_what_may_be_reached_is_the_larger_or_the_sum() -> None:
    for links, room in ((True, "5"), (False, "3")):
        core = ready(links=links, max_position_size=20)
        give(core, same_side(1, "15" if links else "10", "7"))
        other = "other:BTCUSDT"
        assert isinstance(core.handle(intent(1, room, runner=other), T0)[0], ApprovedOrder)
        assert isinstance(core.handle(intent(2, "0.001", runner=other), T0)[0], OrderRefused)


@pytest.mark.parametrize("links", [True, False])
def test_a_way_out_may_be_a_pair(links: bool) -> None:
    core = ready(links=links)
    opened(core, "3")
    first, second = give(core, way_out(2, "3"))
    assert isinstance(first, ApprovedOrder)
    assert isinstance(second, ApprovedOrder)
    assert first.reduce_only
    assert second.reduce_only
    assert isinstance(core.handle(exit_intent(4, "1"), T0)[0], OrderRefused)
    core.handle(fill_of(first, "110", "1", remaining="2"), T0)
    core.handle(cancelled(second, "3"), T0)
    core.handle(cancelled(first, "2"), T0)
    assert isinstance(core.handle(exit_intent(5, "2"), T0)[0], ApprovedOrder)


def test_in_reducing_a_way_out_is_a_pair_only_where_the_venue_links_them() -> None:
    for links in (True, False):
        core = ready(links=links)
        opened(core, "3")
        core.handle(commanded(1, "reduce"), T0)
        told = give(core, way_out(2, "3"))
        assert {type(each) for each in told} == {ApprovedOrder if links else OrderRefused}
        if not links:
            assert {each.reason for each in told if isinstance(each, OrderRefused)} == {RejectReason.NOTHING_TO_REDUCE}


def test_what_could_turn_the_position_around_is_taken_back_when_trading_is_reduced() -> None:
    for links, taken_back in ((True, 0), (False, 2)):
        core = ready(links=links)
        opened(core, "3")
        give(core, way_out(2, "3"))
        told = core.handle(commanded(1, "reduce"), T0)
        assert sum(isinstance(each, ApprovedCancel) for each in told) == taken_back


@pytest.mark.parametrize("links", [True, False])
def test_a_stop_waits_for_both_to_be_off_and_then_closes(links: bool) -> None:
    core = ready(links=links, stop_loss_percent=2)
    opened(core, "3")
    pair = give(core, way_out(2, "3"))
    told = core.handle(quote(97.0, 97.0), T0)
    assert [type(each) for each in told] == [ApprovedCancel, ApprovedCancel]
    first, second = (each for each in pair if isinstance(each, ApprovedOrder))
    assert not core.handle(cancelled(first, "3"), T0)
    (closing,) = core.handle(cancelled(second, "3"), T0)
    assert isinstance(closing, ApprovedOrder)
    assert closing.quantity == D(3)


def test_a_first_whose_second_never_comes_is_refused_with_the_next_pair() -> None:
    core = ready()
    core.handle(straddle(1)[0], T0)
    (refused,) = core.handle(straddle(3)[0], T0)
    assert isinstance(refused, OrderRefused)
    assert (refused.intent_id, refused.reason) == (f"{RUNNER}-1", RejectReason.ORDER_TERMS)
    assert len(core.handle(straddle(3)[1], T0)) == 2


def test_a_group_of_three_is_none() -> None:
    terms = OrderTerms(oco="g", legs=3, trigger_price=D(105))
    (refused,) = ready().handle(intent(1, order_type=OrderType.STOP, terms=terms), T0)
    assert isinstance(refused, OrderRefused)
    assert refused.reason is RejectReason.ORDER_TERMS


def test_a_restart_between_the_two_goes_on() -> None:
    core, other = ready(), ready()
    core.handle(straddle()[0], T0)
    other.restore(core.snapshot())
    assert [each.handle(straddle()[1], T0) for each in (core, other)] == [give(ready(), straddle())] * 2
    assert core.snapshot() == other.snapshot()


class Paired(Trading):
    """The same, with pairs, at a venue that links them."""

    links = True

    def __init__(self) -> None:
        super().__init__()
        self.core = self.renewed(self.core)

    def renewed(self, core: RiskCore) -> RiskCore:
        core._desk.links_orders = self.links
        return core

    @rule(runner=WHO, sizes=st.tuples(SIZES, SIZES), sides=st.tuples(*[st.sampled_from(Side)] * 2), cents=CENTS)
    def enter_by_pair(self, runner: str, sizes: tuple[int, int], sides: tuple[Side, Side], cents: int) -> None:
        self._pair(IntentKind.ENTRY, runner, sizes, sides, cents)

    @rule(runner=WHO, sizes=st.tuples(SIZES, SIZES), cents=CENTS)
    def leave_by_pair(self, runner: str, sizes: tuple[int, int], cents: int) -> None:
        side = Side.SELL if self.held[runner] > 0 else Side.BUY
        self._pair(IntentKind.EXIT, runner, sizes, (side, side), cents)

    def _pair(
        self, kind: IntentKind, runner: str, sizes: tuple[int, int], sides: tuple[Side, Side], cents: int
    ) -> None:
        was, number = self.state, self.number()
        group, price = f"{runner}-{number}", str(D(cents) / 100)
        told: list[AnyMessage] = []
        for size, side, parts, each in zip(
            sizes, sides, (stop(price, group), limit(price, group)), (number, self.number()), strict=True
        ):
            told += self.say(intent(each, D(size), side=side, runner=runner, at=self.now_ns, kind=kind, **parts))
        answers = [each for each in told if isinstance(each, ApprovedOrder | OrderRefused)]
        assert (
            len({type(each) for each in answers if f"{runner}-" in each.intent_id and "stop" not in each.intent_id})
            == 1
        )
        if kind is IntentKind.ENTRY and was is not TradingState.ACTIVE and self.state is not TradingState.ACTIVE:
            assert all(isinstance(each, OrderRefused) for each in answers)

    @rule(runner=WHO, size=SIZES, cents=CENTS)
    @override
    def leave(self, runner: str, size: int, cents: int) -> None:
        side = Side.SELL if self.held[runner] > 0 else Side.BUY
        self.say(exit_intent(self.number(), D(size), side=side, runner=runner, at=self.now_ns))

    @rule(choice=st.integers(0, 99), cents=CENTS, part=st.integers(1, 3))
    @override
    def fill(self, choice: int, cents: int, part: int) -> None:
        if not self.open:
            return
        id_ = sorted(self.open)[choice % len(self.open)]
        order, left, fills = self.open.pop(id_)
        size = min(left, D(part))
        others = [each for each in self.open.values() if _same_group(each[0], order)] if self.links else []
        for other, _, _ in others:
            del self.open[other.id]
        if left > size:
            self.open[id_] = (order, left - size, fills + 1)
        self.held[order.runner] += size if order.side is Side.BUY else -size
        self.say(fill_of(order, D(cents) / 100, size, number=fills + 1, remaining=left - size))
        for other, rest, _ in others:
            self.say(cancelled(other, rest))

    @rule()
    @override
    def restart(self) -> None:
        super().restart()
        self.renewed(self.core)


def _same_group(one: ApprovedOrder, other: ApprovedOrder) -> bool:
    return bool(one.terms and other.terms and one.terms.oco and one.terms.oco == other.terms.oco)


class PairedBeyond(Paired):
    """The same at a venue that knows no groups: both of a pair may fill."""

    links = False


_STEPS = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPaired = Paired.TestCase
TestPaired.settings = _STEPS
TestPairedBeyond = PairedBeyond.TestCase
TestPairedBeyond.settings = _STEPS
