"""What a fill costs, one file a model: `slippage_<model>.py` worsens a taker's price, `commission_<model>.py` is the fee.

A file offers `of(section)`, which returns the model as the configuration has it. What lies here is what
`execution.slippage_model` and `execution.commission_model` may name; paper trading and backtests use the same.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from common.config.costs import CostKeys
from common.instruments import Instrument
from common.messages import Liquidity
from services.execution.core.costs import (
    commission_maker_taker,
    commission_per_unit,
    commission_tiers,
    slippage_fixed,
    slippage_impact,
    slippage_proportional,
)

type Slippage = Callable[[Decimal, Decimal, Instrument], Decimal]
"""Given the price, the quantity and the instrument: how much worse a taker trades, quote units, before the tick."""
type Commission = Callable[[Decimal, Decimal, Liquidity, Decimal], Decimal]
"""Given the price, the quantity, the side of liquidity and the notional traded before: the fee, quote units, exact."""

SLIPPAGE: Final[dict[str, Callable[[CostKeys], Slippage]]] = {
    "proportional": slippage_proportional.of,
    "fixed": slippage_fixed.of,
    "impact": slippage_impact.of,
}
COMMISSION: Final[dict[str, Callable[[CostKeys], Commission]]] = {
    "maker_taker": commission_maker_taker.of,
    "tiers": commission_tiers.of,
    "per_unit": commission_per_unit.of,
}
