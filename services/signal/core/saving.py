"""The signal core's state as canonical bytes: structs in the order of their fields, mappings sorted, Decimals as text."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import msgspec

from common.messages import ExternalSignal, Greeks, MarketState, Quote
from services.signal.core.desk import Desk, order_views
from services.signal.core.host import AccountView
from services.signal.core.indicator import IndicatorKey
from services.signal.core.roster import Changed, Counters, Roster, index_reading
from services.signal.core.runner import Runner, hold
from services.signal.core.stopping import silence


class SavedAsker(msgspec.Struct, array_like=True):
    """What a runner's asker remembers."""

    counters: tuple[int, int, int, bool]
    last_error: str
    lines: list[str]
    bank: list[tuple[IndicatorKey, tuple[Any, ...]]]
    host: bytes


class SavedReadings(msgspec.Struct, array_like=True):
    """What a runner remembers of the series that it reads beside its own. held_until_ns: 0 where no update is held."""

    held_until_ns: int
    shown: tuple[int, list[tuple[str, str, int]]]


class SavedRunner(msgspec.Struct, array_like=True):
    """What a runner remembers."""

    id: str
    timeframe: str
    last_tick_ns: int
    machine: tuple[Any, ...]
    desk: Desk
    asker: SavedAsker
    readings: "SavedReadings | None" = None


class SavedChanges(msgspec.Struct, array_like=True):
    """What commands did to the roster. order: of all runners. sources: of the strategies in `changed`, by their numbers."""

    order: list[str]
    changed: list[tuple[str, Changed, int]]
    sources: list[bytes]
    retired: list[tuple[str, Desk]]
    leaving: list[tuple[str, int]]
    throttles: list[tuple[str, int]]
    stopped: list[str] = []


class Saved(msgspec.Struct, array_like=True):
    """What the core remembers."""

    series: list[tuple[str, str, int, list[tuple[Any, ...]]]]
    quotes: list[Quote]
    states: list[tuple[str, MarketState]]
    accounts: list[tuple[str, AccountView]]
    runners: list[SavedRunner]
    counters: tuple[int, ...]
    facts: tuple[list[Greeks], list[ExternalSignal]] = ([], [])
    changes: "SavedChanges | None" = None


type Restore = Callable[[Mapping[str, Changed], Mapping[str, Desk]], None]
"""Makes the runners that commands had changed, takes out those that they had removed."""

encode_saved: Callable[[Saved], bytes] = msgspec.msgpack.Encoder(decimal_format="string").encode
"""Return a state as canonical bytes."""
decode_saved = msgspec.msgpack.Decoder(Saved).decode
"""Return the state in such bytes; raises ValueError for others."""


def save_roster(roster: Roster) -> Saved:
    """Return the whole state."""
    return Saved(
        series=[roster.series[key].save() for key in sorted(roster.series)],
        quotes=[roster.quotes[symbol] for symbol in sorted(roster.quotes)],
        states=sorted(roster.states.items()),
        accounts=sorted(roster.accounts.items()),
        runners=[save_runner(roster.runners[id_]) for id_ in sorted(roster.runners)],
        counters=msgspec.structs.astuple(roster.counters),
        facts=roster.facts.save(),
        changes=_save_changes(roster),
    )


def load_roster(roster: Roster, saved: Saved, restore: Restore) -> None:
    """Take over what `save_roster` returned; runners and series that are here no more are dropped.

    Raises:
        ValueError: the state of a strategy does not fit its file.
    """
    if saved.changes is not None:
        _load_changes(roster, saved.changes, restore)
    roster.counters = Counters(*saved.counters)
    roster.quotes = {quote.symbol: quote for quote in saved.quotes}
    roster.states = dict(saved.states)
    _load_series(roster, saved)
    for saved_runner in saved.runners:
        runner = roster.runners.get(saved_runner.id)
        if runner is None:
            roster.counters.dropped_runners += 1
        else:
            load_runner(runner, saved_runner)
    roster.facts.load(*saved.facts)
    for currency, view in saved.accounts:
        roster.set_account(currency, view)


def _load_series(roster: Roster, saved: Saved) -> None:
    """Load the bars, also of series that runners were found to read while they ran."""
    for saved_runner in saved.runners:
        if saved_runner.id in roster.runners:
            _read(roster.runners[saved_runner.id], saved_runner)
    index_reading(roster)
    for symbol, timeframe, count, rows in saved.series:
        series = roster.series.get((symbol, timeframe))
        if series is not None:
            series.load(count, rows)


def _save_changes(roster: Roster) -> SavedChanges | None:
    if not (roster.changed or roster.retired or roster.leaving or roster.stopped):
        return None
    sources = sorted({change.spec.strategy.source for change in roster.changed.values()})
    return SavedChanges(
        order=list(roster.runners),
        changed=[
            (id_, _bare(change), sources.index(change.spec.strategy.source)) for id_, change in _by_id(roster.changed)
        ],
        sources=sources,
        retired=_by_id(roster.retired),
        leaving=_by_id(roster.leaving),
        throttles=_by_id(roster.throttles),
        stopped=sorted(roster.stopped),
    )


def _load_changes(roster: Roster, saved: SavedChanges, restore: Restore) -> None:
    restore({id_: _bare(change, saved.sources[number]) for id_, change, number in saved.changed}, dict(saved.retired))
    roster.leaving = dict(saved.leaving)
    roster.throttles = dict(saved.throttles)
    for id_ in saved.stopped:
        if id_ in roster.runners:
            silence(roster.runners[id_])
            roster.stopped.add(id_)
    roster.reorder(saved.order)


def _bare(change: Changed, source: bytes = b"") -> Changed:
    replace = msgspec.structs.replace
    return replace(change, spec=replace(change.spec, strategy=replace(change.spec.strategy, source=source)))


def _by_id[Kind](book: Mapping[str, Kind]) -> list[tuple[str, Kind]]:
    return sorted(book.items(), key=itemgetter(0))


def save_runner(runner: Runner) -> SavedRunner:
    """Return what a runner remembers."""
    readings = runner.asker.readings
    return SavedRunner(
        runner.id,
        runner.spec.timeframe,
        runner.last_tick_ns,
        runner.machine.save(),
        runner.desk,
        SavedAsker(*runner.asker.save()),
        SavedReadings(runner.held_until_ns, readings.save()) if readings.all else None,
    )


def _read(runner: Runner, saved: SavedRunner) -> None:
    """Let a runner read the series that its indicators were found to need while it ran."""
    for key, _ in saved.asker.bank:
        runner.asker.readings.place(key)


def load_runner(runner: Runner, saved: SavedRunner, *, remembers: bool = True) -> None:
    """Take over what `save_runner` returned; without what its strategy remembered if not `remembers`.

    Raises:
        ValueError: the state of the strategy does not fit its file.
    """
    asker, kept = runner.asker, saved.asker
    runner.last_tick_ns = saved.last_tick_ns
    runner.machine.load(saved.machine)
    runner.desk = saved.desk
    _read(runner, saved)
    same_bars, kept_readings = saved.timeframe == runner.spec.timeframe, saved.readings
    if kept_readings is not None:
        asker.readings.load(kept_readings.shown)
        latest = asker.series.latest
        if kept_readings.held_until_ns and latest is not None and same_bars:
            hold(runner, latest, kept_readings.held_until_ns)
    if remembers:
        asker.load((kept.counters, kept.last_error, kept.lines, kept.bank, kept.host), same_bars=same_bars)
    else:
        asker.evaluations, asker.errors, asker.errors_in_row, asker.paused = kept.counters
        asker.remember([(key, state) for key, state in kept.bank if key in asker.bank.keys], same_bars=same_bars)
    asker.show_position(runner.desk.position.view())
    asker.show_order(*order_views(runner.desk))
