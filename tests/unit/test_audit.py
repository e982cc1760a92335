"""The audit finds what does not add up, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Fill,
    IntentKind,
    Liquidity,
    OrderAccepted,
    OrderCancelled,
    OrderIntent,
    OrderType,
    PositionChanged,
    Side,
    TimeInForce,
)
from orrery.audit import audit

TIMES: dict[str, Any] = {"event_ns": 1, "received_ns": 1}
WHO: dict[str, Any] = {"runner": "s:BTCUSDT", "symbol": "BTCUSDT"}


def intent(name: str = "s:BTCUSDT-1") -> OrderIntent:
    return OrderIntent(
        id=name, strategy="s", kind=IntentKind.ENTRY, side=Side.BUY, quantity=Decimal(2), reference_price=Decimal(10),
        cause="bar", **WHO, **TIMES,
    )  # fmt: skip


def order(name: str = "s:BTCUSDT-1") -> ApprovedOrder:
    return ApprovedOrder(
        id=name, intent_id=name, strategy="s", kind=IntentKind.ENTRY, side=Side.BUY, quantity=Decimal(2),
        order_type=OrderType.MARKET, time_in_force=TimeInForce.GTC, reference_price=Decimal(10), cause=name, **WHO, **TIMES,
    )  # fmt: skip


def accepted(name: str = "s:BTCUSDT-1") -> OrderAccepted:
    return OrderAccepted(order_id=name, intent_id=name, venue="simulated", cause=name, **WHO, **TIMES)


def fill(number: int = 1, quantity: str = "2", remaining: str = "0") -> Fill:
    return Fill(
        id=f"s:BTCUSDT-1-f{number}", order_id="s:BTCUSDT-1", intent_id="s:BTCUSDT-1", strategy="s", kind=IntentKind.ENTRY,
        side=Side.BUY, quantity=Decimal(quantity), price=Decimal(10), fee=Decimal(0), fee_currency="USDT",
        liquidity=Liquidity.TAKER, remaining_quantity=Decimal(remaining), venue="simulated", cause="s:BTCUSDT-1", **WHO, **TIMES,
    )  # fmt: skip


def position(quantity: str) -> PositionChanged:
    return PositionChanged(
        strategy="s", currency="USDT", quantity=Decimal(quantity), average_price=Decimal(10), realised_pnl=Decimal(0),
        fees=Decimal(0), cause="f", **WHO, **TIMES,
    )  # fmt: skip


def test_a_whole_life_adds_up() -> None:
    result = audit([intent()], [order(), position("2")], [accepted(), fill()])
    assert result.problems == []
    assert (result.intents, result.approved, result.fills) == (1, 1, 1)
    assert result.net_positions == {"BTCUSDT": "2"}
    assert [result.undecided_intents, result.unreported_orders, result.working_orders] == [[], [], []]


def test_what_is_on_its_way_is_named_and_no_problem() -> None:
    result = audit([intent(), intent("s:BTCUSDT-2")], [order()], [])
    assert result.problems == []
    assert result.undecided_intents == ["s:BTCUSDT-2"]
    assert result.unreported_orders == ["s:BTCUSDT-1"]
    assert audit([intent()], [order(), position("1")], [accepted(), fill(1, "1", "1")]).working_orders == [
        "s:BTCUSDT-1"
    ]


def test_a_fill_after_the_cancel_is_no_second_end() -> None:
    over = OrderCancelled(
        order_id="s:BTCUSDT-1",
        intent_id="s:BTCUSDT-1",
        venue="v",
        cause="c",
        remaining_quantity=Decimal(2),
        **WHO,
        **TIMES,
    )
    result = audit([intent()], [order(), position("2")], [accepted(), over, fill()])
    assert (result.problems, result.working_orders) == ([], [])


BROKEN: list[tuple[str, list[Any], list[Any], list[Any]]] = [
    ("approved twice", [intent()], [order(), order()], []),
    ("published 2 times", [intent(), intent()], [order()], []),
    ("never approved", [], [], [accepted()]),
    ("began 2 times", [intent()], [order()], [accepted(), accepted()]),
    ("f1 published 2 times", [intent()], [order(), position("4")], [accepted(), fill(), fill()]),
    ("ended 2 times", [intent()], [order(), position("4")], [accepted(), fill(1), fill(2)]),
    ("of 2 filled 3", [intent()], [order(), position("3")], [accepted(), fill(1, "3")]),
    ("its fills sum to 2", [intent()], [order(), position("1")], [accepted(), fill()]),
    ("risk holds 0", [intent()], [order()], [accepted(), fill()]),
]


@pytest.mark.parametrize(("text", "intents", "decisions", "reports"), BROKEN, ids=[case[0] for case in BROKEN])
def test_each_breach_is_found(
    text: str, intents: list[AnyMessage], decisions: list[AnyMessage], reports: list[AnyMessage]
) -> None:
    assert any(text in problem for problem in audit(intents, decisions, reports).problems)
