"""Updates that wait for bars of other series: who is concerned by a bar that several runners read, and when none is waited for.

How it works: time passes by messages. An update that waits is carried out as soon as the last of the bars that it waits for
is there; or else with the first quote of its own symbol, or bar of a series that its runner reads, that comes when it has
waited long enough. Both concern the runner alone, so the same follows wherever it runs.
"""

from collections.abc import Sequence

from common.messages import AnyMessage, Bar, OrderIntent, Quote
from services.signal.core.roster import Roster, index_reading
from services.signal.core.runner import Runner, release
from services.signal.core.spec import SeriesKey


def on_read_bar(roster: Roster, bar: Bar, now_ns: int) -> list[AnyMessage]:
    """Tell a bar to all who read its series; return what follows."""
    key, out = (bar.symbol, bar.timeframe), list[AnyMessage]()
    for runner in roster.of_read[key]:
        symbol = runner.spec.symbol
        quote, trusted = roster.quotes.get(symbol), roster.is_trusted(symbol)
        if key == (symbol, runner.spec.timeframe):
            out += runner.on_bar(bar, bar.id, quote, now_ns, trusted=trusted)
        else:
            out += _on_other(runner, key, quote, now_ns, trusted=trusted)
    return out


def _on_other(
    runner: Runner, key: SeriesKey, quote: Quote | None, now_ns: int, *, trusted: bool
) -> Sequence[AnyMessage]:
    readings, held = runner.asker.readings, runner.held
    readings.make_room(key, runner.asker.bank)
    if held is None or (now_ns < runner.held_until_ns and readings.lacks(held.end_ns)):
        return ()
    return release(runner, quote, now_ns, trusted=trusted)


def settle(roster: Roster, now_ns: int) -> Sequence[AnyMessage]:
    """Carry out all updates that are held: none of the bars that they wait for is still to come. Return what follows."""
    out: list[AnyMessage] = []
    for runner in [roster.runners[id_] for id_ in roster.runners if id_ in roster.shared.held]:
        symbol = runner.spec.symbol
        out += release(runner, roster.quotes.get(symbol), now_ns, trusted=roster.is_trusted(symbol))
    return settled(roster, out)


def settled(roster: Roster, out: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    """Count the intents among what follows from an input, and find out who reads what, if a strategy asked for more."""
    for message in out:
        if type(message) is OrderIntent:
            roster.counters.intents += 1
    if roster.shared.fresh:
        index_reading(roster)
    return out
