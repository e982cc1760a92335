"""The bus of a backtest: the order of delivery of `common.local_bus`, with a shorter way for what moves nobody.

How it works: a quote at which nobody can act only replaces the one before it, for risk and the venue alike. So it waits
here and is delivered when somebody is about to act: before any other message reaches risk or the venue.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from common.core import Core, Sorted
from common.local_bus import MAX_CASCADE, LocalBusError
from common.messages import AnyMessage, Bar, Quote
from common.routes import SERVICES, SIGNAL, hears, topic_of

type Observe = Callable[[Sequence[AnyMessage]], None]
type Handle = Callable[[Any, int], Sequence[AnyMessage]]


class Lanes:
    """Cores by the name of their service. `observe` is told of all that followed from an input, in order, when it is over."""

    def __init__(self, cores: Mapping[str, Core], observe: Observe) -> None:
        self._cores = {name: cores[name] for name in SERVICES if name in cores}
        signal = cores[SIGNAL]
        self._bars, self._quotes = _handles([signal], Bar), _handles([signal], Quote)
        self._others = _handles([core for name, core in self._cores.items() if name != SIGNAL], Quote)
        self._all = (*self._quotes, *self._others)
        self._observe = observe
        self._routes: dict[type, tuple[Handle, ...]] = {}
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
        routes, done = self._routes, 0
        try:
            for message in published:  # the list grows while it is walked: it is the queue
                handles = routes.get(type(message))
                for handle in self._find(message) if handles is None else handles:
                    answers = handle(message, now_ns)
                    if answers:
                        published += answers
                        if len(published) > MAX_CASCADE:
                            _give_up(message)
                done += 1
        except Exception:
            self._observe(published[:done])
            raise
        self._observe(published)

    def _find(self, message: AnyMessage) -> tuple[Handle, ...]:
        topic = topic_of(message)
        hearers = [] if topic is None else [core for name, core in self._cores.items() if hears(name, topic)]
        found = self._routes[type(message)] = _handles(hearers, type(message))
        return found


def _give_up(message: AnyMessage) -> NoReturn:
    raise LocalBusError(f"expected at most {MAX_CASCADE} messages to follow from one input, found more after {message}")


def _handles(cores: Sequence[Core], kind: type) -> tuple[Handle, ...]:
    found = [core.handler_of(kind) if isinstance(core, Sorted) else core.handle for core in cores]
    return tuple(handle for handle in found if handle is not None)
