"""A recording through a core, line by line, at the times of the recording: what lock-step plays.

How it works: before an input, the core's deadlines that fall before it fire, each at its own time; what the core asks of
its source is answered at the moment of asking. Nothing here waits or reads a clock.
"""

from collections.abc import Iterator

from common.clock import Clock
from common.messages import AnyMessage
from services.market_data.adapters.recorded_inputs import RecordedInputs
from services.market_data.adapters.recordings import RecordingError
from services.market_data.core.settling import settled
from services.market_data.core.source import FeedCore


class RecordedSteps:
    """One recording through one core; the clock is told the time of each step. error: why it ended before its end."""

    def __init__(self, core: FeedCore, inputs: RecordedInputs, clock: Clock) -> None:
        self._core, self._source, self._clock = core, inputs, clock
        self._inputs = iter(inputs)
        self.finished = False
        self.error = ""

    def next(self) -> Iterator[tuple[int, AnyMessage]]:
        """Yield (time, message) for all that follows from the next line of the recording; nothing after its end."""
        try:
            for received_ns, given, is_item in self._inputs:
                yield from self._meet_deadlines(received_ns)
                now_ns = self._pass_time(received_ns)
                yield from settled(self._core, self._core.handle(given, now_ns), now_ns, self._source.ask)
                if is_item:
                    return
        except RecordingError as error:
            self.error = str(error)
        self.finished = True

    def _meet_deadlines(self, until_ns: int) -> Iterator[tuple[int, AnyMessage]]:
        while (due_ns := self._core.next_deadline_ns()) is not None and due_ns <= until_ns:
            now_ns = self._pass_time(due_ns)
            yield from settled(self._core, self._core.on_deadline(now_ns), now_ns, self._source.ask)

    def _pass_time(self, at_ns: int) -> int:
        self._clock.seen(at_ns)
        return self._clock.now_ns()
