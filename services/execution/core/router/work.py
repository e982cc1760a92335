"""What the parts of the router work on together: what is remembered, what is settled, and what a step leads to."""

from typing import Final

from common.messages import DifferenceAction, DifferenceKind
from common.order_terms import CONDITIONAL
from services.execution.core.asking import Ask, AskFills, AskOrder, Cancel, Submit, VenueFile
from services.execution.core.router.pacing import backoff_ns
from services.execution.core.router.settings import Settings
from services.execution.core.router.stages import Event, Stage, after
from services.execution.core.router.state import Difference, Ended, Errand, Out, Routed, RouterState
from services.execution.core.venue import VenueAccepted, VenueReport

LONGEST_DELAY_NS: Final = 30_000_000_000
"""Longest wait between two looks at the same thing."""


class Work:
    """State, settings and the venue's file; steps put into `out` what they lead to."""

    __slots__ = ("file", "out", "settings", "state")

    def __init__(self, state: RouterState, settings: Settings, file: VenueFile) -> None:
        self.state, self.settings, self.file, self.out = state, settings, file, Out()

    def report(self, report: VenueReport) -> None:
        """Tell execution's core."""
        self.out.reports.append(report)

    def move(self, routed: Routed, event: Event, now_ns: int) -> bool:
        """Move an order along the table; False, and nothing moved, where the table has no such step."""
        stage = after(routed.stage, event)
        if stage is None:
            return False
        routed.stage = stage
        if stage is Stage.GONE:
            del self.state.orders[routed.order.id]
            self.state.ended.put(routed.order.id, Ended(routed.filled, now_ns))
        return True

    def show(self, routed: Routed, now_ns: int) -> None:
        """Take notice that the venue has an order; the first time it is told, and a cancel that waited goes out."""
        routed.misses, routed.changed_ns = 0, now_ns
        if routed.stage is Stage.WORKING:
            return
        if self.move(routed, Event.SHOW, now_ns):
            self.report(VenueAccepted(routed.order.id, is_armed=routed.order.order_type in CONDITIONAL))
            if routed.wants_cancel:
                self.errand(Cancel(routed.order.id, routed.order.symbol), now_ns)

    def errand(self, ask: Ask, ready_ns: int, attempt: int = 0) -> None:
        """Ask something, not before `ready_ns`."""
        state = self.state
        state.errands += 1
        state.waiting.append(Errand(ask, ready_ns, state.errands, attempt))

    def again(self, errand: Errand, now_ns: int, wait_ns: int = 0) -> None:
        """Ask the same again after a delay that doubles; at least `wait_ns`."""
        self.state.tally.retries += 1
        delay_ns = max(wait_ns, backoff_ns(self.settings.delay_ns, errand.attempt, LONGEST_DELAY_NS))
        self.errand(errand.ask, now_ns + delay_ns, errand.attempt + 1)

    def look(self, routed: Routed, now_ns: int, *, at_once: bool = False) -> None:
        """Ask how an order stands, later each time nothing came of it; once at a time."""
        if routed.is_asked:
            return
        routed.is_asked = True
        delay_ns = 0 if at_once else backoff_ns(self.settings.delay_ns, routed.looks, LONGEST_DELAY_NS)
        routed.looks += 1
        self.errand(AskOrder(routed.order.id, routed.order.symbol), now_ns + delay_ns)

    def look_for_fills(self, now_ns: int, looks: int) -> None:
        """Ask for fills that some report or order tells of and that have not come; once at a time."""
        if self.state.asks_fills:
            return
        self.state.asks_fills = True
        delay_ns = backoff_ns(self.settings.delay_ns, looks, LONGEST_DELAY_NS)
        self.errand(AskFills(self.state.watermark), now_ns + delay_ns)

    def drop(self, order_id: str) -> None:
        """Forget that an order was to be sent."""
        waiting = self.state.waiting
        waiting[:] = [each for each in waiting if not (isinstance(each.ask, Submit) and each.ask.order.id == order_id)]

    def differ(self, difference: Difference) -> None:
        """Tell of a difference, and halt where nothing else can be done about it."""
        self.state.tally.differences += 1
        self.out.differences.append(difference)
        if difference.action is DifferenceAction.HALTED and not self.state.halted:
            about = difference.order_id or difference.symbol
            self.state.halted = f"{difference.kind} {about}: ours {difference.ours}, theirs {difference.theirs}"

    def healed(self, kind: DifferenceKind, routed: Routed, ours: str, theirs: str) -> None:
        """Tell of a difference that is one no more."""
        order = routed.order
        self.differ(Difference(kind, DifferenceAction.HEALED, order.symbol, order.id, ours, theirs))
