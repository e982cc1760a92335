"""Where each runner lives and what it hears, as the workers told it last."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from common.messages import AnyMessage, OperatorCommand
from services.signal.core.spec import RunnerSpec
from services.signal.workers.frames import News, Told
from services.signal.workers.keeper import Keeper


class Roll:
    """All runners in their order. of_series, of_ticks, of_greeks: the workers that hear something, in their order."""

    def __init__(self, keepers: Sequence[Keeper], ids: Iterable[str]) -> None:
        """ids: the runners in the order of the configuration."""
        self._keepers, self._order = keepers, list(ids)
        self._rank: dict[str, int] = {}
        self._specs: dict[str, RunnerSpec] = {}
        self._retired: frozenset[str] = frozenset()
        self.of_series: dict[tuple[str, str], list[Keeper]] = {}
        self.of_ticks: dict[str, list[Keeper]] = {}
        self.of_greeks: dict[str, list[Keeper]] = {}

    def learn(self, told: Mapping[Keeper, News]) -> None:
        """Take over what workers tell of their runners."""
        for keeper, news in told.items():
            keeper.news = news
            self._specs |= {spec.id: spec for spec in news.specs}
        living = {id_: None for each in self._keepers for id_ in each.news.ids}
        self._order = [id_ for id_ in dict.fromkeys([*self._order, *living]) if id_ in living]
        self._specs = {id_: self._specs[id_] for id_ in self._order}
        self._rank = {id_: number for number, id_ in enumerate(self._order)}
        self._retired = frozenset(id_ for each in self._keepers for id_ in each.news.retired)
        self.of_series = self._hearers(lambda each: each.series)
        self.of_ticks = self._hearers(lambda each: each.ticks)
        self.of_greeks = self._hearers(lambda each: each.greeks)

    def reorder(self, ids: Iterable[str]) -> None:
        """Have the runners in this order, those that it does not name behind."""
        named = [id_ for id_ in ids if id_ in self._rank]
        self._order = list(dict.fromkeys([*named, *self._order]))
        self._specs = {id_: self._specs[id_] for id_ in self._order}
        self._rank = {id_: number for number, id_ in enumerate(self._order)}

    def order(self) -> Sequence[str]:
        """Return the ids of the runners in their order."""
        return self._order

    def specs(self) -> Mapping[str, RunnerSpec]:
        """Return the runners there are, in their order, by their ids."""
        return self._specs

    def is_retired(self, id_: str) -> bool:
        """Return whether a runner was there and has gone."""
        return id_ in self._retired

    def gone_elsewhere(self, keeper: Keeper) -> int:
        """Return how many runners have gone from other workers than this one."""
        return len(self._retired) - len(keeper.news.retired)

    def merged(self, answers: Sequence[Told], interposed: Sequence[OperatorCommand]) -> Sequence[AnyMessage]:
        """Return what follows from an input as one core would say it: in the order of the runners.

        interposed: commands that were obeyed before the input; what follows from these comes first.
        """
        parts = [told.out for told in answers if told.out]
        if len(parts) < 2:
            return parts[0] if parts else ()
        said: list[Any] = [message for part in parts for message in part]
        before = [message for command in interposed for message in said if message.cause == command.id]
        rest = [message for message in said if message not in before] if before else said
        return [*before, *self.sorted_by(rest, attrgetter("runner"))]

    def sorted_by[Thing](self, things: Iterable[Thing], runner_of: Callable[[Thing], str]) -> list[Thing]:
        """Return things in the order of the runners that they belong to."""
        rank = self._rank
        return sorted(things, key=lambda thing: rank[runner_of(thing)])

    def _hearers[Key](self, heard: Callable[[News], Iterable[Key]]) -> dict[Key, list[Keeper]]:
        found: dict[Key, list[Keeper]] = {}
        for keeper in self._keepers:
            for key in heard(keeper.news):
                found.setdefault(key, []).append(keeper)
        return found
