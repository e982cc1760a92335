"""backtrader: Cerebro over a pandas feed, with indicators made beforehand (`once`) or bar by bar (`next`)."""

from collections.abc import Callable
from typing import Any

import backtrader

from benchmarks.peers.engines.frames import frame
from benchmarks.peers.engines.run import CASH, FEE, Job, Outcome


class _Cross(backtrader.Strategy):
    params = (("fast", 0), ("slow", 0))

    def __init__(self) -> None:
        self.fast = backtrader.indicators.ExponentialMovingAverage(self.data.close, period=self.p.fast)
        self.slow = backtrader.indicators.ExponentialMovingAverage(self.data.close, period=self.p.slow)
        self.completed = self.closed = 0

    def next(self) -> None:
        is_up = self.fast[0] > self.slow[0]
        if self.position:
            if not is_up:
                self.close()
        elif is_up:
            self.buy(size=1)

    def notify_order(self, order: Any) -> None:
        self.completed += order.status == order.Completed

    def notify_trade(self, trade: Any) -> None:
        self.closed += trade.isclosed


class Case:
    def __init__(self, job: Job) -> None:
        self._frame = frame(job.bars)
        self._job = job
        self._cerebro: Any = None

    def fresh(self) -> Callable[[], Any]:
        cerebro = self._cerebro = backtrader.Cerebro(stdstats=False)
        cerebro.adddata(backtrader.feeds.PandasData(dataname=self._frame, timeframe=backtrader.TimeFrame.Minutes))
        cerebro.addstrategy(_Cross, fast=self._job.fast, slow=self._job.slow)
        cerebro.broker.setcash(CASH)
        cerebro.broker.setcommission(FEE)
        return lambda: cerebro.run(runonce=self._job.mode == "once")

    def outcome(self, result: Any) -> Outcome:
        strategy = result[0]
        return Outcome(strategy.completed, strategy.closed, float(self._cerebro.broker.getvalue()))
