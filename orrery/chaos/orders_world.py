"""Risk, execution and the lying venue in virtual time: intents in, and everything that follows, moment by moment."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from common.config.models import ExecutionSection, RiskSection
from common.instruments import Instrument, Instruments
from common.messages import (
    AmendIntent,
    AnyMessage,
    CancelIntent,
    HeardKind,
    OrderIntent,
    Quote,
    VenueHeard,
    VenueRequest,
)
from common.routes import topic_of
from orrery.chaos.orders_drawn import LOT, SYMBOLS, T0
from orrery.chaos.orders_paired import Pairs
from orrery.chaos.orders_tally import Books
from orrery.lying_venue.venue import LyingVenue
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.life_cycle import OrderState
from services.execution.core.making import make_execution
from services.execution.core.venues import gateway
from services.risk_manager.core.risk_core import RiskCore

SECOND: Final = 1_000_000_000
QUOTE_EVERY_NS: Final = SECOND
RISK: Final = RiskSection.model_validate(
    {
        "max_position_size": 10**9,
        "max_notional_exposure": 10**12,
        "max_open_positions": 1_000,
        "initial_cash": 10**12,
        "max_market_age_ms": 60_000,
    }
)
EXECUTION_SECTION: Final = ExecutionSection(
    venue="gateway",
    exchange_api_url="ipc://nowhere",
    rate_limit_per_second=100,
    retry_delay_ms=500,
    request_timeout_ms=1_000,
    order_validity_ms=4_000,
    reconcile_interval_ms=20_000,
    unknown_orders="cancel",
)


def instruments() -> Instruments:
    """Return what is traded."""
    return Instruments(tuple(Instrument(symbol=name, base=name[:3], quote="USDT", lot_size=LOT) for name in SYMBOLS))


class World:
    """Everything at one moment, `now_ns`. crashes: how often execution has died and come back."""

    def __init__(self, venue: LyingVenue, seed: int, crash_share: float) -> None:
        self.venue, self.books, self.now_ns, self.crashes = venue, Books(), T0, 0
        self.pairs = Pairs()
        self._chance = random.Random(f"world {seed}")  # noqa: S311 - repeatable chance is the point
        self.crash_share = crash_share
        self.risk = RiskCore(RISK, instruments(), links_orders=EXECUTION_SECTION.links_orders)
        self.execution = make_execution(EXECUTION_SECTION, instruments())
        self._quoted_ns = 0
        self._updates = 0
        venue.begin(self.now_ns)
        self.run_until(self.now_ns)

    def want(self, intent: OrderIntent | CancelIntent | AmendIntent) -> None:
        """Let a runner say what it wants, now."""
        self._spread([replace(intent, event_ns=self.now_ns, received_ns=self.now_ns)])

    def run_until(self, until_ns: int) -> None:
        """Let time pass and everything happen that is due."""
        while True:
            at_ns = self._next_ns()
            if at_ns > until_ns:
                break
            self.now_ns = max(self.now_ns, at_ns)
            self._step()
        self.now_ns = until_ns

    def cash(self) -> dict[str, Decimal]:
        """Return the account's cash by currency, as risk keeps it."""
        return {currency: Decimal(amount) for currency, amount in self.risk.status()["cash"].items()}

    def _next_ns(self) -> int:
        dues = (self.venue.next_ns(), self.execution.next_deadline_ns(), self.risk.next_deadline_ns())
        return min([self._quoted_ns + QUOTE_EVERY_NS, *(due for due in dues if due is not None)])

    def _step(self) -> None:
        now_ns = self.now_ns
        for heard in self.venue.until(now_ns):
            self._spread(self.execution.handle(heard, now_ns))
        for core in (self.execution, self.risk):
            due_ns = core.next_deadline_ns()
            if due_ns is not None and due_ns <= now_ns:
                self._spread(core.on_deadline(now_ns))
        if self._quoted_ns + QUOTE_EVERY_NS <= now_ns:
            self._quote()
            if self._chance.random() < self.crash_share:
                self.crash()

    def _quote(self) -> None:
        self._quoted_ns = now_ns = self.now_ns
        self._updates += 1
        for symbol in SYMBOLS:
            quote = Quote(
                symbol=symbol, bid=99.99, bid_size=1.0, ask=100.01, ask_size=1.0, update_id=self._updates,
                event_ns=now_ns, received_ns=now_ns,
            )  # fmt: skip
            self._spread([*self.risk.handle(quote, now_ns), *self.execution.handle(quote, now_ns)])

    def crash(self) -> None:
        """Let execution die and come back from its state: answers and reports under way to it are lost."""
        self.crashes += 1
        state = self.execution.snapshot()
        self.execution = make_execution(EXECUTION_SECTION, instruments())
        self.execution.restore(state)
        self.venue.until(self.now_ns)
        if self.venue.is_up:
            up = VenueHeard(event_ns=self.now_ns, received_ns=self.now_ns, venue=gateway.NAME, kind=HeardKind.UP)
            self._spread(self.execution.handle(up, self.now_ns))

    def _state_of(self, order_id: str) -> OrderState | None:
        assert isinstance(self.execution, ExecutionCore), "expected execution's core"
        return self.execution.state_of(order_id)

    def _spread(self, messages: Sequence[AnyMessage]) -> None:
        waiting = list(messages)
        for message in waiting:
            if isinstance(message, VenueRequest):
                self.venue.request(message, self.now_ns)
                continue
            self.books.take(message)
            self.pairs.take(message, self._state_of)
            topic = topic_of(message)
            if topic in ("intents", "reports"):
                waiting += self.risk.handle(message, self.now_ns)
            elif topic == "decisions":
                waiting += self.execution.handle(message, self.now_ns)
