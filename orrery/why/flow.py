"""All messages of one order, found in the journals of the services that published and heard them."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import msgspec

from common.codec import decode, encode
from common.inputs import Input
from common.messages import (
    AmendIntent,
    AmendRefused,
    AmendRejected,
    AnyMessage,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    Bar,
    CancelIntent,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    OrderTriggered,
    PositionChanged,
    Quote,
)
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.redrive.journals import file_of, oldest_record, records
from orrery.redrive.session import Session

LATEST_SHOWN = 3
"""Orders named when the one asked for is not there."""
SKEW_NS = 60_000_000_000
"""How far the clock of a sender may be ahead of that of a hearer."""
QUOTE_WITHIN_NS = 600_000_000_000
"""How far back the last quote before a bar is looked for."""

_decode_input = msgspec.msgpack.Decoder(Input).decode

type Report = OrderAccepted | OrderTriggered | OrderAmended | AmendRejected | OrderRejected | OrderCancelled | Fill


class Heard(msgspec.Struct, frozen=True):
    """An input in a service's journal: its number, and when the service was told."""

    number: int
    at_ns: int


class Flow(msgspec.Struct):
    """One order's messages, as far as they are there. cancels: and changes that were asked for. changes: what its fills did to the position."""

    order_id: str
    intent: OrderIntent | None = None
    decision: ApprovedOrder | OrderRefused | None = None
    cancels: list[CancelIntent | ApprovedCancel | AmendIntent | ApprovedAmend | AmendRefused] = []
    reports: list[Report] = []
    changes: list[PositionChanged] = []

    @property
    def runner(self) -> str:
        """Return whose order it is."""
        about = self.intent or self.decision
        assert about is not None, "a flow has an intent or a decision"
        return about.runner

    @property
    def fills(self) -> list[Fill]:
        """Return the fills, the first one first."""
        return [report for report in self.reports if isinstance(report, Fill)]


def flow_of(session: Session, wanted: str) -> Flow:
    """Return the messages of an order, named by its own id or by that of a fill or cancel of it.

    Raises:
        CommandLineError: no such order; the text names those that are near, or the latest.
    """
    for order_id in dict.fromkeys((wanted, wanted.rpartition("-f")[0], wanted.removesuffix("-cancel"))):
        flow = Flow(order_id)
        for service in (SIGNAL, RISK_MANAGER, EXECUTION):
            for message in _naming(session.outbox(service), order_id):
                _put(flow, message)
        if flow.intent is not None or flow.decision is not None:
            return flow
    raise CommandLineError(_unknown(session, wanted), EXIT_FAILED)


def _naming(folder: Path, order_id: str) -> Iterator[AnyMessage]:
    sought = order_id.encode()
    for _, payload in records(folder, oldest_record(folder)):
        if sought and sought in payload:
            yield decode(payload)


def _put(flow: Flow, message: AnyMessage) -> None:
    match message:
        case OrderIntent() if message.id == flow.order_id and flow.intent is None:
            flow.intent = message
        case ApprovedOrder() if message.id == flow.order_id and flow.decision is None:
            flow.decision = message
        case OrderRefused() if message.intent_id == flow.order_id and flow.decision is None:
            flow.decision = message
        case CancelIntent() | AmendIntent() if message.intent_id == flow.order_id:
            flow.cancels.append(message)
        case ApprovedCancel() | ApprovedAmend() | AmendRefused() if message.order_id == flow.order_id:
            flow.cancels.append(message)
        case (
            OrderAccepted()
            | OrderTriggered()
            | OrderAmended()
            | AmendRejected()
            | OrderRejected()
            | OrderCancelled()
            | Fill()
        ) if message.order_id == flow.order_id:
            flow.reports.append(message)
        case PositionChanged() if message.cause.rpartition("-f")[0] == flow.order_id:
            flow.changes.append(message)
        case _:
            pass


def _unknown(session: Session, wanted: str) -> str:
    known = [
        message.id
        for service in (SIGNAL, RISK_MANAGER)
        for _, payload in records(session.outbox(service), oldest_record(session.outbox(service)))
        if isinstance(message := decode(payload), OrderIntent | ApprovedOrder)
    ]
    ids = list(dict.fromkeys(known))
    near = get_close_matches(wanted, ids, n=LATEST_SHOWN)
    if near:
        return f"{wanted}: expected an order of {session.folder}, found none; did you mean {', '.join(near)}?"
    latest = ", ".join(ids[-LATEST_SHOWN:]) or "none at all"
    return f"{wanted}: expected one of the {len(ids)} orders of {session.folder}; the latest are {latest}"


def heard(session: Session, service: str, message: AnyMessage) -> Heard | None:
    """Return when a service was told a message of order flow, None if its journal does not have it."""
    folder, sought = session.inbox(service), encode(message)
    for number, record in records(folder, file_of(folder, message.received_ns - SKEW_NS)):
        if sought in record:
            return Heard(number, _decode_input(record).now_ns)
    return None


def origin(
    session: Session, service: str, cause: str, at_ns: int
) -> tuple[Heard | None, AnyMessage | None, Quote | None]:
    """Return when a service was told the market data `cause`, at `at_ns`, what it was, and the last quote before it."""
    kind, _, rest = cause.partition(":")
    symbol = rest.partition(":")[0]
    quote_topic, quote_payload = f"quote.{symbol}", b""
    folder = session.inbox(service)
    for number, record in records(folder, file_of(folder, at_ns - QUOTE_WITHIN_NS)):
        told = _decode_input(record)
        if told.now_ns > at_ns:
            break
        is_candidate = told.now_ns == at_ns and told.topic.startswith(f"{kind}.{symbol}")
        message = decode(told.payload) if is_candidate else None
        if isinstance(message, Bar | Quote) and message.id == cause:
            return Heard(number, told.now_ns), message, _quote(quote_payload)
        if told.topic == quote_topic:
            quote_payload = told.payload
    return None, None, _quote(quote_payload)


def _quote(payload: bytes) -> Quote | None:
    message = decode(payload) if payload else None
    return message if isinstance(message, Quote) else None
