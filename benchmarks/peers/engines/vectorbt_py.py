"""vectorbt: the whole run as columns; what is decided at a close is shifted to the next open."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import vectorbt

from benchmarks.peers.engines.frames import ema
from benchmarks.peers.engines.run import CASH, FEE, Job, Outcome

warnings.simplefilter("ignore")


class Case:
    def __init__(self, job: Job) -> None:
        times = pd.to_datetime(job.bars["ts"])
        self._close, self._open = pd.Series(job.bars["close"], times), pd.Series(job.bars["open"], times)
        self._job = job

    def fresh(self) -> Callable[[], Any]:
        return self._run

    def _run(self) -> tuple[Any, int, int, float]:
        above = ema(self._close, self._job.fast) > ema(self._close, self._job.slow)
        is_held = pd.Series(np.concatenate([[False], above.to_numpy()[:-1]]), self._close.index)
        portfolio = vectorbt.Portfolio.from_signals(
            self._close, is_held, ~is_held, price=self._open, size=1.0, fees=FEE, init_cash=CASH, freq="1min"
        )
        orders, trades = int(portfolio.orders.count()), int(portfolio.trades.closed.count())
        return portfolio, orders, trades, float(portfolio.final_value())

    def outcome(self, result: Any) -> Outcome:
        return Outcome(*result[1:])
