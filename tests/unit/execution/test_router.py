"""Towards a venue that may lie: nothing is sent twice, nothing is lost, and what is unknown is asked."""

import pytest

from common.messages import Fill, HeardKind, OrderRejected, Side, VenueDifference, VenueRejectReason
from services.execution.core.life_cycle import OrderState
from tests.unit.execution.builders import approved_cancel, approved_order
from tests.unit.execution.router_builders import Stage, fill, view
from tests.unit.risk_manager.builders import D

LIMIT = approved_order(1, limit_price=D(100))
ID = LIMIT.id


def sent(**changes: object) -> Stage:
    """Return a stage on which one order is on the wire."""
    stage = Stage(**changes)  # type: ignore[arg-type]  # settings of any kind
    stage.give(LIMIT)
    return stage


def working(**changes: object) -> Stage:
    """Return a stage on which one order rests at the venue."""
    stage = sent(**changes)
    stage.answer("submit", 200, view(ID))
    assert stage.words == ["OrderAccepted"]
    return stage


def rejection(stage: Stage) -> VenueRejectReason:
    (said,) = stage.said
    assert isinstance(said, OrderRejected)
    stage.said.clear()
    return said.reason


def test_an_order_is_sent_once_and_told_when_the_venue_has_it() -> None:
    stage = sent()
    assert stage.methods == ["submit"]
    assert stage.words == []
    stage.answer("submit", 200, view(ID))
    assert stage.words == ["OrderAccepted"]
    stage.push(fill(ID, 1))
    stage.push(view(ID, "filled", "1"))
    assert stage.words == ["Fill"]
    assert stage.core.state_of(ID) is OrderState.FILLED
    assert stage.methods == []


def test_a_refusal_ends_it() -> None:
    stage = sent()
    stage.answer("submit", 400, {"reason": "invalid_price", "detail": "too far"})
    assert rejection(stage) is VenueRejectReason.INVALID_PRICE


@pytest.mark.parametrize("status", [500, 504])
def test_an_unclear_answer_leads_to_a_question_and_never_to_a_resend(status: int) -> None:
    stage = sent()
    stage.answer("submit", status, b"oops")
    stage.wait(200)
    assert stage.methods == ["order"]
    stage.answer("order", 200, view(ID))
    assert stage.words == ["OrderAccepted"]
    stage.wait(5_000)
    assert "submit" not in stage.methods


def test_no_answer_in_time_leads_to_questions_until_it_is_known() -> None:
    stage = sent()
    stage.wait(1_050)
    assert stage.methods == ["submit"]
    stage.wait(100)
    assert stage.methods == ["submit", "order"]
    for _ in range(3):
        stage.wait(10_000)
    assert stage.methods.count("submit") == 1
    assert stage.methods.count("order") > 2
    stage.requests.clear()
    while "order" not in stage.methods:
        stage.wait(100)
    stage.answer("order", 200, view(ID))
    assert stage.words == ["OrderAccepted"]


def test_what_the_venue_does_not_know_is_believed_when_it_can_take_it_no_more_and_says_so_twice() -> None:
    stage = sent(request_timeout_ms=100, order_validity_ms=5_000)
    asked = 0
    while not stage.said:
        stage.wait(100)
        if "order" in stage.methods:
            stage.answer("order", 404)
            asked += 1
    assert stage.now_ns >= LIMIT.event_ns + 5_000_000_000
    assert asked > 2
    assert rejection(stage) is VenueRejectReason.NEVER_ARRIVED
    assert stage.methods == ["submit"]


def test_what_was_certainly_not_done_is_sent_again_but_only_so_often() -> None:
    stage = sent()
    names = []
    for _ in range(3):
        request = stage.asked("submit")
        names.append(request.id)
        stage.hear(HeardKind.NOT_SENT, request.id)
        stage.wait(1_000)
    assert len(set(names)) == 3
    assert rejection(stage) is VenueRejectReason.NOT_SENT


def test_a_venue_that_wants_to_be_left_alone_is() -> None:
    stage = sent()
    stage.answer("submit", 429, {"retry_after_ms": 700})
    stage.give(approved_order(2))
    stage.wait(690)
    assert stage.methods == []
    stage.wait(20)
    assert stage.methods == ["submit", "submit"]


def test_an_id_that_the_venue_knows_already_is_looked_up() -> None:
    stage = sent()
    stage.answer("submit", 400, {"reason": "duplicate_order", "detail": ID})
    stage.wait(200)
    assert stage.methods == ["order"]
    assert stage.words == []


def test_reports_may_come_twice_and_in_any_order() -> None:
    stage = sent()
    for _ in range(2):
        stage.push(fill(ID, 8, "0.25"))
        stage.push(view(ID, "cancelled", "0.75"))
        stage.push(view(ID, "open", "0.25"))
    assert stage.words == ["OrderAccepted", "Fill"]
    stage.push(fill(ID, 7, "0.5"))
    assert stage.words == ["Fill", "OrderCancelled"]
    stage.push(fill(ID, 8, "0.25"))
    stage.answer("submit", 200, view(ID))
    assert stage.words == []


def test_a_lost_fill_is_asked_for_before_the_order_ends() -> None:
    stage = working()
    stage.push(view(ID, "filled", "1"))
    assert stage.words == []
    stage.wait(200)
    stage.answer("fills", 200, {"fills": [fill(ID, 1)]})
    assert stage.words == ["Fill", "lost_fill healed"]
    assert stage.core.state_of(ID) is OrderState.FILLED


def test_a_lost_end_is_found_by_a_comparison() -> None:
    stage = working()
    stage.wait(10)
    stage.command("reconcile")
    stage.sync({})
    stage.answer("order", 200, view(ID, "cancelled"))
    assert stage.words == ["OrderCancelled", "lost_end healed"]


def test_an_order_that_the_venue_has_forgotten_is_over() -> None:
    stage = working()
    stage.wait(2_000)
    stage.command("reconcile")
    stage.sync({})
    for _ in range(2):
        stage.wait(500)
        stage.answer("order", 404)
    assert stage.words == ["OrderCancelled", "lost_order healed"]


def test_what_changed_after_the_question_is_not_judged_by_the_answer() -> None:
    stage = Stage()
    stage.wait(10)
    stage.command("reconcile")
    stage.give(LIMIT)
    stage.answer("submit", 200, view(ID))
    stage.sync({})
    assert "order" not in stage.methods


def test_a_cancel_waits_until_the_venue_has_the_order() -> None:
    stage = sent()
    stage.give(approved_cancel(LIMIT))
    assert stage.methods == ["submit"]
    stage.answer("submit", 200, view(ID))
    stage.answer("cancel", 200, view(ID, "cancelled"))
    assert stage.words == ["OrderAccepted", "OrderCancelled"]


def test_an_order_that_is_still_here_is_taken_back_without_the_venue() -> None:
    stage = Stage(synced=False)
    stage.give(LIMIT)
    assert stage.methods == []
    stage.give(approved_cancel(LIMIT))
    assert rejection(stage) is VenueRejectReason.NOT_SENT
    stage.up()
    stage.sync({})
    assert stage.methods == []


def test_a_cancel_without_an_answer_is_looked_up_and_asked_again() -> None:
    stage = working()
    stage.give(approved_cancel(LIMIT))
    stage.asked("cancel")
    stage.wait(1_200)
    stage.answer("order", 200, view(ID))
    stage.answer("cancel", 404)
    stage.wait(400)
    stage.answer("order", 200, view(ID, "cancelled"))
    assert stage.words == ["OrderCancelled"]


def test_a_fill_after_the_end_is_told_all_the_same() -> None:
    stage = working()
    stage.give(approved_cancel(LIMIT))
    stage.answer("cancel", 200, view(ID, "cancelled"))
    assert stage.words == ["OrderCancelled"]
    stage.push(fill(ID, 1, "0.5"))
    told = stage.said[0]
    assert isinstance(told, Fill)
    assert (told.id, told.runner, told.quantity, told.remaining_quantity) == (
        f"{ID}-f1",
        LIMIT.runner,
        D("0.5"),
        D("0.5"),
    )
    assert stage.words == ["Fill", "late_fill healed"]
    assert stage.core.status()["holdings"] == {"BTCUSDT": "0.5"}


def test_more_than_the_order_asked_for_is_told_and_halts() -> None:
    stage = working()
    stage.push(fill(ID, 1, "1.5"))
    fills = [each for each in stage.said if isinstance(each, Fill)]
    assert [(each.id[-2:], each.quantity, each.remaining_quantity) for each in fills] == [
        ("f1", D(1), D(0)),
        ("f2", D("0.5"), D(0)),
    ]
    assert stage.words[-1] == "overfill halted"
    assert stage.core.status()["holdings"] == {"BTCUSDT": "1.5"}


def test_a_fill_of_nobodys_order_halts_entries_until_an_operator_clears_it() -> None:
    stage = Stage()
    stage.push(fill("someone-1", 1))
    assert stage.words == ["unknown_fill halted"]
    stage.give(approved_order(2))
    assert rejection(stage) is VenueRejectReason.HALTED
    stage.command("resume")
    stage.give(approved_order(3))
    assert stage.methods == ["submit"]


def test_a_reduction_passes_while_halted() -> None:
    stage = working()
    stage.push(fill(ID, 1))
    stage.push(fill("someone-1", 2, side=Side.SELL))
    stage.words.clear()
    stage.give(approved_order(2, side=Side.SELL, reduce_only=True))
    assert stage.methods == ["submit"]


@pytest.mark.parametrize(("choice", "told"), [("cancel", "cancelled"), ("halt", "halted")])
def test_an_order_that_nobody_sent(choice: str, told: str) -> None:
    stage = Stage(unknown_orders=choice)
    stage.wait(10)
    stage.command("reconcile")
    stage.sync({}, orders=[view("someone-1")])
    stage.answer("order", 200, view("someone-1"))
    assert stage.words == [f"unknown_order {told}"]
    assert stage.methods == (["cancel"] if choice == "cancel" else [])
    assert bool(stage.venue()["halted"]) is (choice == "halt")


def test_orders_wait_until_the_venue_has_been_compared() -> None:
    stage = Stage(synced=False)
    stage.give(LIMIT)
    stage.up()
    assert sorted(stage.methods) == ["fills", "open_orders", "positions"]
    stage.sync({})
    assert stage.methods == ["submit"]


def test_what_was_held_before_us_is_no_difference() -> None:
    stage = Stage(synced=False)
    stage.up()
    stage.sync({"BTCUSDT": "5"}, fills=[fill("old-1", 41, "5")])
    stage.give(LIMIT)
    stage.push(fill(ID, 42))
    for _ in range(4):
        stage.wait(10)
        stage.command("reconcile")
        stage.sync({"BTCUSDT": "6"})
    assert stage.words == ["OrderAccepted", "Fill"]


def test_a_position_that_stays_different_halts() -> None:
    stage = Stage()
    for times in range(1, 5):
        stage.wait(10)
        stage.command("reconcile")
        stage.sync({"BTCUSDT": "0.5"})
        assert len(stage.said) == (times >= 3)
    (said,) = stage.said
    assert isinstance(said, VenueDifference)
    assert (said.kind, said.ours, said.theirs) == ("position", "0", "0.5")


def test_a_connection_that_ends_leaves_nothing_to_be_answered() -> None:
    stage = sent()
    stage.hear(HeardKind.DOWN)
    stage.wait(500)
    stage.up()
    stage.requests.clear()
    stage.wait(200)
    assert stage.methods == ["order"]
    assert stage.venue()["unknown"] == 1


def test_it_goes_on_by_itself_from_time_to_time() -> None:
    stage = Stage(reconcile_interval_ms=10_000)
    stage.wait(30_500)
    assert stage.methods.count("open_orders") > 1
