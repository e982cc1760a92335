"""The schema of the [alerts] section: who is told what, how often, and from which figures on."""

from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from common.config.section import EndpointSection, Section

AlertKind = Literal[
    "kill_switch",
    "breaker_open",
    "drawdown",
    "daily_loss",
    "reducing",
    "not_ready",
    "deep_fall",
    "large_loss",
    "orders_refused",
    "order_rejected",
    "stop_fired",
    "venue_difference",
    "venue_halted",
    "operator_command",
    "runner_failed",
    "runner_paused",
    "market_stale",
    "market_disconnected",
    "service_silent",
    "service_restarted",
    "service_halted",
    "service_degraded",
    "service_not_ready",
    "service_stopped",
    "disk_refuses",
]
"""Every alert there is; what each means stands in docs/alerts.md, made from `services/alerts/core/watch`."""

ALERT_KINDS: tuple[str, ...] = get_args(AlertKind)


class ChannelSection(Section):
    """A way to somebody: one address, and what goes there. Addresses hold secrets, so only their place stands here."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$", description="Name in logs, metrics and commands.")
    url_env: str = Field("", description="Environment variable that holds the address, an apprise URL.")
    url_file: str = Field("", description="File that holds it, such as /run/secrets/alerts.")
    min_severity: Literal["info", "warning", "critical"] = Field("warning", description="Least severity told.")
    kinds: list[AlertKind] = Field(default_factory=list, description="Only these alerts; all if empty.")
    resolved: bool = Field(True, description="Tell ends, too.")
    per_minute: float = Field(6.0, gt=0, le=600, description="Messages a minute in the long run.")
    burst: int = Field(10, ge=1, le=1_000, description="Messages at once; a third is kept for critical ones.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.url_env) == bool(self.url_file):
            raise ValueError(f"channel {self.name}: expected url_env or url_file, found both or neither")
        return self


class AlertsSection(EndpointSection):
    """Who is told what goes wrong. Without channels alerts are only logged, counted and listed."""

    repeat_ms: int = Field(
        1_800_000, ge=1_000, le=604_800_000, description="After which what goes on, or came again, is told again, ms."
    )
    late_ms: int = Field(
        600_000, ge=1_000, description="What happened longer ago, while this service was away, is not told, ms."
    )
    startup_ms: int = Field(30_000, ge=1_000, description="How long a service may be starting or unheard, ms.")
    drawdown_percent: float = Field(10.0, ge=0, lt=100, description="Fall of the equity from its peak, %; 0 never.")
    daily_loss_percent: float = Field(
        5.0, ge=0, lt=100, description="Loss since midnight UTC, % of the equity; 0 never."
    )
    refused_count: int = Field(50, ge=0, le=1_000, description="Refusals within refused_window_ms; 0 never.")
    refused_window_ms: int = Field(60_000, ge=1, le=86_400_000, description="Window of refused_count, ms.")
    account_interval_ms: int = Field(2_000, ge=100, le=600_000, description="Between questions for the equity, ms.")
    timeout_ms: int = Field(10_000, ge=100, le=300_000, description="How long one delivery may take, ms.")
    attempts: int = Field(8, ge=1, le=100, description="Tries of one delivery before it counts as failed.")
    retry_delay_ms: int = Field(
        1_000, ge=1, le=600_000, description="Before the first retry, ms; doubles to 5 minutes."
    )
    channels: list[ChannelSection] = Field(default_factory=list, description="The ways out.")

    @field_validator("channels")
    @classmethod
    def _unique_names(cls, value: list[ChannelSection]) -> list[ChannelSection]:
        names = [channel.name for channel in value]
        if len(set(names)) != len(names):
            raise ValueError(f"expected channels of distinct names, found {names}")
        return value
