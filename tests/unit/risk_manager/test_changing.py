"""Parameters that change between two inputs: what is told, what holds afterwards, what a restart and a replay make of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.config.risk import RiskSection
from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    LimitChange,
    OperatorCommand,
    OrderIntent,
    OrderRefused,
    Quote,
    RejectReason,
    RiskLimitsChanged,
    TradingState,
    TradingStateChanged,
)
from services.risk_manager.core.parameters import CHANGE, changes, fixed_changes, flat, section_of, text_of
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    SECOND,
    T0,
    D,
    approved,
    fill_of,
    instruments,
    intent,
    opened,
    quote,
    risk_core,
    section,
)


def command(core: RiskCore, origin: str = "file", at: int = T0, **keys: Any) -> OperatorCommand:
    """Return the command that changes some keys of what is in force."""
    before, _ = core.parameters()
    plain = section_of(before).model_dump() | keys
    after = text_of(RiskSection.model_validate(plain))
    return OperatorCommand(
        id="limits:1",
        service="risk_manager",
        name=CHANGE,
        arguments={"before": before, "after": after, "origin": origin},
        event_ns=at,
        received_ns=at,
    )


def test_a_change_is_told_and_holds_from_the_next_input_on() -> None:
    core = risk_core(max_open_positions=1)
    core.handle(quote(), T0)
    opened(core)
    (refused,) = core.handle(intent(2, runner="rsi:BTCUSDT"), T0)
    assert isinstance(refused, OrderRefused)
    (told,) = core.handle(command(core, max_open_positions=2), T0)
    assert told == RiskLimitsChanged(
        changes=[LimitChange("max_open_positions", "1", "2")],
        origin="file",
        cause="limits:1",
        event_ns=T0,
        received_ns=T0,
    )
    assert isinstance(approved(core, intent(3, runner="rsi:BTCUSDT")), ApprovedOrder)


def test_what_is_held_and_on_its_way_stays_and_counts_against_the_new_limits() -> None:
    core = risk_core()
    core.handle(quote(), T0)
    opened(core, "3")
    approved(core, intent(2, "2", runner="rsi:BTCUSDT"))
    core.handle(command(core, max_position_size=5, symbols=[{"symbol": "BTCUSDT", "max_notional": 501}]), T0)
    (refused,) = core.handle(intent(3, "0.1", runner="macd:BTCUSDT"), T0)
    assert isinstance(refused, OrderRefused)
    assert (refused.reason, refused.used) == (RejectReason.POSITION_SIZE, "5")
    uses = {(use.reason, use.of, use.unit): use for use in core.standing(T0)}
    use = uses["position_size", "BTCUSDT", "BTC"]
    assert (use.limit, use.used, use.free, use.used_percent) == ("5", "5", "0", "100")
    assert uses["symbol_limit", "BTCUSDT", "USDT"].used == "500.05"
    assert uses["open_positions", "account", "runners"].used == "2"


def test_a_breaker_that_is_switched_on_opens_at_the_next_quote_and_takes_entries_back() -> None:
    core = risk_core(initial_cash=100_000)
    core.handle(quote(), T0)
    opened(core, "10")
    approved(core, intent(2, runner="rsi:BTCUSDT"))
    core.handle(command(core, enable_circuit_breaker=True, max_loss_threshold=100), T0)
    told = core.handle(quote(80.0, 80.02, update_id=2), T0)
    assert [type(each) for each in told] == [TradingStateChanged, ApprovedCancel]


def test_losses_count_from_where_their_limit_was_switched_on() -> None:
    core = risk_core(initial_cash=1_000)
    core.handle(quote(), T0)
    opened(core, "5")
    core.handle(quote(50.0, 50.0, update_id=2), T0)  # a quarter of the account is gone
    core.handle(command(core, max_drawdown_percent=20, max_daily_loss=100), T0)
    assert core.handle(quote(49.0, 49.0, update_id=3), T0 + SECOND) == []
    assert core.status()["trading"] == TradingState.ACTIVE
    (told,) = core.handle(quote(10.0, 10.0, update_id=4), T0 + SECOND)
    assert isinstance(told, TradingStateChanged)
    assert set(core.status()["in_the_way"]) == {"drawdown", "daily_loss"}


def test_the_age_of_positions_counts_from_where_its_limit_was_switched_on() -> None:
    core = risk_core()
    core.handle(quote(), T0)
    opened(core)
    core.handle(command(core, max_holding_ms=1_000), T0 + 100 * SECOND)
    assert core.handle(quote(update_id=2), T0 + 100 * SECOND) == []
    (left,) = core.handle(quote(update_id=3), T0 + 101 * SECOND)
    assert isinstance(left, ApprovedOrder)


def test_what_is_in_force_outlasts_a_restart_whatever_the_configuration_says() -> None:
    core = risk_core(max_open_positions=1)
    core.handle(command(core, "operator", max_open_positions=7), T0)
    fresh = risk_core(max_open_positions=3)
    fresh.restore(core.snapshot())
    assert fresh.snapshot() == core.snapshot()
    in_force, in_file = fresh.parameters()
    assert (flat(in_force)["max_open_positions"], flat(in_file)["max_open_positions"]) == ("7", "1")
    use = next(use for use in fresh.standing(T0) if use.reason == "open_positions")
    assert use.limit == "7"


def test_a_state_from_before_parameters_were_kept_takes_those_of_the_configuration() -> None:
    core = risk_core(max_open_positions=1)
    core._desk.state.parameters = core._desk.state.file_parameters = ""
    fresh = risk_core(max_open_positions=3)
    fresh.restore(core.snapshot())
    assert flat(fresh.parameters()[0])["max_open_positions"] == "3"


def test_equal_sections_have_equal_texts_and_come_back_from_them() -> None:
    plan = {"model": "fixed", "quantity": "1.50", "strategies": {"ema": {"model": "kelly"}}}
    one = section(
        sizing=plan, groups=[{"name": "a", "symbols": ["X", "Y"], "max_notional": 5}], zmq_publish_address="ipc://a"
    )
    assert section_of(text_of(one)).model_copy(update={"zmq_publish_address": "ipc://a"}) == one
    assert text_of(section_of(text_of(one))) == text_of(one)
    assert flat(text_of(one))["groups[0].symbols"] == "X,Y"
    assert flat(text_of(one))["sizing.strategies.ema.quantity"] == "1.50"  # what it leaves out is as above
    assert changes(text_of(one), text_of(section(**{**one.model_dump(), "max_position_size": D("1000.0")}))) == []


def test_keys_on_which_the_books_rest() -> None:
    before, after = text_of(section()), text_of(section(initial_cash=5, position_method="fifo", max_orders=3))
    assert [each.key for each in fixed_changes(before, after)] == ["position_method", "initial_cash"]


def test_a_text_that_is_none() -> None:
    with pytest.raises(ValidationError):
        section_of('{"max_open_positions": 0}')


STEPS = st.lists(st.tuples(st.sampled_from("qieq"), st.integers(9_000, 11_000), st.integers(1, 4)), max_size=25)


@given(STEPS, st.integers(0, 24), st.integers(0, 24))
def test_a_change_anywhere_and_a_restart_anywhere_give_the_same(
    steps: list[tuple[str, int, int]], changed_at: int, restarted_at: int
) -> None:
    def driven(*, restarts: bool) -> tuple[list[AnyMessage], bytes]:
        core = risk_core(initial_cash=2_000, stop_loss_percent=3)
        told: list[AnyMessage] = []
        for number, drawn in enumerate(steps):
            now_ns = T0 + number * SECOND
            if number == changed_at:
                told += core.handle(
                    command(core, at=now_ns, max_open_positions=1, max_daily_loss=20, enable_circuit_breaker=True),
                    now_ns,
                )
            if restarts and number == restarted_at:
                fresh = RiskCore(section(max_open_positions=9), instruments())
                fresh.restore(core.snapshot())
                core = fresh
            told += step(core, number, drawn, now_ns)
        return told, core.snapshot()

    assert driven(restarts=True) == driven(restarts=False)


def step(core: RiskCore, number: int, drawn: tuple[str, int, int], now_ns: int) -> list[AnyMessage]:
    what, cents, size = drawn
    if what == "q":
        return list(core.handle(quote(cents / 100, cents / 100, update_id=number, at=now_ns), now_ns))
    told = list(core.handle(intent(number, D(size), runner=f"r{size}:BTCUSDT", at=now_ns), now_ns))
    for each in list(told):
        if isinstance(each, ApprovedOrder):
            told += core.handle(fill_of(each, D(cents) / 100), now_ns)
    return told


def test_handlers_taken_before_limits_change_or_a_state_is_restored_stay_valid() -> None:
    core, other = risk_core(max_open_positions=1), risk_core(max_open_positions=1)
    take, quotes = core.handler_of(OrderIntent), core.handler_of(Quote)
    assert take is not None
    assert quotes is not None
    core.handle(command(core, max_open_positions=2), T0)
    quotes(quote(), T0)
    assert isinstance(take(intent(1), T0)[0], ApprovedOrder)
    assert isinstance(take(intent(1, runner="rsi:BTCUSDT"), T0)[0], ApprovedOrder)
    (refused,) = take(intent(1, runner="third:BTCUSDT"), T0)
    assert isinstance(refused, OrderRefused)
    core.restore(other.snapshot())
    assert core.snapshot() == other.snapshot()
    quotes(quote(), T0)
    other.handle(quote(), T0)
    assert take(intent(1), T0) == other.handle(intent(1), T0)
    assert core.snapshot() == other.snapshot()
