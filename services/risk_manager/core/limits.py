"""The limits of a run, in the form the rules read them: once from the config, with the units of the hot path."""

from decimal import Decimal
from typing import Self

import msgspec

from common.config.risk import BreakerSection, RiskSection
from common.money import PERCENT
from services.risk_manager.core.hours import Hours
from services.risk_manager.core.plans import Plans

MILLISECOND_NS = 1_000_000


class SymbolLimit(msgspec.Struct, frozen=True):
    """Limits of one symbol, 0 for none; hours: None if it always trades."""

    max_position_size: Decimal
    max_notional: Decimal
    hours: Hours | None


class StrategyLimit(msgspec.Struct, frozen=True):
    """Limits of one strategy, 0 for none."""

    max_notional: Decimal
    max_open_positions: int


class GroupLimit(msgspec.Struct, frozen=True):
    """Symbols that share a limit."""

    name: str
    symbols: tuple[str, ...]
    max_notional: Decimal


class Fuses(msgspec.Struct, frozen=True, kw_only=True):
    """What opens the breaker beside the loss; 0 never does. jump_share: fraction of the price; cooldown_ns: 0 for none."""

    losing_streak: int
    order_count: int
    order_window_ns: int
    reject_count: int
    reject_window_ns: int
    jump_share: float
    stale_ns: int
    cooldown_ns: int

    @classmethod
    def of(cls, section: BreakerSection) -> Self:
        """Take them from the config's [risk.breaker] section."""
        return cls(
            losing_streak=section.losing_streak,
            order_count=section.order_count,
            order_window_ns=section.order_window_ms * MILLISECOND_NS,
            reject_count=section.reject_count,
            reject_window_ns=section.reject_window_ms * MILLISECOND_NS,
            jump_share=float(section.price_jump_percent * PERCENT),
            stale_ns=section.stale_after_ms * MILLISECOND_NS,
            cooldown_ns=section.cooldown_ms * MILLISECOND_NS,
        )


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in base units; notionals and money in the account currency; shares are fractions, 0 for none.

    orders_kept: approvals whose times are remembered. asks_more: a rule is configured that wants a `More`. is_timed: time
    alone may lift something.
    """

    max_position_size: Decimal
    max_notional_exposure: Decimal
    max_open_positions: int
    max_account_risk: Decimal
    max_market_age_ns: int
    duplicate_window_ns: int
    breaker_enabled: bool
    max_loss: Decimal
    stop_loss_share: Decimal
    trailing_share: float
    breakeven_share: float
    max_holding_ns: int
    position_method: str
    initial_cash: Decimal
    account_currency: str
    max_order_quantity: Decimal
    max_order_notional: Decimal
    collar_share: Decimal
    max_leverage: Decimal
    max_orders: int
    order_window_ns: int
    drawdown_share: Decimal
    max_daily_loss: Decimal
    symbols: dict[str, SymbolLimit]
    strategies: dict[str, StrategyLimit]
    groups: tuple[GroupLimit, ...]
    groups_of: dict[str, tuple[GroupLimit, ...]]
    fuses: Fuses
    sizing: Plans
    orders_kept: int
    asks_more: bool
    is_timed: bool

    @classmethod
    def of(cls, section: RiskSection) -> Self:
        """Take the limits from the config's [risk] section."""
        groups = tuple(GroupLimit(each.name, tuple(each.symbols), each.max_notional) for each in section.groups)
        wanted = (section.max_order_quantity, section.max_order_notional, section.price_collar_percent)
        more = (section.max_leverage, section.max_orders, section.symbols, section.strategies, section.groups)
        return cls(
            max_position_size=section.max_position_size,
            max_notional_exposure=section.max_notional_exposure,
            max_open_positions=section.max_open_positions,
            max_account_risk=section.max_account_risk,
            max_market_age_ns=section.max_market_age_ms * MILLISECOND_NS,
            duplicate_window_ns=section.duplicate_window_ms * MILLISECOND_NS,
            breaker_enabled=section.enable_circuit_breaker,
            max_loss=section.max_loss_threshold,
            stop_loss_share=section.stop_loss_percent * PERCENT,
            trailing_share=float(section.trailing_stop_percent * PERCENT),
            breakeven_share=float(section.breakeven_percent * PERCENT),
            max_holding_ns=section.max_holding_ms * MILLISECOND_NS,
            position_method=section.position_method,
            initial_cash=section.initial_cash,
            account_currency=section.account_currency,
            max_order_quantity=section.max_order_quantity,
            max_order_notional=section.max_order_notional,
            collar_share=section.price_collar_percent * PERCENT,
            max_leverage=section.max_leverage,
            max_orders=section.max_orders,
            order_window_ns=section.order_window_ms * MILLISECOND_NS,
            drawdown_share=section.max_drawdown_percent * PERCENT,
            max_daily_loss=section.max_daily_loss,
            symbols=_symbols(section),
            strategies={
                each.name: StrategyLimit(each.max_notional, each.max_open_positions) for each in section.strategies
            },
            groups=groups,
            groups_of=_groups_of(groups),
            fuses=Fuses.of(section.breaker),
            sizing=Plans.of(section.sizing),
            orders_kept=max(section.max_orders, section.breaker.order_count),
            asks_more=any(wanted) or any(more),
            is_timed=bool(section.max_daily_loss or section.breaker.cooldown_ms),
        )


def _symbols(section: RiskSection) -> dict[str, SymbolLimit]:
    return {
        each.symbol: SymbolLimit(
            each.max_position_size, each.max_notional, Hours.of(each.hours) if each.hours else None
        )
        for each in section.symbols
    }


def _groups_of(groups: tuple[GroupLimit, ...]) -> dict[str, tuple[GroupLimit, ...]]:
    found: dict[str, tuple[GroupLimit, ...]] = {}
    for group in groups:
        for symbol in dict.fromkeys(group.symbols):
            found[symbol] = (*found.get(symbol, ()), group)
    return found
