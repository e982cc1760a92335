"""The workers together: told what concerns them, their answers put into the order of the runners."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from common.messages import AnyMessage, Greeks, OperatorCommand
from services.signal.core.questions import Question
from services.signal.core.spec import SeriesKey
from services.signal.workers.frames import News, Offer, Told, chunk_of, chunk_of_offer
from services.signal.workers.guard import Guard
from services.signal.workers.keeper import Keeper
from services.signal.workers.market import Market
from services.signal.workers.roll import Roll
from services.signal.workers.sharing import runner_named, series_wanted, share_of

WAITING_MAX = 256
"""What may wait for the next input of a worker."""


class Crew:
    """The workers, the market that they share, and the roll of the runners."""

    def __init__(self, keepers: Sequence[Keeper], market: Market, roll: Roll, guard: Guard) -> None:
        """Wait until the workers have begun; raises WorkerError."""
        self.keepers, self.market, self.roll, self.guard = keepers, market, roll, guard
        roll.learn({keeper: guard.begun(keeper) for keeper in keepers})
        market.want(roll.of_series, roll.of_greeks)

    def home(self, runner: str) -> Keeper:
        """Return the worker that a runner lives in, or would."""
        return self.keepers[share_of(runner, len(self.keepers))]

    def queue(self, keepers: Iterable[Keeper], key: Hashable, message: AnyMessage, now_ns: int) -> None:
        """Have workers told before whatever comes next; it replaces what waits under the same key."""
        chunk = chunk_of(message, now_ns)
        for keeper in keepers:
            keeper.queue(key, chunk)
            if keeper.waiting >= WAITING_MAX:
                self.flush((keeper,))

    def tell(self, keepers: Sequence[Keeper], message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Tell workers an input, all at once; return what follows as one core would say it."""
        chunk = chunk_of(message, now_ns)
        for keeper in keepers:
            if keeper.is_save_due():
                self.guard.save(keeper)
            keeper.tell(chunk)
        answers = [self._collect(keeper, message, now_ns) for keeper in keepers]
        out = self.roll.merged(answers, self.guard.interposed)
        for keeper, told in zip(keepers, answers, strict=True):
            if told.news is not None:
                self.learn(keeper, told.news, now_ns)
        return out

    def command(self, command: OperatorCommand, now_ns: int) -> Told:
        """Tell a worker an operator's command, with what it may need for it; return what follows."""
        keeper = self.home(runner_named(command))
        wanted = [key for key in series_wanted(command) if key not in keeper.news.series]
        offer = Offer(self.market.offer(wanted), self.roll.gone_elsewhere(keeper))
        keeper.tell(chunk_of_offer(offer), chunk_of(command, now_ns))
        told = self._collect(keeper, command, now_ns, offered=wanted)
        if told.news is not None:
            self.learn(keeper, told.news, now_ns)
        return told

    def flush(self, keepers: Sequence[Keeper] | None = None) -> None:
        """Tell workers all that waits for them."""
        for keeper in self.keepers if keepers is None else keepers:
            if keeper.waiting:
                keeper.tell()
                self.guard.collect(keeper, None, 0)

    def save(self) -> list[bytes]:
        """Return the states of all workers."""
        self.flush()
        return [self.guard.save(keeper) for keeper in self.keepers]

    def ask(self, keeper: Keeper, question: Question) -> Any:
        """Return a worker's answer to a question."""
        self.flush((keeper,))
        return self.guard.ask(keeper, question)

    def learn(self, keeper: Keeper, news: News, now_ns: int) -> None:
        """Take over what a worker tells of its runners."""
        before = set(keeper.news.greeks)
        self.roll.learn({keeper: news})
        self.market.want(self.roll.of_series, self.roll.of_greeks)
        for symbol in news.greeks:
            if symbol not in before and symbol in self.market.greeks:
                keeper.queue((Greeks, symbol), chunk_of(self.market.greeks[symbol], now_ns))

    def _collect(self, keeper: Keeper, message: AnyMessage, now_ns: int, offered: Sequence[SeriesKey] = ()) -> Told:
        """Return what follows from an input that a worker was told.

        A strategy that reads a series for the first time must find the bars that one core would have: if only other workers
        have the series, the worker goes back to before the input, gets it, and takes the input once more.
        """
        told = self.guard.collect(keeper, message, now_ns)
        if told.news is None:
            return told
        known = {*keeper.news.series, *offered}
        lacking = self.market.offer(key for key in told.news.series if key not in known)
        if not lacking:
            return told
        self.guard.go_back(keeper)
        keeper.squeeze_in(chunk_of_offer(Offer(lacking, self.roll.gone_elsewhere(keeper))))
        keeper.tell_again()
        return self.guard.collect(keeper, message, now_ns)
