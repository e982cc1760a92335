"""Runners that are being removed, or were: nothing is asked of them, their orders are ended and their positions closed."""

from collections.abc import Sequence

from common.messages import AnyMessage, Fill
from services.signal.core.answers import Exit
from services.signal.core.orders import Origin
from services.signal.core.roster import Roster
from services.signal.core.runner import Runner

EXITS_MAX = 5
"""Exits sent for one removal; if all of them are refused, the operator is asked again."""
REASON = "runner removed"


def is_flat(runner: Runner) -> bool:
    """Return whether a runner holds nothing and has no order on its way."""
    desk = runner.desk
    return not desk.position.is_open and desk.pending is None and desk.working is None


def fill_retired(roster: Roster, fill: Fill, now_ns: int) -> Sequence[AnyMessage]:
    """Book a fill of a runner that has gone, if it is one; return what follows."""
    desk = roster.retired.get(fill.runner)
    if desk is None:
        return ()
    return desk.fill(fill, Origin(fill.runner, fill.strategy, fill.symbol, fill.id, now_ns))


def end_retired(roster: Roster, runner: str, intent_id: str) -> None:
    """Forget an order, ended, of a runner that has gone, if it is one."""
    desk = roster.retired.get(runner)
    if desk is not None:
        desk.end(intent_id)


class Leaving:
    """Ends what the leaving runners of a roster have begun."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def begin(self, runner: Runner, cause: str, now_ns: int) -> Sequence[AnyMessage]:
        """Let a runner leave; return what follows."""
        runner.asker.paused = True
        self._roster.leaving[runner.id] = 0
        return self.go_on(runner, cause, now_ns)

    def go_on(self, runner: Runner, cause: str, now_ns: int) -> Sequence[AnyMessage]:
        """Do the next step of a runner that leaves, nothing for others; return what follows."""
        leaving = self._roster.leaving
        if runner.id not in leaving:
            return ()
        if is_flat(runner):
            self._roster.retire(runner.id)
            return ()
        desk, pending = runner.desk, runner.desk.pending
        origin = Origin(runner.id, runner.spec.strategy.name, runner.spec.symbol, cause, now_ns)
        if pending is not None:
            return [desk.cancel(origin, pending, REASON)] if pending.rests and not pending.cancelling else ()
        if not desk.position.is_open:
            return ()  # an entry that still works is being cancelled
        if leaving[runner.id] >= EXITS_MAX:
            runner.asker.last_error = (
                f"{runner.id}: {EXITS_MAX} exits were refused; remove it again, or keep the position"
            )
            return ()
        leaving[runner.id] += 1
        latest = runner.asker.series.latest
        price = float(desk.position.entry_price) if latest is None else latest.close
        return desk.leave(origin, Exit(None, None, REASON), price, runner.facts)
