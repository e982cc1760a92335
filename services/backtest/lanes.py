"""The bus of a backtest: the order of delivery of `common.local_bus`, with a shorter way for what moves nobody.

How it works: a quote at which nobody can act only replaces the one before it, for risk and the venue alike. So it waits
here and is delivered when somebody is about to act: before any other message reaches risk or the venue.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from common.core import Core
from common.local_bus import MAX_CASCADE, LocalBusError
from common.messages import AnyMessage, Bar, Quote
from common.routes import SERVICES, SIGNAL, hears, topic_of

type Observe = Callable[[Any], None]
type Handle = Callable[[Any, int], Sequence[AnyMessage]]
type Route = tuple[tuple[Handle, ...], Sequence[Observe]]


@runtime_checkable
class Sorted(Protocol):
    """A core that can say which of its functions takes messages of a type; None: it ignores them."""

    def handler_of(self, kind: type) -> Handle | None:
        """Return what `handle` would call."""
        ...


class Lanes:
    """Cores by the name of their service. `observers` says who is told of messages of one's type that they publish."""

    def __init__(self, cores: Mapping[str, Core], observers: Callable[[AnyMessage], Sequence[Observe]]) -> None:
        self._cores = {name: cores[name] for name in SERVICES if name in cores}
        signal = cores[SIGNAL]
        self._bars, self._quotes = _handles([signal], Bar), _handles([signal], Quote)
        self._others = _handles([core for name, core in self._cores.items() if name != SIGNAL], Quote)
        self._all = (*self._quotes, *self._others)
        self._observers = observers
        self._routes: dict[type, Route] = {}
        self._waiting: dict[str, tuple[Quote, int]] = {}

    def publish(self, quote: Quote, now_ns: int) -> None:
        """Deliver a quote, and all that follows from it.

        Raises:
            LocalBusError: MAX_CASCADE messages followed and there is no end.
        """
        if self._waiting:
            self.catch_up()
        published: list[AnyMessage] = []
        for handle in self._all:
            published += handle(quote, now_ns)
        if published:
            self._spread(published, now_ns)

    def publish_quiet(self, quote: Quote, now_ns: int) -> None:
        """Deliver a quote at which nobody can act."""
        for handle in self._quotes:
            answers = handle(quote, now_ns)
            assert not answers, f"{quote.id}: expected nobody to act, found {answers[0]}"
        self._waiting[quote.symbol] = (quote, now_ns)

    def publish_bar(self, bar: Bar, now_ns: int) -> None:
        """Deliver a bar, which strategies alone hear, and all that follows from it."""
        for handle in self._bars:
            self.follow(handle(bar, now_ns), now_ns)

    def follow(self, answers: Sequence[AnyMessage], now_ns: int) -> None:
        """Deliver what signal answered, and all that follows from it."""
        if answers:
            self.catch_up()
            self._spread(list(answers), now_ns)

    def catch_up(self) -> None:
        """Deliver the quotes that wait; nobody may act on them."""
        waiting, self._waiting = self._waiting, {}
        for quote, then_ns in waiting.values():
            for handle in self._others:
                answers = handle(quote, then_ns)
                assert not answers, f"{quote.id}: expected nobody to act, found {answers[0]}"

    def _spread(self, published: list[AnyMessage], now_ns: int) -> None:
        routes = self._routes
        for message in published:  # the list grows while it is walked: it is the queue
            handles, observers = routes.get(type(message)) or self._find(message)
            for handle in handles:
                answers = handle(message, now_ns)
                if answers:
                    published += answers
            for observe in observers:
                observe(message)
            if len(published) > MAX_CASCADE:
                raise LocalBusError(
                    f"expected at most {MAX_CASCADE} messages to follow from one input, found more after {message}"
                )

    def _find(self, message: AnyMessage) -> Route:
        topic = topic_of(message)
        hearers = [] if topic is None else [core for name, core in self._cores.items() if hears(name, topic)]
        found = self._routes[type(message)] = (_handles(hearers, type(message)), self._observers(message))
        return found


def _handles(cores: Sequence[Core], kind: type) -> tuple[Handle, ...]:
    found = [core.handler_of(kind) if isinstance(core, Sorted) else core.handle for core in cores]
    return tuple(handle for handle in found if handle is not None)
