"""What a feed's core asks of its source, answered at the moment of asking: how recordings are played."""

from collections.abc import Callable, Iterator, Sequence

from common.messages import AnyMessage
from services.market_data.core.inputs import CoreInput, CoreOutput, DepthRequest, Reconnect, SourceRequest
from services.market_data.core.source import FeedCore

type Ask = Callable[[SourceRequest, int], Sequence[CoreInput]]
"""Carries out a request of the core at a time, nanoseconds UTC; what comes of it at once."""


def settled(core: FeedCore, outputs: Sequence[CoreOutput], now_ns: int, ask: Ask) -> Iterator[tuple[int, AnyMessage]]:
    """Yield (time, message) for what the core published, and for what follows from the answers to what it asked."""
    for output in outputs:
        if isinstance(output, DepthRequest | Reconnect):
            for answer in ask(output, now_ns):
                yield from settled(core, core.handle(answer, now_ns), now_ns, ask)
        else:
            yield now_ns, output
