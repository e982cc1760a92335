"""What a platform's state is made of: one struct for each thing that events tell of."""

from decimal import Decimal

import msgspec

from common.messages import (
    AccountChanged,
    Bar,
    Halt,
    InputGap,
    MarketStatus,
    OperatorCommand,
    PositionChanged,
    Quote,
    RunnerState,
    Trade,
)
from services.event_store.core.projection.orders import OrderTable


class RunnerRecord(msgspec.Struct):
    """A strategy runner: where its state machine stands, how it came there, and its errors.

    failed_ns: when it last failed; is_paused: it had failed too often then, and has found no opportunity since.
    """

    strategy: str
    symbol: str
    state: RunnerState = RunnerState.IDLE
    since_ns: int = 0
    reason: str = ""
    cause: str = ""
    transitions: int = 0
    errors: int = 0
    last_error: str = ""
    failed_ns: int = 0
    is_paused: bool = False


class Breaker(msgspec.Struct):
    """The circuit breaker as refusals show it. reason: why it is open; empty while entries pass."""

    reason: str = ""
    since_ns: int = 0
    refusals: int = 0


class State(msgspec.Struct, kw_only=True):
    """All that was folded. Each field is one section, with a digest of its own.

    accounts: by currency. positions and holdings: by symbol, then runner; holdings are what the fills sum to, base units.
    limits: keys of the [risk] section that changed while it ran. bars: by symbol, then timeframe. commands: the latest of operators, by name and runner. halts: the latest of each
    service. counts: events by type.
    """

    accounts: dict[str, AccountChanged] = {}
    positions: dict[str, dict[str, PositionChanged]] = {}
    holdings: dict[str, dict[str, Decimal]] = {}
    orders: OrderTable = msgspec.field(default_factory=OrderTable)
    runners: dict[str, RunnerRecord] = {}
    breaker: Breaker = msgspec.field(default_factory=Breaker)
    limits: dict[str, str] = {}
    markets: dict[str, MarketStatus] = {}
    quotes: dict[str, Quote] = {}
    trades: dict[str, Trade] = {}
    bars: dict[str, dict[str, Bar]] = {}
    commands: dict[str, OperatorCommand] = {}
    halts: dict[str, Halt] = {}
    gaps: dict[str, InputGap] = {}
    counts: dict[str, int] = {}


def command_key(name: str, runner: str) -> str:
    """Return under which key the latest command of a name to a runner is kept."""
    return f"{name} {runner}".rstrip()
