"""What goes out and when: cancels first, the rest in turn, as fast as the venue's limits let it, each request once."""

from typing import Final

from services.execution.core.asking import Amend, Cancel, Submit
from services.execution.core.router import reconcile
from services.execution.core.router.hearing import lose
from services.execution.core.router.pacing import is_urgent, weight_of
from services.execution.core.router.stages import Event
from services.execution.core.router.state import Errand, Flight
from services.execution.core.router.work import Work

NEVER_NS: Final = 1 << 62


def advance(work: Work, now_ns: int) -> int:
    """Do what is due and send what may go out; return when there is more to do, NEVER_NS for not before something comes."""
    state = work.state
    lose(work, [name for name, flight in state.flights.items() if flight.due_ns <= now_ns], now_ns)
    if state.is_up and state.reconciling.next_ns <= now_ns:
        reconcile.begin(work, now_ns)
    due_ns = _send(work, now_ns)
    for flight in state.flights.values():
        due_ns = min(due_ns, flight.due_ns)
    return min(due_ns, state.reconciling.next_ns) if state.is_up else due_ns


def _send(work: Work, now_ns: int) -> int:
    state = work.state
    if not state.is_up or not state.waiting:
        return NEVER_NS
    first_ns = min([errand.ready_ns for errand in state.waiting])
    if first_ns > now_ns:
        return first_ns
    due_ns, left, is_blocked = NEVER_NS, [], False
    for errand in sorted(state.waiting, key=_turn):
        if isinstance(errand.ask, Submit | Amend) and not state.reconciling.is_synced:
            left.append(errand)  # a comparison that is whole lets it out
            continue
        ready_ns = errand.ready_ns
        if ready_ns <= now_ns and not is_blocked:
            weight = weight_of(work.file.LIMITS, errand.ask)
            ready_ns = state.pace.ready_ns(weight, now_ns, is_urgent=is_urgent(errand.ask))
            if ready_ns <= now_ns:
                _fly(work, errand, weight, now_ns)
                continue
            is_blocked = not is_urgent(errand.ask)
        if ready_ns > now_ns:  # what is blocked waits for the one that blocks it
            due_ns = min(due_ns, ready_ns)
        left.append(errand)
    state.waiting = left
    return due_ns


def _turn(errand: Errand) -> tuple[bool, int]:
    return (not is_urgent(errand.ask), errand.number)


def _fly(work: Work, errand: Errand, weight: int, now_ns: int) -> None:
    state, ask, settings = work.state, errand.ask, work.settings
    match ask:
        case Submit():
            routed = state.orders.get(ask.order.id)
            if routed is None or not work.move(routed, Event.SEND, now_ns):
                return
            routed.expires_ns = now_ns + settings.validity_ns
            ask = Submit(ask.order, routed.expires_ns)
        case Amend():
            routed = state.orders.get(ask.order.id)
            if routed is None or routed.amending is None:
                return
            routed.amend_until_ns = now_ns + settings.validity_ns
            ask = Amend(ask.order, routed.amend_until_ns)
        case Cancel() if ask.order_id not in state.orders and ask.order_id not in state.foreign.by_key:
            return
        case _:
            state.tally.queries += not isinstance(ask, Cancel | Amend)
    state.pace.count(weight, now_ns)
    state.requests += 1
    state.tally.requests += 1
    name = f"{work.file.NAME}-{state.requests}"
    state.flights[name] = Flight(errand, now_ns, now_ns + settings.timeout_ns)
    frame = work.file.encode(ask)
    work.out.frames.append((name, frame.method, frame.body))
