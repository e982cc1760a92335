"""One runner taken out of a running core, so that somebody can ask a copy of it what they like.

How it works: the copy is a saved state with this runner alone and with what it sees: the series that it reads, quotes of
their symbols, its account, greeks and signals. A core that is made for the one runner restores it; the running one goes on
as it was.
"""

import msgspec

from services.signal.core.roster import Counters, Roster
from services.signal.core.saving import Saved, encode_saved, save_runner


def copy_of(roster: Roster, id_: str) -> bytes:
    """Return what a `SignalCore` of this one runner restores to stand where it stands."""
    runner = roster.runners[id_]
    spec, account = runner.spec, runner.asker.account
    keys = {(spec.symbol, spec.timeframe), *runner.asker.readings.all}
    symbols = sorted({symbol for symbol, _ in keys})
    return encode_saved(
        Saved(
            series=[roster.series[key].save() for key in sorted(keys) if key in roster.series],
            quotes=[roster.quotes[symbol] for symbol in symbols if symbol in roster.quotes],
            states=[(symbol, roster.states[symbol]) for symbol in symbols if symbol in roster.states],
            accounts=[] if account is None else [(spec.currency, account)],
            runners=[save_runner(runner)],
            counters=msgspec.structs.astuple(Counters()),
            facts=roster.facts.save(),
        )
    )
