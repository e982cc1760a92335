"""What a rule may know."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from common.instruments import Instrument
from common.messages import MarketState
from common.money import ZERO
from services.risk_manager.core.basis import Sizing
from services.risk_manager.core.latches import NONE_SET, Latch
from services.risk_manager.core.limits import GroupLimit, Limits, StrategyLimit, SymbolLimit
from services.risk_manager.core.refusal import Refusal

__all__ = ["NO_MORE", "GroupUse", "More", "Refusal", "StrategyUse", "View"]


class StrategyUse(msgspec.Struct, frozen=True, gc=False):
    """What a strategy's runners could be worth: without the intent and with it. others_open: its other runners' positions."""

    limit: StrategyLimit
    used: Decimal
    found: Decimal
    others_open: int


class GroupUse(msgspec.Struct, frozen=True, gc=False):
    """What the symbols of a group could be worth: without the intent and with it."""

    group: GroupLimit
    used: Decimal
    found: Decimal


class More(msgspec.Struct, frozen=True, gc=False):
    """What only rules want to know that the configuration switches on. worth: of the order, account currency.

    orders: approved within the window. symbol, strategy: None where they have no limits.
    """

    now_ns: int = 0
    worth: Decimal = ZERO
    orders: int = 0
    symbol: SymbolLimit | None = None
    strategy: StrategyUse | None = None
    groups: tuple[GroupUse, ...] = ()


NO_MORE = More()


class View(msgspec.Struct, frozen=True, gc=False):
    """The state an intent is checked against. The second half matters to entries only.

    quantity: the intent's, on the lot; 0 if it is none. reducible: what is left to close on the intent's side.
    earlier_id: an equal entry within the window, or the latest intent under the intent's own id. breaker: why it is
    open. quote_age_ns: since the quote was received, None without a quote to trust. mark: quote currency. others_open:
    other runners with a position or an entry on its way. reach: base units, how far the symbol's net position on the
    intent's side could go if the intent is approved, all that is on its way fills and nobody else closes.
    reach_value, others_value, equity: the symbol's largest reach and all other symbols' at their marks, and what the
    account is worth, in the account's currency; others_value and equity may be bounds that are worse than the truth.
    latches: what else stands in the way, by reason. reach_used, value_used: reach and reach_value without the intent,
    known only where the totals are exact. sizing: how risk came to the quantity, None where the intent names it.
    """

    limits: Limits
    instrument: Instrument
    quantity: Decimal
    reducible: Decimal = ZERO
    earlier_id: str = ""
    breaker: str = ""
    market_state: MarketState | None = None
    quote_age_ns: int | None = None
    mark: Decimal = ZERO
    others_open: int = 0
    more: More = NO_MORE
    reach: Decimal = ZERO
    reach_value: Decimal = ZERO
    others_value: Decimal = ZERO
    equity: Decimal = ZERO
    latches: Mapping[str, Latch] = NONE_SET
    reach_used: Decimal = ZERO
    value_used: Decimal = ZERO
    sizing: Sizing | None = None
