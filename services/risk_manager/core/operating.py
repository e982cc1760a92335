"""What operators may tell risk: kill and arm, reduce, not ready and ready, reset the breaker."""

from collections.abc import Callable, Sequence
from typing import Final

from common.messages import AnyMessage, OperatorCommand, RejectReason
from common.money import use_money_context
from services.risk_manager.core import reconciling
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.halting import flatten, follow, reset_breaker
from services.risk_manager.core.trading import ARMED_AGAIN

RESET_BREAKER: Final = "reset_breaker"
KILL: Final = "kill"
ARM: Final = "arm"
REDUCE: Final = "reduce"
NOT_READY: Final = "not_ready"
READY: Final = "ready"

WITHOUT_REASON: Final = "no reason given"
NO: Final = "no"


def obey(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    """Do what an operator asked for; what is unknown is counted."""
    act = COMMANDS.get(command.name) or OF_THE_SHELL.get(command.name)
    if act is None:
        desk.state.counts.ignored_commands += 1
        return ()
    use_money_context()
    return act(desk, command, now_ns)


def _kill(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    trading = desk.state.trading
    _latch(desk, command, RejectReason.KILL_SWITCH, "killed")
    told = follow(desk, command.id, now_ns)
    trading.flatten = trading.flatten or command.arguments.get("flatten", NO) != NO
    return [*told, *flatten(desk, command.id, now_ns)] if trading.flatten else told


def _arm(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    trading = desk.state.trading
    for reason in ARMED_AGAIN:
        trading.latches.pop(reason, None)
    trading.flatten = False
    desk.losses.arm()
    return follow(desk, command.id, now_ns, is_armed=True)


def _reduce(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    _latch(desk, command, RejectReason.REDUCING, "reducing only")
    return follow(desk, command.id, now_ns)


def _not_ready(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    if desk.state.reconciliation.is_latched:  # an operator's latch does not end when positions agree
        desk.state.reconciliation.is_latched = False
        desk.state.trading.lift(RejectReason.NOT_READY)
    _latch(desk, command, RejectReason.NOT_READY, "not ready")
    return follow(desk, command.id, now_ns)


def _ready(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    reconciling.accept(desk)
    desk.state.trading.lift(RejectReason.NOT_READY)
    return follow(desk, command.id, now_ns)


def _reset_breaker(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    reset_breaker(desk)
    return follow(desk, command.id, now_ns)


def _latch(desk: Desk, command: OperatorCommand, reason: RejectReason, word: str) -> None:
    why = command.arguments.get("reason", "") or WITHOUT_REASON
    desk.state.trading.latch(reason, "an operator's leave", why, f"{word} by an operator ({why})")


COMMANDS: Final[dict[str, Callable[[Desk, OperatorCommand, int], Sequence[AnyMessage]]]] = {
    RESET_BREAKER: _reset_breaker,
    KILL: _kill,
    ARM: _arm,
    REDUCE: _reduce,
    NOT_READY: _not_ready,
    READY: _ready,
}
"""Each command by its name."""

OF_THE_SHELL: Final[dict[str, Callable[[Desk, OperatorCommand, int], Sequence[AnyMessage]]]] = {
    reconciling.RECONCILE: reconciling.begin,
    reconciling.COMPARED: reconciling.take_outcome,
}
"""What no operator says: the service tells it itself, by the same way."""
