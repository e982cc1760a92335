"""Runners that were stopped: one whose code did not answer, or ended its process, and of which nothing is called again.

How it works: the place where the strategy lives and the indicators are taken away from the runner; what both remembered
is kept as it was saved last. Fills and levels still reach the desk, so its position stays right, and risk goes on watching
it. A runner that is resumed, or gets another file, gets both anew, the indicators fed from the window of bars.
"""

from collections.abc import Iterable, Sequence
from typing import Any, override

from common.messages import AnyMessage, Bar
from services.signal.core.bank import IndicatorBank, Window
from services.signal.core.host import AccountView, Function, OrderView, Outcome, PositionView
from services.signal.core.indicator import IndicatorKey
from services.signal.core.orders import Origin
from services.signal.core.runner import Runner


class SilentHost:
    """Says nothing and keeps what a strategy remembered."""

    def __init__(self, saved: bytes) -> None:
        self._saved = saved

    def evaluate(self, _function: Function, _arguments: Sequence[float | None]) -> Outcome | None:
        """Return None: nothing happens."""

    def set_position(self, position: PositionView | None) -> None:
        """Do nothing: nobody asks."""

    def set_order(self, order: OrderView | None, other: OrderView | None = None) -> None:
        """Do nothing: nobody asks."""

    def set_account(self, account: AccountView) -> None:
        """Do nothing: nobody asks."""

    def save(self) -> bytes:
        """Return what the strategy remembered."""
        return self._saved

    def restore(self, saved: bytes) -> None:
        """Keep what a strategy remembered."""
        self._saved = saved


class SilentBank(IndicatorBank):
    """Computes nothing and keeps the states of indicators."""

    __slots__ = ("_states",)

    def __init__(self, states: Sequence[tuple[IndicatorKey, Sequence[Any]]]) -> None:
        super().__init__([], ())
        self._states = list(states)

    @override
    def add(self, key: IndicatorKey, window: Iterable[Bar]) -> None:
        """Do nothing: nobody asks."""

    @override
    def update(self, bar: Bar) -> None:
        """Do nothing: nobody asks."""

    @override
    def save(self) -> list[tuple[IndicatorKey, tuple[Any, ...]]]:
        """Return the states as they were."""
        return [(key, tuple(state)) for key, state in self._states]

    @override
    def restore(self, saved: Sequence[tuple[IndicatorKey, Sequence[Any]]], window: Window) -> None:
        """Keep the states."""
        self._states = list(saved)


def silence(runner: Runner) -> None:
    """Take a runner's strategy and indicators away, without calling them."""
    asker = runner.asker
    asker.host, asker.walker, asker.bank = SilentHost(b""), None, SilentBank(())


def stop(runner: Runner, error: str, origin: Origin) -> list[AnyMessage]:
    """Call nothing of a runner from now on; return what is told of it."""
    asker = runner.asker
    if not isinstance(asker.host, SilentHost):
        host, bank = asker.host.save(), asker.bank.save()
        silence(runner)
        asker.host.restore(host)
        asker.bank.restore(bank, asker.window)
    asker.errors_in_row = asker.max_errors - 1  # this one failure is enough
    out: list[AnyMessage] = []
    asker.fail(error, origin, out)
    return out
