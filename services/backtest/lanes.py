"""The bus of a backtest: the order of delivery of `common.local_bus`, with a shorter way for what moves nobody.

How it works: a quote at which nobody can act only replaces the one before it, for risk and the venue alike. So it waits
here and is delivered when somebody is about to act: before any other message reaches risk or the venue.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common.core import Core
from common.local_bus import MAX_CASCADE, LocalBusError
from common.messages import AnyMessage, Bar, Quote
from common.routes import SERVICES, SIGNAL, hears, topic_of

type Observe = Callable[[Any], None]
type Handle = Callable[[AnyMessage, int], Sequence[AnyMessage]]


class Lanes:
    """Cores by the name of their service. `observers` says who is told of messages of one's type that they publish."""

    def __init__(self, cores: Mapping[str, Core], observers: Callable[[AnyMessage], Sequence[Observe]]) -> None:
        self._cores = {name: cores[name].handle for name in SERVICES if name in cores}
        self._signal = self._cores[SIGNAL]
        self._others = [handle for name, handle in self._cores.items() if name != SIGNAL]
        self._observers = observers
        self._routes: dict[type, tuple[tuple[Handle, ...], Sequence[Observe]]] = {}
        self._waiting: dict[str, tuple[Quote, int]] = {}

    def publish(self, message: AnyMessage, now_ns: int) -> None:
        """Deliver market data, and all that follows from it.

        Raises:
            LocalBusError: MAX_CASCADE messages followed and there is no end.
        """
        if self._waiting:
            self._catch_up()
        self._deliver(message, now_ns)

    def publish_quiet(self, quote: Quote, now_ns: int) -> None:
        """Deliver a quote at which nobody can act."""
        answers = self._signal(quote, now_ns)
        assert not answers, f"{quote.id}: expected nobody to act, found {answers[0]}"
        self._waiting[quote.symbol] = (quote, now_ns)

    def publish_bar(self, bar: Bar, now_ns: int) -> None:
        """Deliver a bar, which strategies alone hear, and all that follows from it."""
        self.follow(self._signal(bar, now_ns), now_ns)

    def follow(self, answers: Sequence[AnyMessage], now_ns: int) -> None:
        """Deliver what signal answered, and all that follows from it."""
        if answers:
            self._catch_up()
            self._spread(list(answers), now_ns)

    def _catch_up(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for quote, then_ns in waiting.values():
            for handle in self._others:
                answers = handle(quote, then_ns)
                assert not answers, f"{quote.id}: expected nobody to act, found {answers[0]}"

    def _deliver(self, message: AnyMessage, now_ns: int) -> None:
        published: list[AnyMessage] = []
        handles, _ = self._routes.get(type(message)) or self._find(message)
        for handle in handles:
            published += handle(message, now_ns)
        if published:
            self._spread(published, now_ns)

    def _spread(self, published: list[AnyMessage], now_ns: int) -> None:
        routes = self._routes
        for message in published:  # the list grows while it is walked: it is the queue
            handles, observers = routes.get(type(message)) or self._find(message)
            for handle in handles:
                published += handle(message, now_ns)
            for observe in observers:
                observe(message)
            if len(published) > MAX_CASCADE:
                raise LocalBusError(
                    f"expected at most {MAX_CASCADE} messages to follow from one input, found more after {message}"
                )

    def _find(self, message: AnyMessage) -> tuple[tuple[Handle, ...], Sequence[Observe]]:
        topic = topic_of(message)
        handles = () if topic is None else tuple(handle for name, handle in self._cores.items() if hears(name, topic))
        found = self._routes[type(message)] = (handles, self._observers(message))
        return found
