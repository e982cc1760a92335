"""A worker's share of the runners: an ordinary signal core that takes orders as bytes and answers each."""

from collections.abc import Callable
from typing import Any, Protocol

from common.codec import decode
from common.messages import AnyMessage, OperatorCommand
from services.signal.adapters.marker import Marker, Watched
from services.signal.core.questions import answer_to
from services.signal.core.series import Series
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.workers.frames import (
    ANSWERED,
    ASK,
    NOTHING,
    OFFER_NS,
    OPINION,
    RESTORE,
    SAVE,
    STATE,
    TELL,
    TOLD,
    UNFIT,
    News,
    Told,
    chunks_in,
    pack,
    unpack_offer,
    unpack_question,
)
from services.signal.workers.sharing import runner_named


class Opinionated(Protocol):
    """Who has a second opinion on indicators."""

    def look(self) -> None:
        """Look after it, between two orders."""
        ...

    def take(self) -> Any:
        """Return what there is to be told of it."""
        ...


class Shard:
    """A core, told what to do by orders; `marker` notes which runner is being called."""

    def __init__(self, core: SignalCore, marker: Marker, opinion: Opinionated) -> None:
        self._core, self._marker, self._opinion = core, marker, opinion
        self.look = opinion.look
        core.roster.group = lambda: Watched(marker)
        core.roster.reorder(())
        self._told: dict[str, RunnerSpec] = {}
        self._shape: tuple[int, ...] = ()
        self._answers: dict[bytes, Callable[[bytes], bytes]] = {
            TELL: self._tell,
            SAVE: self._save,
            ASK: self._ask,
            RESTORE: self._restore,
            OPINION: lambda _order: ANSWERED + pack(opinion.take()),
        }

    def answer(self, order: bytes) -> bytes:
        """Do what an order says; return the answer."""
        return self._answers[order[:1]](order)

    def news(self) -> bytes:
        """Return what there is, as the answer to the order that made the runners."""
        return TOLD + pack(Told(news=self._news()))

    def _tell(self, order: bytes) -> bytes:
        core, marker = self._core, self._marker
        out: list[AnyMessage] = []
        refusal, is_command = "", False
        for now_ns, payload in chunks_in(order):
            if now_ns == OFFER_NS:
                self._take_offer(payload)
                continue
            message = decode(payload)
            named = runner_named(message)
            if named:
                marker.enter(named)
            out += core.handle(message, now_ns)
            if type(message) is OperatorCommand:
                is_command, refusal = True, core.refusal
                self._drop_unheard()
        marker.leave()
        has_news = is_command or self._shape != self._shape_now()
        if not (out or refusal or has_news):
            return NOTHING
        return TOLD + pack(Told(out, refusal, self._news() if has_news else None))

    def _take_offer(self, payload: memoryview) -> None:
        offer, roster = unpack_offer(payload), self._core.roster
        self._core.changes.retired_elsewhere = offer.retired_elsewhere
        for symbol, timeframe, count, rows in offer.series:
            if (symbol, timeframe) not in roster.series:
                series = roster.series[symbol, timeframe] = Series(symbol, timeframe, roster.limits.window)
                series.load(count, rows)

    def _drop_unheard(self) -> None:
        roster = self._core.roster
        for key in [key for key in roster.series if key not in roster.of_series and key not in roster.of_read]:
            del roster.series[key]

    def _shape_now(self) -> tuple[int, ...]:
        roster = self._core.roster
        return len(roster.runners), len(roster.retired), len(roster.series), len(roster.of_quotes)

    def _news(self) -> News:
        roster = self._core.roster
        specs = {id_: runner.spec for id_, runner in roster.runners.items()}
        changed = [spec for id_, spec in specs.items() if self._told.get(id_) is not spec]
        self._told, self._shape = specs, self._shape_now()
        return News(
            ids=list(specs),
            specs=changed,
            retired=list(roster.retired),
            series=list(roster.series),
            ticks=list(roster.of_quotes),
            greeks=roster.facts.wanted(),
        )

    def _save(self, _order: bytes) -> bytes:
        return STATE + self._core.snapshot()

    def _restore(self, order: bytes) -> bytes:
        try:
            self._core.restore(order[1:])
        except ValueError as error:
            return UNFIT + str(error).encode()
        return self.news()

    def _ask(self, order: bytes) -> bytes:
        return ANSWERED + pack(answer_to(self._core.roster, unpack_question(order[1:])))
