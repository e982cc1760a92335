"""The bus inside one process: the same cores, the same routes, no sockets. Tests and backtests drive services by it.

How it works: a message goes to every core that hears its topic, in the order of the flow; what the cores answer
queues up behind it, first come, first served, until nobody has anything left to say. Time stands still meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence

from common.core import Core
from common.messages import AnyMessage, Bar
from common.routes import SERVICES, hears, publisher_of, topic_of

MAX_CASCADE = 10_000
"""Messages that may follow from one input. More of them chase each other in a circle."""

MAX_DEADLINES_AT_ONCE = 10_000
"""Deadlines that may fire without time moving on."""


class LocalBusError(Exception):
    """The cores do not come to rest; the text names the service, the message and the bound."""


type _Hearer = tuple[str, Callable[[AnyMessage, int], Sequence[AnyMessage]]]
type _Route = tuple[str | None, tuple[_Hearer, ...]]
"""The only service that may publish a message, None where no stream carries it; and who hears it, by which function."""


class LocalBus:
    """Cores by the name of their service, wired as `common.routes` says. A service that is not given is not there."""

    def __init__(self, cores: Mapping[str, Core], also: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """also: service to what it hears of `common.routes.MAY_HEAR`."""
        unknown = cores.keys() - set(SERVICES)
        assert not unknown, f"no such service in common.routes: {sorted(unknown)}"
        self._cores = tuple((name, cores[name]) for name in SERVICES if name in cores)
        self._by_name = dict(cores)
        self._also = also or {}
        self._routes: dict[type, dict[object, _Route]] = {}
        self._now_ns = 0

    def publish(self, service: str, message: AnyMessage, now_ns: int) -> list[AnyMessage]:
        """Publish a message in the name of `service`; return all that the cores published because of it, in order.

        Raises:
            LocalBusError: MAX_CASCADE messages followed and there is no end.
        """
        publisher, hearers = self._route(message)
        assert publisher == service, f"{service} may not publish {type(message).__name__}: {publisher} does"
        self._now_ns = now_ns
        published: list[AnyMessage] = []
        for name, handle in hearers:
            answers = handle(message, now_ns)
            if answers:
                published += self._checked(name, answers)
        return self._spread(published, now_ns) if published else published

    def tell(self, service: str, message: AnyMessage, now_ns: int) -> list[AnyMessage]:
        """Give one core a message that no stream carries, such as an operator's command; return what follows."""
        self._now_ns = now_ns
        answers = self._by_name[service].handle(message, now_ns)
        return self._spread(list(self._checked(service, answers)), now_ns)

    def advance(self, now_ns: int) -> list[AnyMessage]:
        """Fire every deadline due by `now_ns`, the earliest first, each at its own time; return what follows.

        Raises:
            LocalBusError: a core's deadline does not move on when it is met.
        """
        published: list[AnyMessage] = []
        firings = 0
        while (due := self._next_due(now_ns)) is not None:
            due_ns, service, core = due
            firings = firings + 1 if due_ns <= self._now_ns else 0
            if firings > MAX_DEADLINES_AT_ONCE:
                raise LocalBusError(f"{service}: expected a later deadline than {due_ns}, found it {firings} times")
            self._now_ns = max(self._now_ns, due_ns)
            answers = self._checked(service, core.on_deadline(self._now_ns))
            published += self._spread(list(answers), self._now_ns)
        return published

    def _next_due(self, now_ns: int) -> tuple[int, str, Core] | None:
        earliest: tuple[int, str, Core] | None = None
        for service, core in self._cores:
            due_ns = core.next_deadline_ns()
            if due_ns is not None and due_ns <= now_ns and (earliest is None or due_ns < earliest[0]):
                earliest = (due_ns, service, core)
        return earliest

    def _spread(self, published: list[AnyMessage], now_ns: int) -> list[AnyMessage]:
        for message in published:  # the list grows while it is walked: it is the queue
            for service, handle in self._route(message)[1]:
                answers = handle(message, now_ns)
                if answers:
                    published += self._checked(service, answers)
            if len(published) > MAX_CASCADE:
                raise LocalBusError(
                    f"expected at most {MAX_CASCADE} messages to follow from one input, found more after {message}"
                )
        return published

    def _checked(self, service: str, messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
        for message in messages:
            publisher = self._route(message)[0]
            assert publisher == service, f"{service} may not publish {type(message).__name__}: {publisher} does"
        return messages

    def _route(self, message: AnyMessage) -> _Route:
        key: object
        if type(message) is Bar:
            key = (message.symbol, message.timeframe, message.source)
        else:
            key = getattr(message, "symbol", None)
        routes = self._routes.get(type(message))
        route = None if routes is None else routes.get(key)
        return self._find_route(message, key) if route is None else route

    def _find_route(self, message: AnyMessage, key: object) -> _Route:
        topic = topic_of(message)
        route: _Route = (None, ())
        if topic is not None:
            also = self._also
            hearers = tuple((name, core.handle) for name, core in self._cores if hears(name, topic, also.get(name, ())))
            route = (publisher_of(topic), hearers)
        self._routes.setdefault(type(message), {})[key] = route
        return route
