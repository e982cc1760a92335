"""nautilus_trader: its Rust engine, with a strategy in Python on bars (`bars`), or its own on quotes (`native`)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nautilus_trader.core import nautilus_pyo3 as nautilus

from benchmarks.peers.bars import MINUTE_NS
from benchmarks.peers.engines.run import CASH, FEE, Job, Outcome

SYMBOL = "BTCUSD.SIM"
PRICE_DIGITS, SIZE_DIGITS = 1, 4


class _Cross(nautilus.trading.Strategy):
    fast_period = slow_period = 0

    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        self.fast = nautilus.ExponentialMovingAverage(self.fast_period)
        self.slow = nautilus.ExponentialMovingAverage(self.slow_period)
        self.instrument_id = nautilus.InstrumentId.from_str(SYMBOL)
        self.unit = nautilus.Quantity(1.0, SIZE_DIGITS)
        self.is_long = False

    def on_start(self) -> None:
        self.subscribe_bars(_bar_type())

    def on_bar(self, bar: Any) -> None:
        close = bar.close.as_double()
        self.fast.update_raw(close)
        self.slow.update_raw(close)
        if not self.slow.initialized:
            return
        is_up = self.fast.value > self.slow.value
        if is_up != self.is_long:
            side = nautilus.OrderSide.BUY if is_up else nautilus.OrderSide.SELL
            self.submit_order(self.order_factory.market(self.instrument_id, side, self.unit))
            self.is_long = is_up


class Case:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._instrument = _instrument()
        self._data = _quotes(job, self._instrument.id) if job.mode == "native" else _bars(job)
        self._engine: Any = None

    def fresh(self) -> Callable[[], Any]:
        if self._engine is not None:
            self._engine.dispose()
        quiet = nautilus.LoggerConfig(stdout_level=nautilus.LogLevel.OFF, bypass_logging=True)
        engine = self._engine = nautilus.backtest.BacktestEngine(
            nautilus.backtest.BacktestEngineConfig(bypass_logging=True, run_analysis=False, logging=quiet)
        )
        dollars = nautilus.Currency.from_str("USD")
        engine.add_venue(
            nautilus.Venue("SIM"),
            oms_type=nautilus.OmsType.NETTING,
            account_type=nautilus.AccountType.MARGIN,
            base_currency=dollars,
            starting_balances=[nautilus.Money(CASH, dollars)],
        )
        engine.add_instrument(self._instrument)
        engine.add_data(self._data)
        self._add_strategy(engine)
        run: Callable[[], Any] = engine.run
        return run

    def _add_strategy(self, engine: Any) -> None:
        job = self._job
        if job.mode == "native":
            config = nautilus.trading.EmaCrossConfig(
                instrument_id=self._instrument.id,
                trade_size=nautilus.Quantity(1.0, SIZE_DIGITS),
                fast_period=job.fast,
                slow_period=job.slow,
            )
            engine.add_builtin_strategy("EmaCross", config)
            return
        _Cross.fast_period, _Cross.slow_period = job.fast, job.slow
        name = nautilus.StrategyId("Cross-001")
        engine.add_strategy(_Cross(nautilus.trading.StrategyConfig(strategy_id=name, order_id_tag="001")))

    def outcome(self, result: Any) -> Outcome:
        worth = self._engine.portfolio.equity(nautilus.Venue("SIM"))
        equity = sum(money.as_double() for money in worth.values())
        return Outcome(int(self._engine.get_result().total_orders), None, float(equity))


def _bar_type() -> Any:
    return nautilus.BarType.from_str(f"{SYMBOL}-1-MINUTE-LAST-EXTERNAL")


def _bars(job: Job) -> list[Any]:
    kind, columns = _bar_type(), job.bars
    prices = [
        [nautilus.Price(value, PRICE_DIGITS) for value in columns[name].tolist()]
        for name in ("open", "high", "low", "close")
    ]
    volumes = [nautilus.Quantity(max(value, 1.0), SIZE_DIGITS) for value in columns["volume"].tolist()]
    ends = (columns["ts"] + MINUTE_NS).tolist()
    return [nautilus.Bar(kind, *row, end, end) for *row, end in zip(*prices, volumes, ends, strict=True)]


def _quotes(job: Job, instrument_id: Any) -> list[Any]:
    size = nautilus.Quantity(100.0, SIZE_DIGITS)
    ends = (job.bars["ts"] + MINUTE_NS).tolist()
    prices = [nautilus.Price(close, PRICE_DIGITS) for close in job.bars["close"].tolist()]
    return [
        nautilus.QuoteTick(instrument_id, price, price, size, size, end, end)
        for price, end in zip(prices, ends, strict=True)
    ]


def _instrument() -> Any:
    fee = Decimal(str(FEE))
    return nautilus.CurrencyPair(
        instrument_id=nautilus.InstrumentId.from_str(SYMBOL),
        raw_symbol=nautilus.Symbol("BTCUSD"),
        base_currency=nautilus.Currency.from_str("BTC"),
        quote_currency=nautilus.Currency.from_str("USD"),
        price_precision=PRICE_DIGITS,
        size_precision=SIZE_DIGITS,
        price_increment=nautilus.Price.from_str("0.1"),
        size_increment=nautilus.Quantity.from_str("0.0001"),
        ts_event=0,
        ts_init=0,
        margin_init=Decimal("0.01"),
        margin_maint=Decimal("0.01"),
        maker_fee=fee,
        taker_fee=fee,
    )
