"""The parts of the router: the table of what is known, the pace, and a restart at any moment."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.execution.core.asking import Limits
from services.execution.core.making import FILES, make_execution
from services.execution.core.routed import RoutedCore
from services.execution.core.router.pacing import backoff_ns, pace_of
from services.execution.core.router.stages import TRANSITIONS, Event, Stage, after
from tests.architecture.sources import ROOT
from tests.unit.execution.builders import approved_cancel, approved_order
from tests.unit.execution.router_builders import Stage as Played
from tests.unit.execution.router_builders import fill, settings, view
from tests.unit.risk_manager.builders import SECOND, D, instruments

S, E = Stage, Event
KNOWN = {
    S.QUEUED: {E.SEND: S.SENT, E.GIVE_UP: S.GONE},
    S.SENT: {E.NOT_SENT: S.QUEUED, E.LOSE: S.UNKNOWN, E.REFUSE: S.GONE, E.SHOW: S.WORKING},
    S.UNKNOWN: {E.SHOW: S.WORKING, E.REFUSE: S.GONE, E.MISS: S.GONE},
    S.WORKING: {E.SHOW: S.WORKING, E.MISS: S.GONE, E.END: S.GONE},
    S.GONE: {},
}


@pytest.mark.parametrize(("stage", "event"), list(product(Stage, Event)))
def test_every_pair_is_decided(stage: Stage, event: Event) -> None:
    assert after(stage, event) is KNOWN[stage].get(event)


def test_what_may_have_been_done_is_never_sent_again() -> None:
    reached, waiting = {S.UNKNOWN}, [S.UNKNOWN]
    while waiting:
        here = waiting.pop()
        beyond = {there for (stage, _), there in TRANSITIONS.items() if stage is here} - reached
        reached |= beyond
        waiting += beyond
    assert not reached & {S.QUEUED, S.SENT}


@given(st.lists(st.tuples(st.integers(0, 400_000_000), st.integers(1, 5), st.booleans()), max_size=60))
def test_no_window_ever_holds_more_than_it_may(steps: list[tuple[int, int, bool]]) -> None:
    pace = pace_of(Limits(windows=((20, 3 * SECOND), (9, SECOND))), 4)
    now_ns, sent = 0, []
    for wait_ns, weight, urgent in steps:
        now_ns = pace.ready_ns(weight, now_ns + wait_ns, is_urgent=urgent)
        assert pace.ready_ns(weight, now_ns, is_urgent=urgent) == now_ns
        pace.count(weight, now_ns)
        sent.append((now_ns, weight))
        for limit, length_ns in ((20, 3 * SECOND), (9, SECOND)):
            assert sum(used for at_ns, used in sent if at_ns > now_ns - length_ns) <= limit
        assert sum(at_ns > now_ns - SECOND for at_ns, _ in sent) <= 4


def test_cancels_pass_where_orders_wait() -> None:
    pace = pace_of(Limits(), 10)
    for _ in range(9):
        pace.count(1, 0)
    assert pace.ready_ns(1, 0, is_urgent=False) == SECOND
    assert pace.ready_ns(1, 0, is_urgent=True) == 0


def test_delays_double_and_end() -> None:
    assert [backoff_ns(100, attempt, 1_000) for attempt in (0, 1, 2, 3, 4, 99)] == [100, 200, 400, 800, 1_000, 1_000]


def test_every_venue_beyond_the_process_can_be_chosen() -> None:
    folder = ROOT / "services" / "execution" / "core" / "venues"
    files = {path.stem for path in folder.glob("*.py") if "def encode(" in path.read_text()}
    assert files == set(FILES) == {file.NAME for file in FILES.values()}
    for name in files:
        assert isinstance(make_execution(settings(venue=name), instruments()), RoutedCore)


@pytest.mark.parametrize("address", ["", "https://api.binance.com", "tcp://10.0.0.7:5", "tcp://127.0.0.1.evil.com:5"])
def test_a_gateway_is_on_this_machine(address: str) -> None:
    with pytest.raises(ValidationError, match="this machine"):
        settings(exchange_api_url=address)


def test_only_paper_is_traded() -> None:
    with pytest.raises(ValidationError):
        settings(paper_trading=False)


STEPS = st.lists(
    st.sampled_from(["order", "cancel", "ack", "unclear", "absent", "fill", "wait", "long", "up", "sync", "reconcile"]),
    min_size=5,
    max_size=40,
)


def play(stage: Played, step: str, number: int) -> None:
    """Do a step, as far as something is there to do it with."""
    orders = [approved_order(each, limit_price=D(100)) for each in range(1, 60)]
    oldest = stage.requests[0] if stage.requests else None
    match step:
        case "order":
            stage.give(orders[number])
        case "cancel":
            stage.give(approved_cancel(orders[max(0, number - 2)]))
        case "fill":
            stage.push(fill(orders[max(0, number - 3)].id, number, "0.5"))
        case "wait" | "long":
            stage.wait(150 if step == "wait" else 3_000)
        case "up":
            stage.up()
        case "reconcile":
            stage.command("reconcile")
        case "sync":
            if {"open_orders", "fills", "positions"} <= set(stage.methods):
                stage.sync({})
        case _ if oldest is not None and oldest.method in ("submit", "order", "cancel"):
            status = {"ack": 200, "unclear": 500, "absent": 404}[step]
            body = view(orders[number].id)
            stage.answer(oldest.method, status, body)
        case _:
            return


@given(STEPS, st.integers(0, 40))
def test_a_restored_core_goes_on_as_the_first(steps: list[str], cut: int) -> None:
    first = Played()
    for number, step in enumerate(steps[:cut]):
        play(first, step, number)
    second = Played()
    second.core = make_execution(settings(), instruments())  # type: ignore[assignment]  # a routed core, by the settings
    second.core.restore(first.core.snapshot())
    second.now_ns, second.requests, second.said = first.now_ns, list(first.requests), list(first.said)
    for number, step in enumerate(steps[cut:], cut):
        play(first, step, number)
        play(second, step, number)
    assert (second.requests, second.said) == (first.requests, first.said)
    assert second.core.snapshot() == first.core.snapshot()
