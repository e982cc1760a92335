"""Do the numbers add up? Reads the journals of a run and holds every intent, order, fill and position together.

The rules: each intent has exactly one outcome; each approved order lives exactly once; no fill is doubled or exceeds
its order; the positions that risk published equal the sum of the fills, and so does what the venue holds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec

from common.codec import decode
from common.journal import read_folder
from common.messages import (
    AnyMessage,
    ApprovedAmend,
    ApprovedOrder,
    Fill,
    OrderAccepted,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    PositionChanged,
)
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL


class Audit(msgspec.Struct, kw_only=True):
    """What was counted, what is still on its way, and what does not add up (empty when all is well)."""

    intents: int = 0
    approved: int = 0
    refused: int = 0
    accepted: int = 0
    rejected: int = 0
    cancelled: int = 0
    fills: int = 0
    undecided_intents: list[str] = []
    unreported_orders: list[str] = []
    working_orders: list[str] = []
    problems: list[str] = []
    net_positions: dict[str, str] = {}


def audit_folder(data_dir: Path) -> Audit:
    """Audit the run whose `engine.data_dir` this is; JournalError if a journal is damaged."""
    flow = {
        service: [decode(payload) for _, payload in read_folder(data_dir / service / "outbox")]
        for service in (SIGNAL, RISK_MANAGER, EXECUTION)
    }
    return audit(flow[SIGNAL], flow[RISK_MANAGER], flow[EXECUTION])


def audit(intents: Iterable[AnyMessage], decisions: Iterable[AnyMessage], reports: Iterable[AnyMessage]) -> Audit:
    """Hold the three order-flow streams, each in its own order, against each other."""
    result = Audit()
    decided = list(decisions)
    positions = _check_decisions(result, list(intents), decided)
    filled = _check_reports(result, _allowed(decided), list(reports))
    _check_positions(result, positions, filled)
    return result


def _check_decisions(
    result: Audit, intents: list[AnyMessage], decisions: list[AnyMessage]
) -> dict[tuple[str, str], Decimal]:
    wanted = Counter(message.id for message in intents if isinstance(message, OrderIntent))
    outcomes: Counter[str] = Counter()
    orders: dict[str, ApprovedOrder] = {}
    positions: dict[tuple[str, str], Decimal] = {}
    for message in decisions:
        match message:
            case ApprovedOrder():
                if message.id in orders:
                    result.problems.append(f"order {message.id} approved twice")
                orders[message.id] = message
                outcomes[message.intent_id] += message.intent_id in wanted
            case OrderRefused():
                result.refused += 1
                outcomes[message.intent_id] += 1
            case PositionChanged():
                positions[message.runner, message.symbol] = message.quantity
            case _:
                continue
    result.intents, result.approved = sum(wanted.values()), len(orders)
    result.problems += [f"intent {name} published {count} times" for name, count in wanted.items() if count > 1]
    result.problems += [f"intent {name} has {count} outcomes" for name, count in outcomes.items() if count > 1]
    result.problems += [
        f"outcome of an unknown intent {name}" for name in outcomes if name not in wanted and outcomes[name]
    ]
    result.undecided_intents = [name for name in wanted if not outcomes[name]]
    return positions


class _Reports:
    """What the reports say of each order."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.let_go: set[str] = set()
        self.fills: Counter[str] = Counter()
        self.traded: dict[str, Decimal] = defaultdict(Decimal)
        self.positions: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def take(self, result: Audit, message: AnyMessage) -> None:
        match message:
            case OrderAccepted():
                result.accepted += 1
                self.begun[message.order_id] += 1
            case OrderRejected():
                result.rejected += 1
                self.begun[message.order_id] += 1
                self.ended[message.order_id] += 1
                self.let_go.add(message.order_id)
            case OrderCancelled():
                result.cancelled += 1
                self.ended[message.order_id] += 1
                self.let_go.add(message.order_id)
            case Fill():
                self.fills[message.id] += 1
                self.traded[message.order_id] += message.quantity
                # A venue may fill after it has said that an order is over: that is no second end.
                is_last = not message.remaining_quantity and message.order_id not in self.let_go
                self.ended[message.order_id] += is_last
                self.positions[message.runner, message.symbol] += message.side.sign * message.quantity
            case _:
                return


def _allowed(decisions: list[AnyMessage]) -> dict[str, Decimal]:
    """Return how much each order may fill: what was approved, or the most that a change of it asked for."""
    allowed: dict[str, Decimal] = {}
    for message in decisions:
        if isinstance(message, ApprovedOrder):
            allowed.setdefault(message.id, message.quantity)
        elif isinstance(message, ApprovedAmend) and message.quantity is not None and message.order_id in allowed:
            allowed[message.order_id] = max(allowed[message.order_id], message.quantity)
    return allowed


def _check_reports(
    result: Audit, allowed: dict[str, Decimal], messages: list[AnyMessage]
) -> dict[tuple[str, str], Decimal]:
    reports = _Reports()
    for message in messages:
        reports.take(result, message)
    begun, ended = reports.begun, reports.ended
    result.fills = len(reports.fills)
    result.problems += [f"fill {name} published {count} times" for name, count in reports.fills.items() if count > 1]
    result.problems += [f"order {name} began {count} times" for name, count in begun.items() if count > 1]
    result.problems += [f"order {name} ended {count} times" for name, count in ended.items() if count > 1]
    result.problems += [f"report of an order never approved: {name}" for name in begun if name not in allowed]
    result.problems += [
        f"order {name} of {allowed[name]} filled {total}"
        for name, total in reports.traded.items()
        if name in allowed and total > allowed[name]
    ]
    result.unreported_orders = [name for name in allowed if not begun[name]]
    result.working_orders = [name for name in begun if not ended[name]]
    return reports.positions


def _check_positions(
    result: Audit, positions: dict[tuple[str, str], Decimal], filled: dict[tuple[str, str], Decimal]
) -> None:
    net: dict[str, Decimal] = defaultdict(Decimal)
    for key in sorted(positions.keys() | filled.keys()):
        runner, symbol = key
        net[symbol] += filled.get(key, Decimal(0))
        if positions.get(key, Decimal(0)) != filled.get(key, Decimal(0)):
            result.problems.append(
                f"risk holds {positions.get(key, 0)} {symbol} for {runner}, its fills sum to {filled.get(key, 0)}"
            )
    result.net_positions = {symbol: str(quantity) for symbol, quantity in net.items()}
