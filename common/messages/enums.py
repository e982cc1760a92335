"""The closed vocabularies of the messages: sides, order states, reasons, health."""

from enum import StrEnum


class Side(StrEnum):
    """Direction of an order, a fill or the aggressor of a trade."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        """Return the side that closes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """Return +1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order names its price."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    """A market order once the price has come to its trigger from the good side."""
    STOP_LIMIT = "stop_limit"
    TAKE_PROFIT = "take_profit"
    """A market order once the price has come to its trigger from the bad side; elsewhere market-if-touched."""
    TAKE_PROFIT_LIMIT = "take_profit_limit"
    TRAILING_STOP = "trailing_stop"
    """A stop whose trigger follows the best price and never goes back."""


class TimeInForce(StrEnum):
    """How long an order may rest."""

    GTC = "gtc"
    """Until it is cancelled."""
    IOC = "ioc"
    """Not at all: what does not trade at once is cancelled."""
    FOK = "fok"
    """Not at all, and all of it trades at once or nothing."""
    GTD = "gtd"
    """Until a time."""


class TriggerBy(StrEnum):
    """Which price triggers an order."""

    DEFAULT = "default"
    """What the venue fills against: the touch, or the latest trade where it sees trades alone."""
    BID_ASK = "bid_ask"
    """The price at which the order itself could trade: the ask for a buyer, the bid for a seller."""
    MID = "mid"
    LAST = "last"
    """The latest trade."""


class CancelReason(StrEnum):
    """Why an order ended unfilled that nobody cancelled."""

    UNFILLED = "unfilled"
    """It was not to rest, and did not trade at once: IOC, FOK."""
    EXPIRED = "expired"
    WOULD_TAKE = "would_take"
    """It was post-only, and would have taken when it was triggered."""
    REDUCED = "reduced"
    """It was reduce-only, and there is nothing left to reduce."""
    OCO = "oco"
    """Another order of its group has filled, or has ended."""


class Liquidity(StrEnum):
    """Whether a fill took resting liquidity or was resting itself."""

    MAKER = "maker"
    TAKER = "taker"


class BarSource(StrEnum):
    """Who built a bar."""

    TRADES = "trades"
    QUOTES = "quotes"
    VENUE = "venue"


class MarketState(StrEnum):
    """What a symbol's market data is worth at the moment."""

    LIVE = "live"
    RESYNCING = "resyncing"
    STALE = "stale"
    DISCONNECTED = "disconnected"


class HealthState(StrEnum):
    """A service's own view of its fitness; nothing trades before READY."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    STOPPING = "stopping"


class RejectReason(StrEnum):
    """Why risk refused; each member is a file in `services/risk_manager/core/rules/` and a metric label."""

    POSITION_SIZE = "position_size"
    NOTIONAL = "notional"
    OPEN_POSITIONS = "open_positions"
    DUPLICATE = "duplicate"
    STALE_MARKET = "stale_market"
    BREAKER_OPEN = "breaker_open"
    INVALID_QUANTITY = "invalid_quantity"
    INVALID_PRICE = "invalid_price"
    NOTHING_TO_REDUCE = "nothing_to_reduce"
    ORDER_TERMS = "order_terms"
    ORDER_SIZE = "order_size"
    PRICE_COLLAR = "price_collar"
    CLOSED_MARKET = "closed_market"
    LEVERAGE = "leverage"
    SYMBOL_LIMIT = "symbol_limit"
    STRATEGY_LIMIT = "strategy_limit"
    ORDER_RATE = "order_rate"
    CORRELATION_GROUP = "correlation_group"
    DRAWDOWN = "drawdown"
    DAILY_LOSS = "daily_loss"
    KILL_SWITCH = "kill_switch"
    NOT_READY = "not_ready"
    REDUCING = "reducing"


class TradingState(StrEnum):
    """What risk lets through: everything; only what reduces; only what reduces, with all resting orders cancelled."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class VenueRejectReason(StrEnum):
    """Why a venue refused an order that risk had approved."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    NO_MARKET = "no_market"
    INVALID_QUANTITY = "invalid_quantity"
    INVALID_PRICE = "invalid_price"
    DUPLICATE_ORDER = "duplicate_order"
    UNKNOWN_ORDER = "unknown_order"
    TOO_MANY_ORDERS = "too_many_orders"
    NOTHING_TO_REDUCE = "nothing_to_reduce"
    KILL_SWITCH = "kill_switch"
    """An operator let execution take nothing but reductions."""
    NOT_SENT = "not_sent"
    """It never left for the venue: the venue was away or wanted to be left alone, or the order was taken back before."""
    NEVER_ARRIVED = "never_arrived"
    """It was sent, and the venue neither knows it nor can take it any more."""
    HALTED = "halted"
    """Execution and the venue disagree, and an operator has to look."""
    UNSUPPORTED = "unsupported"
    """Its type, time in force and flags do not go together, or not at this venue."""
    WOULD_TAKE = "would_take"
    """It is post-only, and would take."""
    EXPIRED = "expired"
    """It arrived after the time at which it was to end."""
    OCO = "oco"
    """Another order of its group had filled, or had ended, before it came."""


class RunnerState(StrEnum):
    """The three states of a strategy runner."""

    IDLE = "idle"
    ANALYZING = "analyzing"
    IN_POSITION = "in_position"


class IntentKind(StrEnum):
    """What an intent does to its runner's position."""

    ENTRY = "entry"
    EXIT = "exit"
