"""One runner taken out of a running core, so that somebody can ask a copy of it what they like.

How it works: the copy is a saved state with this runner alone and with what it sees: bars and quotes of its symbol, its
account, greeks and signals. A core that is made for the one runner restores it; the running one goes on as it was.
"""

import msgspec

from services.signal.core.roster import Counters, Roster
from services.signal.core.saving import Saved, save_runner

_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


def copy_of(roster: Roster, id_: str) -> bytes:
    """Return what a `SignalCore` of this one runner restores to stand where it stands."""
    runner = roster.runners[id_]
    symbol, currency, account = runner.spec.symbol, runner.spec.currency, runner.asker.account
    return _encode(
        Saved(
            series=[roster.series[key].save() for key in sorted(roster.series) if key[0] == symbol],
            quotes=[roster.quotes[symbol]] if symbol in roster.quotes else [],
            states=[(symbol, roster.states[symbol])] if symbol in roster.states else [],
            accounts=[] if account is None else [(currency, account)],
            runners=[save_runner(runner)],
            counters=msgspec.structs.astuple(Counters()),
            facts=roster.facts.save(),
        )
    )
