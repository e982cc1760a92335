"""The limits of a run, in the form the rules read them: once from the config, with the units of the hot path."""

from decimal import Decimal
from typing import Self

import msgspec

from common.config.models import RiskSection
from common.money import PERCENT


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in base units; notionals and money in the account currency; shares are fractions, 0 for none."""

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
    initial_cash: Decimal
    account_currency: str

    @classmethod
    def of(cls, section: RiskSection) -> Self:
        """Take the limits from the config's [risk] section."""
        return cls(
            max_position_size=section.max_position_size,
            max_notional_exposure=section.max_notional_exposure,
            max_open_positions=section.max_open_positions,
            max_account_risk=section.max_account_risk,
            max_market_age_ns=section.max_market_age_ms * 1_000_000,
            duplicate_window_ns=section.duplicate_window_ms * 1_000_000,
            breaker_enabled=section.enable_circuit_breaker,
            max_loss=section.max_loss_threshold,
            stop_loss_share=section.stop_loss_percent * PERCENT,
            trailing_share=float(section.trailing_stop_percent * PERCENT),
            initial_cash=section.initial_cash,
            account_currency=section.account_currency,
        )
