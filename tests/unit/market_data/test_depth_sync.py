"""The rules of a local book: hold back, drop what is old, follow without a hole, ask anew at any doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.market_data.core.depth_sync import (
    FIRST_DIFF_WAIT_NS,
    MAX_HELD_DIFFS,
    REPLY_TIMEOUT_NS,
    RETRY_MAX_NS,
    RETRY_NS,
    SETTLED_NS,
    DepthSync,
    ResyncReason,
    Step,
)
from services.market_data.core.events import DepthDiff, DepthSnapshot
from tests.unit.market_data.builders import T0, diff, whole


def begun() -> DepthSync:
    sync = DepthSync(100)
    sync.begin(T0)
    return sync


def asked(sync: DepthSync, *held: DepthDiff) -> DepthSync:
    for each in held:
        sync.diff(each, T0)
    sync.requested(T0)
    return sync


def synced(at: int = 10) -> DepthSync:
    sync = asked(begun(), diff(at, at + 1))
    assert sync.snapshot(whole(at), T0) is Step.SYNCED
    assert sync.diff(diff(at + 2, at + 2), T0) is Step.APPLIED
    return sync


def test_the_book_is_asked_for_when_the_first_change_comes() -> None:
    sync = begun()
    assert sync.request_at_ns == T0 + FIRST_DIFF_WAIT_NS
    assert sync.diff(diff(5, 6), T0 + 7) is Step.HELD
    assert sync.request_at_ns == T0 + 7


def test_what_the_whole_book_contains_is_dropped_and_the_rest_follows() -> None:
    sync = asked(begun(), diff(1, 5, [(90.0, 1.0)]), diff(6, 10, [(91.0, 1.0)]), diff(11, 12, [(92.0, 1.0)]))
    assert sync.snapshot(whole(8), T0) is Step.SYNCED
    assert sync.synced
    assert sync.request_at_ns is None
    assert sync.book.update_id == 12
    assert sync.book.depth(9)[0] == [(99.0, 1.0), (92.0, 1.0), (91.0, 1.0)]


def test_a_book_older_than_the_first_change_is_asked_for_again_later() -> None:
    sync = asked(begun(), diff(20, 25))
    assert sync.snapshot(whole(18), T0) is Step.TOO_OLD
    assert sync.request_at_ns == T0 + RETRY_NS
    assert sync.too_old == 1
    sync.requested(T0)
    assert sync.snapshot(whole(19), T0) is Step.SYNCED


def test_changes_follow_number_by_number() -> None:
    sync = synced(10)
    assert sync.diff(diff(13, 15), T0) is Step.APPLIED
    assert sync.diff(diff(13, 15), T0) is Step.OLD
    assert sync.diff(diff(15, 17), T0) is Step.APPLIED
    assert sync.book.update_id == 17


def test_a_hole_throws_the_book_away_and_the_change_behind_it_is_held() -> None:
    sync = synced(10)
    assert sync.diff(diff(14, 15), T0) is Step.DOUBTED
    assert (sync.synced, sync.reason) == (False, ResyncReason.GAP)
    sync.requested(T0)
    assert sync.snapshot(whole(15), T0) is Step.SYNCED
    assert sync.diff(diff(16, 16), T0) is Step.APPLIED


def test_a_hole_while_waiting_forgets_what_was_before_it() -> None:
    sync = asked(begun(), diff(1, 5))
    assert sync.diff(diff(8, 9), T0) is Step.DOUBTED
    assert sync.snapshot(whole(5), T0) is Step.TOO_OLD
    sync.requested(T0)
    assert sync.snapshot(whole(7), T0) is Step.SYNCED
    assert sync.book.update_id == 9


def test_a_repeated_or_reordered_change_while_waiting_is_old() -> None:
    sync = asked(begun(), diff(1, 5))
    assert sync.diff(diff(1, 5), T0) is Step.OLD
    assert sync.diff(diff(3, 4), T0) is Step.OLD


def test_a_whole_book_that_does_not_meet_the_next_change_was_too_old_and_no_gap() -> None:
    sync = asked(begun())
    assert sync.snapshot(whole(10), T0) is Step.SYNCED
    assert sync.diff(diff(15, 16), T0) is Step.DOUBTED
    assert sync.reason is ResyncReason.SNAPSHOT_OLD


def test_a_crossed_book_is_doubted() -> None:
    sync = synced(10)
    assert sync.diff(diff(13, 13, bids=[(102.0, 1.0)]), T0) is Step.DOUBTED
    assert sync.reason is ResyncReason.CROSSED
    sync.requested(T0)
    assert sync.snapshot(whole(20, bid=101.0, ask=101.0), T0) is Step.DOUBTED


def test_a_cut_book_whose_top_wore_off_is_doubted() -> None:
    sync = DepthSync(2)
    sync.begin(T0)
    asked(sync)
    book = DepthSnapshot(10, [(99.0, 1.0), (98.0, 1.0), (97.0, 1.0)], [(101.0, 1.0)])
    assert sync.snapshot(book, T0) is Step.SYNCED
    assert sync.diff(diff(11, 11, bids=[(97.0, 1.0), (99.0, 0.0)]), T0) is Step.APPLIED
    assert sync.diff(diff(12, 12, bids=[(98.0, 0.0)]), T0) is Step.DOUBTED
    assert sync.reason is ResyncReason.EXHAUSTED


def test_a_whole_book_nobody_waits_for_changes_nothing() -> None:
    assert begun().snapshot(whole(5), T0) is Step.UNWANTED
    sync = synced(10)
    assert sync.snapshot(whole(50), T0) is Step.UNWANTED
    assert sync.book.update_id == 12


def test_failures_are_repeated_with_growing_bounded_delays() -> None:
    sync = asked(begun(), diff(1, 2))
    delays = []
    for _ in range(12):
        sync.failed(T0)
        assert sync.request_at_ns is not None
        delays.append(sync.request_at_ns - T0)
        sync.requested(T0)
    assert delays[:3] == [RETRY_NS, 2 * RETRY_NS, 4 * RETRY_NS]
    assert delays == sorted(delays)
    assert delays[-1] == RETRY_MAX_NS


def test_an_unanswered_request_is_repeated() -> None:
    assert asked(begun(), diff(1, 2)).request_at_ns == T0 + REPLY_TIMEOUT_NS


@pytest.mark.parametrize(("good_for_ns", "delay_ns"), [(SETTLED_NS, 0), (SETTLED_NS - 1, RETRY_NS)])
def test_a_book_that_was_long_good_is_asked_for_at_once(good_for_ns: int, delay_ns: int) -> None:
    sync = synced(10)
    now_ns = T0 + good_for_ns
    sync.doubt(ResyncReason.MISMATCH, now_ns)
    assert sync.request_at_ns == now_ns + delay_ns


def test_without_a_connection_nothing_is_asked_for() -> None:
    sync = synced(10)
    sync.end()
    assert (sync.synced, sync.request_at_ns) == (False, None)
    sync.failed(T0)
    assert sync.request_at_ns is None


def test_held_changes_are_bounded() -> None:
    sync = begun()
    for number in range(1, MAX_HELD_DIFFS + 11):
        sync.diff(diff(number, number), T0)
    assert sync.held_dropped == 10
    sync.requested(T0)
    assert sync.snapshot(whole(9), T0) is Step.TOO_OLD
    sync.requested(T0)
    assert sync.snapshot(whole(10), T0) is Step.SYNCED
    assert sync.book.update_id == MAX_HELD_DIFFS + 10


LENGTHS = st.lists(st.integers(1, 4), min_size=2, max_size=30)


@given(LENGTHS, st.data())
def test_any_cut_between_whole_book_and_changes_gives_the_same_book(lengths: list[int], data: st.DataObject) -> None:
    """Whatever was held back when the book came, and wherever it stood in the numbering, the end is the same."""
    diffs, number = [], 1
    for length in lengths:
        diffs.append(diff(number, number + length - 1, bids=[(float(number % 7 + 1), float(number))]))
        number += length
    held = data.draw(st.integers(1, len(diffs)))
    contained = data.draw(st.integers(0, number - 1))
    truth: dict[float, float] = {}
    for each in diffs:
        if each.first_update_id <= contained:
            truth |= dict(each.bids)
    sync = asked(begun(), *diffs[:held])
    assert sync.snapshot(DepthSnapshot(contained, list(truth.items()), []), T0) is Step.SYNCED
    for each in diffs[held:]:
        assert sync.diff(each, T0) in (Step.APPLIED, Step.OLD)
        truth |= dict(each.bids)
    for each in diffs:
        truth |= dict(each.bids)
    assert dict(sync.book.bids.levels()) == truth
    assert sync.book.update_id == max(number - 1, contained)
