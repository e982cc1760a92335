"""Orders: refusals in a crowd, rejections, stops that fired, differences with the venue, operators' commands."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from common.messages import (
    ApprovedOrder,
    DifferenceAction,
    IntentKind,
    OperatorCommand,
    OrderRefused,
    OrderRejected,
    RejectReason,
    VenueDifference,
    VenueRejectReason,
)
from common.routes import EXECUTION
from services.alerts.core.alert import ACCOUNT, Alert, Severity, Sign, Tick
from services.alerts.core.memory import Watched

PROTECTIVE_MARK: Final = "-stop-"
"""What the id of an order has that risk made itself."""
RESUME: Final = "resume"
OF_ITSELF: Final = ("reconciled", "runner.stop")
"""Commands that services give themselves; a runner that is stopped so is told as paused."""
MOST_REFUSED: Final = 1_000
"""Refusals remembered within the window; each is looked at with every one that comes."""
TOLD_OTHERWISE: Final = frozenset(
    {
        RejectReason.KILL_SWITCH.value,
        RejectReason.BREAKER_OPEN.value,
        RejectReason.DRAWDOWN.value,
        RejectReason.DAILY_LOSS.value,
        RejectReason.REDUCING.value,
        RejectReason.NOT_READY.value,
    }
)
"""Refusals that follow from what has an alert of its own."""


def _refusals(watched: Watched, seen: OrderRefused | Tick, now_ns: int) -> Iterator[Sign]:
    memory, thresholds = watched.memory, watched.thresholds
    if isinstance(seen, OrderRefused) and seen.reason not in TOLD_OTHERWISE:
        memory.refused.append((now_ns, seen.reason.value))
    begin_ns = now_ns - thresholds.refused_window_ns
    if not memory.refused or not thresholds.refused:
        memory.refused.clear()
        return
    memory.refused[:] = [each for each in memory.refused[-MOST_REFUSED:] if each[0] > begin_ns]
    count = len(memory.refused)
    if count >= thresholds.refused:
        reasons = ", ".join(
            f"{name} {many}" for name, many in Counter(name for _, name in memory.refused).most_common()
        )
        cause = seen.intent_id if isinstance(seen, OrderRefused) else ""
        window_s = thresholds.refused_window_ns / 1e9
        more = " or more" if count == MOST_REFUSED else ""
        yield Sign(ACCOUNT, f"{count}{more} intents refused within {window_s:g} s: {reasons}", cause)
    elif 2 * count <= thresholds.refused:
        yield Sign(ACCOUNT, is_over=True)


def _rejected(_watched: Watched, seen: OrderRejected, _now_ns: int) -> Iterator[Sign]:
    if seen.reason not in (VenueRejectReason.KILL_SWITCH, VenueRejectReason.HALTED):
        text = f"{seen.venue} rejected {seen.order_id} of {seen.symbol}: {seen.detail or seen.reason.value}"
        yield Sign(seen.reason.value, text, seen.cause)


def _stopped(_watched: Watched, seen: ApprovedOrder, _now_ns: int) -> Iterator[Sign]:
    if seen.kind is IntentKind.EXIT and PROTECTIVE_MARK in seen.id:
        text = f"{seen.runner} closes {seen.quantity} {seen.symbol} ({seen.side}) at about {seen.reference_price}"
        yield Sign(seen.runner, text, seen.cause)


def _difference(_watched: Watched, seen: VenueDifference, _now_ns: int) -> Iterator[Sign]:
    yield Sign(seen.kind.value, _of(seen), seen.cause)


def _halted(_watched: Watched, seen: VenueDifference | OperatorCommand, _now_ns: int) -> Iterator[Sign]:
    if isinstance(seen, VenueDifference):
        if seen.action is DifferenceAction.HALTED:
            yield Sign(seen.venue, _of(seen), seen.cause)
    elif seen.service == EXECUTION and seen.name == RESUME:
        yield Sign("*", cause=seen.id, is_over=True)


def _of(seen: VenueDifference) -> str:
    what = f"{seen.kind.value} {seen.symbol} {seen.order_id}".rstrip()
    return f"{seen.venue}: {what}: {seen.ours or 'nothing'} here, {seen.theirs or 'nothing'} there; {seen.action.value}"


def _commanded(_watched: Watched, seen: OperatorCommand, _now_ns: int) -> Iterator[Sign]:
    if seen.name in OF_ITSELF:
        return
    words = " ".join(f"{key}={value}" for key, value in seen.arguments.items() if len(value) <= 80)
    yield Sign(seen.service, f"an operator told {seen.service}: {seen.name} {words}".rstrip(), seen.id)


ALERTS: Final = (
    Alert(
        "orders_refused",
        Severity.WARNING,
        "Risk refused `alerts.refused_count` intents or more within `alerts.refused_window_ms`, for reasons without an alert of their own.",
        "`orrery why` with one of the intents; a limit is too narrow or a strategy runs away.",
        (OrderRefused, Tick),
        _refusals,
    ),
    Alert(
        "order_rejected",
        Severity.WARNING,
        "The venue did not take an order that risk had approved.",
        "Risk's picture of instruments or positions differs from the venue's.",
        (OrderRejected,),
        _rejected,
        lasts=False,
    ),
    Alert(
        "stop_fired",
        Severity.INFO,
        "Risk closes a position by itself: a stop, a target, its age, or a kill.",
        "`orrery why` with the order's id shows the price that led there.",
        (ApprovedOrder,),
        _stopped,
        lasts=False,
    ),
    Alert(
        "venue_difference",
        Severity.WARNING,
        "Execution and its venue did not agree on an order, a fill or a position.",
        "Healed ones need nothing; many of them mean that reports get lost.",
        (VenueDifference,),
        _difference,
        lasts=False,
    ),
    Alert(
        "venue_halted",
        Severity.CRITICAL,
        "Execution takes nothing but reductions, because of a difference that it must not heal.",
        "`orrery reconcile` shows what differs now; `orrery resume` goes on.",
        (VenueDifference, OperatorCommand),
        _halted,
    ),
    Alert(
        "operator_command",
        Severity.INFO,
        "An operator told a service something that changes its state.",
        "Nothing, if it was you.",
        (OperatorCommand,),
        _commanded,
        lasts=False,
    ),
)
