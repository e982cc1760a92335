"""Whether risk and execution agree on what is held: nothing is approved before they do, and what differs is told.

How it works: the shell asks execution and writes down what came of it as commands. `reconcile` begins it at each start: from
there until the outcome entries are refused, while what rests goes on resting and reductions pass. The outcome names every
position on which both differ, as far as an operator has not accepted it by `ready`. None lets entries through; any is a
latch that lasts until they agree again.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from common.messages import (
    AnyMessage,
    DifferenceAction,
    OperatorCommand,
    PositionDiffers,
    RejectReason,
)
from common.money import ZERO, figure, use_money_context
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.halting import follow
from services.risk_manager.core.reconciliation import Held

RECONCILE: Final = "reconcile"
COMPARED: Final = "reconciled"
"""What came of it; `differences` is a list of `Held` in JSON."""

SHOWN = 3
"""Differences named in the sentence of the latch; each is told by a message of its own."""

_decode = msgspec.json.Decoder(list[Held]).decode
_encode = msgspec.json.encode


def differences(desk: Desk, held: dict[str, dict[str, str]]) -> list[Held]:
    """Return where execution's holdings, by symbol and runner, are not risk's, but for what was accepted."""
    use_money_context()
    theirs = {(symbol, runner): Decimal(amount) for symbol, own in held.items() for runner, amount in own.items()}
    ours = {
        (market.symbol, position.runner): position.quantity
        for market in desk.state.markets.values()
        for position in market.positions.values()
    }
    found = []
    for symbol, runner in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get((symbol, runner), ZERO), theirs.get((symbol, runner), ZERO)
        accepted = desk.state.reconciliation.accepted.get(_key(symbol, runner), ZERO)
        if mine - other != accepted:
            found.append(Held(symbol, runner, figure(mine), figure(other)))
    return found


def encoded(found: list[Held]) -> str:
    """Return differences as the argument of a command."""
    return _encode(found).decode()


def begin(desk: Desk, _command: OperatorCommand, _now_ns: int) -> Sequence[AnyMessage]:
    """Refuse entries until the outcome is known."""
    desk.state.reconciliation.is_pending = True
    return ()


def take_outcome(desk: Desk, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
    """Let entries through, or put what differs in their way; tell what is new."""
    found = _decode(command.arguments["differences"])
    state, trading = desk.state.reconciliation, desk.state.trading
    state.is_pending = False
    before = {_key(each.symbol, each.runner): each for each in state.differences}
    after = {_key(each.symbol, each.runner): each for each in found}
    told: list[AnyMessage] = [
        _differs(each, DifferenceAction.HALTED, command, now_ns)
        for key, each in after.items()
        if before.get(key) != each
    ]
    healed = [each for key, each in before.items() if key not in after]
    told += [_differs(_healed(desk, each), DifferenceAction.HEALED, command, now_ns) for each in healed]
    state.differences = found
    if state.is_latched:
        trading.lift(RejectReason.NOT_READY)
        state.is_latched = False
    if found and RejectReason.NOT_READY.value not in trading.latches:
        state.is_latched = True
        trading.latch(RejectReason.NOT_READY, found[0].theirs, found[0].ours, _sentence(found))
    return [*told, *follow(desk, command.id, now_ns)]


def accept(desk: Desk) -> None:
    """Take the differences there are for right: an operator says so."""
    state = desk.state.reconciliation
    for each in state.differences:
        state.accepted[_key(each.symbol, each.runner)] = Decimal(each.ours) - Decimal(each.theirs)
    state.differences = []
    state.is_latched = False


def _sentence(found: list[Held]) -> str:
    named = [f"{each.runner}: risk holds {each.ours}, execution {each.theirs}" for each in found[:SHOWN]]
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"positions differ: {'; '.join(named)}{more}"


def _healed(desk: Desk, each: Held) -> Held:
    market = desk.state.markets.get(each.symbol)
    position = None if market is None else market.positions.get(each.runner)
    amount = figure(ZERO if position is None else position.quantity)
    return Held(each.symbol, each.runner, amount, amount)


def _differs(each: Held, action: DifferenceAction, command: OperatorCommand, now_ns: int) -> PositionDiffers:
    return PositionDiffers(
        event_ns=now_ns,
        received_ns=now_ns,
        runner=each.runner,
        symbol=each.symbol,
        ours=Decimal(each.ours),
        theirs=Decimal(each.theirs),
        action=action,
        cause=command.id,
    )


def _key(symbol: str, runner: str) -> str:
    return f"{symbol} {runner}"
