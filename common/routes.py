"""Who hears what: the one table of streams, topics and subscriptions. Sockets and the backtester both read it."""

from enum import Enum

from common.messages import (
    AccountChanged,
    AmendIntent,
    AmendRefused,
    AmendRejected,
    AnyMessage,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    Bar,
    BarSource,
    BookSnapshot,
    BookUpdate,
    CancelIntent,
    ExternalSignal,
    Fill,
    Greeks,
    Halt,
    Health,
    Heartbeat,
    InputGap,
    MarketStatus,
    OperatorCommand,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    OrderTriggered,
    PositionChanged,
    PositionDiffers,
    QueueMoved,
    Quote,
    RiskLimitsChanged,
    RunnerFailed,
    RunnerTransitioned,
    StopUpdate,
    Trade,
    TradingStateChanged,
    VenueDifference,
    VenueHeard,
    VenueRequest,
)

MARKET_DATA = "market_data"
SIGNAL = "signal"
RISK_MANAGER = "risk_manager"
EXECUTION = "execution"
EVENT_STORE = "event_store"
ALERTS = "alerts"

SERVICES = (MARKET_DATA, SIGNAL, RISK_MANAGER, EXECUTION)
"""The services that trade, in the order of the flow."""
LISTENERS = (EVENT_STORE, ALERTS)
"""Services that only listen: nothing that trades waits for them, or notices whether they are there."""
ALL_SERVICES = (*SERVICES, *LISTENERS)


class Retention(Enum):
    """What a publisher keeps of a stream, and so what a reader that misses some can get back."""

    JOURNAL = "journal"
    """Everything, on disk: order flow. A reader asks from its own cursor and never skips."""
    RING = "ring"
    """The latest in memory: trades, bars. A reader asks; what is gone is counted and said."""
    LATEST = "latest"
    """The last message says it all: quotes, market status. A reader that missed some takes the last."""
    SNAPSHOT = "snapshot"
    """Changes to a whole: books. A reader that missed some takes the whole from the publisher's core."""
    NOTHING = "nothing"
    """Health and heartbeats: the next one will do."""


STREAMS: dict[str, tuple[str, Retention]] = {
    "quote": (MARKET_DATA, Retention.LATEST),
    "trade": (MARKET_DATA, Retention.RING),
    "book": (MARKET_DATA, Retention.SNAPSHOT),
    "bar": (MARKET_DATA, Retention.RING),
    "venue_bar": (MARKET_DATA, Retention.RING),
    "market": (MARKET_DATA, Retention.LATEST),
    "greeks": (MARKET_DATA, Retention.LATEST),
    "external": (MARKET_DATA, Retention.LATEST),
    "intents": (SIGNAL, Retention.JOURNAL),
    "runners": (SIGNAL, Retention.RING),
    "decisions": (RISK_MANAGER, Retention.JOURNAL),
    "reports": (EXECUTION, Retention.JOURNAL),
}
"""Stream name (the first word of a topic) to its only publisher and retention."""

HEARS: dict[str, tuple[str, ...]] = {
    MARKET_DATA: (),
    SIGNAL: ("quote.", "bar.", "market.", "greeks.", "external.", "decisions", "reports"),
    RISK_MANAGER: ("quote.", "market.", "intents", "reports"),
    EXECUTION: ("quote.", "market.", "decisions"),
    EVENT_STORE: (
        "intents",
        "runners",
        "decisions",
        "reports",
        "quote.",
        "trade.",
        "bar.",
        "venue_bar.",
        "market.",
        "greeks.",
        "external.",
    ),
    ALERTS: ("runners", "decisions", "reports", "market."),
}
"""Service to the topics it subscribes to: a whole topic, or a prefix that ends in a dot."""

MAY_HEAR: dict[str, tuple[str, ...]] = {EXECUTION: ("trade.", "book."), EVENT_STORE: ("book.",)}
"""Service to what it hears beside, where its configuration has use for it: paper fills against trades and books, or the
record of every book."""


def topic_of(message: AnyMessage) -> str | None:  # noqa: PLR0911, C901 - a table in the form of a match, one row a type
    """Return the topic a message travels on; None for what a shell makes or takes itself (heartbeat, health, halt, gap, operator command, a venue's traffic)."""
    match message:
        case Quote():
            return "quote." + message.symbol
        case Trade():
            return "trade." + message.symbol
        case BookUpdate() | BookSnapshot() | QueueMoved():
            return "book." + message.symbol
        case Bar():
            stream = "venue_bar." if message.source is BarSource.VENUE else "bar."
            return f"{stream}{message.symbol}.{message.timeframe}"
        case MarketStatus():
            return "market." + message.symbol
        case Greeks():
            return "greeks." + message.symbol
        case ExternalSignal():
            return f"external.{message.name}.{message.symbol}"
        case OrderIntent() | CancelIntent() | AmendIntent() | StopUpdate():
            return "intents"
        case RunnerTransitioned() | RunnerFailed():
            return "runners"
        case (
            ApprovedOrder()
            | ApprovedCancel()
            | ApprovedAmend()
            | AmendRefused()
            | OrderRefused()
            | PositionChanged()
            | AccountChanged()
            | TradingStateChanged()
            | RiskLimitsChanged()
            | PositionDiffers()
        ):
            return "decisions"
        case (
            OrderAccepted()
            | OrderTriggered()
            | OrderAmended()
            | AmendRejected()
            | OrderRejected()
            | OrderCancelled()
            | Fill()
            | VenueDifference()
        ):
            return "reports"
        case Heartbeat() | Health() | Halt() | InputGap() | OperatorCommand() | VenueRequest() | VenueHeard():
            return None


def publisher_of(topic: str) -> str:
    """Return the service that alone publishes a topic (or a subscription prefix); KeyError for an unknown stream."""
    return STREAMS[topic.partition(".")[0]][0]


def retention_of(topic: str) -> Retention:
    """Return what the publisher keeps of a topic; health, heartbeats and halts are not kept."""
    stream = STREAMS.get(topic.partition(".")[0])
    return Retention.NOTHING if stream is None else stream[1]


def hears(service: str, topic: str, also: tuple[str, ...] = ()) -> bool:
    """Return whether `service` subscribes to `topic`; also: what it hears of `MAY_HEAR`."""
    wants = HEARS[service] + also
    return any(topic == wanted or (wanted.endswith(".") and topic.startswith(wanted)) for wanted in wants)


def hearers_of(service: str) -> tuple[str, ...]:
    """Return the services that trade and subscribe to anything `service` publishes, in the order of the flow."""
    return tuple(name for name in SERVICES if any(publisher_of(topic) == service for topic in HEARS[name]))
