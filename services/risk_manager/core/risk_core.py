"""The risk manager's core: takes intents, reports and market data, answers with decisions."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from common.config.models import RiskSection
from common.instruments import Instruments
from common.messages import (
    AmendIntent,
    AmendRejected,
    AnyMessage,
    CancelIntent,
    Fill,
    InputGap,
    MarketStatus,
    OperatorCommand,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRejected,
    Quote,
    StopUpdate,
)
from services.risk_manager.core import amending, changing, intents, marking, operating, pairs, reconciling, reports
from services.risk_manager.core.desk import Desk, State
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.parameters import CHANGE, section_of, text_of
from services.risk_manager.core.reconciliation import Held, Reconciliation
from services.risk_manager.core.standing import Use, standing
from services.risk_manager.core.summary import summarise

type Take = Callable[[Any, int], Sequence[AnyMessage]]

FEWEST_TICKS = 100
"""Ticks in a price below which rounding to the tick is no small matter."""
_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(State)


class RiskCore:
    """The `Core` of the risk manager; a message it does not hear is ignored."""

    def __init__(self, section: RiskSection, instruments: Instruments, *, links_orders: bool = True) -> None:
        """links_orders: the venue itself links the orders of a group."""
        limits, text = Limits.of(section), text_of(section)
        state = State(parameters=text, file_parameters=text)
        state.account.purse(limits.account_currency).cash = limits.initial_cash
        self._desk = Desk(limits, instruments, state, links_orders=links_orders)
        self._take: dict[type, Take] = _table(self._desk) | {OperatorCommand: self._obey}

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input; return the decisions that follow from it."""
        take = self._take.get(type(message))
        return () if take is None else take(message, now_ns)

    def handler_of(self, kind: type) -> Take | None:
        """Return what takes messages of a type, whatever becomes of limits and state; None where they are ignored."""
        return self._take.get(kind)

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
        """Take over a state, with the limits that were in force; instruments are those of the config."""
        taken, own = _decoder.decode(state), self._desk
        limits = own.limits
        if not taken.parameters:
            taken.parameters = taken.file_parameters = own.state.parameters
        elif taken.parameters != own.state.parameters:
            limits = Limits.of(section_of(taken.parameters))
        own.become(Desk(limits, own.instruments, taken, links_orders=own.links_orders))

    def parameters(self) -> tuple[str, str]:
        """Return what is in force and what the configuration's file said last, as `parameters.text_of` writes it."""
        return self._desk.state.parameters, self._desk.state.file_parameters

    def standing(self, now_ns: int) -> list[Use]:
        """Return every limit that is in force, and how much of it is used."""
        return standing(self._desk, now_ns)

    @property
    def reconciliation(self) -> Reconciliation:
        """Return what came of the latest comparison with execution."""
        return self._desk.state.reconciliation

    def differences(self, held: dict[str, dict[str, str]]) -> list[Held]:
        """Return where execution's holdings, by symbol and runner, are not ours."""
        return reconciling.differences(self._desk, held)

    def _obey(self, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        if command.name != CHANGE:
            return operating.obey(self._desk, command, now_ns)
        desk, told = changing.change(self._desk, command, now_ns)
        self._desk.become(desk)
        return told

    def coarse_ticks(self) -> list[tuple[str, float, Decimal]]:
        """Return symbols whose latest bid has fewer than FEWEST_TICKS ticks, each with that bid and its tick."""
        facts, markets = self._desk.instruments, self._desk.state.markets.values()
        bids = [
            (each.symbol, each.quote.bid, facts[each.symbol].tick_size) for each in markets if each.quote is not None
        ]
        return [found for found in bids if found[1] < FEWEST_TICKS * float(found[2])]

    def status(self) -> dict[str, Any]:
        """Return counts, positions, cash, P&L and breaker."""
        return summarise(self._desk)


def _table(desk: Desk) -> dict[type, Take]:
    return {
        Quote: partial(marking.take_quote, desk),
        OrderIntent: partial(pairs.decide_any, desk),
        Fill: partial(reports.take_fill, desk),
        OrderAccepted: partial(reports.take_accepted, desk),
        OrderCancelled: partial(reports.take_end, desk),
        OrderRejected: partial(reports.take_end, desk),
        StopUpdate: partial(intents.move_stops, desk),
        CancelIntent: partial(intents.cancel, desk),
        AmendIntent: partial(amending.amend, desk),
        OrderAmended: partial(amending.take_amended, desk),
        AmendRejected: partial(amending.take_amended, desk),
        MarketStatus: partial(marking.take_status, desk),
        InputGap: partial(marking.take_gap, desk),
    }
