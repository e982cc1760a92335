"""The runners and what they share: series of bars, latest quotes, market states, accounts."""

from collections.abc import Sequence

import msgspec

from common.instruments import Instrument
from common.messages import (
    AccountChanged,
    AnyMessage,
    Bar,
    InputGap,
    MarketState,
    MarketStatus,
    PositionChanged,
    Quote,
)
from services.signal.core.facts import Facts
from services.signal.core.host import AccountView, StrategyHost
from services.signal.core.runner import Runner
from services.signal.core.series import Series, Verdict
from services.signal.core.spec import RunnerSpec

_NOTHING: tuple[AnyMessage, ...] = ()


class SignalLimits(msgspec.Struct, frozen=True):
    """max_errors: updates in a row with an error after which a runner is paused. window: bars kept per series."""

    max_errors: int = 5
    window: int = 1_000


class Counters(msgspec.Struct):
    """Totals since the core began. strangers: messages for runners that are not here."""

    bars: int = 0
    bars_partial: int = 0
    bars_old: int = 0
    bar_gaps: int = 0
    input_gaps: int = 0
    intents: int = 0
    strangers: int = 0
    dropped_runners: int = 0


class Roster:
    """Runners in the order of the configuration, found by id, by series, by symbol of quotes, by currency."""

    __slots__ = (
        "accounts",
        "counters",
        "facts",
        "limits",
        "of_currency",
        "of_quotes",
        "of_series",
        "quotes",
        "runners",
        "series",
        "states",
    )

    def __init__(self, limits: SignalLimits) -> None:
        self.limits = limits
        self.runners: dict[str, Runner] = {}
        self.series: dict[tuple[str, str], Series] = {}
        self.of_series: dict[tuple[str, str], list[Runner]] = {}
        self.of_quotes: dict[str, list[Runner]] = {}
        self.of_currency: dict[str, list[Runner]] = {}
        self.quotes: dict[str, Quote] = {}
        self.states: dict[str, MarketState] = {}
        self.accounts: dict[str, AccountView] = {}
        self.counters = Counters()
        self.facts = Facts()

    def add(self, spec: RunnerSpec, host: StrategyHost, facts: Instrument) -> None:
        """Add a runner; its id must be new."""
        assert spec.id not in self.runners, f"two runners named {spec.id}"
        key = (spec.symbol, spec.timeframe)
        series = self.series.get(key)
        if series is None:
            series = self.series[key] = Series(*key, self.limits.window)
        runner = Runner(spec, host, series, facts, self.limits.max_errors)
        self.runners[spec.id] = runner
        self.facts.add(spec, host)
        self.of_series.setdefault(key, []).append(runner)
        self.of_currency.setdefault(spec.currency, []).append(runner)
        if runner.on_ticks:
            self.of_quotes.setdefault(spec.symbol, []).append(runner)

    def find(self, id_: str) -> Runner | None:
        """Return a runner; None, and counted, where there is none."""
        runner = self.runners.get(id_)
        if runner is None:
            self.counters.strangers += 1
        return runner

    def is_trusted(self, symbol: str) -> bool:
        """Return whether a symbol's data can be trusted; true as long as nobody has said otherwise."""
        return self.states.get(symbol, MarketState.LIVE) is MarketState.LIVE

    def take_bar(self, bar: Bar) -> Sequence[Runner]:
        """Put a bar into its series; return the runners that must hear of it: none for partial and old ones."""
        key = (bar.symbol, bar.timeframe)
        series = self.series.get(key)
        if series is None:
            return ()
        verdict, counters = series.judge(bar), self.counters
        if verdict is Verdict.PARTIAL:
            counters.bars_partial += 1
            return ()
        if verdict is Verdict.OLD:
            counters.bars_old += 1
            return ()
        counters.bars += 1
        counters.bar_gaps += verdict is Verdict.TAKEN_AFTER_GAP
        return self.of_series[key]

    def learn_market(self, status: MarketStatus, _now_ns: int) -> Sequence[AnyMessage]:
        """Remember what a symbol's data is worth."""
        self.states[status.symbol] = status.state
        return _NOTHING

    def learn_position(self, changed: PositionChanged, _now_ns: int) -> Sequence[AnyMessage]:
        """Tell a runner the levels that risk watches."""
        runner = self.find(changed.runner)
        if runner is not None:
            runner.on_position_changed(changed)
        return _NOTHING

    def learn_account(self, changed: AccountChanged, _now_ns: int) -> Sequence[AnyMessage]:
        """Tell the runners of a currency the account."""
        cash, realised, fees = float(changed.cash), float(changed.realised_pnl), float(changed.fees)
        self.set_account(changed.currency, AccountView(cash, realised, fees, changed.open_positions))
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
