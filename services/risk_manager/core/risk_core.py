"""The risk manager's core: takes intents, reports and market data, answers with decisions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from common.config.models import RiskSection
from common.instruments import Instruments
from common.messages import (
    AnyMessage,
    CancelIntent,
    Fill,
    InputGap,
    MarketStatus,
    OperatorCommand,
    OrderAccepted,
    OrderCancelled,
    OrderIntent,
    OrderRejected,
    Quote,
    StopUpdate,
)
from services.risk_manager.core import intents, marking, operating, reports
from services.risk_manager.core.desk import Desk, State
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.summary import summarise

type Take = Callable[[Any, int], Sequence[AnyMessage]]

_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(State)


class RiskCore:
    """The `Core` of the risk manager; a message it does not hear is ignored."""

    def __init__(self, section: RiskSection, instruments: Instruments) -> None:
        limits = Limits.of(section)
        state = State()
        state.account.purse(limits.account_currency).cash = limits.initial_cash
        self._desk = Desk(limits, instruments, state)
        self._take = _table(self._desk)

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input; return the decisions that follow from it."""
        take = self._take.get(type(message))
        return () if take is None else take(message, now_ns)

    def next_deadline_ns(self) -> int | None:
        """Return when a silent symbol opens the breaker or the breaker has cooled down; None where neither is configured."""
        return marking.deadline_ns(self._desk)

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Open the breaker, or close it, by time alone."""
        return marking.take_time(self._desk, now_ns)

    def snapshot(self) -> bytes:
        """Return the whole state as msgpack; tables keep their order, because stops fire in it."""
        return _encoder.encode(self._desk.state)

    def restore(self, state: bytes) -> None:
        """Take over a state; limits and instruments are those of the config."""
        self._desk = Desk(self._desk.limits, self._desk.instruments, _decoder.decode(state))
        self._take = _table(self._desk)

    def status(self) -> dict[str, Any]:
        """Return counts, positions, cash, P&L and breaker."""
        return summarise(self._desk)


def _table(desk: Desk) -> dict[type, Take]:
    return {
        Quote: partial(marking.take_quote, desk),
        OrderIntent: partial(intents.decide, desk),
        Fill: partial(reports.take_fill, desk),
        OrderAccepted: partial(reports.take_accepted, desk),
        OrderCancelled: partial(reports.take_end, desk),
        OrderRejected: partial(reports.take_end, desk),
        StopUpdate: partial(intents.move_stops, desk),
        CancelIntent: partial(intents.cancel, desk),
        MarketStatus: partial(marking.take_status, desk),
        InputGap: partial(marking.take_gap, desk),
        OperatorCommand: partial(operating.obey, desk),
    }
