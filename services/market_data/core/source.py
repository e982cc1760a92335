"""The two halves of a market-data feed as the service's shell sees them: a source of inputs, and a core that judges them."""

from collections.abc import Sequence
from typing import Any, Protocol

from common.messages import AnyMessage
from services.market_data.core.inputs import CoreInput, CoreOutput, SourceRequest


class MarketDataSource(Protocol):
    """Where inputs come from: a venue's connection, a file, nothing at all (the simulated core makes its own).

    A source moves bytes; it never decodes, judges or repeats. None of its methods blocks: it wakes the loop it was made
    with when `stream` has something to give.
    """

    @property
    def name(self) -> str:
        """Return the venue's or source's name, as in the configuration."""
        ...

    def connect(self) -> None:
        """Begin to connect, and to reconnect with backoff whenever the connection ends; `Connected` tells of success."""
        ...

    def subscribe(self, symbols: Sequence[str]) -> None:
        """Add symbols to what is followed: on the open connection at once, and on every later one."""
        ...

    def unsubscribe(self, symbols: Sequence[str]) -> None:
        """Take symbols away from what is followed."""
        ...

    def stream(self) -> Sequence[CoreInput]:
        """Return the inputs that came since the last call, oldest first, at most a bounded number; empty if none."""
        ...

    def ask(self, request: SourceRequest) -> None:
        """Begin to carry out what the core asked for; its outcome comes as an input."""
        ...

    def disconnect(self) -> None:
        """Let go of everything; `stream` gives nothing after it."""
        ...


class FeedCore(Protocol):
    """A market-data core: of a venue, of a simulation, of recorded messages.

    Like `common.core.Core`, but without snapshot and restore: all it knows, the venue says again after a reconnect, and
    what was missed meanwhile cannot be restored. A restarted feed flags its first bars partial instead.
    """

    def handle(self, given: CoreInput, now_ns: int) -> Sequence[CoreOutput]:
        """Take one input; return messages to publish and requests to the source, in order."""
        ...

    def next_deadline_ns(self) -> int | None:
        """Return when `on_deadline` wants to be called, at the latest; None if never. May be too early, never too late."""
        ...

    def on_deadline(self, now_ns: int) -> Sequence[CoreOutput]:
        """Do what was due by `now_ns`; return what follows, in order. Calling it early does no harm."""
        ...

    def topic_snapshot(self, topic: str) -> AnyMessage | None:
        """Return the whole state of a topic in one message: the current book for `book.<symbol>`, else None."""
        ...

    def require_bars(self, symbol: str, timeframe: str) -> None:
        """Build bars of this length from now on; asking again changes nothing.

        Raises:
            ValueError: the symbol is not followed, the timeframe is none, or too many are asked for.
        """
        ...

    def status(self) -> dict[str, Any]:
        """Return a summary for people, with totals `ticks` (quotes and trades published) and `bars`."""
        ...
