"""A condition asked at every bar: as a line is evaluated, without a new copy where only a bar has come.

How it works: the copy of the bar before goes on by the bar, as the runner did. It is made anew whenever the strategy, the
position, the order, the account or what it is shown has changed meanwhile, and whenever asking it changed something in it.
"""

from typing import Any

from orrery.repl.glass import ColdError, Copied, Glass, evaluated
from orrery.repl.trip import Trip
from services.signal.core.copying import copy_of
from services.signal.core.desk import order_views
from services.signal.core.indicator import IndicatorKey
from services.signal.hosts.lua import LuaLimits


class Condition:
    """One expression on one trip."""

    def __init__(self, trip: Trip, line: str, limits: LuaLimits) -> None:
        self._trip, self._line, self._limits = trip, line, limits
        self._glass: Glass | None = None
        self._key: Any = None
        self._bars = 0
        self._wanted: tuple[IndicatorKey, ...] = ()

    def holds(self) -> bool:
        """Return whether it holds at the present bar; not before its indicators have values. Raises ReplError."""
        key, bar = self._seen(), self._trip.series.latest
        glass = self._glass if key == self._key and self._trip.bar == self._bars + 1 else None
        self._glass, self._key, self._bars = None, key, self._trip.bar
        try:
            if glass is None or bar is None:
                glass, found = evaluated(self._copied(), self._line, self._limits, self._wanted)
                self._wanted = glass.wanted
            else:
                glass.hear(self._trip.driver.signal.roster.quotes.get(bar.symbol), bar)
                found = glass.taken(glass.ask())
        except ColdError:
            self._glass = None if glass is None or glass.is_spoilt else glass
            return False
        self._glass = None if glass.is_spoilt else glass
        return found.is_true

    def _copied(self) -> Copied:
        return Copied(self._trip.runner.spec, copy_of(self._trip.driver.signal.roster, self._trip.focus))

    def _seen(self) -> Any:
        """Return all that the strategy sees but bars and quotes; something new each time where it sees other bars, too."""
        roster, runner = self._trip.driver.signal.roster, self._trip.runner
        if runner.asker.readings.all:
            return object()
        asker = runner.asker
        desk = runner.desk
        held = (desk.position.view(), order_views(desk))
        return (asker.host.save(), held, asker.account, roster.facts.save(), runner.spec)
