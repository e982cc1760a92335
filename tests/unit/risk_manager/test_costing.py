"""FIFO, LIFO and weighted average against a brute-force ledger in exact fractions; cash is conserved to the last digit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Fill, IntentKind, Liquidity, OrderType, Side
from common.money import use_money_context
from services.risk_manager.core.account import Account
from services.risk_manager.core.costing import METHODS
from services.risk_manager.core.costing.lot import MAX_LOTS, Lot
from services.risk_manager.core.positions import Position, book
from tests.unit.risk_manager.builders import T0, D, approved, exit_intent, fill_of, intent, quote, risk_core

SIDES = st.sampled_from(Side)
SIZES = st.integers(1, 40).map(lambda lots: Decimal(lots) / 8)
PRICES = st.integers(1, 10**6).map(lambda cents: Decimal(cents) / 100)
FEES = st.tuples(st.integers(-50, 500).map(lambda cents: Decimal(cents) / 100), st.sampled_from(("USDT", "BNB")))
flows = st.lists(st.tuples(SIDES, SIZES, PRICES, FEES), max_size=30)


class Ledger:
    """Every unit by itself, an eighth at a time: which of them is closed is the method's only difference."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.units: list[Fraction] = []
        self.sign = 0
        self.realised = Fraction(0)
        self.cash = {"USDT": Fraction(0), "BNB": Fraction(0)}

    def take(self, fill: Fill) -> None:
        sign, price = fill.side.sign, Fraction(fill.price) / 8
        for _ in range(int(fill.quantity * 8)):
            if self.units and self.sign != sign:
                self.realised += self.sign * (price - self.close())
            else:
                self.units.append(price)
                self.sign = sign
        self.cash["USDT"] -= sign * Fraction(fill.quantity) * Fraction(fill.price)
        self.cash[fill.fee_currency] -= Fraction(fill.fee)
        if fill.fee_currency == "USDT":
            self.realised -= Fraction(fill.fee)

    def close(self) -> Fraction:
        if self.method == "fifo":
            return self.units.pop(0)
        if self.method == "lifo":
            return self.units.pop()
        mean = sum(self.units, Fraction(0)) / len(self.units)
        self.units = [mean] * (len(self.units) - 1)
        return mean


def fill(side: Side, quantity: Decimal, price: Decimal, fee: tuple[Decimal, str]) -> Fill:
    return Fill(
        id="o-f1", order_id="o", intent_id="o", runner="r:BTCUSDT", strategy="r", symbol="BTCUSDT", kind=IntentKind.ENTRY,
        side=side, quantity=quantity, price=price, fee=fee[0], fee_currency=fee[1], liquidity=Liquidity.TAKER,
        remaining_quantity=Decimal(0), venue="v", cause="o", event_ns=1, received_ns=1,
    )  # fmt: skip


@pytest.mark.parametrize("method", sorted(METHODS))
@given(flow=flows, mark=PRICES)
def test_every_method_agrees_with_the_ledger(
    method: str, flow: list[tuple[Side, Decimal, Decimal, tuple[Decimal, str]]], mark: Decimal
) -> None:
    use_money_context()
    position, account, ledger = Position(runner="r:BTCUSDT", strategy="r", symbol="BTCUSDT"), Account(), Ledger(method)
    for step in flow:
        message = fill(*step)
        notional = message.quantity * message.price
        account.book(message, notional, book(position, message, notional, "USDT", METHODS[method]), "USDT")
        ledger.take(message)
        held = ledger.sign * Fraction(len(ledger.units), 8)
        assert Fraction(position.quantity) == held
        assert abs(Fraction(position.realised) - ledger.realised) < Fraction(1, 10**9)
        if method != "average":  # nothing is divided where whole lots of one price are closed
            assert Fraction(position.realised) == ledger.realised
        for currency, cash in ledger.cash.items():
            assert Fraction(account.purse(currency).cash) == cash
        # cash + worth == realised + unrealised, to the last digit, whatever was divided on the way
        purse = account.purse("USDT")
        worth = position.quantity * mark
        assert purse.cash + worth == purse.realised + (worth - position.cost)
        assert sum((lot.quantity for lot in position.lots), Decimal(0)) == position.quantity
        assert sum((lot.cost for lot in position.lots), Decimal(0)) == position.cost


@pytest.mark.parametrize(("method", "realised"), [("average", "15"), ("fifo", "20"), ("lifo", "10")])
def test_the_configuration_chooses_the_method(method: str, realised: str) -> None:
    core = risk_core(position_method=method)
    core.handle(quote(100.0, 100.0), T0)
    core.handle(fill_of(approved(core, intent(1)), "100"), T0)
    core.handle(fill_of(approved(core, intent(2)), "110"), T0)
    core.handle(fill_of(approved(core, exit_intent(3, "1", order_type=OrderType.MARKET)), "120"), T0)
    fresh = risk_core(position_method=method)
    fresh.restore(core.snapshot())
    assert fresh.status()["positions"][0]["realised_pnl"] == realised
    assert fresh.status()["positions"][0]["quantity"] == "1"


@pytest.mark.parametrize("method", ["fifo", "lifo"])
def test_lots_are_bounded_and_nothing_is_lost(method: str) -> None:
    use_money_context()
    lots: list[Lot] = []
    for price in range(1, MAX_LOTS + 11):
        METHODS[method].add(lots, D(1), D(price))
    assert len(lots) == MAX_LOTS
    total = sum(range(1, MAX_LOTS + 11))
    assert sum((lot.cost for lot in lots), D(0)) == total
    assert METHODS[method].take(lots, D(1)) == (1 if method == "fifo" else MAX_LOTS + 10)
    assert METHODS[method].take(lots, D(MAX_LOTS + 9)) == total - (1 if method == "fifo" else MAX_LOTS + 10)
    assert lots == []
