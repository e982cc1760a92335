"""The ledger: written before sent, sent in order, blocked by a full disk and free again; operators' commands on the disk."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, override

import pytest
import zmq

from common.bus.commands import CommandError, CommandServer
from common.bus.publisher import Publisher
from common.clock import EventClock, WallClock
from common.codec import decode, encode
from common.config.models import EngineSection
from common.core import UnheardError
from common.inputs import Input, InputKind, read_inputs
from common.journal import Journal, JournalLockedError, read_folder
from common.ledger import UNSENT_LIMIT, Ledger
from common.messages import AnyMessage, OperatorCommand, OrderIntent, RunnerState, RunnerTransitioned
from common.operators import NotDoneError, OperatorDesk
from tests.integration.bus.tiny_core import PERIOD_NS, TinyCore, intent, quote


class Stage:
    """A ledger, its publisher and a socket that hears what is sent."""

    def __init__(self, folder: Path, core: TinyCore, engine: EngineSection | None = None) -> None:
        self.clock = EventClock()
        self.ledger = Ledger(core, folder, engine or EngineSection(), self.clock)
        self.core = core
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.publisher = Publisher(self.context, "inproc://stream", WallClock(), outbox=self.ledger.outbox)
        self.ledger.publish_by(self.publisher)
        self.ear = self.context.socket(zmq.SUB)
        self.ear.subscribe(b"")
        self.ear.connect("inproc://stream")
        while not self.ear.poll(1):
            self.publisher.heartbeat("risk_manager")
        self.sent()

    def sent(self) -> list[AnyMessage]:
        """Return what was sent since the last call, without heartbeats."""
        found = []
        while self.ear.poll(5):
            topic, _, payload = self.ear.recv_multipart()
            if not topic.startswith(b"heartbeat."):
                found.append(decode(payload))
        return found

    def hear(self, message: AnyMessage, now_ns: int, number: int = 0, topic: str = "intents") -> None:
        self.ledger.take(Input(InputKind.MESSAGE, now_ns, topic, 1, number, encode(message)), message)

    def fill_disk(self) -> Callable[[], None]:
        """Let the inbox be on a disk without room; return what makes room."""
        inbox = self.ledger.inbox
        real, inbox._fd = inbox._fd, os.open("/dev/full", os.O_RDWR)

        def make_room() -> None:
            os.close(inbox._fd)
            inbox._fd = real

        return make_room

    def close(self) -> None:
        self.context.destroy(linger=0)
        self.ledger.inbox.abandon()
        self.ledger.outbox.abandon()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def build(core: TinyCore, engine: EngineSection | None = None) -> Stage:
        for old in made:
            old.close()
        made.append(Stage(tmp_path, core, engine))
        return made[-1]

    yield build
    made[-1].close()


class Talker(TinyCore):
    """Answers each intent with an order, and with a word that is not order flow before and behind it."""

    @override
    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        orders = super().handle(message, now_ns)
        return [self._word(now_ns), *orders, self._word(now_ns)] if orders else orders

    def _word(self, now_ns: int) -> RunnerTransitioned:
        return RunnerTransitioned(
            runner="tiny",
            strategy="tiny",
            symbol="BTCUSDT",
            before=RunnerState.IDLE,
            after=RunnerState.ANALYZING,
            reason="word",
            cause="",
            event_ns=now_ns,
            received_ns=now_ns,
        )


def kinds(messages: Sequence[AnyMessage]) -> list[str]:
    return [type(message).__name__ for message in messages]


def test_nothing_is_sent_before_commit_and_all_in_order(make: Callable[..., Stage], tmp_path: Path) -> None:
    stage = make(Talker("approver"))
    for number in (1, 2):
        stage.hear(intent(number), number, number)
    assert stage.sent() == []
    assert list(read_folder(tmp_path / "inbox")) == []
    assert stage.ledger.commit()
    assert len(list(read_folder(tmp_path / "inbox"))) == 2
    word, order = "RunnerTransitioned", "ApprovedOrder"
    assert kinds(stage.sent()) == [word, order, word, word, order, word]
    assert [decode(payload) for _, payload in read_folder(tmp_path / "outbox")] != []


def test_a_burst_is_committed_before_its_end(make: Callable[..., Stage]) -> None:
    stage = make(TinyCore("approver"))
    for number in range(1, UNSENT_LIMIT + 2):
        stage.hear(intent(number), number, number)
    assert len(stage.sent()) == UNSENT_LIMIT
    assert stage.ledger.commit()
    assert len(stage.sent()) == 1


@pytest.mark.parametrize(("durability", "waits"), [("process", 0), ("power", 2)])
def test_with_power_durability_the_disk_is_waited_for_before_sending(
    make: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, durability: Literal["process", "power"], waits: int
) -> None:
    stage = make(TinyCore("approver"), EngineSection(durability=durability))
    events: list[str] = []
    wait, send = os.fdatasync, stage.publisher._send

    def waited(fd: int) -> None:
        events.append("disk")
        wait(fd)

    def sent(*arguments: Any) -> None:
        events.append("sent")
        send(*arguments)

    monkeypatch.setattr(os, "fdatasync", waited)
    monkeypatch.setattr(stage.publisher, "_send", sent)
    for number in range(1, 4):
        stage.hear(intent(number), number, number)
    assert stage.ledger.commit()
    assert events == ["disk"] * waits + ["sent"] * 3


def test_a_blocked_ledger_sends_nothing_and_forgets_nothing(make: Callable[..., Stage], tmp_path: Path) -> None:
    stage = make(Talker("approver"))
    make_room = stage.fill_disk()
    stage.hear(intent(1), 1, 1)
    assert not stage.ledger.commit()
    assert "No space left on device" in stage.ledger.blocked
    assert not stage.ledger.flush_inputs()
    assert not stage.ledger.commit_all()
    assert (stage.sent(), list(read_folder(tmp_path / "outbox"))) == ([], [])
    make_room()
    assert stage.ledger.commit()
    assert stage.ledger.blocked == ""
    assert kinds(stage.sent()) == ["RunnerTransitioned", "ApprovedOrder", "RunnerTransitioned"]


def test_closing_a_blocked_ledger_leaves_no_answer_without_its_input(
    make: Callable[..., Stage], tmp_path: Path
) -> None:
    stage = make(TinyCore("approver"))
    stage.fill_disk()
    stage.hear(intent(1), 1, 1)
    stage.ledger.commit()
    stage.ledger.close()
    assert list(read_folder(tmp_path / "outbox")) == []
    again = make(TinyCore("approver"))
    assert again.ledger.cursors == {}
    again.hear(intent(1), 5, 1)
    assert again.ledger.commit()
    assert kinds(again.sent()) == ["ApprovedOrder"]


def test_a_deadline_that_is_due_comes_before_the_message(make: Callable[..., Stage], tmp_path: Path) -> None:
    stage = make(TinyCore("maker", total=2))
    stage.hear(quote(1), 10, 1, "quote.BTCUSDT")
    stage.hear(quote(2), 10 + PERIOD_NS - 1, 2, "quote.BTCUSDT")
    stage.hear(quote(3), 10 + PERIOD_NS, 3, "quote.BTCUSDT")
    stage.ledger.commit_all()
    stage.close()
    inbox = Journal(tmp_path / "inbox")
    moments = [(recorded.kind, recorded.now_ns) for _, recorded in read_inputs(inbox, 1)]
    inbox.close()
    deadline, message = InputKind.DEADLINE, InputKind.MESSAGE
    after = 10 + PERIOD_NS
    assert moments == [(deadline, 10), (message, 10), (message, after - 1), (deadline, after), (message, after)]


def test_the_core_is_never_told_an_earlier_time(make: Callable[..., Stage]) -> None:
    stage = make(TinyCore("approver"))
    stage.clock.seen(1_000)
    assert stage.ledger.now_ns() == 1_000
    stage.hear(intent(1), stage.ledger.now_ns(), 1)
    stage.ledger.commit()
    again = make(TinyCore("approver"))
    assert again.clock.now_ns() == 0, "the machine's clock was set back"
    assert again.ledger.now_ns() == 1_000
    again.clock.seen(2_000)
    assert again.ledger.now_ns() == 2_000


def test_snapshots_come_after_so_many_inputs_and_drop_old_files(make: Callable[..., Stage], tmp_path: Path) -> None:
    engine = EngineSection(snapshot_every=100, journal_segment_bytes=4_096, journal_keep_segments=1)
    stage = make(TinyCore("approver"), engine)
    for number in range(1, 501):
        stage.hear(intent(number), number, number)
        stage.ledger.commit()
        stage.ledger.save_snapshot_when_due()
    assert stage.ledger.snapshots.oldest_number() == 400
    assert 300 < stage.ledger.inbox.first_number <= 401
    assert stage.ledger.outbox.first_number == 1
    state = stage.core.snapshot()
    again = make(TinyCore("approver"), engine)
    assert (again.ledger.recovered.redone, again.core.snapshot()) == (0, state)
    assert again.ledger.cursors == {"intents": (1, 500)}


def test_a_snapshot_on_a_full_disk_is_tried_later(make: Callable[..., Stage]) -> None:
    stage = make(TinyCore("approver"), EngineSection(snapshot_every=100))
    stage.hear(quote(1), 1, 1, "quote.BTCUSDT")
    make_room = stage.fill_disk()
    stage.ledger.save_snapshot()
    assert stage.ledger.snapshots.latest() is None
    make_room()
    stage.ledger.save_snapshot()
    latest = stage.ledger.snapshots.latest()
    assert latest is not None
    assert latest.number == 1


def test_a_ledger_in_use_is_refused_and_the_first_goes_on(make: Callable[..., Stage], tmp_path: Path) -> None:
    stage = make(TinyCore("approver"))
    for _ in range(2):
        with pytest.raises(JournalLockedError, match=f"in use by process {os.getpid()}"):
            Ledger(TinyCore("approver"), tmp_path, EngineSection(), EventClock())
    stage.hear(intent(1), 1, 1)
    assert stage.ledger.commit()


def test_everything_in_and_out_is_observed(make: Callable[..., Stage]) -> None:
    stage = make(TinyCore("approver"))
    seen: list[AnyMessage] = []
    stage.ledger.observe = seen.append
    stage.hear(quote(1), 1, 1, "quote.BTCUSDT")
    stage.hear(intent(1), 2, 1)
    assert kinds(seen) == ["Quote", "OrderIntent", "ApprovedOrder"]


class Desk:
    """An operator's desk before a ledger; commands come without a socket."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.server = CommandServer(stage.context, "inproc://desk", WallClock(), None)
        OperatorDesk("signal", self.server, stage.ledger).allow("count", "make", "fail")

    def say(self, name: str, request_id: str = "", **arguments: object) -> Any:
        handler, changes_state = self.server._handlers[name]
        assert changes_state
        return handler(dict(arguments), request_id)


def commands(stage: Stage) -> list[OperatorCommand]:
    messages = [decode(recorded.payload) for _, recorded in read_inputs(stage.ledger.inbox, 1)]
    return [message for message in messages if isinstance(message, OperatorCommand)]


def test_a_command_is_on_the_disk_before_it_is_answered(make: Callable[..., Stage]) -> None:
    stage = make(TinyCore("maker"))
    assert Desk(stage).say("count", "c1", factor=2, runner="x")["commands"] == 1
    [command] = commands(stage)
    assert (command.id, command.name, command.arguments) == ("c1", "count", {"factor": "2", "runner": "x"})
    assert not stage.ledger.inbox.has_unflushed


def test_what_a_command_leads_to_is_sent(make: Callable[..., Stage]) -> None:
    stage = make(TinyCore("maker"))
    Desk(stage).say("make", "c1")
    [command, message] = stage.sent()
    assert isinstance(command, OperatorCommand)
    assert isinstance(message, OrderIntent)


def test_a_command_from_before_the_crash_is_not_done_again(make: Callable[..., Stage]) -> None:
    Desk(make(TinyCore("maker"))).say("count", "c1")
    for snapshot in (False, True):
        again = make(TinyCore("maker"))
        assert Desk(again).say("count", "c1")["commands"] == 1
        if snapshot:
            again.ledger.save_snapshot()
    assert Desk(make(TinyCore("maker"))).say("count", "c1")["commands"] == 1


def test_a_full_disk_refuses_commands(make: Callable[..., Stage]) -> None:
    stage = make(TinyCore("maker"))
    desk = Desk(stage)
    make_room = stage.fill_disk()
    with pytest.raises(CommandError, match=r"count: taken, but not on the disk yet: .*No space left"):
        desk.say("count", "c1")
    with pytest.raises(CommandError, match=r"count: not taken, the journal refuses writes: .*No space left"):
        desk.say("count", "c2")
    make_room()
    assert stage.ledger.commit()
    assert [command.id for command in commands(stage)] == ["c1"]
    assert desk.say("count", "c3")["commands"] == 2


class Clumsy(TinyCore):
    """Fails on commands as careless code does."""

    @override
    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        if isinstance(message, OperatorCommand):
            raise KeyError("no such runner")
        return super().handle(message, now_ns)


def test_a_core_that_fails_on_a_command_ends_the_service(make: Callable[..., Stage]) -> None:
    with pytest.raises(RuntimeError, match="fail: the core failed: KeyError"):
        Desk(make(Clumsy("maker"))).say("fail", "c1")


class Foresighted(TinyCore):
    """Obeys a command of its own before each intent of number 2; takes no command named `fail`."""

    def __init__(self) -> None:
        super().__init__("approver")
        self.live = False
        self.own: list[OperatorCommand] = []

    @override
    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        if isinstance(message, OperatorCommand) and message.name == "fail":
            raise UnheardError("it cannot be done")
        if self.live and isinstance(message, OrderIntent) and message.id.endswith("-2"):
            self.own.append(
                OperatorCommand(
                    id=f"own-{now_ns}",
                    service="signal",
                    name="count",
                    arguments={},
                    event_ns=now_ns,
                    received_ns=now_ns,
                )
            )
            super().handle(self.own[-1], now_ns)
        return super().handle(message, now_ns)

    def go_live(self) -> None:
        """Learn that inputs are new."""
        self.live = True

    def take_interposed(self) -> Sequence[OperatorCommand]:
        """Return the commands obeyed before the latest input."""
        taken, self.own = self.own, []
        return taken


def test_a_command_put_before_an_input_is_redone_before_it(make: Callable[..., Stage]) -> None:
    stage = make(Foresighted())
    for number in (1, 2, 3):
        stage.hear(intent(number), number, number)
    assert stage.ledger.commit()
    assert kinds(stage.sent()) == ["ApprovedOrder", "OperatorCommand", "ApprovedOrder", "ApprovedOrder"]
    recorded = [decode(each.payload) for _, each in read_inputs(stage.ledger.inbox, 1)]
    assert kinds(recorded) == ["OrderIntent", "OperatorCommand", "OrderIntent", "OrderIntent"]
    before = stage.core.snapshot()
    assert list(stage.ledger.commands) == ["own-2"]

    again = make(Foresighted())
    assert again.core.snapshot() == before
    assert list(again.ledger.commands) == ["own-2"]
    assert again.sent() == []
    plain = make(TinyCore("approver"))
    assert plain.core.snapshot() == before


def test_what_was_not_flushed_goes_together_with_its_input(make: Callable[..., Stage]) -> None:
    stage = make(Foresighted())
    stage.hear(intent(1), 1, 1)
    assert stage.ledger.commit_all()
    before = stage.core.snapshot()
    stage.hear(intent(2), 2, 2)
    again = make(Foresighted())
    assert again.core.snapshot() == before
    assert again.ledger.cursors == {"intents": (1, 1)}


def test_a_command_that_cannot_be_done_leaves_no_trace(make: Callable[..., Stage]) -> None:
    stage = make(Foresighted())
    before, desk = stage.core.snapshot(), Desk(stage)
    with pytest.raises(NotDoneError, match="it cannot be done"):
        desk.say("fail", "c1")
    assert stage.ledger.commit_all()
    assert stage.sent() == []
    assert stage.ledger.inbox.last_number == 0
    assert stage.core.snapshot() == before
    desk.say("count", "c1")
    assert kinds(stage.sent()) == ["OperatorCommand"]
