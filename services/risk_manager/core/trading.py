"""How much risk lets through: ACTIVE, REDUCING or HALTED; a table says what leads from one to another.

Latches stand for what is in the way, each for its own reason; REDUCING lasts as long as any is set. HALTED is left by an
operator alone.
"""

from enum import Enum

import msgspec

from common.messages import RejectReason, TradingState
from services.risk_manager.core.latches import Latch


class Trigger(Enum):
    """What moves the state."""

    LIMIT = "limit"
    """A first latch was set: a rule's, the breaker's or an operator's."""
    CLEAR = "clear"
    """The last latch was lifted."""
    KILL = "kill"
    """An operator's kill switch."""
    ARM = "arm"
    """An operator arms it again."""


_S, _T = TradingState, Trigger

TRANSITIONS: dict[tuple[TradingState, Trigger], TradingState] = {
    (_S.ACTIVE, _T.LIMIT): _S.REDUCING,
    (_S.ACTIVE, _T.KILL): _S.HALTED,
    (_S.REDUCING, _T.CLEAR): _S.ACTIVE,
    (_S.REDUCING, _T.KILL): _S.HALTED,
    (_S.HALTED, _T.ARM): _S.REDUCING,
}
"""The whole life of the state; what is not here changes nothing."""

KILL_SWITCH = RejectReason.KILL_SWITCH.value
ARMED_AGAIN = (
    KILL_SWITCH,
    RejectReason.REDUCING.value,
    RejectReason.DRAWDOWN.value,
    RejectReason.DAILY_LOSS.value,
)
"""Latches that arming lifts; the breaker has its reset, and what is not ready becomes ready by itself."""


class Trading(msgspec.Struct):
    """state, and what is in the way. flatten: while HALTED, close whatever is still held. changes: of the state so far."""

    state: TradingState = TradingState.ACTIVE
    latches: dict[str, Latch] = {}
    flatten: bool = False
    changes: int = 0

    def move(self, trigger: Trigger) -> bool:
        """Follow the table; return whether the state changed."""
        after = TRANSITIONS.get((self.state, trigger))
        if after is None:
            return False
        self.state = after
        self.changes += 1
        return True

    def latch(self, reason: RejectReason, limit: str, found: str, detail: str) -> None:
        """Put something in the way; what came first stays the reason."""
        self.latches.setdefault(reason.value, Latch(limit, found, detail))

    def lift(self, reason: RejectReason) -> None:
        """Take it out of the way."""
        self.latches.pop(reason.value, None)
