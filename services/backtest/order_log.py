"""What the cores of a run published, kept for a while and then observed all at once, in order.

How it works: who observes needs nothing but the messages and the bar at which they were published. Many at a time cost
less than one by one between the steps of the cores, where each pushes the other out of the processor's caches.
"""

from common.messages import AnyMessage
from services.backtest.accounting import Accounting

OBSERVED_AT_ONCE = 1_024
"""Messages that wait to be observed; a bar may bring more, and is observed whole."""


class OrderLog:
    """Messages in the order in which they were published; `put` adds some."""

    def __init__(self, accounting: Accounting) -> None:
        self._accounting = accounting
        self._messages: list[AnyMessage] = []
        self._parts: list[tuple[int, int, bool]] = []
        self._row = 0
        self._is_behind = True
        self.put = self._messages.extend

    def begin(self, row: int, *, is_behind: bool) -> None:
        """Say where what follows is published: at which bar, and whether the bars of this time have ended."""
        behind, parts = len(self._messages), self._parts
        if behind and (not parts or parts[-1][0] < behind):
            parts.append((behind, self._row, self._is_behind))
            if behind >= OBSERVED_AT_ONCE:
                self.catch_up()
        self._row, self._is_behind = row, is_behind

    def catch_up(self) -> None:
        """Let all that waits be observed."""
        accounting, messages = self._accounting, self._messages
        self._parts.append((len(messages), self._row, self._is_behind))
        accounting.digest_all(messages)
        first = 0
        for behind, row, is_behind in self._parts:
            accounting.row, accounting.is_behind = row, is_behind
            accounting.observe(messages[first:behind])
            first = behind
        messages.clear()
        self._parts.clear()
