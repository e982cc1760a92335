"""What was asked for, made ready to be run again and again: the same data, the strategy as it is now."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from common.config.models import Config
from orrery.backtesting.event_run import EventRun
from orrery.backtesting.options import Options
from orrery.backtesting.runs import make_run
from orrery.repl.drivers import BarDriver, Driver, EventDriver
from services.backtest.event_plan import EventPlan
from services.backtest.history import whole_history
from services.backtest.plan import Plan
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.lua import LuaLimits
from services.signal.loading import limits_of


@dataclass
class Opened:
    """One strategy on some data. A driver made of it begins at the first bar or event."""

    options: Options
    run: Plan | EventRun

    @property
    def strategy(self) -> StrategySpec:
        """Return the strategy as it is tried."""
        return self._plan.strategies[0]

    @property
    def runners(self) -> list[RunnerSpec]:
        """Return the runners, one a symbol."""
        return list(self._plan.runners)

    @property
    def bars(self) -> int:
        """Return how many bars of its first symbol a strategy hears; 0 where nobody knows before."""
        return len(self.run.fed[0]) if isinstance(self.run, Plan) else 0

    @property
    def limits(self) -> LuaLimits:
        """Return what a call of Lua may cost."""
        return limits_of((self.options.loaded or Config()).signal)

    @property
    def _plan(self) -> Plan | EventPlan:
        return self.run if isinstance(self.run, Plan) else self.run.plan

    def use(self, strategy: StrategySpec) -> None:
        """Have another version of the strategy from the next driver on."""
        if isinstance(self.run, Plan):
            self.run = replace(self.run, strategies=(strategy,))
            return
        runners = [msgspec.structs.replace(runner, strategy=strategy) for runner in self.run.plan.runners]
        self.run = replace(self.run, plan=replace(self.run.plan, runners=runners))

    def driver(self) -> Driver:
        """Return a run that has not begun."""
        if isinstance(self.run, Plan):
            return BarDriver(self.run)
        return EventDriver(self.run.plan, replace(self.run, source=self.run.source.anew()).events())

    @contextmanager
    def in_its_history(self) -> Iterator[None]:
        """Let plug-in indicators see the bars that a backtest would show them."""
        if isinstance(self.run, Plan):
            with whole_history(self.run.fed):
                yield
        else:
            yield


def open_data(options: Options) -> Opened:
    """Return what is to be tried.

    Raises:
        CommandLineError: an option, a data file or a strategy file cannot be used.
    """
    return Opened(options, make_run(options))


def path_of(opened: Opened) -> Path:
    """Return the strategy's file."""
    return opened.options.strategies[0]
