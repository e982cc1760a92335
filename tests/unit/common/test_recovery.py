"""Recovery: whatever moment a crash picks, snapshot and journals give the state and the order flow of before."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.codec import decode, encode
from common.inputs import Input, InputKind, encode_input
from common.journal import Journal, JournalError
from common.messages import AnyMessage, ApprovedOrder, OperatorCommand, OrderIntent
from common.recovery import DivergenceError, RecoveredState, recover
from common.snapshots import Snapshot, SnapshotStore
from tests.integration.bus.tiny_core import PERIOD_NS, TinyCore, intent, quote


class Service:
    """The journals of a service, driven by hand as the shell does it."""

    def __init__(self, folder: Path, core: TinyCore) -> None:
        self.folder, self.core = folder, core
        self.inbox = Journal(folder / "inbox")
        self.outbox = Journal(folder / "outbox")
        self.snapshots = SnapshotStore(folder / "snapshots")
        self.recovered = self._recover()
        self.cursors = dict(self.recovered.cursors)
        self.sent: list[AnyMessage] = []

    def _recover(self) -> RecoveredState:
        try:
            return recover(self.core, self.inbox, self.outbox, self.snapshots)
        except (DivergenceError, JournalError):
            self.crash()
            raise

    def hear(self, message: AnyMessage, now_ns: int, number: int = 0, topic: str = "intents") -> list[AnyMessage]:
        self.cursors[topic] = (1, number)
        self.inbox.append(encode_input(Input(InputKind.MESSAGE, now_ns, topic, 1, number, encode(message))))
        return list(self.core.handle(message, now_ns))

    def obey(self, command: OperatorCommand, now_ns: int) -> list[AnyMessage]:
        self.inbox.append(encode_input(Input(InputKind.COMMAND, now_ns, payload=encode(command))))
        return list(self.core.handle(command, now_ns))

    def meet_deadline(self, now_ns: int) -> list[AnyMessage]:
        self.inbox.append(encode_input(Input(InputKind.DEADLINE, now_ns)))
        return list(self.core.on_deadline(now_ns))

    def publish(self, outputs: list[AnyMessage]) -> None:
        for message in outputs:
            self.outbox.append(encode(message))
        self.inbox.flush()
        self.outbox.flush()
        self.sent += outputs

    def save(self) -> None:
        self.inbox.flush_to_disk()
        self.outbox.flush_to_disk()
        snapshot = Snapshot(
            number=self.inbox.last_number,
            outputs=self.outbox.last_number,
            now_ns=0,
            cursors=self.cursors,
            core=self.core.snapshot(),
        )
        self.snapshots.save(snapshot)

    def crash(self) -> None:
        self.inbox.abandon()
        self.outbox.abandon()

    def published(self) -> list[AnyMessage]:
        return [decode(payload) for _, payload in self.outbox.read(1)]


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Service]:
    """Return what starts the service of this test anew, with its folder as the last one left it."""
    return lambda core: Service(tmp_path, core)


def approver(price: str = "100") -> TinyCore:
    return TinyCore("approver", price=price)


def command(number: int, name: str = "count") -> OperatorCommand:
    return OperatorCommand(id=f"c{number}", service="signal", name=name, arguments={}, event_ns=1, received_ns=1)


def test_a_fresh_service_recovers_nothing(start: Callable[..., Service]) -> None:
    service = start(approver())
    assert service.recovered == RecoveredState({}, 0, 0, 0, [])


def test_crash_before_the_inbox_was_flushed_leaves_the_input_to_be_asked_for(start: Callable[..., Service]) -> None:
    service = start(approver())
    service.publish(service.hear(intent(1), 10, 1))
    service.hear(intent(2), 20, 2)
    service.crash()
    again = start(approver())
    assert again.recovered == RecoveredState({"intents": (1, 1)}, 1, 0, 10, [])
    assert again.core.state.orders == 1


def test_crash_between_inbox_and_outbox_completes_the_outbox(start: Callable[..., Service]) -> None:
    service = start(approver())
    service.publish(service.hear(intent(1), 10, 1))
    [order] = service.hear(intent(2), 20, 2)
    state = service.core.snapshot()
    service.inbox.flush()
    service.crash()
    again = start(approver())
    assert again.recovered == RecoveredState({"intents": (1, 2)}, 2, 1, 20, [])
    assert again.core.snapshot() == state
    assert again.published() == [*service.sent, order]
    assert not again.outbox.has_unflushed
    again.crash()
    assert start(approver()).recovered.completed == 0


def test_crash_between_outbox_and_sending_keeps_the_output_for_readers(start: Callable[..., Service]) -> None:
    service = start(approver())
    [order] = service.hear(intent(1), 10, 1)
    service.outbox.append(encode(order))
    service.inbox.flush()
    service.outbox.flush()
    service.crash()
    again = start(approver())
    assert again.recovered.completed == 0
    assert again.published() == [order]


def test_crash_in_the_middle_of_the_outputs_of_one_input(start: Callable[..., Service]) -> None:
    service = start(approver())
    outputs = service.hear(intent(1), 10, 1) + service.hear(intent(2), 10, 2)
    service.inbox.flush()
    service.outbox.append(encode(outputs[0]))
    service.outbox.flush()
    service.crash()
    again = start(approver())
    assert again.recovered.completed == 1
    assert again.published() == outputs


def test_deadlines_are_met_again(start: Callable[..., Service]) -> None:
    service = start(TinyCore("maker", total=3))
    for now_ns in (5, 5 + PERIOD_NS, 9 + 2 * PERIOD_NS):
        service.publish(service.meet_deadline(now_ns))
    state = service.core.snapshot()
    service.crash()
    again = start(TinyCore("maker", total=3))
    assert (again.recovered.redone, again.recovered.completed) == (3, 0)
    assert again.core.snapshot() == state
    assert again.core.next_deadline_ns() is None


def test_commands_are_obeyed_again_and_their_ids_known(start: Callable[..., Service]) -> None:
    service = start(TinyCore("maker"))
    service.publish(service.obey(command(1), 5))
    service.publish(service.obey(command(2, "make"), 6))
    state = service.core.snapshot()
    service.crash()
    again = start(TinyCore("maker"))
    assert again.recovered.commands == ["c1", "c2"]
    assert again.core.snapshot() == state
    assert [message.id for message in again.published() if isinstance(message, OrderIntent)] == ["tiny:BTCUSDT-1"]


def test_a_snapshot_spares_the_inputs_before_it(start: Callable[..., Service]) -> None:
    service = start(approver())
    for number in range(1, 6):
        service.publish(service.hear(intent(number), number, number))
    service.save()
    service.publish(service.hear(intent(6), 6, 6))
    state = service.core.snapshot()
    service.crash()
    again = start(approver())
    assert again.recovered == RecoveredState({"intents": (1, 6)}, 1, 0, 6, [])
    assert again.core.snapshot() == state


def test_a_damaged_snapshot_costs_time_and_nothing_else(start: Callable[..., Service]) -> None:
    service = start(approver())
    for number in range(1, 4):
        service.publish(service.hear(intent(number), number, number))
        service.save()
    state = service.core.snapshot()
    service.crash()
    max(service.snapshots.folder.iterdir()).write_bytes(b"")
    again = start(approver())
    assert again.recovered.redone == 1
    assert again.core.snapshot() == state
    assert len(again.snapshots.repairs) == 1


def test_all_snapshots_damaged_and_the_inputs_gone_is_said(start: Callable[..., Service], tmp_path: Path) -> None:
    service = start(approver())
    service.inbox.close()
    service.inbox = Journal(tmp_path / "inbox", segment_bytes=300)
    for number in range(1, 9):
        service.publish(service.hear(intent(number), number, number))
    service.save()
    assert service.inbox.drop_before(service.inbox.last_number) > 0
    service.crash()
    for path in service.snapshots.folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(JournalError, match="record 1 is gone; the oldest kept is"):
        start(approver())


def test_other_order_flow_than_published_is_divergence(start: Callable[..., Service]) -> None:
    service = start(approver())
    service.publish(service.hear(intent(1), 10, 1))
    service.crash()
    with pytest.raises(DivergenceError, match=r"output 1 was ApprovedOrder\(.*Decimal\('100'\).*redone it is .*'101'"):
        start(approver("101"))


def test_order_flow_that_does_not_come_again_is_divergence(start: Callable[..., Service]) -> None:
    service = start(approver())
    service.publish(service.hear(intent(1), 10, 1))
    service.crash()
    with pytest.raises(
        DivergenceError, match=r"outbox: output 1, ApprovedOrder.* does not come again.*engine\.data_dir"
    ):
        start(TinyCore("filler"))


def test_outputs_without_their_inputs_are_divergence(start: Callable[..., Service]) -> None:
    service = start(approver())
    for number in (1, 2):
        service.publish(service.hear(intent(number), 10, number))
    service.crash()
    path = service.folder / "inbox" / "00000000000000000001.log"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DivergenceError, match="output 2"):
        start(approver())


@pytest.mark.parametrize(("name", "what"), [("inbox", "input"), ("outbox", "output")])
def test_a_journal_that_ends_before_its_snapshot_is_said(start: Callable[..., Service], name: str, what: str) -> None:
    service = start(approver())
    for number in (1, 2):
        service.publish(service.hear(intent(number), 10, number))
    service.save()
    service.crash()
    path = service.folder / name / "00000000000000000001.log"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(JournalError, match=f"stands after {what} 2, but the journal ends with 1: its tail was lost"):
        start(approver())


def test_a_state_of_another_version_is_divergence(start: Callable[..., Service]) -> None:
    service = start(approver())
    service.publish(service.hear(intent(1), 10, 1))
    snapshot = Snapshot(number=1, outputs=1, now_ns=0, cursors={}, core=msgspec.msgpack.encode({"made": "no number"}))
    service.snapshots.save(snapshot)
    service.crash()
    with pytest.raises(DivergenceError, match="this version cannot take over the state after input 1: Validation"):
        start(approver())


def test_an_input_of_another_version_is_divergence(start: Callable[..., Service]) -> None:
    service = start(approver())
    service.inbox.append(encode_input(Input(InputKind.MESSAGE, 5, "intents", 1, 1, b"\x81\xa4type\xa5novel")))
    service.inbox.flush()
    service.crash()
    with pytest.raises(DivergenceError, match="input 1 cannot be read by this version"):
        start(approver())


def test_a_record_that_is_no_input_is_named(start: Callable[..., Service]) -> None:
    service = start(approver())
    service.inbox.append(b"\xc1")
    service.inbox.flush()
    service.crash()
    with pytest.raises(JournalError, match="inbox: record 1 is no input"):
        start(approver())


STEPS = st.lists(st.sampled_from(["intent", "quote", "command", "save", "flush", "crash"]), min_size=1, max_size=40)


class Chaos:
    """A service that crashes now and then, beside a core that never does; what is lost is asked for again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steady = approver()
        self.expected: list[AnyMessage] = []
        self.told: list[tuple[AnyMessage, int]] = []
        self.service = Service(folder, approver())

    def step(self, name: str, moment: int) -> None:
        match name:
            case "flush":
                self.service.publish([])
            case "save":
                self.service.publish([])
                self.service.save()
            case "crash":
                self._crash()
            case "intent":
                self._hear(intent(moment), moment)
            case "quote":
                self._hear(quote(moment), moment)
            case _:
                self._hear(command(moment), moment)

    def _hear(self, message: AnyMessage, moment: int) -> None:
        self.told.append((message, moment))
        self.expected += self.steady.handle(message, moment)
        outputs = self.service.hear(message, moment, len(self.told), "all")
        if outputs and moment % 3:
            self.service.publish(outputs)
        elif outputs:
            self.service.inbox.flush()
            self._crash()

    def _crash(self) -> None:
        self.service.crash()
        self.service = Service(self.folder, approver())
        taken = self.service.cursors.get("all", (0, 0))[1]
        for number, (message, now_ns) in enumerate(self.told[taken:], taken + 1):
            self.service.publish(self.service.hear(message, now_ns, number, "all"))


@given(steps=STEPS)
def test_any_moment_of_a_crash_gives_the_same_order_flow(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    chaos = Chaos(tmp_path_factory.mktemp("run"))
    for moment, step in enumerate(steps, 1):
        chaos.step(step, moment)
    assert chaos.service.core.snapshot() == chaos.steady.snapshot()
    assert chaos.service.published() == chaos.expected
    assert all(type(message) is ApprovedOrder and message.quantity == Decimal(1) for message in chaos.expected)
    chaos.service.crash()
