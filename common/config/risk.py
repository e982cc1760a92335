"""The schema of the [risk] section: limits, breaker, kill switch, accounting. A limit of 0 is none and costs nothing."""

import re
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from common.config.section import EndpointSection, Section
from common.config.sizing import SizingSection

HOURS = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)-(mon|tue|wed|thu|fri|sat|sun) (\d\d):(\d\d)-(\d\d):(\d\d)")
"""Trading hours: first and last day, open and close, UTC."""

_LAST_MINUTE = 24 * 60


class SymbolLimits(Section):
    """Limits of one symbol, beside those that hold for all."""

    symbol: str = Field(min_length=1, description="As in market_data.symbols.")
    max_position_size: Decimal = Field(Decimal(0), ge=0, description="Largest net position, base units; 0 none.")
    max_notional: Decimal = Field(Decimal(0), ge=0, description="|Position| x mark, account currency; 0 none.")
    hours: str = Field("", description="When it trades, UTC, such as mon-fri 13:30-20:00; always if empty.")

    @field_validator("hours")
    @classmethod
    def _known_hours(cls, value: str) -> str:
        if value:
            found = HOURS.fullmatch(value)
            if found is None:
                raise ValueError(f"expected days and hours such as mon-fri 13:30-20:00, found {value!r}")
            opens, closes = (int(found[at]) * 60 + int(found[at + 1]) for at in (3, 5))
            if max(opens, closes) > _LAST_MINUTE or opens == closes:
                raise ValueError(f"expected an opening before or after a closing, both up to 24:00, found {value!r}")
        return value


class StrategyLimits(Section):
    """Limits of one strategy, all its runners together."""

    name: str = Field(min_length=1, description="As in [[strategies]].")
    max_notional: Decimal = Field(Decimal(0), ge=0, description="Sum of |position| x mark, account currency; 0 none.")
    max_open_positions: int = Field(0, ge=0, description="Most of its runners with a position; 0 none.")


class GroupLimits(Section):
    """Symbols that move together and share a limit."""

    name: str = Field(min_length=1, description="Name in refusals.")
    symbols: list[str] = Field(min_length=1, description="Its symbols.")
    max_notional: Decimal = Field(gt=0, description="Sum of |position| x mark, account currency.")


class BreakerSection(Section):
    """What opens the circuit breaker beside risk.max_loss_threshold; 0 never does."""

    losing_streak: int = Field(0, ge=0, le=10_000, description="Positions closed at a loss in a row.")
    order_count: int = Field(0, ge=0, le=10_000, description="Orders approved within order_window_ms.")
    order_window_ms: int = Field(60_000, ge=1, le=86_400_000, description="Window of order_count, ms.")
    reject_count: int = Field(0, ge=0, le=10_000, description="Orders the venue rejects within reject_window_ms.")
    reject_window_ms: int = Field(60_000, ge=1, le=86_400_000, description="Window of reject_count, ms.")
    price_jump_percent: Decimal = Field(Decimal(0), ge=0, description="Move of a mark from one quote to the next, %.")
    stale_after_ms: int = Field(0, ge=0, le=86_400_000, description="Silence of a symbol with an open position, ms.")
    cooldown_ms: int = Field(
        0, ge=0, le=604_800_000, description="After which it closes by itself, ms; 0: only by an operator."
    )


class RiskSection(EndpointSection):
    """Limits. Sizes in base units, notionals and money in the quote currency. A limit of 0 is none."""

    max_position_size: Decimal = Field(Decimal(10), gt=0, description="Largest net position per symbol, base units.")
    max_notional_exposure: Decimal = Field(Decimal(100_000), gt=0, description="Sum of |position| x mark, quote units.")
    max_open_positions: int = Field(5, ge=1, description="Most runners with a position or an entry on its way.")
    max_order_quantity: Decimal = Field(Decimal(0), ge=0, description="Largest entry, base units.")
    max_order_notional: Decimal = Field(Decimal(0), ge=0, description="Largest entry, quantity x mark, quote units.")
    price_collar_percent: Decimal = Field(
        Decimal(0), ge=0, lt=100, description="Farthest an entry's price may lie from the mark, %."
    )
    max_leverage: Decimal = Field(Decimal(0), ge=0, description="Sum of |position| x mark over equity.")
    max_orders: int = Field(0, ge=0, le=10_000, description="Orders approved within order_window_ms.")
    order_window_ms: int = Field(1_000, ge=1, le=86_400_000, description="Window of max_orders, ms.")
    max_drawdown_percent: Decimal = Field(
        Decimal(0), ge=0, lt=100, description="Fall of the equity from its peak that ends entries until armed, %."
    )
    max_daily_loss: Decimal = Field(
        Decimal(0), ge=0, description="Loss since midnight UTC that ends entries for the day, quote units."
    )
    stop_loss_percent: Decimal = Field(
        Decimal(0), ge=0, lt=100, description="Stop for entries that name none, %; 0 none."
    )
    trailing_stop_percent: Decimal = Field(Decimal(0), ge=0, lt=100, description="Trailing stop, %; 0 none.")
    breakeven_percent: Decimal = Field(
        Decimal(0), ge=0, lt=100, description="Gain at which a stop moves to the entry price, %; 0 never."
    )
    max_holding_ms: int = Field(
        0, ge=0, description="Positions older than this are closed at the next quote, ms; 0 none."
    )
    enable_circuit_breaker: bool = Field(False, description="Refuse entries after max_loss_threshold is lost.")
    max_loss_threshold: Decimal = Field(
        Decimal(5_000), gt=0, description="Loss at which the breaker opens, quote units."
    )
    max_account_risk: Decimal = Field(Decimal(1), gt=0, le=1, description="Largest share of equity in one position.")
    max_market_age_ms: int = Field(5_000, ge=1, description="Oldest quote on which an entry is approved, ms.")
    duplicate_window_ms: int = Field(
        0, ge=0, description="Refuse an equal entry within this time, ms; ids always count."
    )
    position_method: Literal["average", "fifo", "lifo"] = Field(
        "average", description="Which units a partial exit closes: all alike, the oldest, or the newest."
    )
    initial_cash: Decimal = Field(Decimal(100_000), ge=0, description="Cash at the start, account currency.")
    account_currency: str = Field("USDT", min_length=1, description="Currency of initial_cash.")
    breaker: BreakerSection = BreakerSection()
    sizing: SizingSection = SizingSection()
    symbols: list[SymbolLimits] = Field(default_factory=list, description="Limits of single symbols.")
    strategies: list[StrategyLimits] = Field(default_factory=list, description="Limits of single strategies.")
    groups: list[GroupLimits] = Field(default_factory=list, description="Symbols that share a limit.")

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        for key, names in (
            ("symbols", [each.symbol for each in self.symbols]),
            ("strategies", [each.name for each in self.strategies]),
            ("groups", [each.name for each in self.groups]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{key}: expected each once, found {names}")
        return self

    @property
    def follows_marks(self) -> bool:
        """Return whether something watches every quote: losses, jumps, silence, sizes, or a stop that moves by itself."""
        breaker = self.breaker
        watches = (
            self.enable_circuit_breaker,
            self.max_drawdown_percent,
            self.max_daily_loss,
            breaker.price_jump_percent,
            breaker.stale_after_ms,
            self.breakeven_percent,
            self.max_holding_ms,
            any(self.sizing.plan_of(name).looks_at_market for name in ("", *self.sizing.strategies)),
        )
        return any(watches)
