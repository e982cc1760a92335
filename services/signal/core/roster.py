"""The runners and what they share: series of bars, latest quotes, market states, accounts."""

from collections.abc import Callable, Sequence

import msgspec

from common.instruments import Instrument
from common.messages import (
    AccountChanged,
    AmendRefused,
    AmendRejected,
    AnyMessage,
    Bar,
    InputGap,
    MarketState,
    MarketStatus,
    OrderAmended,
    PositionChanged,
    Quote,
)
from services.signal.core.desk import Desk
from services.signal.core.facts import Facts
from services.signal.core.host import AccountView, StrategyHost
from services.signal.core.readings import DEFAULT_WAIT_NS, Shared
from services.signal.core.runner import Runner
from services.signal.core.series import Series, Verdict
from services.signal.core.spec import RunnerSpec, SeriesKey

_NOTHING: tuple[AnyMessage, ...] = ()


class SignalLimits(msgspec.Struct, frozen=True):
    """max_errors: updates in a row with an error after which a runner is paused. window: bars kept per series.

    series_wait_ns: how long an update waits for bars of other series that its runner reads.
    """

    max_errors: int = 5
    window: int = 1_000
    series_wait_ns: int = DEFAULT_WAIT_NS


class Counters(msgspec.Struct):
    """Totals since the core began. strangers: messages for runners that are not here. changes: of runners, by command."""

    bars: int = 0
    bars_partial: int = 0
    bars_old: int = 0
    bar_gaps: int = 0
    input_gaps: int = 0
    intents: int = 0
    strangers: int = 0
    dropped_runners: int = 0
    changes: int = 0
    changes_refused: int = 0

    def count_bar(self, verdict: Verdict) -> bool:
        """Count a bar; return whether it was taken: partial and old ones are not."""
        if verdict is Verdict.PARTIAL:
            self.bars_partial += 1
            return False
        if verdict is Verdict.OLD:
            self.bars_old += 1
            return False
        self.bars += 1
        self.bar_gaps += verdict is Verdict.TAKEN_AFTER_GAP
        return True


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A runner that is not as the configuration made it. is_added: the configuration has none. at_ns: when it last changed."""

    is_added: bool
    at_ns: int
    spec: RunnerSpec


def account_view(changed: AccountChanged) -> AccountView:
    """Return an account as strategies see it."""
    return AccountView(float(changed.cash), float(changed.realised_pnl), float(changed.fees), changed.open_positions)


class Roster:
    """Runners in the order of the configuration, found by id, by series, by symbol of quotes, by currency.

    of_read: of the series that a runner reads beside its own, all whom they concern.
    of_quotes: those asked at quotes, and those whose updates may wait for another symbol until a quote comes.
    changed: those that commands added or changed. retired: the desks of those that were removed. leaving: exits sent for
    those that are being removed. throttles: least time between two updates by quotes that operators set, ns. stopped:
    those of which nothing is called any more. group: makes the lists of those that hear the same.
    """

    __slots__ = (
        "accounts",
        "changed",
        "counters",
        "facts",
        "group",
        "leaving",
        "limits",
        "of_currency",
        "of_quotes",
        "of_read",
        "of_series",
        "quotes",
        "retired",
        "runners",
        "series",
        "shared",
        "states",
        "stopped",
        "throttles",
    )

    def __init__(self, limits: SignalLimits) -> None:
        self.limits = limits
        self.runners: dict[str, Runner] = {}
        self.series: dict[tuple[str, str], Series] = {}
        self.of_series: dict[tuple[str, str], list[Runner]] = {}
        self.of_read: dict[SeriesKey, list[Runner]] = {}
        self.of_quotes: dict[str, list[Runner]] = {}
        self.of_currency: dict[str, list[Runner]] = {}
        self.quotes: dict[str, Quote] = {}
        self.states: dict[str, MarketState] = {}
        self.accounts: dict[str, AccountView] = {}
        self.counters = Counters()
        self.facts = Facts()
        self.changed: dict[str, Changed] = {}
        self.retired: dict[str, Desk] = {}
        self.leaving: dict[str, int] = {}
        self.throttles: dict[str, int] = {}
        self.shared = Shared(self.series, limits.window, limits.series_wait_ns, self.is_trusted)
        self.stopped: set[str] = set()
        self.group: Callable[[], list[Runner]] = list

    def add(self, spec: RunnerSpec, host: StrategyHost, facts: Instrument) -> Runner:
        """Add a runner, behind the others; its id must be new. `index_reading` comes behind the last."""
        assert spec.id not in self.runners, f"two runners named {spec.id}"
        runner = self.make(spec, host, facts)
        self.runners[spec.id] = runner
        self._index(runner)
        self.facts.add(spec, host)
        return runner

    def make(self, spec: RunnerSpec, host: StrategyHost, facts: Instrument) -> Runner:
        """Return a runner that is not in the roster, on the series that it would share.

        Raises:
            BadParametersError: there is no such indicator as it wants.
        """
        key = (spec.symbol, spec.timeframe)
        series = self.series.get(key) or Series(*key, self.limits.window)
        return Runner(spec, host, series, facts, self.limits.max_errors, self.shared)

    def put(self, runner: Runner) -> None:
        """Put a runner into the place of the one with its id, or behind the others."""
        self.runners[runner.id] = runner
        self.reorder(())
        self.facts.show(runner.spec, runner.asker.host)

    def remove(self, id_: str) -> None:
        """Take a runner out, with the series that nobody else needs."""
        del self.runners[id_]
        self.reorder(())

    def retire(self, id_: str) -> None:
        """Take a runner out and remember its desk."""
        self.retired[id_] = self.runners[id_].desk
        self.remove(id_)
        self.stopped.discard(id_)
        for book in (self.changed, self.leaving, self.throttles):
            book.pop(id_, None)

    def reorder(self, ids: Sequence[str]) -> None:
        """Have the runners in this order, those that it does not name behind; find them anew."""
        named = [id_ for id_ in ids if id_ in self.runners]
        self.runners = {id_: self.runners[id_] for id_ in dict.fromkeys([*named, *self.runners])}
        for index in (self.of_series, self.of_currency):
            index.clear()
        for runner in self.runners.values():
            self._index(runner)
        self.facts.index([(runner.spec, runner.asker.host) for runner in self.runners.values()])
        index_reading(self)
        for key in [key for key in self.series if key not in self.of_series and key not in self.of_read]:
            del self.series[key]
        self.shared.held &= self.runners.keys()

    def _index(self, runner: Runner) -> None:
        spec = runner.spec
        key = (spec.symbol, spec.timeframe)
        self.series.setdefault(key, runner.asker.series)
        hearers = self.of_series.setdefault(key, self.group())
        if runner.id in self.stopped:
            return
        hearers.append(runner)
        self.of_currency.setdefault(spec.currency, []).append(runner)

    def find(self, id_: str) -> Runner | None:
        """Return a runner; None, and counted, where there is none."""
        runner = self.runners.get(id_)
        if runner is None:
            self.counters.strangers += 1
        return runner

    def is_trusted(self, symbol: str) -> bool:
        """Return whether a symbol's data can be trusted; true as long as nobody has said otherwise."""
        return self.states.get(symbol, MarketState.LIVE) is MarketState.LIVE

    def take_bar(self, bar: Bar) -> bool:
        """Put a bar into its series; return whether it is one that counts: partial and old ones do not."""
        series = self.series.get((bar.symbol, bar.timeframe))
        if series is None:
            return False
        return self.counters.count_bar(series.judge(bar))

    def learn_market(self, status: MarketStatus, _now_ns: int) -> Sequence[AnyMessage]:
        """Remember what a symbol's data is worth."""
        self.states[status.symbol] = status.state
        return _NOTHING

    def learn_position(self, changed: PositionChanged, _now_ns: int) -> Sequence[AnyMessage]:
        """Tell a runner the levels that risk watches."""
        runner = self.runners.get(changed.runner) or self.find(changed.runner)
        if runner is not None:
            runner.on_position_changed(changed)
        return _NOTHING

    def learn_account(self, changed: AccountChanged, _now_ns: int) -> Sequence[AnyMessage]:
        """Tell the runners of a currency the account."""
        self.set_account(changed.currency, account_view(changed))
        return _NOTHING

    def set_account(self, currency: str, view: AccountView) -> None:
        """Show an account to the runners of its currency."""
        self.accounts[currency] = view
        for runner in self.of_currency.get(currency, ()):
            runner.asker.account = view

    def learn_gap(self, gap: InputGap, _now_ns: int) -> Sequence[AnyMessage]:
        """Count messages that are lost for good; indicators go on with what comes."""
        self.counters.input_gaps += gap.missing
        return _NOTHING


def index_reading(roster: Roster) -> None:
    """Find anew who reads which series beside its own, and who hears quotes."""
    roster.shared.fresh.clear()
    for index in (roster.of_read, roster.of_quotes):
        index.clear()
    runners = [runner for runner in roster.runners.values() if runner.id not in roster.stopped]
    for reading in [reading for runner in runners for reading in runner.asker.readings.all.values()]:
        reading.series = roster.series.setdefault(reading.key, reading.series)
        roster.of_read.setdefault(reading.key, roster.group())
    for runner in runners:
        symbol, reads = runner.spec.symbol, runner.asker.readings.all
        for key in ((symbol, runner.spec.timeframe), *reads):
            if key in roster.of_read:
                roster.of_read[key].append(runner)
        if runner.on_ticks or any(key[0] != symbol for key in reads):
            roster.of_quotes.setdefault(symbol, roster.group()).append(runner)


def learn_amended(
    roster: Roster, amended: OrderAmended | AmendRejected | AmendRefused, _now_ns: int
) -> Sequence[AnyMessage]:
    """Tell a runner how its order stands after a change, or that nothing has changed."""
    runner = roster.find(amended.runner)
    if runner is not None:
        runner.desk.learn_amended(amended)
    return _NOTHING
