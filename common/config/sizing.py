"""The schema of [risk.sizing]: how large an entry is whose strategy leaves the quantity to risk."""

from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from common.config.section import Section

SIZING_MODELS = ("none", "fixed", "percent_of_equity", "risk_per_trade", "volatility_target", "kelly")
"""Names of the models; each but none is a file in `services/risk_manager/core/sizing/`."""


class SizingPlan(Section):
    """One model with its figures; those of other models are not looked at."""

    model: Literal["none", "fixed", "percent_of_equity", "risk_per_trade", "volatility_target", "kelly"] = Field(
        "none", description="How an entry without a quantity is sized; none: it is refused."
    )
    quantity: Decimal = Field(Decimal(0), ge=0, description="fixed: base units.")
    equity_percent: Decimal = Field(Decimal(5), gt=0, le=1_000, description="percent_of_equity: worth, % of equity.")
    risk_percent: Decimal = Field(
        Decimal(1),
        gt=0,
        le=100,
        description="risk_per_trade: lost at the stop, % of equity; a strategy may ask for less.",
    )
    volatility_percent: Decimal = Field(
        Decimal(1), gt=0, le=100, description="volatility_target: worth of one typical move, % of equity."
    )
    volatility_horizon_ms: int = Field(
        86_400_000, ge=1_000, description="volatility_target: a typical move is one over this time, ms."
    )
    kelly_fraction: Decimal = Field(Decimal("0.5"), gt=0, le=1, description="kelly: share of the full Kelly fraction.")
    kelly_trades: int = Field(
        30, ge=2, le=1_000, description="kelly: closed trades of the runner needed before it sizes."
    )
    kelly_win_rate: Decimal = Field(
        Decimal(0), ge=0, lt=1, description="kelly: share of winning trades; 0: from the runner's own closed trades."
    )
    kelly_payoff: Decimal = Field(
        Decimal(0), ge=0, description="kelly: mean gain over mean loss; with kelly_win_rate, in place of own trades."
    )
    cap_percent: Decimal = Field(
        Decimal(100), gt=0, le=10_000, description="Largest worth of a sized entry, % of equity; fixed has none."
    )

    @property
    def looks_at_market(self) -> bool:
        """Return whether a size depends on what risk last saw of the market, and so on every quote."""
        return self.model not in ("none", "fixed")


class SizingSection(SizingPlan):
    """The plan of every strategy without its own, the estimate of volatility, and strategies' own plans."""

    volatility_sample_ms: int = Field(
        60_000, ge=100, le=86_400_000, description="Time between two marks of which a return is made, ms."
    )
    volatility_decay: float = Field(
        0.94, gt=0, lt=1, description="What is left of a squared return's weight at the next one."
    )
    volatility_samples: int = Field(30, ge=2, le=100_000, description="Returns needed before volatility_target sizes.")
    strategies: dict[str, SizingPlan] = Field(
        default_factory=dict, description="Plans by the strategy's name; what one leaves out is as above."
    )

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, values: Any) -> Any:
        """Complete each strategy's plan by the general one, so that a plan says all of itself wherever it is written."""
        if not isinstance(values, dict) or not isinstance(values.get("strategies"), dict):
            return values
        general = {key: values[key] for key in SizingPlan.model_fields if key in values}
        plans = {name: general | own if isinstance(own, dict) else own for name, own in values["strategies"].items()}
        return values | {"strategies": plans}

    def plan_of(self, strategy: str) -> SizingPlan:
        """Return the plan of a strategy: its own, else the general one."""
        return self.strategies.get(strategy, self)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in ("", *self.strategies):
            fault = _fault(self.plan_of(name))
            if fault:
                raise ValueError(f"strategies.{name}: {fault}" if name else fault)
        return self


def _fault(plan: SizingPlan) -> str:
    """Return what a whole plan lacks, empty if nothing."""
    if plan.model == "fixed" and not plan.quantity:
        return "expected a quantity above 0 for the model fixed, found 0"
    if bool(plan.kelly_win_rate) is not bool(plan.kelly_payoff):
        return "expected kelly_win_rate and kelly_payoff, or neither, found one of them"
    return ""
