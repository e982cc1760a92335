"""Recorded inputs through a market-data core: what it publishes, with the times at which it does.

How it works: the core's deadlines fire between the inputs, each at its own time, and so do the answers to what the core
asks of its source. Time is the recording's: that at which each input was received.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from common.messages import AnyMessage
from services.market_data.core.inputs import CoreInput, CoreOutput
from services.market_data.core.settling import Ask, settled
from services.market_data.core.source import FeedCore

MAX_DEADLINES_AT_ONCE: Final = 10_000
"""Deadlines that may fire without time moving on."""


class MarketFeedError(Exception):
    """A market-data core does not come to rest."""


def market_messages(
    core: FeedCore, inputs: Iterable[tuple[int, CoreInput]], ask: Ask
) -> Iterator[tuple[int, AnyMessage]]:
    """Yield (time, message) for all that `core` publishes; inputs are (time received, input), nanoseconds UTC.

    A time before the last one counts as the last one.

    Raises:
        MarketFeedError: a deadline of the core does not move on when it is met.
    """
    now_ns = 0
    for received_ns, given in inputs:
        for at_ns, outputs in _deadlines(core, now_ns, received_ns):
            now_ns = at_ns
            yield from settled(core, outputs, at_ns, ask)
        now_ns = max(now_ns, received_ns)
        outputs = core.handle(given, now_ns)
        if outputs:
            yield from settled(core, outputs, now_ns, ask)


def _deadlines(core: FeedCore, now_ns: int, until_ns: int) -> Iterator[tuple[int, Sequence[CoreOutput]]]:
    firings = 0
    while (due_ns := core.next_deadline_ns()) is not None and due_ns <= until_ns:
        firings = firings + 1 if due_ns <= now_ns else 0
        if firings > MAX_DEADLINES_AT_ONCE:
            raise MarketFeedError(f"market data: expected a later deadline than {due_ns}, found it {firings} times")
        now_ns = max(now_ns, due_ns)
        yield now_ns, core.on_deadline(now_ns)
