"""The cores driven again to an order: what the strategy was asked, how its runner moved, what each rule of risk saw."""

from typing import NamedTuple

from common.messages import AnyMessage, OrderIntent, OrderRefused, RunnerFailed, RunnerTransitioned
from common.routes import RISK_MANAGER, SIGNAL
from orrery.redrive.journals import Told
from orrery.redrive.rebuild import Rebuilder, Until
from orrery.redrive.session import Session
from orrery.redrive.watch import Asked, Watch
from orrery.why.flow import Flow, Heard, heard
from services.risk_manager.core.explain import Explanation, explain
from services.risk_manager.core.risk_core import RiskCore

Move = RunnerTransitioned | RunnerFailed


class Strategy(NamedTuple):
    """What the strategy was asked on the update that led to the order, and the runner's moves until the order's end."""

    asked: list[Asked]
    moves: list[Move]


def strategy_of(session: Session, flow: Flow, begun: Heard) -> Strategy:
    """Drive the signal core from before input `begun`, which led to the intent, to the last report of the order."""
    ends: list[AnyMessage] = list(flow.reports)
    if isinstance(flow.decision, OrderRefused):
        ends.append(flow.decision)
    found = [heard(session, SIGNAL, message) for message in ends]
    last = max([begun.number, *(each.number for each in found if each is not None)])
    watch, moves = Watch(), list[Move]()
    runner = flow.runner

    def observe(told: Told, answers: list[AnyMessage]) -> None:
        watch.observe(told, answers)
        moves.extend(each for each in answers if isinstance(each, Move) and each.runner == runner)

    rebuilder = Rebuilder(session, SIGNAL, prepare=watch.prepare, observe=observe)
    rebuilder.rebuild(Until(number=last, since=begun.number))
    return Strategy([each for each in watch.asked.get(runner, ()) if each.input == begun.number], moves)


def rules_of(session: Session, intent: OrderIntent) -> Explanation | None:
    """Return what risk's rules saw of an intent, None if risk was never told of it."""
    told = heard(session, RISK_MANAGER, intent)
    if told is None:
        return None
    core = Rebuilder(session, RISK_MANAGER).rebuild(Until(number=told.number - 1)).core
    assert isinstance(core, RiskCore)
    return explain(core, intent, told.at_ns)
