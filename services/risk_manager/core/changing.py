"""Changes risk's parameters between two inputs: the state stays, what is derived from it is made anew."""

from collections.abc import Sequence

from common.messages import AnyMessage, OperatorCommand, RiskLimitsChanged
from common.money import use_money_context
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.halting import follow, roll
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.parameters import FILE, changes, section_of


def change(desk: Desk, command: OperatorCommand, now_ns: int) -> tuple[Desk, Sequence[AnyMessage]]:
    """Return the desk with the parameters that a command brings, and what is to be told of them.

    What is counted from a start (drawdown, the day's loss, the age of positions) is counted from here where it was off.
    """
    use_money_context()
    before, after = command.arguments["before"], command.arguments["after"]
    origin = command.arguments.get("origin", FILE)
    state, old = desk.state, desk.limits
    new = Desk(Limits.of(section_of(after)), desk.instruments, state, links_orders=desk.links_orders)
    state.parameters = after
    if origin == FILE:
        state.file_parameters = after
    _count_from_here(new, old, now_ns)
    told = RiskLimitsChanged(
        event_ns=now_ns,
        received_ns=now_ns,
        changes=changes(before, after),
        origin=origin,
        cause=command.id,
    )
    lifted = roll(new, command.id, now_ns) if new.limits.is_timed else []
    return new, (told, *lifted, *follow(new, command.id, now_ns))


def _count_from_here(desk: Desk, old: Limits, now_ns: int) -> None:
    limits = desk.limits
    if limits.drawdown_share and not old.drawdown_share:
        desk.losses.count_drawdown_from_here()
    if limits.max_daily_loss and not old.max_daily_loss:
        desk.losses.count_day_from_here(now_ns)
    if limits.max_holding_ns and not old.max_holding_ns:
        for market in desk.state.markets.values():
            for position in market.positions.values():
                if position.quantity:
                    position.protection.opened_ns = now_ns
