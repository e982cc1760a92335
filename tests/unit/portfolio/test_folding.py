"""The account folded from events: cash to the digit at every fill, strategies that add up, marks of the moment."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.codec import encode
from common.config.models import Config
from common.instruments import Instruments
from common.journal import Journal
from common.messages import Fill, IntentKind, Liquidity, Quote, Side
from orrery.errors import CommandLineError
from orrery.portfolio import folding
from orrery.portfolio.folding import Fold
from orrery.portfolio.lines import figures
from orrery.portfolio.stored import fold_account

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND
CASH = Decimal(1000)


def quote(symbol: str, mid: float, at_ns: int = T0) -> Quote:
    return Quote(
        symbol=symbol, bid=mid - 0.5, bid_size=1.0, ask=mid + 0.5, ask_size=1.0, update_id=1, event_ns=at_ns,
        received_ns=at_ns,
    )  # fmt: skip


def fill(number: int, side: Side, quantity: str, price: str, strategy: str = "a", symbol: str = "XUSDT") -> Fill:
    return Fill(
        id=f"f{number}", order_id=f"o{number}", intent_id=f"o{number}", runner=f"{strategy}:{symbol}",
        strategy=strategy, symbol=symbol, kind=IntentKind.ENTRY, side=side, quantity=Decimal(quantity),
        price=Decimal(price), fee=Decimal("0.1"), fee_currency="USDT", liquidity=Liquidity.TAKER,
        remaining_quantity=Decimal(0), venue="v", cause="c", event_ns=5, received_ns=T0 + number * SECOND,
    )  # fmt: skip


def fold() -> Fold:
    return Fold(CASH, "USDT", Instruments(), SECOND)


def test_a_round_trip_is_cash_marks_and_a_trade() -> None:
    folded = fold()
    folded.take(quote("XUSDT", 100.0), T0)
    folded.take(fill(1, Side.BUY, "2", "101"), T0 + SECOND)
    folded.take(quote("XUSDT", 110.0), T0 + 2 * SECOND)
    folded.take(fill(2, Side.SELL, "2", "108"), T0 + 3 * SECOND)
    folded.end(T0 + 3 * SECOND)
    assert [point.cash for point in folded.points] == [Decimal("797.9"), Decimal("1013.8")]
    assert [point.equity for point in folded.points] == pytest.approx([997.9, 1013.8])
    account = folded.account()
    assert account.equity[-1] == pytest.approx(1013.8)
    assert max(account.exposure) == pytest.approx(220.0)
    (closed,) = account.trades
    assert (closed.pnl, closed.entry_ns, closed.exit_ns) == (Decimal("13.8"), T0 + SECOND, T0 + 3 * SECOND)
    metrics = figures(account)
    assert metrics.trades.net_profit == pytest.approx(13.8)
    assert metrics.fees == pytest.approx(0.2)


def test_without_quotes_a_holding_is_worth_the_last_price_paid() -> None:
    folded = fold()
    folded.take(fill(1, Side.BUY, "1", "100"), T0)
    folded.take(fill(2, Side.BUY, "1", "110"), T0 + SECOND)
    assert folded.points[-1].equity == pytest.approx(1000 - 210.2 + 220)


def test_other_currencies_are_left_out_and_said() -> None:
    folded = fold()
    folded.take(fill(1, Side.BUY, "1", "100", symbol="XBTC"), T0)
    assert folded.skipped == {"BTC": 1}
    assert folded.points == []
    folded.take(quote("BTCUSDT", 50_000.0), T0)
    folded.take(fill(2, Side.SELL, "1", "100", symbol="XBTC"), T0)
    assert folded.skipped == {"BTC": 2}  # it closes what was left out
    assert folded.points == []


def test_another_currency_counts_at_the_price_between() -> None:
    folded = fold()
    folded.take(quote("BTCUSDT", 50.0), T0)
    folded.take(quote("XBTC", 2.0), T0)
    folded.take(fill(1, Side.BUY, "3", "2", symbol="XBTC"), T0 + SECOND)
    assert folded.points[-1].cash == Decimal("999.9")
    assert folded.points[-1].equity == pytest.approx(999.9)
    folded.take(quote("XBTC", 4.0), T0 + 2 * SECOND)
    folded.take(quote("BTCUSDT", 60.0), T0 + 3 * SECOND)
    folded.take(fill(2, Side.SELL, "3", "4", symbol="XBTC"), T0 + 4 * SECOND)
    folded.end(T0 + 5 * SECOND)
    account = folded.account()
    assert folded.skipped == {}
    assert max(account.exposure) == pytest.approx(3 * 4 * 60)
    assert account.equity[-1] == pytest.approx(1000 - 0.2 + (12 - 6) * 60)
    (closed,) = account.trades
    assert closed.pnl == 12 * 60 - 6 * 50 - Decimal("0.2")
    assert account.turnover == 6 * 50 + 12 * 60


def test_a_price_the_other_way_round_and_one_of_a_fill_will_do() -> None:
    folded = fold()
    folded.take(quote("USDTEUR", 0.8), T0)
    folded.take(fill(1, Side.BUY, "1", "80", symbol="X-EUR"), T0)
    assert folded.points[-1].equity == pytest.approx(999.9)
    journal = fold()
    journal.take(fill(1, Side.BUY, "1", "50", symbol="BTCUSDT"), T0)
    journal.take(fill(2, Side.BUY, "1", "0.1", symbol="XBTC"), T0)
    assert journal.skipped == {}
    assert journal.points[-1].equity == pytest.approx(1000 - 0.2)


def test_a_long_grid_is_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MOST_POINTS", 20)
    folded = fold()
    folded.take(fill(1, Side.BUY, "1", "100"), T0)
    for second in range(200):
        folded.take(quote("XUSDT", 100.0 + second), T0 + second * SECOND)
    folded.end(T0 + 200 * SECOND)
    account = folded.account()
    assert len(account.times_ns) <= 21
    assert account.equity[-1] == pytest.approx(1000 - 100.1 + 299)
    assert all(len(closes) == len(account.times_ns) for closes in account.closes.values())


events = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.sampled_from(["XUSDT", "YUSDT"]), st.integers(50, 150)),
        st.tuples(
            st.sampled_from([Side.BUY, Side.SELL]),
            st.sampled_from([("a", "XUSDT"), ("a", "YUSDT"), ("b", "XUSDT")]),
            st.tuples(st.integers(1, 500), st.integers(5_000, 15_000)),
        ),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(events)
def test_cash_is_exact_and_strategies_add_up(steps: list[tuple[object, object, object]]) -> None:
    folded, cash, held, number = fold(), CASH, dict[str, Decimal](), 0
    marks: dict[str, float] = {}
    for number, (what, where, amount) in enumerate(steps, 1):
        at_ns = T0 + number * SECOND // 3
        if what == "quote":
            assert isinstance(where, str)
            assert isinstance(amount, int)
            marks[where] = float(amount)
            folded.take(quote(where, float(amount)), at_ns)
            continue
        assert isinstance(what, Side)
        assert isinstance(where, tuple)
        assert isinstance(amount, tuple)
        quantity, price = Decimal(amount[0]) / 1000, Decimal(amount[1]) / 100
        folded.take(fill(number, what, str(quantity), str(price), *where), at_ns)
        cash -= what.sign * quantity * price + Decimal("0.1")
        held[where[1]] = held.get(where[1], Decimal(0)) + what.sign * quantity
        marks.setdefault(where[1], float(price))
        assert folded.points[-1].cash == cash
    folded.end(T0 + (number + 1) * SECOND)
    account, parts = folded.account(), folded.lines()
    if parts:
        made = [sum(part.equity[row] - 1000 for part in parts) for row in range(len(account.times_ns))]
        assert account.equity == pytest.approx([1000 + each for each in made])


def test_the_journal_does_where_there_is_no_store(tmp_path: Path) -> None:
    config = Config.model_validate({"engine": {"data_dir": str(tmp_path)}})
    with pytest.raises(CommandLineError, match="expected an event store, or journals beside it"):
        fold_account(config, None)
    journal = Journal(tmp_path / "execution" / "outbox", segment_bytes=100_000)
    journal.append(encode(fill(1, Side.BUY, "1", "100")))
    journal.append(encode(fill(2, Side.SELL, "1", "103")))
    journal.flush()
    journal.close()
    folded = fold_account(config, None)
    assert [point.cash for point in folded.fold.points] == [Decimal("99899.9"), Decimal("100002.8")]
    assert "from the journal" in folded.notes[0]
