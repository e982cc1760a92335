"""The in-process bus: routes, order, deadlines, and cores that never come to rest."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from common import local_bus
from common.core import Core
from common.local_bus import LocalBus, LocalBusError
from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Bar,
    BarSource,
    CancelIntent,
    Fill,
    OperatorCommand,
    OrderAccepted,
    OrderIntent,
    OrderRefused,
    Quote,
    Trade,
)
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from tests.unit.execution.builders import execution_core
from tests.unit.risk_manager.builders import T0, intent, quote, risk_core

type Answer = Callable[[AnyMessage, int], Sequence[AnyMessage]]


def silent(message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
    return ()


class Recorder:
    """A core that writes down what it hears and answers what it is told to."""

    def __init__(self, name: str, log: list[tuple[str, Any]], answer: Answer = silent) -> None:
        self.name, self.log, self.answer = name, log, answer
        self.due: list[int] = []

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        self.log.append((self.name, message))
        return self.answer(message, now_ns)

    def next_deadline_ns(self) -> int | None:
        return self.due[0] if self.due else None

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        self.log.append((self.name, now_ns))
        if len(self.due) > 1 or self.due[0] >= 0:
            self.due.pop(0)
        return ()

    def snapshot(self) -> bytes:
        return b""

    def restore(self, state: bytes) -> None:
        assert not state

    def status(self) -> dict[str, Any]:
        return {}


def recorders(*names: str) -> tuple[dict[str, Recorder], list[tuple[str, Any]]]:
    log: list[tuple[str, Any]] = []
    return {name: Recorder(name, log) for name in names}, log


def bar(source: BarSource) -> Bar:
    return Bar(
        symbol="X", timeframe="1m", start_ns=0, end_ns=1, open=1, high=1, low=1, close=1, volume=1, trade_count=1,
        source=source, event_ns=1, received_ns=1,
    )  # fmt: skip


def cancel() -> CancelIntent:
    return CancelIntent(
        id="r-1-cancel", runner="r", intent_id="r-1", symbol="X", reason="", cause="c", event_ns=0, received_ns=0
    )


def test_who_hears_what_is_the_table_of_routes() -> None:
    cores, log = recorders(EXECUTION, SIGNAL, RISK_MANAGER, MARKET_DATA)
    bus = LocalBus(cores)
    for message in (quote(), quote(symbol="ETHUSDT"), bar(BarSource.TRADES), bar(BarSource.VENUE)):
        assert bus.publish(MARKET_DATA, message, T0) == []
    bus.publish(SIGNAL, intent(), T0)
    heard = [(name, type(message)) for name, message in log]
    assert heard == [
        (SIGNAL, Quote), (RISK_MANAGER, Quote), (EXECUTION, Quote),
        (SIGNAL, Quote), (RISK_MANAGER, Quote), (EXECUTION, Quote),
        (SIGNAL, Bar),
        (RISK_MANAGER, OrderIntent),
    ]  # fmt: skip


def test_what_nobody_hears_goes_nowhere() -> None:
    cores, log = recorders(SIGNAL)
    trade = Trade(
        symbol="X", price=1, size=1, side=intent().side, trade_id=1, first_trade_id=1, event_ns=0, received_ns=0
    )
    assert LocalBus(cores).publish(MARKET_DATA, trade, T0) == []
    assert log == []


def test_only_its_publisher_may_publish_a_stream() -> None:
    cores, _ = recorders(SIGNAL, RISK_MANAGER)
    bus = LocalBus(cores)
    with pytest.raises(AssertionError, match="signal may not publish Quote: market_data does"):
        bus.publish(SIGNAL, quote(), T0)
    cores[RISK_MANAGER].answer = lambda _message, _now_ns: (cancel(),)
    with pytest.raises(AssertionError, match="risk_manager may not publish CancelIntent"):
        bus.publish(SIGNAL, intent(), T0)


def test_a_service_that_is_in_no_route_is_a_bug() -> None:
    cores, _ = recorders("casino")
    with pytest.raises(AssertionError, match="casino"):
        LocalBus(cores)


def test_an_order_runs_through_in_the_order_of_the_queue() -> None:
    cores: dict[str, Core] = {RISK_MANAGER: risk_core(), EXECUTION: execution_core()}
    log: list[tuple[str, Any]] = []
    bus = LocalBus({**cores, SIGNAL: Recorder(SIGNAL, log)})
    bus.publish(MARKET_DATA, quote(), T0)
    published = bus.publish(SIGNAL, intent(), T0)
    assert [type(message).__name__ for message in published] == [
        "ApprovedOrder", "OrderAccepted", "Fill", "PositionChanged", "AccountChanged",
    ]  # fmt: skip
    assert [message for _, message in log[1:]] == published


def test_a_message_of_no_stream_is_told_to_one_core() -> None:
    bus = LocalBus({RISK_MANAGER: risk_core(), EXECUTION: execution_core()})
    command = OperatorCommand(id="1", service=RISK_MANAGER, name="dance", arguments={}, event_ns=T0, received_ns=T0)
    assert bus.tell(RISK_MANAGER, command, T0) == []
    (refused,) = bus.tell(RISK_MANAGER, intent(), T0)
    assert isinstance(refused, OrderRefused)


def test_cores_that_never_come_to_rest_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_bus, "MAX_CASCADE", 50)
    cores, _ = recorders(SIGNAL, RISK_MANAGER)
    refusal = LocalBus({RISK_MANAGER: risk_core()}).publish(SIGNAL, intent(), T0)
    cores[RISK_MANAGER].answer = lambda _message, _now_ns: tuple(refusal)
    cores[SIGNAL].answer = lambda _message, _now_ns: (intent(),)
    with pytest.raises(LocalBusError, match="at most 50"):
        LocalBus(cores).publish(SIGNAL, intent(), T0)


def test_deadlines_fire_in_time_order_and_services_in_the_order_of_the_flow() -> None:
    cores, log = recorders(SIGNAL, RISK_MANAGER)
    cores[SIGNAL].due = [10, 30, 99]
    cores[RISK_MANAGER].due = [5, 10, 20]
    bus = LocalBus(cores)
    assert bus.advance(50) == []
    assert log == [
        (RISK_MANAGER, 5), (SIGNAL, 10), (RISK_MANAGER, 10), (RISK_MANAGER, 20), (SIGNAL, 30),
    ]  # fmt: skip
    bus.publish(SIGNAL, cancel(), 150)
    log.clear()
    bus.advance(200)
    assert log == [(SIGNAL, 150)]


def test_a_deadline_that_does_not_move_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_bus, "MAX_DEADLINES_AT_ONCE", 20)
    cores, _ = recorders(SIGNAL)
    cores[SIGNAL].due = [-1]
    with pytest.raises(LocalBusError, match="expected a later deadline"):
        LocalBus(cores).advance(10)


def test_time_and_answers_are_the_same_in_every_run() -> None:
    def run() -> list[AnyMessage]:
        bus = LocalBus({EXECUTION: execution_core(), RISK_MANAGER: risk_core()})
        published = bus.publish(MARKET_DATA, quote(), T0)
        for number in range(1, 4):
            published += bus.publish(SIGNAL, intent(number, at=T0 + number), T0 + number)
        return published

    first, second = run(), run()
    assert first == second
    assert {type(message) for message in first} > {ApprovedOrder, OrderAccepted, Fill}
