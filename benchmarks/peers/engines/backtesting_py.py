"""backtesting.py: a strategy class on columns, stepped bar by bar."""

import warnings
from collections.abc import Callable
from typing import Any

from backtesting import Backtest, Strategy

from benchmarks.peers.engines.frames import ema, frame
from benchmarks.peers.engines.run import CASH, FEE, Job, Outcome

warnings.simplefilter("ignore")


class _Cross(Strategy):
    fast_period = 0
    slow_period = 0

    def init(self) -> None:
        closes = self.data.Close.s
        # Without not-a-number in them: where it stands the engine starts a bar after the first value.
        self.fast = self.I(lambda: ema(closes, self.fast_period).fillna(0.0).to_numpy())
        self.slow = self.I(lambda: ema(closes, self.slow_period).fillna(0.0).to_numpy())

    def next(self) -> None:
        if len(self.data) < self.slow_period:
            return
        is_up = self.fast[-1] > self.slow[-1]
        if self.position:
            if not is_up:
                self.position.close()
        elif is_up:
            self.buy(size=1)


class Case:
    def __init__(self, job: Job) -> None:
        self._frame = frame(job.bars, capital=True)
        self._periods = {"fast_period": job.fast, "slow_period": job.slow}

    def fresh(self) -> Callable[[], Any]:
        backtest = Backtest(self._frame, _Cross, cash=CASH, commission=FEE)
        return lambda: backtest.run(**self._periods)

    def outcome(self, result: Any) -> Outcome:
        return Outcome(None, int(result["# Trades"]), float(result["Equity Final [$]"]))
