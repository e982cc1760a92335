"""What strategies are shown beside bars and quotes: greeks of an option, and signals from outside; the latest of each.

How it works: a message is told at once to the hosts of the runners that it is for. Nothing is asked because of it: the
strategy sees it at its next update, so what is shown never comes from behind the time of the update.
"""

from collections.abc import Iterable, Sequence

from common.messages import AnyMessage, ExternalSignal, Greeks
from services.signal.core.host import FactsHost, StrategyHost
from services.signal.core.spec import RunnerSpec

MAX_SIGNALS = 1_000
"""Different signals (name and symbol) that are kept; further ones are counted and left out."""
_NOTHING: tuple[AnyMessage, ...] = ()


class Facts:
    """greeks: by the option's symbol, of those that a runner wants. signals: by (name, symbol), symbol "" for all runners."""

    __slots__ = ("_of_greeks", "_of_symbol", "greeks", "signals", "signals_left_out")

    def __init__(self) -> None:
        self.greeks: dict[str, Greeks] = {}
        self.signals: dict[tuple[str, str], ExternalSignal] = {}
        self.signals_left_out = 0
        self._of_greeks: dict[str, list[FactsHost]] = {}
        self._of_symbol: dict[str, list[FactsHost]] = {}

    def add(self, spec: RunnerSpec, host: StrategyHost) -> None:
        """Show a new runner what there is to come."""
        if isinstance(host, FactsHost):
            self._of_symbol.setdefault(spec.symbol, []).append(host)
            if spec.strategy.greeks is not None:
                self._of_greeks.setdefault(spec.strategy.greeks or spec.symbol, []).append(host)

    def wanted(self) -> list[str]:
        """Return the symbols whose greeks runners want."""
        return list(self._of_greeks)

    def index(self, runners: Iterable[tuple[RunnerSpec, StrategyHost]]) -> None:
        """Have these runners, each with its host, and no others; forget greeks that none of them wants."""
        self._of_symbol.clear()
        self._of_greeks.clear()
        for spec, host in runners:
            self.add(spec, host)
        self.greeks = {symbol: each for symbol, each in self.greeks.items() if symbol in self._of_greeks}

    def show(self, spec: RunnerSpec, host: StrategyHost) -> None:
        """Show a runner that comes later what has come already."""
        if not isinstance(host, FactsHost):
            return
        greeks = None if spec.strategy.greeks is None else self.greeks.get(spec.strategy.greeks or spec.symbol)
        if greeks is not None:
            host.set_greeks(greeks)
        for signal in self.save()[1]:
            if signal.symbol in ("", spec.symbol):
                host.set_signal(signal)

    def learn_greeks(self, message: Greeks, _now_ns: int) -> Sequence[AnyMessage]:
        """Show greeks to the runners that want them."""
        hosts = self._of_greeks.get(message.symbol)
        if hosts:
            self.greeks[message.symbol] = message
            for host in hosts:
                host.set_greeks(message)
        return _NOTHING

    def learn_signal(self, message: ExternalSignal, _now_ns: int) -> Sequence[AnyMessage]:
        """Show a signal to the runners of its symbol, or to all."""
        key = (message.name, message.symbol)
        if key not in self.signals and len(self.signals) >= MAX_SIGNALS:
            self.signals_left_out += 1
            return _NOTHING
        self.signals[key] = message
        for host in self._hosts(message.symbol):
            host.set_signal(message)
        return _NOTHING

    def _hosts(self, symbol: str) -> Sequence[FactsHost]:
        if symbol:
            return self._of_symbol.get(symbol, ())
        return [host for hosts in self._of_symbol.values() for host in hosts]

    def save(self) -> tuple[list[Greeks], list[ExternalSignal]]:
        """Return all that is remembered, signals in the order in which they came."""
        latest = sorted(self.signals.values(), key=lambda each: (each.received_ns, each.name, each.symbol))
        return [self.greeks[symbol] for symbol in sorted(self.greeks)], latest

    def load(self, greeks: Sequence[Greeks], signals: Sequence[ExternalSignal]) -> None:
        """Take over what `save` returned."""
        for each in greeks:
            self.learn_greeks(each, each.received_ns)
        for signal in signals:
            self.learn_signal(signal, signal.received_ns)
