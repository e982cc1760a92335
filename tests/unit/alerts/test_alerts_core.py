"""The alerts' core: each told once, again while it lasts, and when it is over; routed, limited, and summed up."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config.alerts import ALERT_KINDS, AlertKind
from common.config.models import Config
from common.messages import (
    Health,
    HealthState,
    MarketState,
    MarketStatus,
    OperatorCommand,
    OrderRejected,
    RunnerFailed,
    TradingState,
    TradingStateChanged,
    VenueRejectReason,
)
from services.alerts.core.alert import AccountSeen, Severity
from services.alerts.core.alerts_core import MOST_OPEN, AlertsCore
from services.alerts.core.letters import OUTBOX_LIMIT, RESERVE, Letter, Turn
from services.alerts.core.watch import ALERTS
from tests.contract.examples import EXAMPLES

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND
CHANNEL = {"name": "all", "url_env": "X", "min_severity": "info", "burst": 1000, "per_minute": 600}


def core_of(*channels: dict[str, Any], **keys: Any) -> AlertsCore:
    return AlertsCore(Config.model_validate({"alerts": {"channels": list(channels or (CHANNEL,)), **keys}}))


def changed(after: TradingState, reason: str, at_ns: int = T0, before: TradingState = TradingState.ACTIVE) -> Any:
    return TradingStateChanged(
        before=before, after=after, reason=reason, detail="why", cause="c-1", event_ns=at_ns, received_ns=at_ns
    )


def rejected(number: int, at_ns: int = T0, reason: VenueRejectReason = VenueRejectReason.NO_MARKET) -> OrderRejected:
    return OrderRejected(
        order_id=f"a-{number}", intent_id=f"a-{number}", runner="a", symbol="B", venue="v", reason=reason, detail="no",
        cause=f"a-{number}", event_ns=at_ns, received_ns=at_ns,
    )  # fmt: skip


def health(service: str, at_ns: int, state: HealthState = HealthState.READY, detail: str = "", pid: int = 1) -> Health:
    return Health(
        service=service, state=state, detail=detail, pid=pid, uptime_ms=0, last_message_age_ms=None, counters={},
        event_ns=at_ns, received_ns=at_ns,
    )  # fmt: skip


def told(letters: list[Letter]) -> list[tuple[str, str, str]]:
    return [(letter.news.kind, letter.news.subject, letter.news.turn.value) for letter in letters]


def test_the_configuration_knows_every_alert() -> None:
    assert tuple(alert.kind for alert in ALERTS) == ALERT_KINDS == get_args(AlertKind)


def test_kill_is_told_at_once_and_again_and_when_it_is_over() -> None:
    core = core_of(repeat_ms=60_000)
    assert told(core.handle(changed(TradingState.HALTED, "kill_switch"), T0)) == [("kill_switch", "account", "firing")]
    assert core.handle(changed(TradingState.HALTED, "kill_switch"), T0 + 1) == []
    assert core.tick(T0 + 59 * SECOND) == [] or told(core.tick(T0 + 59 * SECOND)) == []
    again = [each for each in core.tick(T0 + 60 * SECOND) if each.news.kind == "kill_switch"]
    assert told(again) == [("kill_switch", "account", "still firing")]
    over = core.handle(changed(TradingState.REDUCING, "breaker_open", before=TradingState.HALTED), T0 + 61 * SECOND)
    assert set(told(over)) == {("kill_switch", "account", "resolved"), ("breaker_open", "account", "firing")}
    assert told(core.handle(changed(TradingState.ACTIVE, ""), T0 + 62 * SECOND)) == [
        ("breaker_open", "account", "resolved")
    ]
    assert core.status()["firing"] == [each for each in core.status()["firing"] if each["kind"] == "service_silent"]


def test_risks_status_tells_what_a_change_did_not_and_an_old_answer_is_no_news() -> None:
    core = core_of()
    core.handle(changed(TradingState.REDUCING, "reducing"), T0)
    seen = AccountSeen(equity=100.0, currency="USDT", in_the_way={}, asked_ns=T0 - 1)
    assert core.handle(seen, T0 + 1) == []
    both = {"reducing": "an operator", "breaker_open": "lost 5"}
    later = AccountSeen(equity=100.0, currency="USDT", in_the_way=both, asked_ns=T0 + 2)
    assert told(core.handle(later, T0 + 3)) == [("breaker_open", "account", "firing")]


def test_losses_are_told_with_their_figures() -> None:
    core = core_of(drawdown_percent=10, daily_loss_percent=5)
    letters = []
    for step, equity in enumerate((1000.0, 960.0, 949.0, 880.0, 960.0)):
        seen = AccountSeen(equity=equity, currency="USDT", in_the_way={}, asked_ns=T0 + step)
        letters += core.handle(seen, T0 + step + 1)
    assert told(letters) == [
        ("large_loss", "account", "firing"),
        ("deep_fall", "account", "firing"),
        ("deep_fall", "account", "resolved"),
        ("large_loss", "account", "resolved"),
    ]
    assert "51.00 USDT lost since midnight UTC, 5.10%" in letters[0].news.text
    assert "880.00 USDT is 12.00% below its peak 1000.00" in letters[1].news.text


def test_what_happens_again_and_again_is_told_once_an_interval() -> None:
    core = core_of(repeat_ms=60_000)
    letters = [letter for number in range(100) for letter in core.handle(rejected(number), T0 + number)]
    assert told(letters) == [("order_rejected", "no_market", "happened")]
    again = [letter for letter in core.tick(T0 + 60 * SECOND) if letter.news.kind == "order_rejected"]
    assert [(letter.news.turn, letter.news.count) for letter in again] == [(Turn.AGAIN, 99)]
    assert [letter for letter in core.tick(T0 + 120 * SECOND) if letter.news.kind == "order_rejected"] == []
    assert told(core.handle(rejected(200, T0 + 121 * SECOND), T0 + 121 * SECOND)) == [
        ("order_rejected", "no_market", "happened")
    ]


@pytest.mark.parametrize("reason", [VenueRejectReason.KILL_SWITCH, VenueRejectReason.HALTED])
def test_rejections_that_follow_from_another_alert_are_not_told(reason: VenueRejectReason) -> None:
    assert core_of().handle(rejected(1, reason=reason), T0) == []


def test_a_market_that_comes_back_soon_is_no_alert() -> None:
    core = core_of()

    def status(state: MarketState, at_ns: int) -> list[Letter]:
        message = MarketStatus(symbol="B", state=state, reason="r", event_ns=at_ns, received_ns=at_ns)
        return core.handle(message, at_ns)

    assert status(MarketState.DISCONNECTED, T0) == []
    assert status(MarketState.LIVE, T0 + 5 * SECOND) == []
    status(MarketState.STALE, T0 + 6 * SECOND)
    assert "market_stale" not in [kind for kind, _, _ in told(core.tick(T0 + 15 * SECOND))]
    assert ("market_stale", "B", "firing") in told(core.tick(T0 + 16 * SECOND))
    assert told(status(MarketState.LIVE, T0 + 17 * SECOND)) == [("market_stale", "B", "resolved")]


def test_a_runner_that_goes_on_is_paused_no_more() -> None:
    core = core_of()

    def fail(count: int, *, paused: bool) -> list[Letter]:
        message = RunnerFailed(
            runner="a:B", strategy="a", symbol="B", error="boom", error_count=count, paused=paused, cause="bar",
            event_ns=T0, received_ns=T0,
        )  # fmt: skip
        return core.handle(message, T0)

    assert told(fail(1, paused=False)) == [("runner_failed", "a:B", "happened")]
    assert told(fail(5, paused=True)) == [("runner_paused", "a:B", "firing")]
    resumed = next(each for each in EXAMPLES if isinstance(each, OperatorCommand))
    command = msgspec.structs.replace(
        resumed, service="signal", name="runner.resume", arguments={"runner": "a:B"}, received_ns=T0
    )
    assert ("runner_paused", "a:B", "resolved") in told(core.handle(command, T0))


def test_services_are_missed_and_their_end_is_no_alert_where_they_said_so() -> None:
    core = core_of(startup_ms=5_000)
    for name in ("market_data", "signal", "risk_manager", "execution", "event_store"):
        core.handle(health(name, T0), T0)
    core.handle(health("execution", T0 + 1, HealthState.STOPPING), T0 + 1)
    for second in range(1, 4):
        core.handle(health("signal", T0 + second * SECOND), T0 + second * SECOND)
    silent = {subject for kind, subject, _ in told(core.tick(T0 + 3 * SECOND + 2)) if kind == "service_silent"}
    assert silent == {"market_data", "risk_manager", "event_store"}
    back = told(core.handle(health("risk_manager", T0 + 4 * SECOND, pid=2), T0 + 4 * SECOND))
    assert back == [("service_silent", "risk_manager", "resolved"), ("service_restarted", "risk_manager", "happened")]


def test_a_disk_that_takes_nothing_and_other_trouble_are_told_apart() -> None:
    core = core_of()
    full = "[Errno 28] No space left on device"
    assert told(core.handle(health("event_store", T0, HealthState.DEGRADED, full), T0)) == [
        ("disk_refuses", "event_store", "firing")
    ]
    core.handle(health("signal", T0, HealthState.DEGRADED, "nothing heard from execution"), T0)
    core.handle(health("risk_manager", T0, HealthState.DEGRADED, "a hole in the order flow"), T0)
    letters = core.tick(T0 + 3 * SECOND)
    assert [subject for kind, subject, _ in told(letters) if kind == "service_degraded"] == ["risk_manager"]


def test_channels_get_what_they_want() -> None:
    ops = {"name": "ops", "url_env": "X", "min_severity": "critical"}
    desk = {"name": "desk", "url_env": "X", "kinds": ["order_rejected"], "resolved": False}
    core = core_of(ops, desk)
    letters = core.handle(changed(TradingState.HALTED, "kill_switch"), T0) + core.handle(rejected(1), T0)
    assert [(letter.channel, letter.news.kind) for letter in letters] == [
        ("ops", "kill_switch"),
        ("desk", "order_rejected"),
    ]


def test_a_channel_that_wants_no_ends_hears_of_none() -> None:
    core = core_of(CHANNEL, {**CHANNEL, "name": "begins", "resolved": False})
    core.handle(changed(TradingState.HALTED, "kill_switch"), T0)
    ends = core.handle(changed(TradingState.ACTIVE, ""), T0 + 1)
    assert [(letter.channel, letter.news.turn) for letter in ends] == [("all", Turn.RESOLVED)]


def test_a_flood_is_summed_up_and_leaves_room_for_what_is_critical() -> None:
    channel = {**CHANNEL, "burst": 9, "per_minute": 60}
    core = core_of(channel)
    letters = []
    for number, reason in enumerate(VenueRejectReason):
        letters += core.handle(rejected(number, T0, reason), T0)
    for number in range(20):
        message = MarketStatus(symbol=f"S{number}", state=MarketState.STALE, reason="r", event_ns=T0, received_ns=T0)
        core.handle(message, T0)
    assert len(letters) == 9 - 9 // RESERVE
    for name in ("kill_switch", "breaker_open", "drawdown"):
        letters += core.handle(changed(TradingState.REDUCING, name), T0)
    assert [letter.news.severity for letter in letters[-3:]] == [Severity.CRITICAL] * 3
    held = core.status()["channels"]["all"]["held"]
    assert sum(held.values()) == len(VenueRejectReason) - 2 - 6
    summaries = []
    for second in range(1, 8):
        summaries += [letter.news for letter in core.tick(T0 + second * SECOND) if letter.news.kind == "held_back"]
    assert [news.count for news in summaries] == [sum(held.values())]
    assert "order_rejected" in summaries[0].text


def test_letters_are_bounded_and_the_critical_stay_longest() -> None:
    core = core_of({**CHANNEL, "burst": 1000})
    core.handle(changed(TradingState.HALTED, "kill_switch"), T0)
    for _ in range(OUTBOX_LIMIT + 10):
        core.test("all", T0)
    waiting = core.undelivered()
    assert len(waiting) == OUTBOX_LIMIT
    assert waiting[0].news.kind == "kill_switch"
    assert core.status()["channels"]["all"]["dropped"] == 11
    core.done(waiting[0].number, "")
    core.done(waiting[1].number, "refused")
    counts = core.status()["channels"]["all"]
    assert (counts["delivered"], counts["failed"], counts["problem"]) == (1, 1, "refused")


def test_what_is_long_past_is_not_told_but_what_lasts_is_after_a_moment() -> None:
    core = core_of(late_ms=60_000)
    now_ns = T0 + 3_600 * SECOND
    assert core.handle(rejected(1, T0), now_ns) == []
    assert core.handle(changed(TradingState.HALTED, "kill_switch", T0), now_ns) == []
    assert core.status()["late"] == 1
    kinds = [kind for kind, _, _ in told(core.tick(now_ns + 2 * SECOND))]
    assert kinds == ["kill_switch"]


def test_open_alerts_are_bounded() -> None:
    core = core_of()
    for number in range(MOST_OPEN + 5):
        message = MarketStatus(symbol=f"S{number}", state=MarketState.STALE, reason="r", event_ns=T0, received_ns=T0)
        core.handle(message, T0)
    assert core.status()["overflow"] == 5


inputs = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(
            [
                changed(TradingState.HALTED, "kill_switch"),
                changed(TradingState.ACTIVE, ""),
                rejected(1),
                health("signal", T0),
                health("signal", T0, HealthState.DEGRADED, "x"),
                health("execution", T0, pid=2),
                AccountSeen(equity=50.0, currency="USDT", in_the_way={"drawdown": "deep"}, asked_ns=T0 + 10**12),
                AccountSeen(equity=100.0, currency="USDT", in_the_way={}, asked_ns=T0 + 10**12),
                None,
            ]
        ),
    ),
    max_size=40,
)


def drive(core: AlertsCore, steps: list[tuple[int, Any]], now_ns: int) -> tuple[list[Letter], int]:
    letters: list[Letter] = []
    for seconds, message in steps:
        now_ns += seconds * SECOND
        letters += core.tick(now_ns) if message is None else core.handle(message, now_ns)
    return letters, now_ns


@settings(max_examples=60, deadline=None)
@given(inputs, st.integers(0, 40))
def test_a_core_restored_in_the_middle_goes_on_alike(steps: list[tuple[int, Any]], cut: int) -> None:
    limited = {**CHANNEL, "burst": 4, "per_minute": 5}
    whole, first = core_of(limited, repeat_ms=30_000), core_of(limited, repeat_ms=30_000)
    _, now_ns = drive(whole, steps[:cut], T0)
    drive(first, steps[:cut], T0)
    second = core_of(limited, repeat_ms=30_000)
    second.restore(first.snapshot())
    assert drive(whole, steps[cut:], now_ns) == drive(second, steps[cut:], now_ns)
    assert whole.snapshot() == second.snapshot()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: type(each).__name__)
def test_no_message_is_too_strange(example: Any) -> None:
    core = core_of()
    core.handle(example, getattr(example, "received_ns", T0) or T0)
    assert isinstance(core.snapshot(), bytes)


def test_what_became_of_services_while_we_were_away_is_not_guessed() -> None:
    core, again = core_of(startup_ms=5_000), core_of(startup_ms=5_000)
    core.handle(health("signal", T0), T0)
    again.restore(core.snapshot())
    again.started(T0 + 100 * SECOND)
    assert told(again.handle(health("signal", T0 + 101 * SECOND, pid=2), T0 + 101 * SECOND)) == []
    assert "service_silent" not in [kind for kind, _, _ in told(again.tick(T0 + 103 * SECOND))]
    assert ("service_silent", "execution", "firing") in told(again.tick(T0 + 106 * SECOND))
