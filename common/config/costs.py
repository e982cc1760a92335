"""What the simulated venue charges: slippage and commissions, each by one of a few models."""

from decimal import Decimal
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from common.config.section import Section


class FeeTierSection(Section):
    """Fees from a traded amount on, counted over all symbols: of the latest `fee_window_days`, or since the beginning."""

    from_notional: Decimal = Field(ge=0, description="Traded so far, quote units; the first tier begins at 0.")
    taker_fee_bps: Decimal = Field(ge=0, le=1_000, description="Fee of taking, 1/10000 of the notional.")
    maker_fee_bps: Decimal = Field(ge=-100, le=1_000, description="Fee of making, 1/10000 of the notional.")


class CostKeys(Section):
    """Keys of [execution] that say what trading costs at the simulated venue."""

    slippage_model: Literal["proportional", "fixed", "impact"] = Field(
        "proportional", description="How much worse than the touch a taker trades: by slippage_bps, by ticks, by size."
    )
    slippage_bps: Decimal = Field(
        Decimal(1), ge=0, le=1_000, description="Added to the ask, taken from the bid, 1/10000."
    )
    slippage_ticks: int = Field(1, ge=0, le=10_000, description="Ticks of the model `fixed`.")
    impact_volatility_percent: Decimal = Field(
        Decimal(2), ge=0, le=100, description="Volatility of a day for the model `impact`, %."
    )
    impact_volume: Decimal = Field(
        Decimal(0), ge=0, description="Volume of a day for the model `impact`, base units; 0 makes it cost nothing."
    )
    commission_model: Literal["maker_taker", "tiers", "per_unit"] = Field(
        "maker_taker",
        description="Fees by taker_fee_bps and maker_fee_bps, by [[execution.fee_tiers]], or by the unit.",
    )
    taker_fee_bps: Decimal = Field(Decimal(10), ge=0, le=1_000, description="Fee of taking, 1/10000 of the notional.")
    maker_fee_bps: Decimal = Field(
        Decimal(10), ge=-100, le=1_000, description="Fee of making, 1/10000 of the notional."
    )
    fee_tiers: list[FeeTierSection] = Field(default_factory=list, description="Tiers of the model `tiers`, rising.")
    fee_window_days: int = Field(
        0,
        ge=0,
        le=366,
        description="Days, UTC, today among them, whose trades count for the tier; 0 for all of the run.",
    )
    fee_per_unit: Decimal = Field(Decimal(0), ge=0, description="Fee of a base unit, model `per_unit`, quote units.")
    fee_minimum: Decimal = Field(Decimal(0), ge=0, description="Least fee of a fill, model `per_unit`, quote units.")
    fee_maximum_percent: Decimal = Field(
        Decimal(0), ge=0, le=100, description="Most fee of a fill, model `per_unit`, % of the notional; 0 for no limit."
    )

    @model_validator(mode="after")
    def _tiers_that_rise(self) -> Self:
        if self.commission_model != "tiers":
            return self
        starts = [tier.from_notional for tier in self.fee_tiers]
        if not starts or starts[0] or any(after <= before for before, after in pairwise(starts)):
            found = ", ".join(map(str, starts)) or "none"
            raise ValueError(f"fee_tiers: expected tiers from 0 on, each above the one before, found {found}")
        return self
