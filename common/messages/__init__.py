"""Every message type, frozen, typed and tagged; no logic. A new type belongs in one area file and in `AnyMessage`."""

from common.messages.account import AccountChanged, PositionChanged, TradingStateChanged
from common.messages.base import SCHEMA_VERSION, Message
from common.messages.control import Halt, OperatorCommand, Reply, Request
from common.messages.enums import (
    BarSource,
    HealthState,
    IntentKind,
    Liquidity,
    MarketState,
    OrderType,
    RejectReason,
    RunnerState,
    Side,
    TimeInForce,
    TradingState,
    VenueRejectReason,
)
from common.messages.health import Health, Heartbeat, InputGap
from common.messages.market import (
    Bar,
    BookSnapshot,
    BookUpdate,
    ExternalSignal,
    Greeks,
    Level,
    MarketStatus,
    QueueMoved,
    Quote,
    Trade,
)
from common.messages.orders import (
    ApprovedCancel,
    ApprovedOrder,
    CancelIntent,
    Fill,
    OrderAccepted,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    StopUpdate,
)
from common.messages.runners import RunnerFailed, RunnerTransitioned
from common.messages.venue import (
    DifferenceAction,
    DifferenceKind,
    HeardKind,
    VenueDifference,
    VenueHeard,
    VenueRequest,
)

AnyMessage = (
    Trade
    | Quote
    | BookSnapshot
    | BookUpdate
    | QueueMoved
    | Greeks
    | ExternalSignal
    | Bar
    | MarketStatus
    | OrderIntent
    | CancelIntent
    | StopUpdate
    | ApprovedOrder
    | ApprovedCancel
    | OrderRefused
    | OrderAccepted
    | OrderRejected
    | OrderCancelled
    | Fill
    | PositionChanged
    | AccountChanged
    | TradingStateChanged
    | VenueDifference
    | VenueRequest
    | VenueHeard
    | RunnerTransitioned
    | RunnerFailed
    | Heartbeat
    | Health
    | InputGap
    | Halt
    | OperatorCommand
)
"""Every type that may travel on a stream."""

__all__ = [
    "SCHEMA_VERSION",
    "AccountChanged",
    "AnyMessage",
    "ApprovedCancel",
    "ApprovedOrder",
    "Bar",
    "BarSource",
    "BookSnapshot",
    "BookUpdate",
    "CancelIntent",
    "DifferenceAction",
    "DifferenceKind",
    "ExternalSignal",
    "Fill",
    "Greeks",
    "Halt",
    "Health",
    "HealthState",
    "HeardKind",
    "Heartbeat",
    "InputGap",
    "IntentKind",
    "Level",
    "Liquidity",
    "MarketState",
    "MarketStatus",
    "Message",
    "OperatorCommand",
    "OrderAccepted",
    "OrderCancelled",
    "OrderIntent",
    "OrderRefused",
    "OrderRejected",
    "OrderType",
    "PositionChanged",
    "QueueMoved",
    "Quote",
    "RejectReason",
    "Reply",
    "Request",
    "RunnerFailed",
    "RunnerState",
    "RunnerTransitioned",
    "Side",
    "StopUpdate",
    "TimeInForce",
    "Trade",
    "TradingState",
    "TradingStateChanged",
    "VenueDifference",
    "VenueHeard",
    "VenueRejectReason",
    "VenueRequest",
]
