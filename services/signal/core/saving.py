"""The signal core's state as canonical bytes: structs in the order of their fields, mappings sorted, Decimals as text."""

from typing import Any

import msgspec

from common.messages import ExternalSignal, Greeks, MarketState, Quote
from services.signal.core.desk import Desk
from services.signal.core.host import AccountView
from services.signal.core.indicator import IndicatorKey
from services.signal.core.roster import Counters, Roster
from services.signal.core.runner import Runner


class SavedAsker(msgspec.Struct, array_like=True):
    """What a runner's asker remembers."""

    counters: tuple[int, int, int, bool]
    last_error: str
    lines: list[str]
    bank: list[tuple[IndicatorKey, tuple[Any, ...]]]
    host: bytes


class SavedRunner(msgspec.Struct, array_like=True):
    """What a runner remembers."""

    id: str
    timeframe: str
    last_tick_ns: int
    machine: tuple[Any, ...]
    desk: Desk
    asker: SavedAsker


class Saved(msgspec.Struct, array_like=True):
    """What the core remembers."""

    series: list[tuple[str, str, int, list[tuple[Any, ...]]]]
    quotes: list[Quote]
    states: list[tuple[str, MarketState]]
    accounts: list[tuple[str, AccountView]]
    runners: list[SavedRunner]
    counters: tuple[int, ...]
    facts: tuple[list[Greeks], list[ExternalSignal]] = ([], [])


_encode = msgspec.msgpack.Encoder(decimal_format="string").encode
_decode = msgspec.msgpack.Decoder(Saved).decode


def save_roster(roster: Roster) -> bytes:
    """Return the whole state as canonical bytes."""
    return _encode(
        Saved(
            series=[roster.series[key].save() for key in sorted(roster.series)],
            quotes=[roster.quotes[symbol] for symbol in sorted(roster.quotes)],
            states=sorted(roster.states.items()),
            accounts=sorted(roster.accounts.items()),
            runners=[_save_runner(roster.runners[id_]) for id_ in sorted(roster.runners)],
            counters=msgspec.structs.astuple(roster.counters),
            facts=roster.facts.save(),
        )
    )


def load_roster(roster: Roster, state: bytes) -> None:
    """Take over what `save_roster` returned; runners and series that are here no more are dropped.

    Raises:
        ValueError: the bytes are no such state, or the state of a strategy does not fit its file.
    """
    saved = _decode(state)
    roster.counters = Counters(*saved.counters)
    roster.quotes = {quote.symbol: quote for quote in saved.quotes}
    roster.states = dict(saved.states)
    for symbol, timeframe, count, rows in saved.series:
        series = roster.series.get((symbol, timeframe))
        if series is not None:
            series.load(count, rows)
    for saved_runner in saved.runners:
        runner = roster.runners.get(saved_runner.id)
        if runner is None:
            roster.counters.dropped_runners += 1
        else:
            _load_runner(runner, saved_runner)
    roster.facts.load(*saved.facts)
    for currency, view in saved.accounts:
        roster.set_account(currency, view)


def _save_runner(runner: Runner) -> SavedRunner:
    return SavedRunner(
        runner.id,
        runner.spec.timeframe,
        runner.last_tick_ns,
        runner.machine.save(),
        runner.desk,
        SavedAsker(*runner.asker.save()),
    )


def _load_runner(runner: Runner, saved: SavedRunner) -> None:
    asker = saved.asker
    runner.last_tick_ns = saved.last_tick_ns
    runner.machine.load(saved.machine)
    runner.desk = saved.desk
    runner.asker.load(
        (asker.counters, asker.last_error, asker.lines, asker.bank, asker.host),
        same_bars=saved.timeframe == runner.spec.timeframe,
    )
    runner.asker.show_position(runner.desk.position.view())
