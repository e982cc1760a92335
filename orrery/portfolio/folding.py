"""Folds fills and marks into lines: cash and holdings of each strategy to the digit, valued on a grid of times.

How it works: a fill moves cash by its price, quantity and fee, in exact decimals. Holdings are worth the last mid, or before
the first quote the last fill's price. What is held or paid in another currency than the account's is worth its rate at each
point, by the last mark of a symbol between the two; round trips are reckoned at the rate of each fill. A grid point is noted before the first event behind it counts; beside the grid,
every fill leaves the account's exact cash and its equity. A grid that grows too long is thinned to half, again and again.
"""

from decimal import Decimal
from typing import Final

import msgspec

from common.instruments import Instruments
from common.messages import Fill, Quote, Side
from common.money import ZERO, decimal_of, use_money_context
from orrery.portfolio.lines import Line
from orrery.portfolio.rates import ONE, Rates
from services.backtest.trades import TradeBook

MOST_POINTS: Final = 100_000
ACCOUNT: Final = "account"


class FillPoint(msgspec.Struct, frozen=True):
    """The account right after a fill: cash in its own currency to the digit, equity at the marks and rates then."""

    time_ns: int
    fill: str
    cash: Decimal
    equity: float


class _Strategy(msgspec.Struct):
    cash: Decimal = ZERO
    others: dict[str, Decimal] = {}
    fees: Decimal = ZERO
    turnover: Decimal = ZERO
    held: dict[str, Decimal] = {}
    made: list[float] = []
    exposure: list[float] = []


class Fold:
    """The account as the events leave it. skipped: fills of symbols in a currency whose rate was not known as the first came."""

    def __init__(self, cash: Decimal, currency: str, instruments: Instruments, step_ns: int) -> None:
        self._initial, self._currency, self._instruments = cash, currency, instruments
        self._step_ns, self._next_ns = step_ns, 0
        self._marks: dict[str, float] = {}
        self._quoted: set[str] = set()
        self._times: list[int] = []
        self._strategies: dict[str, _Strategy] = {}
        self._closes: dict[str, list[float]] = {}
        self._book = TradeBook()
        self._rates = Rates(currency, instruments, self._marks)
        self._left_out: set[str] = set()
        self.points: list[FillPoint] = []
        self.skipped: dict[str, int] = {}

    def take(self, message: Quote | Fill, time_ns: int) -> None:
        """Take an event; times never fall."""
        if time_ns >= self._next_ns:
            self._pass(time_ns)
        if isinstance(message, Quote):
            self._mark(message.symbol, message.mid)
            self._quoted.add(message.symbol)
        else:
            self._take_fill(message, time_ns)

    def end(self, time_ns: int) -> None:
        """Note the last point, behind everything."""
        self._note(time_ns + 1)

    def lines(self) -> list[Line]:
        """Return a line for each strategy, as if it alone had moved the account."""
        initial = float(self._initial)
        return [
            Line(
                name=name,
                cash=self._initial,
                times_ns=self._times,
                equity=[initial + made for made in strategy.made],
                exposure=strategy.exposure,
                trades=[trade for trade in self._book.closed if trade.strategy == name],
                strategies=(name,),
                fees=strategy.fees,
                turnover=strategy.turnover,
            )
            for name, strategy in sorted(self._strategies.items())
        ]

    def account(self) -> Line:
        """Return the line of the whole account."""
        initial, parts = float(self._initial), self._strategies.values()
        rows = range(len(self._times))
        return Line(
            name=ACCOUNT,
            cash=self._initial,
            times_ns=self._times,
            equity=[initial + sum(part.made[row] for part in parts) for row in rows],
            exposure=[sum(part.exposure[row] for part in parts) for row in rows],
            trades=self._book.closed,
            strategies=tuple(sorted(self._strategies)),
            closes={symbol: _known(closes) for symbol, closes in self._closes.items()},
            fees=sum((part.fees for part in parts), ZERO),
            turnover=sum((part.turnover for part in parts), ZERO),
        )

    def _mark(self, symbol: str, price: float) -> None:
        is_new = symbol not in self._marks
        self._marks[symbol] = price
        if is_new:
            self._rates.see(symbol)

    def _take_fill(self, fill: Fill, time_ns: int) -> None:
        use_money_context()
        quote = self._instruments[fill.symbol].quote
        rate, fee_rate = self._rates.of(quote), self._rates.of(fill.fee_currency)
        if rate is None or fee_rate is None or fill.symbol in self._left_out:
            self._left_out.add(fill.symbol)  # what follows would close what is not there
            other = quote if rate is None or fee_rate is not None else fill.fee_currency
            self.skipped[other] = self.skipped.get(other, 0) + 1
            return
        price, fee = _at(fill.price, rate), _at(fill.fee, fee_rate)
        strategy = self._strategies.get(fill.strategy)
        if strategy is None:
            strategy = self._strategies[fill.strategy] = _Strategy()
            strategy.made, strategy.exposure = [0.0] * len(self._times), [0.0] * len(self._times)
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        _pay(strategy, quote, signed * fill.price, self._currency)
        _pay(strategy, fill.fee_currency, fill.fee, self._currency)
        strategy.fees += fee
        strategy.turnover += fill.quantity * price
        strategy.held[fill.symbol] = strategy.held.get(fill.symbol, ZERO) + signed
        if fill.symbol not in self._quoted:
            self._mark(fill.symbol, float(fill.price))
        self._book.fill(msgspec.structs.replace(fill, event_ns=time_ns, price=price, fee=fee), 0)
        cash = self._initial + sum((each.cash for each in self._strategies.values()), ZERO)
        equity = float(self._initial) + sum(self._worth(each)[0] for each in self._strategies.values())
        self.points.append(FillPoint(time_ns, fill.id, cash, equity))

    def _worth(self, strategy: _Strategy) -> tuple[float, float]:
        """Return what a strategy has made so far, and its exposure."""
        worths = [float(held) * self._price(symbol) for symbol, held in strategy.held.items() if held]
        others = sum(float(amount) * (self._rates.of(name) or 0.0) for name, amount in strategy.others.items())
        return float(strategy.cash) + sum(worths) + others, sum(map(abs, worths))

    def _price(self, symbol: str) -> float:
        """Return the mark of a symbol in the account's currency."""
        quote = self._instruments[symbol].quote
        mark = self._marks[symbol]
        return mark if quote == self._currency else mark * (self._rates.of(quote) or 0.0)

    def _pass(self, time_ns: int) -> None:
        if self._next_ns:
            # Silence is no news: of the points in it, only the last is noted beside the first.
            self._note(self._next_ns)
            last_ns = time_ns - time_ns % self._step_ns
            if last_ns > self._next_ns:
                self._note(last_ns)
        self._next_ns = time_ns - time_ns % self._step_ns + self._step_ns

    def _note(self, time_ns: int) -> None:
        before = len(self._times)
        self._times.append(time_ns)
        for strategy in self._strategies.values():
            made, exposure = self._worth(strategy)
            strategy.made.append(made)
            strategy.exposure.append(exposure)
        for symbol, mark in self._marks.items():
            self._closes.setdefault(symbol, [float("nan")] * before).append(mark)
        if len(self._times) > MOST_POINTS:
            self._thin()

    def _thin(self) -> None:
        self._step_ns *= 2
        columns: list[list[int] | list[float]] = [self._times, *self._closes.values()]
        columns += [column for each in self._strategies.values() for column in (each.made, each.exposure)]
        for column in columns:
            del column[::2]


def _at(amount: Decimal, rate: float) -> Decimal:
    return amount if rate == ONE else amount * decimal_of(rate)


def _pay(strategy: _Strategy, currency: str, amount: Decimal, account: str) -> None:
    if currency == account:
        strategy.cash -= amount
    else:
        strategy.others[currency] = strategy.others.get(currency, ZERO) - amount


def _known(closes: list[float]) -> list[float]:
    """Return marks with what was known first in the place of what was not known yet."""
    first = next((close for close in closes if close == close), 0.0)  # noqa: PLR0124 - not-a-number is not itself
    return [close if close == close else first for close in closes]  # noqa: PLR0124 - not-a-number is not itself
