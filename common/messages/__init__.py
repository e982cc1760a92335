"""Every message type, frozen, typed and tagged; no logic. A new type belongs in one area file and in `AnyMessage`."""

from common.messages.account import (
    AccountChanged,
    LimitChange,
    PositionChanged,
    PositionDiffers,
    RiskLimitsChanged,
    TradingStateChanged,
)
from common.messages.base import SCHEMA_VERSION, Message
from common.messages.control import Halt, OperatorCommand, Reply, Request
from common.messages.enums import (
    BarSource,
    CancelReason,
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
    TriggerBy,
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
    AmendIntent,
    AmendRefused,
    AmendRejected,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    CancelIntent,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    OrderTriggered,
    Sized,
    SizingHint,
    StopUpdate,
)
from common.messages.runners import RunnerFailed, RunnerTransitioned
from common.messages.terms import Guards, OrderTerms
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
    | AmendIntent
    | StopUpdate
    | ApprovedOrder
    | ApprovedCancel
    | ApprovedAmend
    | AmendRefused
    | OrderRefused
    | OrderAccepted
    | OrderTriggered
    | OrderAmended
    | AmendRejected
    | OrderRejected
    | OrderCancelled
    | Fill
    | PositionChanged
    | AccountChanged
    | TradingStateChanged
    | RiskLimitsChanged
    | PositionDiffers
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
    "AmendIntent",
    "AmendRefused",
    "AmendRejected",
    "AnyMessage",
    "ApprovedAmend",
    "ApprovedCancel",
    "ApprovedOrder",
    "Bar",
    "BarSource",
    "BookSnapshot",
    "BookUpdate",
    "CancelIntent",
    "CancelReason",
    "DifferenceAction",
    "DifferenceKind",
    "ExternalSignal",
    "Fill",
    "Greeks",
    "Guards",
    "Halt",
    "Health",
    "HealthState",
    "HeardKind",
    "Heartbeat",
    "InputGap",
    "IntentKind",
    "Level",
    "LimitChange",
    "Liquidity",
    "MarketState",
    "MarketStatus",
    "Message",
    "OperatorCommand",
    "OrderAccepted",
    "OrderAmended",
    "OrderCancelled",
    "OrderIntent",
    "OrderRefused",
    "OrderRejected",
    "OrderTerms",
    "OrderTriggered",
    "OrderType",
    "PositionChanged",
    "PositionDiffers",
    "QueueMoved",
    "Quote",
    "RejectReason",
    "Reply",
    "Request",
    "RiskLimitsChanged",
    "RunnerFailed",
    "RunnerState",
    "RunnerTransitioned",
    "Side",
    "Sized",
    "SizingHint",
    "StopUpdate",
    "TimeInForce",
    "Trade",
    "TradingState",
    "TradingStateChanged",
    "TriggerBy",
    "VenueDifference",
    "VenueHeard",
    "VenueRejectReason",
    "VenueRequest",
]
