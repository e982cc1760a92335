"""Execution's core for a venue that looks at trades and books, too."""

from collections.abc import Sequence
from typing import override

from common.config.models import ExecutionSection
from common.instruments import Instruments
from common.messages import AnyMessage, BookSnapshot, BookUpdate, QueueMoved, Trade
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.following import follow
from services.execution.core.venues.observed import ObservedVenue


class WatchingCore(ExecutionCore):
    """An `ExecutionCore` that passes trades and books on to its venue."""

    def __init__(self, section: ExecutionSection, instruments: Instruments, venue: ObservedVenue) -> None:
        super().__init__(section, instruments, venue)
        self._observed = venue

    @override
    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        if isinstance(message, Trade | BookUpdate | BookSnapshot | QueueMoved):
            ended = self.on_deadline(now_ns)
            reports = self._observed.observe(message, now_ns)
            if not reports:
                return ended
            cause = message.id if isinstance(message, Trade) else f"book:{message.symbol}:{message.received_ns}"
            return [*ended, *follow(self._desk, reports, cause, now_ns)]
        return super().handle(message, now_ns)
