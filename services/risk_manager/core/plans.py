"""How entries without a quantity are sized, in the form the models read: once from the config, shares as fractions."""

from decimal import Decimal
from typing import Self

import msgspec

from common.config.sizing import SizingPlan, SizingSection
from common.money import PERCENT

MILLISECOND_NS = 1_000_000
FIXED = "fixed"
KELLY = "kelly"
VOLATILITY_TARGET = "volatility_target"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy's model and its figures. cap: largest worth over equity."""

    model: str
    quantity: Decimal
    equity_share: Decimal
    risk_share: Decimal
    volatility_share: Decimal
    horizon_ns: int
    kelly_fraction: Decimal
    kelly_trades: int
    win_rate: Decimal
    payoff: Decimal
    cap: Decimal

    @classmethod
    def of(cls, section: SizingPlan) -> Self:
        """Take it from the config."""
        return cls(
            model=section.model,
            quantity=section.quantity,
            equity_share=section.equity_percent * PERCENT,
            risk_share=section.risk_percent * PERCENT,
            volatility_share=section.volatility_percent * PERCENT,
            horizon_ns=section.volatility_horizon_ms * MILLISECOND_NS,
            kelly_fraction=section.kelly_fraction,
            kelly_trades=section.kelly_trades,
            win_rate=section.kelly_win_rate,
            payoff=section.kelly_payoff,
            cap=section.cap_percent * PERCENT,
        )


class Plans(msgspec.Struct, frozen=True, kw_only=True):
    """All plans. follows_marks: some plan wants the volatility; counts_trades: some plan wants closed trades."""

    usual: Plan
    own: dict[str, Plan]
    sample_ns: int
    decay: float
    samples: int
    follows_marks: bool
    counts_trades: bool

    @classmethod
    def of(cls, section: SizingSection) -> Self:
        """Take them from the config's [risk.sizing] section."""
        usual = Plan.of(section)
        own = {name: Plan.of(section.plan_of(name)) for name in section.strategies}
        plans = (usual, *own.values())
        return cls(
            usual=usual,
            own=own,
            sample_ns=section.volatility_sample_ms * MILLISECOND_NS,
            decay=section.volatility_decay,
            samples=section.volatility_samples,
            follows_marks=any(plan.model == VOLATILITY_TARGET for plan in plans),
            counts_trades=any(plan.model == KELLY and not plan.win_rate for plan in plans),
        )

    def plan_of(self, strategy: str) -> Plan:
        """Return the plan of a strategy."""
        return self.own.get(strategy, self.usual)
