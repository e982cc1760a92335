"""Risk and execution through a venue that lies, step by step as hypothesis wants it: the books agree at the end."""

from decimal import Decimal
from typing import override

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.messages import IntentKind, OrderIntent, OrderType, Side, TimeInForce
from orrery.chaos.orders_drawn import SYMBOLS, cancel_of
from orrery.chaos.orders_tally import judge
from orrery.chaos.orders_world import RISK, SECOND, World
from orrery.lying_venue.lies import HONEST, Lies
from orrery.lying_venue.venue import LyingVenue

MILLISECOND = 1_000_000
REST_S = 120
WORST = Lies(
    not_sent=0.1, swallowed=0.1, late=0.1, mute=0.1, error=0.2, limited=0.05, garbled=0.1, lost=0.3, doubled=0.3,
    slow=0.3, ignored=0.2, stale=0.3, cut=0.05, restarted=0.05,
)  # fmt: skip


class LyingVenueMachine(RuleBasedStateMachine):
    """The model is the venue's own truth, which it hides."""

    @initialize(seed=st.integers(0, 1 << 20))
    def begin(self, seed: int) -> None:
        self.world = World(LyingVenue(seed, WORST), seed, crash_share=0)
        self.world.run_until(self.world.now_ns + SECOND)
        self.wanted: list[OrderIntent] = []

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from(Side),
        lots=st.integers(1, 3_000),
        limit=st.one_of(st.none(), st.integers(9_900, 10_100)),
        kind=st.sampled_from([IntentKind.ENTRY, IntentKind.ENTRY, IntentKind.EXIT]),
        time_in_force=st.sampled_from(TimeInForce),
    )
    def want(
        self, symbol: str, side: Side, lots: int, limit: int | None, kind: IntentKind, time_in_force: TimeInForce
    ) -> None:
        runner, now_ns = f"machine:{symbol}", self.world.now_ns
        intent = OrderIntent(
            event_ns=now_ns, received_ns=now_ns, id=f"{runner}-{len(self.wanted) + 1}", runner=runner, strategy="machine",
            symbol=symbol, kind=kind, side=side, quantity=Decimal(lots) / 1_000, reference_price=Decimal(100), cause="test",
            order_type=OrderType.MARKET if limit is None else OrderType.LIMIT, time_in_force=time_in_force,
            limit_price=None if limit is None else Decimal(limit) / 100,
        )  # fmt: skip
        self.wanted.append(intent)
        self.world.want(intent)

    @rule(back=st.integers(1, 5))
    def take_back(self, back: int) -> None:
        if len(self.wanted) >= back:
            self.world.want(cancel_of(self.wanted[-back]))

    @rule(ms=st.sampled_from([1, 20, 300, 2_000, 15_000]))
    def wait(self, ms: int) -> None:
        self.world.run_until(self.world.now_ns + ms * MILLISECOND)

    @rule()
    def die(self) -> None:
        self.world.crash()

    @invariant()
    def nothing_is_sent_or_told_twice(self) -> None:
        if hasattr(self, "world"):
            assert all(held.arrivals == 1 for held in self.world.venue.book.orders.values())
            assert self.world.books.doubled_ids == 0
            assert all(said.begun <= 1 and said.ended <= 1 for said in self.world.books.orders.values())

    @override
    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.venue.lies = HONEST
        world.run_until(world.now_ns + REST_S * SECOND)
        cash = {name: amount - RISK.initial_cash for name, amount in world.cash().items()}
        assert judge(world.books, world.venue.book, cash).problems == []
        assert world.execution.status()["open_orders"] == 0


LyingVenueMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_the_books_agree_however_the_venue_lies = LyingVenueMachine.TestCase
