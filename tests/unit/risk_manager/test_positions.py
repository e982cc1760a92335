"""Positions and cash against a ledger of fractions that does not round at all."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Fill, IntentKind, Liquidity, Side
from common.money import ZERO, use_money_context
from services.risk_manager.core.account import Account
from services.risk_manager.core.costing import METHODS
from services.risk_manager.core.positions import Position, book

D = Decimal

quantities = st.integers(1, 10**12).map(lambda lots: D(lots).scaleb(-8))
prices = st.integers(1, 10**13).map(lambda ticks: D(ticks).scaleb(-8))
fees = st.integers(-(10**6), 10**9).map(lambda units: D(units).scaleb(-12))
trades = st.lists(st.tuples(st.sampled_from(Side), quantities, prices, fees), min_size=1, max_size=25)


def fill(side: Side, quantity: Decimal, price: Decimal, fee: Decimal = ZERO, currency: str = "USDT") -> Fill:
    return Fill(
        id="o-f1", order_id="o", intent_id="o", runner="r", strategy="s", symbol="BTCUSDT", kind=IntentKind.ENTRY,
        side=side, quantity=quantity, price=price, fee=fee, fee_currency=currency, liquidity=Liquidity.TAKER,
        remaining_quantity=D(0), venue="v", cause="o", event_ns=0, received_ns=0,
    )  # fmt: skip


class Ledger:
    """A position and its account, kept by the code under test."""

    def __init__(self) -> None:
        use_money_context()
        self.position = Position(runner="r", strategy="s", symbol="BTCUSDT")
        self.account = Account()

    def take(self, message: Fill) -> None:
        notional = message.quantity * message.price
        realised = book(self.position, message, notional, "USDT", METHODS["average"])
        self.account.book(message, notional, realised, "USDT")


class Exact:
    """The same by fractions: weighted average cost, nothing rounded."""

    def __init__(self) -> None:
        self.cash = self.quantity = self.average = self.realised = Fraction(0)

    def take(self, message: Fill) -> None:
        signed = Fraction(message.quantity) * message.side.sign
        price, fee = Fraction(message.price), Fraction(message.fee)
        self.cash -= signed * price + fee
        self.realised -= fee
        if self.quantity * signed < 0:
            closed = min(abs(signed), abs(self.quantity)) * (1 if self.quantity > 0 else -1)
            self.realised += closed * (price - self.average)
            self.quantity -= closed
            signed += closed
        if signed:
            self.average = (self.quantity * self.average + signed * price) / (self.quantity + signed)
            self.quantity += signed


@given(trades, prices)
def test_cash_and_equity_are_exact(flow: list[tuple[Side, Decimal, Decimal, Decimal]], mark: Decimal) -> None:
    ledger, exact = Ledger(), Exact()
    for side, quantity, price, fee in flow:
        message = fill(side, quantity, price, fee)
        ledger.take(message)
        exact.take(message)
        position, purse = ledger.position, ledger.account.purses["USDT"]
        assert Fraction(purse.cash) == exact.cash
        assert Fraction(position.quantity) == exact.quantity
        unrealised = position.quantity * mark - position.cost
        assert purse.cash + position.quantity * mark == position.realised + unrealised
        assert position.realised == purse.realised
        assert sum((lot.quantity for lot in position.lots), D(0)) == position.quantity
        assert sum((lot.cost for lot in position.lots), D(0)) == position.cost


@given(trades)
def test_average_and_realised_follow_the_weighted_average(flow: list[tuple[Side, Decimal, Decimal, Decimal]]) -> None:
    ledger, exact = Ledger(), Exact()
    turned_over = Fraction(1)
    for side, quantity, price, fee in flow:
        message = fill(side, quantity, price, fee)
        ledger.take(message)
        exact.take(message)
        turned_over += Fraction(quantity) * Fraction(price)
        tolerance = turned_over / 10**17
        assert abs(Fraction(ledger.position.realised) - exact.realised) <= tolerance
        if exact.quantity:
            assert abs(Fraction(ledger.position.average_price) - exact.average) <= tolerance / abs(exact.quantity)


@given(trades)
def test_a_position_that_is_closed_has_realised_all_its_cash(
    flow: list[tuple[Side, Decimal, Decimal, Decimal]],
) -> None:
    ledger = Ledger()
    for side, quantity, price, fee in flow:
        ledger.take(fill(side, quantity, price, fee))
    held = ledger.position.quantity
    if held:
        ledger.take(fill(Side.SELL if held > 0 else Side.BUY, abs(held), D("123.45")))
    assert ledger.position.quantity == 0
    assert ledger.position.cost == 0
    assert ledger.position.lots == []
    assert ledger.position.realised == ledger.account.purses["USDT"].cash


def test_a_third_leaves_what_does_not_come_out_even() -> None:
    ledger = Ledger()
    ledger.take(fill(Side.BUY, D(3), D(100) / D(3)))
    cost = ledger.position.cost
    ledger.take(fill(Side.SELL, D(1), D(50)))
    assert D(50) - ledger.position.realised + ledger.position.cost == cost


@pytest.mark.parametrize("sign", [1, -1])
def test_a_flip_closes_and_opens(sign: int) -> None:
    ledger = Ledger()
    first, second = (Side.BUY, Side.SELL) if sign > 0 else (Side.SELL, Side.BUY)
    ledger.take(fill(first, D(10), D(100), D(1)))
    ledger.take(fill(second, D(15), D(110), D(2)))
    assert ledger.position.quantity == -5 * sign
    assert ledger.position.average_price == 110
    assert ledger.position.realised == 100 * sign - 3
    assert ledger.position.fees == 3


def test_a_fee_in_another_currency_is_paid_from_its_own_purse() -> None:
    ledger = Ledger()
    ledger.take(fill(Side.BUY, D(1), D(100), D("0.001"), "BNB"))
    assert ledger.account.purses["USDT"].cash == -100
    assert ledger.account.purses["BNB"].cash == D("-0.001")
    assert ledger.account.purses["BNB"].fees == D("0.001")
    assert ledger.position.fees == 0
    assert ledger.position.realised == 0


def test_a_fill_of_nothing_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="expected a positive quantity"):
        Ledger().take(fill(Side.BUY, D(0), D(1)))
