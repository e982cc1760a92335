"""Commands that go through data: on, back, to a place; and the strategy changed on the way."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import msgspec

from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Fill,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    RunnerFailed,
    RunnerState,
    RunnerTransitioned,
)
from common.money import figure
from orrery.repl import text as t
from orrery.repl.answering import Answer, Command, one_of, whole
from orrery.repl.drivers import counted
from orrery.repl.errors import ReplError
from orrery.repl.language import bare_names
from orrery.repl.trip import Heard, Trip

SHOWN = 12
"""Things that happened on the way that one command shows, the latest."""
KINDS: dict[str, tuple[type, ...]] = {
    "state": (RunnerTransitioned,),
    "intent": (OrderIntent,),
    "order": (ApprovedOrder,),
    "refusal": (OrderRefused, OrderRejected),
    "fill": (Fill,),
    "error": (RunnerFailed,),
}
"""What `until` may wait for."""

type Truth = Callable[[str], Callable[[], bool]]
"""Makes of an expression what says whether it holds at the present bar."""


class Traveller:
    """The commands, on a trip. condition: understands an expression."""

    def __init__(self, trip: Trip, condition: Truth) -> None:
        self._trip = trip
        self._condition = condition
        self.commands = {
            "step": Command("[N]", "take N bars (1)", self.step, ("s", "n")),
            "tick": Command("[N]", "take N smallest steps: points inside a bar, events", self.tick),
            "run": Command("", "go on to the end of the data; Ctrl-C stops", self.run, ("r", "c", "continue")),
            "until": Command("WHAT", f"{'|'.join(KINDS)}|time T, or Lua", self.until),
            "back": Command("[N]", "go N bars back (1): everything is as it was", self.back, ("b",)),
            "goto": Command("BAR|TIME", "go to the end of a bar, forward or back", self.goto),
            "restart": Command("", "go back to before the first bar", self.restart),
            "info": Command("", "data, place and figures so far", self.info),
            "fills": Command("[N]", "the latest fills", self.fills),
        }  # fmt: skip

    def step(self, rest: str) -> Answer:
        """Take bars."""
        count = whole(rest, "step", 1, 1)
        goal = self._trip.bar + count
        return self._travel(lambda: self._trip.forward(lambda: self._trip.bar >= goal))

    def tick(self, rest: str) -> Answer:
        """Take smallest steps."""
        goal = self._trip.steps + whole(rest, "tick", 1, 1)
        return self._travel(lambda: self._trip.forward(lambda: self._trip.steps >= goal))

    def run(self, _rest: str) -> Answer:
        """Go to the end."""
        return self._travel(lambda: self._trip.forward(lambda: False))

    def until(self, rest: str) -> Answer:
        """Go on until something happens or holds."""
        what, _, more = rest.partition(" ")
        if not what:
            raise ReplError(f"until: expected {', '.join(KINDS)}, `time T` or a Lua expression, found nothing")
        if what == "time":
            return self._to_time(more.strip())
        if what in KINDS and not (more and what != "state"):
            state = RunnerState(one_of(more.strip(), [each.value for each in RunnerState], "state")) if more else None
            return self._travel(lambda: self._trip.forward(lambda: _brought(self._trip, KINDS[what], state)))
        return self._travel(lambda: self._until_holds(rest))

    def _until_holds(self, expression: str) -> None:
        before, holds = self._trip.bar, self._condition(expression)

        def there() -> bool:
            nonlocal before
            if self._trip.bar == before:
                return False
            before = self._trip.bar
            return holds()

        self._trip.forward(there)

    def back(self, rest: str) -> Answer:
        """Go back."""
        count = whole(rest, "back", 1)
        return self._travel(lambda: self._trip.to_bar(max(0, self._trip.bar - count)))

    def goto(self, rest: str) -> Answer:
        """Go to a place."""
        digits = rest.replace(",", "").replace("_", "")
        if digits.isdecimal():
            return self._travel(lambda: self._trip.to_bar(int(digits)))
        return self._to_time(rest)

    def _to_time(self, text: str) -> Answer:
        at_ns = _time(text)

        def ended() -> bool:
            latest = self._trip.series.latest
            return latest is not None and latest.end_ns >= at_ns

        def go() -> None:
            if ended():
                self._trip.again(0)
            self._trip.forward(ended)

        return self._travel(go)

    def restart(self, _rest: str) -> Answer:
        """Go to the beginning."""
        return self._travel(lambda: self._trip.again(0))

    def info(self, _rest: str) -> Answer:
        """Tell of data and place."""
        trip, found = self._trip, counted(self._trip.driver)
        data = [f"{each.symbol} {each.timeframe}" for each in trip.opened.runners]
        names = ", ".join(path.name for path in trip.opened.options.data)
        shown = {"data": f"{', '.join(data)} ({names})", "place": self.place(), **found}
        return Answer(t.rows({name.replace("_", " "): each for name, each in shown.items()}), {**self._at(), **found})

    def fills(self, rest: str) -> Answer:
        """Show the latest fills."""
        count = whole(rest, "fills", SHOWN, 1)
        found = [each for each in self._trip.heard if isinstance(each.message, Fill)][-count:]
        lines = [line for each in found for line in _lines([each])]
        return Answer(lines or ["no fill yet"], {"fills": [_plain(each.message) for each in found]})

    def place(self) -> str:
        """Return where the trip is, in a line."""
        trip, of = self._trip, self._trip.opened.bars
        latest = trip.series.latest
        parts = [f"bar {trip.bar:,}{f' of {of:,}' if of else ''}"]
        if latest is not None:
            parts += [t.moment(trip.driver.now_ns), f"close {t.figure(latest.close)}"]
        position = trip.runner.desk.position
        held = f"{figure(position.quantity)} at {figure(position.entry_price)}" if position.is_open else "flat"
        parts += [trip.runner.machine.state.value, held]
        if trip.is_over:
            parts.append(trip.driver.error or "the data end here")
        return " · ".join(parts)

    def _at(self) -> dict[str, Any]:
        trip = self._trip
        return {
            "bar": trip.bar,
            "time_ns": trip.driver.now_ns,
            "state": trip.runner.machine.state.value,
            "quantity": figure(trip.runner.desk.position.quantity),
            "is_over": trip.is_over,
            "error": trip.driver.error,
        }

    def _travel(self, go: Callable[[], object]) -> Answer:
        trip, before = self._trip, self._trip.steps
        if trip.is_over and trip.steps == 0:
            raise ReplError("there are no data")
        go()
        return self.arrived(min(before, trip.steps))

    def arrived(self, since: int) -> Answer:
        """Tell what happened after step `since`, and where the trip is."""
        trip = self._trip
        fresh = [each for each in trip.heard if each.step > since and _is_of(each, trip.focus)]
        lines = _lines(fresh[-SHOWN:])
        if len(fresh) > SHOWN:
            lines.insert(0, f"  {len(fresh) - SHOWN:,} earlier, then:")
        stopped = ["stopped"] if trip.is_stopped else []
        happened = [_plain(each.message) for each in fresh]
        return Answer([*lines, *stopped, *t.folded(self.place())], {**self._at(), "happened": happened})


def check_names(expression: str, evaluate: Callable[[str], Answer], source: bytes) -> None:
    """Raise ReplError if an expression reads nothing but names that neither Lua nor the strategy's file knows."""
    names = bare_names(expression)
    for name in names:
        if re.search(rf"\b{name}\b".encode(), source) or evaluate(name).data["values"] != [None]:
            return
    if names:
        close = get_close_matches(names[0], KINDS, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        expected = f"{', '.join(KINDS)}, `time T` or a Lua expression on market_data, context and indicators"
        raise ReplError(f"until: expected {expected}; found {names[0]}, which is not known{hint}")


def _brought(trip: Trip, kinds: tuple[type, ...], state: RunnerState | None) -> bool:
    found = [each for each in trip.driver.told if isinstance(each, kinds)]
    own = [each for each in found if getattr(each, "runner", "") == trip.focus]
    if state is None:
        return bool(own)
    return any(isinstance(each, RunnerTransitioned) and each.after is state for each in own)


def _is_of(heard: Heard, runner: str) -> bool:
    return getattr(heard.message, "runner", "") == runner and t.said(heard.message) is not None


def _lines(heard: Sequence[Heard]) -> list[str]:
    found: list[str] = []
    for each in heard:
        word = t.said(each.message)
        if word is not None:
            found += t.told(*word, where=f"bar {each.bar}")
    return found


def _plain(message: AnyMessage) -> Any:
    return msgspec.to_builtins(message, str_keys=True)


def _time(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ReplError(f"expected a bar or a time such as 2024-01-31T12:00, found {text!r}") from None
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return int(utc.replace(microsecond=0).timestamp()) * t.NS_PER_SECOND + utc.microsecond * 1_000
