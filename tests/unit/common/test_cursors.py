"""A reader's place in a topic, against a network that drops, repeats, delays and reorders whatever it likes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.bus import cursors
from common.bus.cursor_table import CursorTable
from common.bus.cursors import Cursor, Notes
from common.bus.frames import Received
from common.bus.interests import Interests
from common.routes import Retention

OLD, NEW = 11, 22


def message(number: int, incarnation: int = OLD, topic: str = "t") -> Received:
    return Received(topic, incarnation, number, 0, b"%d" % number)


def take(cursor: Cursor, *numbers: int, incarnation: int = OLD) -> list[int]:
    """Return what a cursor delivers when these numbers come."""
    out: list[Received] = []
    for number in numbers:
        cursor.take(message(number, incarnation), out)
    return [received.number for received in out]


def answer(cursor: Cursor, *numbers: int, last: int, incarnation: int = OLD, start: int | None = None) -> list[int]:
    out: list[Received] = []
    messages = [message(number, incarnation) for number in numbers]
    cursor.answer(cursor.number + 1 if start is None else start, incarnation, last, messages, out)
    return [received.number for received in out]


@pytest.fixture(params=list(Retention), ids=lambda retention: retention.value)
def any_cursor(request: pytest.FixtureRequest) -> Cursor:
    return Cursor("t", request.param)


@pytest.fixture
def journal() -> Cursor:
    return Cursor("t", Retention.JOURNAL)


@pytest.fixture
def ring() -> Cursor:
    return Cursor("t", Retention.RING)


def test_what_comes_in_order_is_delivered_at_once(any_cursor: Cursor) -> None:
    assert take(any_cursor, 1, 2, 3) == [1, 2, 3]
    assert not any_cursor.waiting
    assert (any_cursor.gaps, any_cursor.duplicates) == (0, 0)


def test_repeats_are_dropped_and_counted(any_cursor: Cursor) -> None:
    assert take(any_cursor, 1, 2, 2, 1, 3, 3) == [1, 2, 3]
    assert any_cursor.duplicates == 3


def test_a_hole_holds_what_follows_until_it_is_filled(journal: Cursor) -> None:
    assert take(journal, 1, 4, 5, 4) == [1]
    assert (journal.waiting, journal.gaps, journal.target, journal.duplicates) == (True, 1, 5, 1)
    assert answer(journal, 2, 3, 4, last=4) == [2, 3, 4, 5]
    assert (journal.waiting, journal.recovered, journal.number) == (False, 3, 5)


def test_what_was_only_late_fills_the_hole_by_itself(journal: Cursor) -> None:
    assert take(journal, 1, 3, 4, 2, 5) == [1, 2, 3, 4, 5]
    assert (journal.waiting, journal.gaps, journal.recovered) == (False, 1, 0)


def test_a_second_hole_behind_the_first_keeps_it_waiting(journal: Cursor) -> None:
    assert take(journal, 1, 3, 5) == [1]
    assert answer(journal, 2, last=2) == [2, 3]
    assert journal.waiting
    assert answer(journal, 4, last=5) == [4, 5]
    assert not journal.waiting


def test_loss_at_the_end_is_seen_by_the_heartbeat(journal: Cursor) -> None:
    take(journal, 1)
    journal.expect(OLD, 3)
    assert journal.waiting
    assert answer(journal, 2, 3, last=3) == [2, 3]
    assert not journal.waiting


def test_a_heartbeat_that_lags_says_nothing(journal: Cursor) -> None:
    take(journal, 1, 2, 3)
    journal.expect(OLD, 2)
    assert not journal.waiting


def test_joining_late_is_no_gap(journal: Cursor) -> None:
    journal.expect(OLD, 3)
    assert journal.waiting
    assert answer(journal, 1, 2, 3, last=3) == [1, 2, 3]
    assert journal.gaps == 0


def test_losing_the_very_first_message_is_a_gap(ring: Cursor) -> None:
    ring.expect(OLD, 0)
    ring.expect(OLD, 3)
    assert ring.gaps == 1
    assert answer(ring, 3, last=3) == [3]
    assert ring.missing == 2


def test_resuming_goes_on_behind_the_number(journal: Cursor) -> None:
    journal.resume(OLD, 7)
    assert take(journal, 7, 8) == [8]
    journal.expect(OLD, 10)
    assert journal.gaps == 1
    assert answer(journal, 9, 10, last=10) == [9, 10]


def test_ring_passes_over_what_is_gone_and_tells(ring: Cursor) -> None:
    notes = Notes()
    ring = Cursor("t", Retention.RING, notes)
    take(ring, 1)
    ring.expect(OLD, 9)
    assert answer(ring, 6, 7, 8, 9, last=9) == [6, 7, 8, 9]
    assert (ring.missing, notes.lost) == (4, {"t": 4})
    assert not ring.waiting


def test_ring_with_nothing_left_goes_to_the_end(ring: Cursor) -> None:
    take(ring, 1)
    ring.expect(OLD, 9)
    assert answer(ring, last=9) == []
    assert (ring.number, ring.missing, ring.waiting) == (9, 8, False)


def test_what_a_late_joiner_never_could_have_is_not_missing(ring: Cursor) -> None:
    ring.expect(OLD, 9)
    assert answer(ring, 8, 9, last=9) == [8, 9]
    assert ring.missing == 0


def test_held_messages_that_the_answer_brought_too_are_repeats(ring: Cursor) -> None:
    assert take(ring, 1, 4, 5) == [1]
    assert answer(ring, 4, 5, 6, last=6) == [4, 5, 6]
    assert (ring.duplicates, ring.missing) == (2, 2)


@pytest.mark.parametrize("retention", [Retention.LATEST, Retention.SNAPSHOT])
def test_the_latest_says_it_all(retention: Retention) -> None:
    cursor = Cursor("t", retention)
    take(cursor, 1)
    cursor.expect(OLD, 9)
    assert answer(cursor, 9, last=9) == [9]
    assert (cursor.conflated, cursor.missing, cursor.waiting) == (7, 0, False)


def test_latest_does_not_wait_for_what_is_older() -> None:
    cursor = Cursor("t", Retention.LATEST)
    assert take(cursor, 1, 5, 3, 6) == [1, 5, 6]
    assert (cursor.conflated, cursor.duplicates, cursor.gaps) == (3, 1, 0)


def test_latest_that_waits_for_its_heartbeat_is_satisfied_by_the_stream() -> None:
    cursor = Cursor("t", Retention.LATEST)
    take(cursor, 1)
    cursor.expect(OLD, 4)
    assert take(cursor, 3) == [3]
    assert cursor.waiting
    assert take(cursor, 4) == [4]
    assert not cursor.waiting


def test_snapshot_gives_the_whole_and_the_changes_behind_it() -> None:
    cursor = Cursor("t", Retention.SNAPSHOT)
    assert take(cursor, 57, 58) == []
    assert answer(cursor, 60, last=60, start=1) == [60]
    assert take(cursor, 59, 61, 62) == [61, 62]


def test_snapshot_with_changes_held_before_and_behind_the_whole() -> None:
    cursor = Cursor("t", Retention.SNAPSHOT)
    assert take(cursor, 57, 58, 59, 60, 61) == []
    assert answer(cursor, 59, last=59, start=1) == [59, 60, 61]
    assert cursor.duplicates == 3


def test_order_flow_is_never_passed_over(journal: Cursor) -> None:
    take(journal, 1)
    journal.expect(OLD, 9)
    assert answer(journal, 5, 6, last=9) == []
    assert (journal.number, journal.waiting, journal.missing) == (1, True, 0)
    assert journal.broken == "t: #2 is gone, its publisher keeps from #5 on"
    assert answer(journal, 2, 3, 4, 5, 6, 7, 8, 9, last=9) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert journal.broken == ""


def test_order_flow_without_an_answer_goes_on_waiting(journal: Cursor) -> None:
    take(journal, 1)
    journal.expect(OLD, 9)
    assert answer(journal, last=9) == []
    assert (journal.number, journal.waiting) == (1, True)


def test_a_publisher_that_lost_its_tail_is_said(journal: Cursor) -> None:
    journal.resume(OLD, 12)
    journal.expect(OLD, 13)
    assert answer(journal, last=10) == []
    assert "its publisher is at #10 and we have taken #12: its journal lost its tail" in journal.broken
    assert journal.waiting
    assert take(journal, 13) == []
    assert answer(journal, 13, 14, last=14) == []
    assert (journal.number, journal.broken != "") == (12, True)
    assert take(journal, 1, incarnation=NEW) == [1]
    assert (journal.broken, journal.waiting) == ("", False)


def test_a_publisher_started_anew_is_asked_whether_it_has_its_tail(journal: Cursor) -> None:
    journal.resume(OLD, 12)
    journal.doubt(OLD, 12)
    journal.doubt(NEW, 3)
    assert not journal.waiting
    journal.doubt(OLD, 10)
    assert (journal.waiting, journal.gaps) == (True, 0)
    assert answer(journal, last=12) == []
    assert not journal.waiting
    journal.doubt(OLD, 10)
    assert answer(journal, last=11) == []
    assert journal.broken


def test_an_answer_overtaken_by_the_stream_is_no_lost_tail(journal: Cursor) -> None:
    journal.expect(OLD, 3)
    take(journal, 1, 2, 3, 4, 5)
    assert answer(journal, 1, 2, 3, last=3, start=1) == []
    assert (journal.broken, journal.waiting, journal.number) == ("", False, 5)


def test_a_number_that_the_publisher_does_not_know_is_forgotten(any_cursor: Cursor) -> None:
    take(any_cursor, 1)
    any_cursor.expect(OLD, 1 << 60)
    assert any_cursor.waiting
    answer(any_cursor, last=1)
    assert not any_cursor.waiting
    assert take(any_cursor, 2, 3) == [2, 3]


@pytest.mark.parametrize("retention", [Retention.JOURNAL, Retention.RING, Retention.SNAPSHOT])
def test_a_message_from_nowhere_does_not_stop_those_that_follow(retention: Retention) -> None:
    cursor = Cursor("t", retention)
    assert take(cursor, 1, 1 << 60) == [1]
    assert answer(cursor, last=1) == []
    assert take(cursor, 2, 3) == [2, 3]


def test_a_publisher_without_its_journal_begins_anew(any_cursor: Cursor) -> None:
    take(any_cursor, 1, 2, 3)
    assert take(any_cursor, 1, 2, incarnation=NEW) == [1, 2]
    assert (any_cursor.restarts, any_cursor.incarnation, any_cursor.number) == (1, NEW, 2)


def test_the_first_meeting_is_no_restart(any_cursor: Cursor) -> None:
    take(any_cursor, 1)
    assert any_cursor.restarts == 0


def test_a_new_beginning_seen_by_the_heartbeat_is_asked_for_from_one(ring: Cursor) -> None:
    take(ring, 1, 2, 3)
    ring.expect(NEW, 5)
    assert (ring.number, ring.waiting, ring.restarts) == (0, True, 1)
    assert answer(ring, 3, 4, 5, last=5, incarnation=NEW) == [3, 4, 5]
    assert ring.missing == 2


def test_an_answer_of_another_incarnation_counts_for_nothing(any_cursor: Cursor) -> None:
    take(any_cursor, 1, 2)
    any_cursor.expect(OLD, 4)
    assert answer(any_cursor, 1, 2, 3, last=3, incarnation=NEW) == []
    assert (any_cursor.incarnation, any_cursor.number, any_cursor.restarts) == (OLD, 2, 0)


def test_what_was_held_of_the_old_beginning_is_gone(journal: Cursor) -> None:
    take(journal, 1, 3, 4)
    assert take(journal, 1, 2, incarnation=NEW) == [1, 2]
    assert not journal.waiting
    assert take(journal, 3, incarnation=NEW) == [3]


def test_held_messages_are_bounded_and_asked_for_again(journal: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "HELD_LIMIT", 3)
    assert take(journal, *range(2, 10)) == []
    assert answer(journal, 1, 2, last=9) == [1, 2, 3, 4]
    assert (journal.waiting, journal.target) == (True, 9)
    assert answer(journal, *range(5, 10), last=9) == [5, 6, 7, 8, 9]


class Network:
    """A publisher of `count` messages, and a network that does with them what it likes."""

    def __init__(self, retention: Retention, count: int, kept: int) -> None:
        self.cursor = Cursor("t", retention)
        self.retention, self.count, self.kept = retention, count, kept
        self.sent = 0
        self.out: list[Received] = []

    def send(self, fate: str) -> None:
        """Send the next message; `fate` says what becomes of it."""
        self.sent = min(self.count, self.sent + 1)
        match fate:
            case "arrive":
                self.cursor.take(message(self.sent), self.out)
            case "twice":
                for _ in range(2):
                    self.cursor.take(message(self.sent), self.out)
            case "late":
                self.cursor.take(message(max(1, self.sent - 3)), self.out)
            case "heartbeat":
                self.cursor.expect(OLD, self.sent)
            case "ask":
                self.ask()
            case _:
                assert fate == "drop"

    def ask(self) -> None:
        """Answer as the publisher does, at most three messages at once."""
        start = self.cursor.number + 1
        if self.retention is Retention.SNAPSHOT:
            messages = [message(self.sent)]
        else:
            oldest = {Retention.JOURNAL: 1, Retention.LATEST: self.sent}.get(self.retention, self.sent - self.kept + 1)
            messages = [message(number) for number in range(max(1, start, oldest), self.sent + 1)][:3]
        self.cursor.answer(start, OLD, self.sent, messages, self.out)

    def settle(self) -> list[int]:
        """End with a heartbeat and as many answers as it takes; return what was delivered."""
        self.cursor.expect(OLD, self.sent)
        for _ in range(self.count + 1):
            if not self.cursor.waiting:
                break
            self.ask()
        return [received.number for received in self.out]


FATES = st.lists(st.sampled_from(["arrive", "drop", "twice", "late", "heartbeat", "ask"]), min_size=1, max_size=40)


@given(fates=FATES, retention=st.sampled_from([r for r in Retention if r is not Retention.NOTHING]))
def test_the_end_is_always_reached_in_order_without_repeats(fates: list[str], retention: Retention) -> None:
    network = Network(retention, len(fates), kept=5)
    for fate in fates:
        network.send(fate)
    delivered = network.settle()
    assert delivered == sorted(set(delivered))
    assert not network.cursor.waiting
    assert (delivered[-1] if delivered else 0) == network.sent
    if retention is Retention.JOURNAL:
        assert delivered == list(range(1, network.sent + 1))
        assert network.cursor.missing == 0
    if retention is Retention.RING and delivered:
        first = delivered[0]
        assert network.cursor.missing == network.sent - first + 1 - len(delivered)


def test_a_table_adds_up_and_tells_what_waits() -> None:
    table = CursorTable()
    out: list[Received] = []
    for topic, numbers in {"intents": (1, 2, 4), "trade.BTCUSDT": (1, 5), "quote.BTCUSDT": (1, 9)}.items():
        for number in numbers:
            table.of(topic).take(message(number, topic=topic), out)
    assert [cursor.topic for cursor in table.waiting()] == ["intents", "trade.BTCUSDT"]
    assert table.waits(order_flow_only=True)
    assert table.numbers() == {"intents": (OLD, 2), "trade.BTCUSDT": (OLD, 1), "quote.BTCUSDT": (OLD, 9)}
    table.of("intents").answer(3, OLD, 4, [message(3, topic="intents")], out)
    assert not table.waits(order_flow_only=True)
    assert table.waits(order_flow_only=False)
    table.of("trade.BTCUSDT").answer(2, OLD, 5, [message(5, topic="trade.BTCUSDT")], out)
    assert table.waiting() == []
    assert (table.take_lost(), table.take_lost()) == ([("trade.BTCUSDT", 3)], [])
    totals = table.totals()
    assert (totals["gaps"], totals["missing"], totals["conflated"], totals["recovered"]) == (2, 3, 7, 2)


def test_resuming_a_table_takes_nothing_in() -> None:
    table = CursorTable()
    table.resume({"bar.BTCUSDT.1m": (OLD, 7)})
    assert table.by_wire == {}
    assert table.numbers() == {"bar.BTCUSDT.1m": (OLD, 7)}


WANTED = ("quote.", "decisions", "bar.BTCUSDT.")


@pytest.mark.parametrize(
    ("topic", "closed", "opened"),
    [
        ("decisions", True, True),
        ("decisions2", False, False),
        ("quote.BTCUSDT", False, True),
        ("quote", False, False),
        ("bar.BTCUSDT.1m", False, True),
        ("bar.ETHUSDT.1m", False, False),
        ("reports", False, False),
        ("nonsense", False, False),
        ("", False, False),
    ],
)
def test_interests(topic: str, *, closed: bool, opened: bool) -> None:
    interests = Interests(WANTED)
    assert interests.takes(topic) is closed
    interests.order_flow_only = False
    assert interests.takes(topic) is opened


def test_heartbeats_are_subscribed_behind_the_streams() -> None:
    assert Interests(WANTED).subscriptions() == [
        b"quote.",
        b"decisions",
        b"bar.BTCUSDT.",
        b"heartbeat.market_data",
        b"heartbeat.risk_manager",
    ]


@pytest.mark.parametrize("make", [lambda: Cursor("t", Retention.RING), lambda: Cursor("t", Retention.JOURNAL)])
def test_attention_is_asked_for_once(make: Callable[[], Cursor]) -> None:
    notes = Notes()
    cursor = make()
    cursor._notes = notes
    take(cursor, 1, 3, 5, 7)
    assert list(notes.attention.values()) == [cursor]
