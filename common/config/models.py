"""The one schema of the configuration: every section, key, unit, default and bound."""

from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from common.config.alerts import AlertsSection
from common.config.costs import CostKeys
from common.config.risk import RiskSection
from common.config.section import EndpointSection, Section
from common.config.signal import SignalSection
from common.timeframes import timeframe_ns

__all__ = [
    "AlertsSection",
    "Config",
    "CredentialsSection",
    "DataSourceSection",
    "EndpointSection",
    "EngineSection",
    "EventStoreSection",
    "ExecutionSection",
    "FileSection",
    "InstrumentSection",
    "MarketDataSection",
    "RiskSection",
    "Section",
    "SignalSection",
    "SimulatedSection",
    "SourceType",
    "StrategySection",
]

SourceType = Literal["simulated", "binance", "file"]
"""Data sources that exist; other venues come with their own file."""


GATEWAY_PREFIXES: Final = ("ipc://", "tcp://127.0.0.1:", "tcp://localhost:", "tcp://[::1]:")
"""Where an order gateway may be found: on this machine only, so that it is never a venue with real money."""


class EngineSection(Section):
    """What all services share."""

    data_dir: str = Field("var", description="Folder of journals, snapshots and locks; relative to the working folder.")
    durability: Literal["process", "power"] = Field(
        "process", description="process: what is acknowledged survives kill -9; power: fsync before it is published."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged.")
    log_levels: dict[str, Literal["debug", "info", "warning", "error"]] = Field(
        default_factory=dict, description="Level per component, such as bus or journal; log_level for the rest."
    )
    log_format: Literal["console", "json"] = Field("console", description="For people, or one JSON object a line.")
    log_file: str = Field("", description="Log to this file instead of standard error; {service} is replaced.")
    log_file_max_bytes: int = Field(50_000_000, ge=10_000, description="Bytes after which the log file rotates.")
    log_file_count: int = Field(5, ge=1, le=100, description="Rotated log files kept.")
    max_symbols: int = Field(1_000, ge=1, le=100_000, description="Most symbols in one run.")
    heartbeat_interval_ms: int = Field(500, ge=10, le=60_000, description="Between heartbeats of a publisher, ms.")
    peer_timeout_ms: int = Field(
        3_000, ge=50, le=600_000, description="Silence after which a publisher counts as gone, ms."
    )
    keys_dir: str = Field("", description="Folder of CURVE keys (orrery keygen); needed for any bind outside loopback.")
    journal_segment_bytes: int = Field(
        64_000_000, ge=4_096, description="Bytes after which a journal starts a new file."
    )
    snapshot_every: int = Field(100_000, ge=100, description="Journaled inputs between two snapshots of a core.")
    journal_keep_segments: int = Field(4, ge=1, description="Input-journal files kept behind the latest snapshot.")


class MarketDataSection(EndpointSection):
    """The feed."""

    exchange: str = Field("binance", description="Venue when data_source.type is not given.")
    symbols: list[str] = Field(default=["BTCUSDT", "ETHUSDT"], min_length=1, description="Symbols to follow.")
    websocket_url: str = Field("wss://stream.binance.com:9443", description="The venue's WebSocket, without path.")
    rest_url: str = Field("", description="The venue's REST; if empty it is derived from websocket_url.")
    streams: list[str] = Field(
        default=["trade", "aggTrade", "bookTicker", "depth@100ms"],
        min_length=1,
        description="Venue streams per symbol; also kline_1m and so on. aggTrade is used only where no trade comes.",
    )
    reconnect_delay_ms: int = Field(
        1_000, ge=1, le=600_000, description="First delay before reconnecting, ms; doubles."
    )
    reconnect_delay_max_ms: int = Field(
        30_000, ge=1, le=3_600_000, description="Longest delay before reconnecting, ms."
    )
    stale_after_ms: int = Field(5_000, ge=10, description="Silence of a symbol after which it is flagged stale, ms.")
    bar_grace_ms: int = Field(
        250, ge=0, le=60_000, description="How long after its end a bar waits for late trades, ms."
    )
    bar_source: Literal["trades", "quotes"] = Field(
        "trades", description="What bars are built from; quotes: from their mids, with volume 0, whatever is traded."
    )
    timeframes: list[str] = Field(
        default_factory=list, description="Bars always built, beside those strategies ask for."
    )
    book_depth: int = Field(5_000, ge=5, le=100_000, description="Most levels kept per side.")
    signals_path: str = Field("", description="JSON Lines file of signals from outside, read as it grows.")
    ring_size: int = Field(
        4_096, ge=16, le=1_000_000, description="Messages kept per topic for readers that missed some."
    )

    @field_validator("timeframes")
    @classmethod
    def _known_timeframes(cls, value: list[str]) -> list[str]:
        for timeframe in value:
            timeframe_ns(timeframe)
        return value

    @field_validator("symbols")
    @classmethod
    def _unique_symbols(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value) or not all(value):
            raise ValueError(f"expected distinct, non-empty symbols, found {value}")
        return value


class SimulatedSection(Section):
    """The seeded random walk."""

    seed: int = Field(1, ge=0, description="Same seed, same data.")
    initial_price: float = Field(100.0, gt=0, description="First mid price, quote units.")
    initial_prices: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="First mid price per symbol."
    )
    volatility: float = Field(0.0002, ge=0, le=1, description="Standard deviation of the log return per tick.")
    tick_rate: float = Field(20.0, gt=0, le=100_000, description="Ticks per second and symbol.")
    spread: float = Field(0.0002, gt=0, le=0.5, description="Bid/ask spread as a fraction of the price.")
    max_ticks: int = Field(0, ge=0, description="Stop after so many ticks per symbol; 0 never stops.")


class CredentialsSection(Section):
    """Names of the environment variables that hold a venue's keys; never the keys."""

    api_key_env: str = Field("", description="Environment variable of the API key.")
    secret_key_env: str = Field("", description="Environment variable of the secret.")


class FileSection(Section):
    """Recorded market data as a source."""

    path: str = Field(
        "", description="JSON Lines file (also .gz): Orrery's recording, the documented shape, or raw frames."
    )
    rest_path: str = Field("", description="JSON Lines file of recorded REST replies, for raw frames.")
    speed: float = Field(0.0, ge=0, description="1 is the recorded pace, 2 twice as fast, 0 as fast as possible.")
    wait_for_readers: bool = Field(True, description="Begin, and go on, only when signal, risk and execution keep up.")


class DataSourceSection(Section):
    """Where market data comes from."""

    type: SourceType | None = Field(None, description="The source; market_data.exchange if not given.")
    simulated: SimulatedSection = SimulatedSection()
    binance: CredentialsSection = CredentialsSection()
    alpaca: CredentialsSection = Field(CredentialsSection(), description="Accepted and unused in this version.")
    coinbase: CredentialsSection = Field(CredentialsSection(), description="Accepted and unused in this version.")
    deribit: CredentialsSection = Field(CredentialsSection(), description="Accepted and unused in this version.")
    derive: CredentialsSection = Field(CredentialsSection(), description="Accepted and unused in this version.")
    polymarket: CredentialsSection = Field(CredentialsSection(), description="Accepted and unused in this version.")
    file: FileSection = FileSection()


class ExecutionSection(CostKeys, EndpointSection):
    """The way to the venue."""

    exchange_api_url: str = Field("", description="Where an order gateway listens, ipc:// or tcp:// on loopback.")
    venue: Literal["simulated", "gateway"] = Field(
        "simulated", description="The paper venue: inside the process, or behind an order gateway on this machine."
    )
    rate_limit_per_second: int = Field(
        10, ge=1, le=10_000, description="Requests a second to a venue outside the process."
    )
    retry_attempts: int = Field(3, ge=0, le=100, description="Retries of an order that certainly was not taken.")
    retry_delay_ms: int = Field(
        1_000, ge=1, le=600_000, description="First delay before a retry or query, ms; doubles."
    )
    request_timeout_ms: int = Field(
        5_000, ge=1, le=600_000, description="After which the outcome of a request is unknown and looked up, ms."
    )
    order_validity_ms: int = Field(
        5_000, ge=1, le=600_000, description="How long after sending the venue may still take an order, ms."
    )
    reconcile_interval_ms: int = Field(
        60_000, ge=100, le=86_400_000, description="Between comparisons of orders, fills, positions with the venue, ms."
    )
    unknown_orders: Literal["cancel", "halt"] = Field(
        "halt", description="What an order at the venue that is not ours leads to: its cancel, or no new entries."
    )
    paper_trading: Literal[True] = Field(True, description="Only paper trading exists in this version.")
    fill_model: Literal["touch", "trades", "depth", "queue", "orders"] = Field(
        "touch",
        description="What paper fills see: quotes; trades; the book; a place in its queue, estimated or by single orders.",
    )
    latency_ns: int = Field(0, ge=0, le=60_000_000_000, description="From here to the paper venue, ns.")
    response_latency_ns: int = Field(0, ge=0, le=60_000_000_000, description="From the paper venue back to here, ns.")

    @property
    def links_orders(self) -> bool:
        """Return whether the venue itself takes off the others of a group as one of it fills."""
        return self.venue == "simulated"

    @model_validator(mode="after")
    def _gateway_on_this_machine(self) -> Self:
        if self.venue == "gateway" and not self.exchange_api_url.startswith(GATEWAY_PREFIXES):
            expected = f"exchange_api_url: expected an address on this machine ({', '.join(GATEWAY_PREFIXES)})"
            raise ValueError(f"{expected} for the gateway, found {self.exchange_api_url!r}")
        return self


class EventStoreSection(EndpointSection):
    """The record of everything that happened. How safe a written event is, engine.durability says."""

    commit_events: int = Field(1_000, ge=1, le=100_000, description="Events written to the disk together, at most.")
    commit_interval_ms: int = Field(10, ge=0, le=10_000, description="Longest wait of an event for its group, ms.")
    segment_bytes: int = Field(64_000_000, ge=4_096, description="Bytes after which the log starts a new file.")
    checkpoint_every: int = Field(1_000, ge=1, description="Events between two checkpoint lines in the service's log.")
    keep_hours: float = Field(0.0, ge=0, description="Age after which whole files of the log are deleted, h; 0 keeps.")
    keep_bytes: int = Field(0, ge=0, description="Size of the log above which its oldest files are deleted; 0 keeps.")
    books: bool = Field(False, description="Store every change of every book as well; they are most of the traffic.")


class StrategySection(Section):
    """One stanza a strategy: a runner for each symbol."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$", description="Name in ids and logs.")
    script: str = Field(min_length=1, description="Lua file, relative to the config file, else to the project.")
    symbols: list[str] = Field(default_factory=list, description="Symbols to run on; all of market_data if empty.")
    timeframe: str = Field("", description="Bar length; the file's own, else signal.update_interval_ms.")
    params: dict[str, float | int | str | bool] = Field(
        default_factory=dict, description="Overrides of the file's params."
    )

    @field_validator("timeframe")
    @classmethod
    def _known_timeframe(cls, value: str) -> str:
        if value:
            timeframe_ns(value)
        return value


class InstrumentSection(Section):
    """Trading facts of a symbol that differ from the defaults."""

    symbol: str = Field(min_length=1, description="As in market_data.symbols.")
    base: str = Field("", description="Base currency; from the symbol's name if empty.")
    quote: str = Field("", description="Quote currency; from the symbol's name if empty.")
    tick_size: Decimal = Field(Decimal("0.00000001"), gt=0, description="Smallest price step, quote units.")
    lot_size: Decimal = Field(Decimal("0.00000001"), gt=0, description="Smallest quantity step, base units.")
    min_notional: Decimal = Field(Decimal(0), ge=0, description="Smallest order value, quote units.")


DEFAULT_STRATEGIES = [
    StrategySection(name=name, script=f"strategies/{name}.lua")
    for name in ("ema_crossover", "rsi_mean_reversion", "range_breakout")
]


class Config(Section):
    """The whole configuration."""

    engine: EngineSection = EngineSection()
    market_data: MarketDataSection = MarketDataSection()
    data_source: DataSourceSection = DataSourceSection()
    signal: SignalSection = SignalSection()
    risk: RiskSection = RiskSection()
    execution: ExecutionSection = ExecutionSection()
    event_store: EventStoreSection = EventStoreSection()
    alerts: AlertsSection = AlertsSection()
    strategies: list[StrategySection] = Field(default=DEFAULT_STRATEGIES, description="What runs.")
    instruments: list[InstrumentSection] = Field(default_factory=list, description="Facts of symbols.")
