"""The signal core whose runners live in workers: what one core would say, whatever the number of workers.

How it works: what all runners share is kept here. An input goes to the workers that have runners which hear it, all at once;
their answers are put into the order of the runners. What only has to be known later (quotes that nobody trades on, accounts,
levels) waits for the next input of a worker. A state is that of one core: cut into the workers' and put together again.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec

from common.messages import AnyMessage, OperatorCommand
from services.signal.core.questions import Asked, Question
from services.signal.core.saving import Saved, decode_saved, encode_saved
from services.signal.workers.crew import Crew
from services.signal.workers.guard import Guard
from services.signal.workers.hearing import Hearing
from services.signal.workers.keeper import Keeper
from services.signal.workers.market import Market
from services.signal.workers.roll import Roll
from services.signal.workers.second import Opinion
from services.signal.workers.sharing import cut, joined_changes, joined_counters

EARLY_PART = 0.3
"""Part of what makes a worker's state due, from which on it is taken between inputs."""
_NOTHING: tuple[AnyMessage, ...] = ()


class ShardedCore:
    """Implements `common.core.Core`, `Interposing` and `Counting`, and `Runners` of the signal core.

    ids: the runners in the order of the configuration. window: bars kept per series.
    """

    def __init__(self, keepers: Sequence[Keeper], ids: Sequence[str], window: int, guard: Guard) -> None:
        """Wait until the workers have begun; raises WorkerError."""
        self._guard, self._market, self._roll = guard, Market(window), Roll(keepers, ids)
        self._crew = Crew(keepers, self._market, self._roll, guard)
        hearing = Hearing(self._crew)
        hearing.handlers[OperatorCommand] = self._obey
        self._handlers, self._handler_of = hearing.handlers, hearing.handler_of
        self.specs, self.is_retired = self._roll.specs, self._roll.is_retired
        self.refusal = ""

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input; return intents and what runners did.

        Raises:
            UnheardError: a command that cannot be done, see `Guard`.
            WorkerError: workers are lost again and again.
        """
        handler = self._handlers.get(type(message)) or self._handler_of(type(message))
        return handler(message, now_ns)

    def next_deadline_ns(self) -> int | None:
        """Return None: runners are moved by messages alone."""
        return None

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Return nothing: there are no deadlines."""
        assert now_ns >= 0
        return _NOTHING

    def go_live(self) -> None:
        """Learn that inputs are new from now on."""
        self._guard.live = True

    def take_interposed(self) -> Sequence[OperatorCommand]:
        """Return the commands that stopped runners before the latest input; each is told once."""
        if not self._guard.interposed:
            return ()
        taken, self._guard.interposed = self._guard.interposed, []
        return taken

    def _obey(self, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        told = self._crew.command(command, now_ns)
        self.refusal = told.refusal
        return told.out

    def snapshot(self) -> bytes:
        """Return the whole state as one core would: canonical bytes; raises WorkerError."""
        parts, market = [decode_saved(part) for part in self._crew.save()], self._market
        return encode_saved(
            Saved(
                series=[market.series[key].save() for key in sorted(market.series)],
                quotes=[market.quotes[symbol] for symbol in sorted(market.quotes)],
                states=sorted(market.states.items()),
                accounts=sorted(market.accounts.items()),
                runners=sorted((runner for part in parts for runner in part.runners), key=attrgetter("id")),
                counters=msgspec.structs.astuple(joined_counters(market.counters, [part.counters for part in parts])),
                facts=market.facts(),
                changes=joined_changes([part.changes for part in parts], self._roll.order()),
            )
        )

    def restore(self, state: bytes) -> None:
        """Take over a state that one core or any number of workers gave; on fresh workers only.

        Raises:
            ValueError: the bytes are no such state, or the state of a strategy does not fit its file.
            WorkerError: workers are lost again and again.
        """
        saved, keepers = decode_saved(state), self._crew.keepers
        for keeper, part in zip(keepers, cut(saved, len(keepers)), strict=True):
            self._crew.learn(keeper, self._guard.restore(keeper, encode_saved(part)), 0)
            keeper.quotes = {quote.symbol: quote for quote in saved.quotes}
        self._market.load(saved)
        if saved.changes is not None:
            self._roll.reorder(saved.changes.order)

    def required_bars(self) -> list[tuple[str, str]]:
        """Return the (symbol, timeframe) pairs whose bars the runners need, sorted."""
        return sorted(self._roll.of_series)

    def ask(self, question: Question) -> Any:
        """Return the answer to a question about runners that are there; raises WorkerError."""
        crew = self._crew
        if question.asked is Asked.COUNTS:
            return self.counters()
        if question.asked in (Asked.LIST, Asked.STATUS):
            found = [{**line, **_place(keeper)} for keeper in crew.keepers for line in crew.ask(keeper, question)]
            return self._roll.sorted_by(found, lambda line: line["id"])
        keeper = crew.home(question.runner)
        answer = crew.ask(keeper, question)
        return {**answer, **_place(keeper)} if question.asked in (Asked.LINE, Asked.SHOW) else answer

    def opinions(self) -> list[Opinion]:
        """Return what each worker has to tell of its indicators, once; bring back those that have ended.

        States are taken here too, while nobody waits for an answer.
        """
        for keeper in self._crew.keepers:
            if keeper.is_save_due(EARLY_PART):
                self._guard.save(keeper)
        return [self._guard.opinion(keeper) for keeper in self._crew.keepers]

    def close(self) -> None:
        """End the workers."""
        for keeper in self._crew.keepers:
            keeper.link.end()

    def counters(self) -> dict[str, int]:
        """Return the whole numbers of the top level of `status`."""
        crew, market = self._crew, self._market
        parts: list[dict[str, int]] = [crew.ask(keeper, Question(Asked.COUNTS)) for keeper in crew.keepers]
        fields = msgspec.structs.asdict(market.counters)
        counted = joined_counters(market.counters, [[part[name] for name in fields] for part in parts])
        return {
            **msgspec.structs.asdict(counted),
            "signals": len(market.signals),
            "signals_left_out": market.signals_left_out,
            **{name: sum(part[name] for part in parts) for name in ("evaluations", "errors", "paused")},
            "workers": sum(keeper.link.is_alive() for keeper in crew.keepers),
            "worker_restarts": sum(keeper.starts - 1 for keeper in crew.keepers),
        }

    def status(self) -> dict[str, Any]:
        """Return a summary for people, as one core would, with the workers."""
        return {
            **self.counters(),
            "markets": {symbol: state.value for symbol, state in sorted(self._market.states.items())},
            "runners": self.ask(Question(Asked.STATUS)),
        }


def _place(keeper: Keeper) -> dict[str, int]:
    return {"worker": keeper.number, "worker_pid": keeper.link.pid}
