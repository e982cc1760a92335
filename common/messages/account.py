"""Positions and the account, as risk keeps them. Money is Decimal, in the quote currency of the symbol traded."""

from decimal import Decimal

import msgspec

from common.messages.base import Message
from common.messages.enums import TradingState
from common.messages.terms import Guards
from common.messages.venue import DifferenceAction


class PositionChanged(Message, frozen=True, kw_only=True, tag="position_changed", gc=False):
    """A runner's position after a fill. quantity: base units, negative when short; 0 when flat.

    guards: what risk watches beside stop and target, as the entry asked for; stop_price has the trailing stop in it.
    """

    runner: str
    strategy: str
    symbol: str
    currency: str
    quantity: Decimal
    average_price: Decimal
    realised_pnl: Decimal
    fees: Decimal
    cause: str
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    guards: Guards | msgspec.UnsetType = msgspec.UNSET


class AccountChanged(Message, frozen=True, kw_only=True, tag="account_changed", gc=False):
    """One currency of the account after a fill. cash: initial cash minus purchases plus sales minus fees."""

    currency: str
    cash: Decimal
    realised_pnl: Decimal
    fees: Decimal
    open_positions: int
    cause: str


class TradingStateChanged(Message, frozen=True, kw_only=True, tag="trading_state_changed", gc=False):
    """Risk lets more or less through than before. reason: what led there, empty when nothing stands in the way.

    detail: a sentence for people.
    """

    before: TradingState
    after: TradingState
    reason: str
    detail: str
    cause: str


class LimitChange(msgspec.Struct, frozen=True, gc=False):
    """One key of the [risk] section. before and after: as text, empty where there was or is none."""

    key: str
    before: str
    after: str


class RiskLimitsChanged(Message, frozen=True, kw_only=True, tag="risk_limits_changed", gc=False):
    """Risk works with other parameters from here on. origin: who asked, such as file or operator.

    cause: id of the command that brought them.
    """

    changes: list[LimitChange]
    origin: str
    cause: str


class PositionDiffers(Message, frozen=True, kw_only=True, tag="position_differs", gc=False):
    """Risk and execution do not agree on what a runner holds, or do again. ours: risk's; theirs: execution's; base units.

    action: halted where only reductions pass until they agree or an operator says that risk is ready; else healed.
    """

    runner: str
    symbol: str
    ours: Decimal
    theirs: Decimal
    action: DifferenceAction
    cause: str
