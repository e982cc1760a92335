"""A way through the data: forward step by step, back by doing it again from the beginning.

How it works: a run is a function of the data, the strategy and what was told to its runners on the way. So an earlier
moment is reached by making everything anew and going there: no state is ever wound back, and what was there before is
there again to the byte. What was told to runners is told again at the same step.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from common.messages import AnyMessage, OperatorCommand
from orrery.redrive.watch import Asked, Watch
from orrery.repl.drivers import Driver
from orrery.repl.opening import Opened
from services.signal.core.runner import Runner
from services.signal.core.series import Series

HEARD_KEPT = 20_000
"""Messages of the order flow remembered, the latest."""

type There = Callable[[], bool]
"""Asked after each step whether this is where one wanted to be."""


class Heard(NamedTuple):
    """A message and the step in which a core published it; bar: the last one that the runner had heard by then."""

    step: int
    bar: int
    at_ns: int
    message: AnyMessage


class Trip:
    """One run and the runner that is looked at.

    steps: smallest steps taken; heard: what was published; asked: what strategies were asked; is_stopped: set from
    outside (Ctrl-C) to come to rest after the present step.
    """

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.focus = opened.runners[0].id
        self.is_stopped = False
        self.is_over = False
        self._told: list[tuple[int, OperatorCommand]] = []
        self._set_out()

    def _set_out(self) -> None:
        self.driver: Driver = self.opened.driver()
        self.steps = 0
        self.is_over = False
        self.heard: deque[Heard] = deque(maxlen=HEARD_KEPT)
        self.watch = Watch()
        self.watch.prepare(self.driver.signal)

    @property
    def runner(self) -> Runner:
        """Return the runner that is looked at."""
        return self.driver.signal.roster.runners[self.focus]

    @property
    def series(self) -> Series:
        """Return the bars of the runner that is looked at."""
        return self.runner.asker.series

    @property
    def bar(self) -> int:
        """Return how many bars the runner has heard."""
        return self.series.count

    @property
    def asked(self) -> list[Asked]:
        """Return the latest questions to the runner's strategy."""
        return list(self.watch.asked.get(self.focus, ()))

    def step(self) -> bool:
        """Take the smallest step; False where the data ends, or the run."""
        if not self.driver.advance():
            self.is_over = True
            return False
        self.steps += 1
        for message in self.driver.told:
            self.heard.append(Heard(self.steps, self.bar, self.driver.now_ns, message))
        self.watch.note(self.steps, self.driver.now_ns, "")
        return True

    def forward(self, there: There) -> bool:
        """Go on until one is there, the data ends or it is stopped; return whether one is there."""
        while not self.is_stopped:
            if not self.step():
                return False
            if there():
                return True
        return False

    def to_bar(self, number: int) -> bool:
        """Go to the end of a bar, back if need be; return whether the data has it."""
        if number < self.bar or (number == self.bar and not self._is_at_end_of_bar()):
            self.again(number)
            return self.bar == number
        return number == self.bar or self.forward(lambda: self.bar >= number)

    def _is_at_end_of_bar(self) -> bool:
        latest = self.series.latest
        return self.bar == 0 if latest is None else self.driver.now_ns == latest.end_ns

    def again(self, bar: int) -> None:
        """Begin anew and go to the end of a bar; what runners were told later than that is forgotten."""
        kept, self._told = self._told, []
        self._set_out()
        while self.bar < bar and not self.is_over:
            self.step()
            for step, command in kept:
                if step == self.steps:
                    self.tell(command)

    def tell(self, command: OperatorCommand) -> None:
        """Tell the runners something now, and whenever one comes here again."""
        self.driver.obey(command)
        self._told.append((self.steps, command))
        self.watch.prepare(self.driver.signal)

    def forget(self) -> None:
        """Forget what runners were told: it was about another version of the strategy."""
        self._told.clear()

    def twin_at(self, step: int) -> Driver:
        """Return another run that has taken so many steps, for who wants to know how it stood then."""
        return self._twin(step)

    def twin_at_end(self) -> Driver:
        """Return another run that has gone to the end, for its result: none may be taken of a run that goes on."""
        return self._twin(None)

    def _twin(self, steps: int | None) -> Driver:
        driver, number = self.opened.driver(), 0
        while (steps is None or number < steps) and driver.advance():
            number += 1
            for at, command in self._told:
                if at == number:
                    driver.obey(command)
        return driver
