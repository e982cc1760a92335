"""A router on a venue that says exactly what a test lets it say."""

from collections.abc import Sequence
from typing import Any

import msgspec

from common.config.models import ExecutionSection
from common.messages import (
    AnyMessage,
    HeardKind,
    Liquidity,
    OperatorCommand,
    Side,
    VenueDifference,
    VenueHeard,
    VenueRequest,
)
from services.execution.core.asking import OrderStanding, OrderView
from services.execution.core.making import make_execution
from services.execution.core.routed import RoutedCore
from services.execution.core.venue import VenueFilled
from tests.unit.risk_manager.builders import MILLISECOND, T0, D, instruments

SETTINGS: dict[str, Any] = {
    "venue": "gateway",
    "exchange_api_url": "ipc://nowhere",
    "rate_limit_per_second": 100,
    "retry_attempts": 2,
    "retry_delay_ms": 100,
    "request_timeout_ms": 1_000,
    "order_validity_ms": 1_000,
    "reconcile_interval_ms": 3_600_000,
}


def settings(**changes: Any) -> ExecutionSection:
    """Return the settings of these tests."""
    return ExecutionSection.model_validate({**SETTINGS, **changes})


class Stage:
    """A routed core, the time, and what is on the wire. said: all but requests."""

    def __init__(self, *, synced: bool = True, held: dict[str, str] | None = None, **changes: Any) -> None:
        core = make_execution(settings(**changes), instruments())
        assert isinstance(core, RoutedCore)
        self.core, self.now_ns = core, T0
        self.requests: list[VenueRequest] = []
        self.said: list[AnyMessage] = []
        if synced:
            self.up()
            self.sync(held or {})

    def take(self, messages: Sequence[AnyMessage]) -> None:
        self.requests += [each for each in messages if isinstance(each, VenueRequest)]
        self.said += [each for each in messages if not isinstance(each, VenueRequest)]

    def give(self, message: AnyMessage) -> None:
        self.take(self.core.handle(message, self.now_ns))

    def hear(self, kind: HeardKind, request_id: str = "", status: int = 0, body: object = None) -> None:
        found = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self.give(
            VenueHeard(
                event_ns=self.now_ns, received_ns=self.now_ns, venue="gateway", kind=kind, request_id=request_id,
                status=status, body=found,
            )
        )  # fmt: skip

    def up(self) -> None:
        self.hear(HeardKind.UP)

    def push(self, what: object) -> None:
        self.hear(HeardKind.PUSHED, body=what)

    def sync(self, held: dict[str, str], orders: Sequence[OrderView] = (), fills: Sequence[VenueFilled] = ()) -> None:
        """Answer the questions of a comparison."""
        self.answer("open_orders", 200, {"orders": list(orders)})
        self.answer("fills", 200, {"fills": list(fills)})
        self.answer("positions", 200, {"held": held})

    def asked(self, method: str) -> VenueRequest:
        """Return the oldest request of a method that is on the wire, and take it off."""
        found = next(each for each in self.requests if each.method == method)
        self.requests.remove(found)
        return found

    def answer(self, method: str, status: int, body: object = None) -> VenueRequest:
        request = self.asked(method)
        self.hear(HeardKind.REPLY, request.id, status, body)
        return request

    def wait(self, ms: int) -> None:
        """Let time pass, with all that is due."""
        end_ns = self.now_ns + ms * MILLISECOND
        while (due_ns := self.core.next_deadline_ns()) is not None and due_ns <= end_ns:
            self.now_ns = max(self.now_ns, due_ns)
            self.take(self.core.on_deadline(self.now_ns))
        self.now_ns = end_ns

    def command(self, name: str) -> None:
        self.give(
            OperatorCommand(
                id=name, service="execution", name=name, arguments={}, event_ns=self.now_ns, received_ns=self.now_ns
            )
        )

    @property
    def methods(self) -> list[str]:
        """Return what is on the wire."""
        return [request.method for request in self.requests]

    @property
    def words(self) -> list[str]:
        """Return the types of what was said, and forget it."""
        words = [
            f"{each.kind} {each.action}" if isinstance(each, VenueDifference) else type(each).__name__
            for each in self.said
        ]
        self.said.clear()
        return words

    def venue(self) -> dict[str, Any]:
        status: dict[str, Any] = self.core.status()["venue"]
        return status


def view(order_id: str, standing: str = "open", filled: str = "0", quantity: str = "1") -> OrderView:
    """Return an order as the venue tells of it."""
    return OrderView(order_id, "BTCUSDT", OrderStanding(standing), D(quantity), D(filled))


def fill(order_id: str, number: int, quantity: str = "1", side: Side = Side.BUY) -> VenueFilled:
    """Return a fill at 100."""
    return VenueFilled(order_id, number, "BTCUSDT", side, D(quantity), D(100), D("0.1"), "USDT", Liquidity.TAKER)
