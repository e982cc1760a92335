"""The account: what stands in the way of entries, and how much was lost."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from common.messages import RejectReason, TradingState, TradingStateChanged
from services.alerts.core.alert import ACCOUNT, AccountSeen, Alert, Severity, Sign
from services.alerts.core.memory import Watched

DAY_NS: Final = 86_400_000_000_000


def _in_the_way(reason: str, watched: Watched, seen: TradingStateChanged | AccountSeen, now_ns: int) -> Iterator[Sign]:
    """Follow one reason: a change tells the gravest at once, risk's status tells all of them."""
    memory = watched.memory
    if isinstance(seen, AccountSeen):
        detail = seen.in_the_way.get(reason)
        if seen.asked_ns > memory.changed_ns:
            yield Sign(ACCOUNT, detail or "", is_over=detail is None)
        return
    memory.changed_ns = now_ns
    is_armed = reason == RejectReason.KILL_SWITCH and seen.before is TradingState.HALTED
    if seen.after is TradingState.ACTIVE or (is_armed and seen.reason != reason):
        yield Sign(ACCOUNT, cause=seen.cause, is_over=True)
    elif seen.reason == reason:
        yield Sign(ACCOUNT, f"trading is {seen.after.value.upper()}: {seen.detail}", seen.cause)


def _fall(watched: Watched, seen: AccountSeen, _now_ns: int) -> Iterator[Sign]:
    memory, share = watched.memory, watched.thresholds.drawdown
    memory.peak = max(memory.peak, seen.equity)
    if not share or memory.peak <= 0:
        return
    fall = 1 - seen.equity / memory.peak
    text = f"the equity {seen.equity:.2f} {seen.currency} is {fall:.2%} below its peak {memory.peak:.2f}"
    yield Sign(ACCOUNT, f"{text}; alert from {share:.2%}", is_over=fall < share)


def _loss_of_the_day(watched: Watched, seen: AccountSeen, now_ns: int) -> Iterator[Sign]:
    memory, share = watched.memory, watched.thresholds.daily_loss
    if now_ns // DAY_NS != memory.day:
        memory.day, memory.day_start = now_ns // DAY_NS, seen.equity
    if not share or memory.day_start <= 0:
        return
    lost = memory.day_start - seen.equity
    text = f"{lost:.2f} {seen.currency} lost since midnight UTC, {lost / memory.day_start:.2%} of the equity then"
    yield Sign(ACCOUNT, f"{text}; alert from {share:.2%}", is_over=lost < share * memory.day_start)


_S, _R = Severity, RejectReason

_REASONS: Final = (
    (_R.KILL_SWITCH, _S.CRITICAL, "An operator's kill switch: trading is HALTED.", "`orrery arm` when it is clear why."),
    (
        _R.BREAKER_OPEN,
        _S.CRITICAL,
        "The circuit breaker refuses entries.",
        "Find out why, then `orrery arm --reset-breaker`.",
    ),
    (_R.DRAWDOWN, _S.CRITICAL, "Risk's limit of the drawdown is reached.", "`orrery arm` counts from there."),
    (_R.DAILY_LOSS, _S.CRITICAL, "Risk's limit of the day's loss is reached.", "It ends at midnight UTC, or by `orrery arm`."),
    (_R.REDUCING, _S.WARNING, "An operator lets nothing but reductions through.", "`orrery arm` lets entries through."),
    (
        _R.NOT_READY,
        _S.WARNING,
        "Positions are not known to be right; entries are refused.",
        "`orrery reconcile` compares with the venue.",
    ),
)  # fmt: skip

ALERTS: Final = (
    *(
        Alert(reason.value, severity, meaning, advice, (TradingStateChanged, AccountSeen), partial(_in_the_way, reason))
        for reason, severity, meaning, advice in _REASONS
    ),
    Alert(
        "deep_fall",
        _S.WARNING,
        "The equity stands `alerts.drawdown_percent` or more below its highest since this service first ran.",
        "`orrery portfolio` shows which strategy lost it.",
        (AccountSeen,),
        _fall,
    ),
    Alert(
        "large_loss",
        _S.WARNING,
        "`alerts.daily_loss_percent` or more of the equity was lost since midnight UTC.",
        "`orrery portfolio --from` today shows which strategy lost it.",
        (AccountSeen,),
        _loss_of_the_day,
    ),
)
