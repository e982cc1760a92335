"""What all runners share, kept whole by the one who tells the workers: series, latest quotes, states, accounts, facts."""

from collections.abc import Iterable

from common.messages import AccountChanged, Bar, ExternalSignal, Greeks, MarketState, MarketStatus, Quote
from services.signal.core.facts import MAX_SIGNALS
from services.signal.core.host import AccountView
from services.signal.core.roster import Counters, account_view
from services.signal.core.saving import Saved
from services.signal.core.series import Series
from services.signal.workers.frames import SavedSeries


class Market:
    """The shared part of a core's state. counters: what is counted of it; the rest is what a restored state began with."""

    def __init__(self, window: int) -> None:
        self._window = window
        self.series: dict[tuple[str, str], Series] = {}
        self.quotes: dict[str, Quote] = {}
        self.states: dict[str, MarketState] = {}
        self.accounts: dict[str, AccountView] = {}
        self.greeks: dict[str, Greeks] = {}
        self.signals: dict[tuple[str, str], ExternalSignal] = {}
        self.signals_left_out = 0
        self.counters = Counters()
        self._wanted_greeks: set[str] = set()

    def offer(self, keys: Iterable[tuple[str, str]]) -> list[SavedSeries]:
        """Return those of these series that have bars."""
        there = [self.series[key] for key in keys if key in self.series]
        return [each.save() for each in there if each.count]

    def want(self, series: Iterable[tuple[str, str]], greeks: Iterable[str]) -> None:
        """Keep the series and greeks that runners hear, and no others."""
        wanted = set(series)
        self.series = {key: each for key, each in self.series.items() if key in wanted}
        for key in wanted:
            if key not in self.series:
                self.series[key] = Series(*key, self._window)
        self._wanted_greeks = set(greeks)
        self.greeks = {symbol: each for symbol, each in self.greeks.items() if symbol in self._wanted_greeks}

    def take_bar(self, bar: Bar) -> bool:
        """Put a bar into its series; return whether runners must hear of it: not of partial and old ones."""
        series = self.series.get((bar.symbol, bar.timeframe))
        if series is None:
            return False
        return self.counters.count_bar(series.judge(bar))

    def learn(self, message: MarketStatus | AccountChanged) -> None:
        """Remember what a symbol's data is worth, or an account."""
        if isinstance(message, MarketStatus):
            self.states[message.symbol] = message.state
        else:
            self.accounts[message.currency] = account_view(message)

    def learn_greeks(self, message: Greeks) -> bool:
        """Remember greeks; return whether a runner wants them."""
        is_wanted = message.symbol in self._wanted_greeks
        if is_wanted:
            self.greeks[message.symbol] = message
        return is_wanted

    def learn_signal(self, message: ExternalSignal) -> bool:
        """Remember a signal; return False for one too many."""
        key = (message.name, message.symbol)
        if key not in self.signals and len(self.signals) >= MAX_SIGNALS:
            self.signals_left_out += 1
            return False
        self.signals[key] = message
        return True

    def facts(self) -> tuple[list[Greeks], list[ExternalSignal]]:
        """Return greeks, and signals in the order in which they came."""
        latest = sorted(self.signals.values(), key=lambda each: (each.received_ns, each.name, each.symbol))
        return [self.greeks[symbol] for symbol in sorted(self.greeks)], latest

    def load(self, saved: Saved) -> None:
        """Take over the shared part of a state, once it is known which series and greeks are wanted."""
        self.counters = Counters(*saved.counters)
        self.quotes = {quote.symbol: quote for quote in saved.quotes}
        self.states, self.accounts = dict(saved.states), dict(saved.accounts)
        for symbol, timeframe, count, rows in saved.series:
            series = self.series.get((symbol, timeframe))
            if series is not None:
                series.load(count, rows)
        for greeks in saved.facts[0]:
            self.learn_greeks(greeks)
        for signal in saved.facts[1]:
            self.learn_signal(signal)
