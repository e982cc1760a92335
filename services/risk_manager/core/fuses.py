"""What opens the circuit breaker beside the loss: a losing streak, orders or rejections too fast, jumps, silence.

Each is off while its figure in the configuration is 0, and then costs nothing.
"""

from decimal import Decimal

from common.messages import Quote
from common.money import HUNDRED, ZERO, decimal_of, figure
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.positions import Position

MILLISECOND_NS = 1_000_000
SHOWN_PLACES = Decimal("0.0001")


def count_trade(desk: Desk, position: Position, before: Decimal, realised: Decimal) -> None:
    """Count a fill that closed a position, by what it brought since it was opened. before: held, realised: by the fill."""
    after = position.quantity
    is_turned = bool(before) and (not after or (after > ZERO) is not (before > ZERO))
    if is_turned:
        _count_result(desk, position.realised - position.opened_realised)
    if after and (is_turned or not before):
        position.opened_realised = position.realised if is_turned else position.realised - realised


def _count_result(desk: Desk, result: Decimal) -> None:
    fuses, limit = desk.state.fuses, desk.limits.fuses.losing_streak
    fuses.losing_streak = fuses.losing_streak + 1 if result < ZERO else 0
    if fuses.losing_streak >= limit:
        desk.state.breaker.trip(f"{fuses.losing_streak} positions in a row closed at a loss, the threshold is {limit}")


def count_order(desk: Desk, now_ns: int) -> None:
    """Open the breaker if orders are approved too fast."""
    count, window_ns = desk.limits.fuses.order_count, desk.limits.fuses.order_window_ns
    if desk.state.approvals.is_full(now_ns, window_ns, count):
        desk.state.breaker.trip(f"{count} orders within {window_ns // MILLISECOND_NS} ms, the threshold is {count}")


def count_reject(desk: Desk, now_ns: int) -> None:
    """Open the breaker if the venue rejects too much."""
    count, window_ns = desk.limits.fuses.reject_count, desk.limits.fuses.reject_window_ns
    rejects = desk.state.fuses.rejects
    rejects.note(now_ns, count)
    if rejects.is_full(now_ns, window_ns, count):
        desk.state.breaker.trip(f"{count} rejections within {window_ns // MILLISECOND_NS} ms, the threshold is {count}")


def see_jump(desk: Desk, before: Quote | None, quote: Quote) -> None:
    """Open the breaker if a mark moved too far from one quote to the next."""
    if before is None:
        return
    share = desk.limits.fuses.jump_share
    old, new = before.bid + before.ask, quote.bid + quote.ask
    if abs(new - old) >= share * old:
        percent = figure(decimal_of(abs(new - old) / old * 100.0).quantize(SHOWN_PLACES))
        limit = figure((decimal_of(share) * HUNDRED).quantize(SHOWN_PLACES))
        desk.state.breaker.trip(
            f"{quote.symbol} moved {percent} % from one quote to the next, the threshold is {limit} %"
        )


def silence_deadline_ns(desk: Desk) -> int | None:
    """Return when the first symbol with an open position will have been silent too long; None where that is no fuse."""
    stale_ns = desk.limits.fuses.stale_ns
    if not stale_ns or desk.state.breaker.reason:
        return None
    heard = [
        market.quote_ns
        for market in desk.state.markets.values()
        if market.open_positions and market.quote_ns is not None
    ]
    return min(heard) + stale_ns if heard else None


def see_silence(desk: Desk, now_ns: int) -> None:
    """Open the breaker if a symbol with an open position has been silent too long."""
    stale_ns = desk.limits.fuses.stale_ns
    for market in desk.state.markets.values():
        if market.open_positions and market.quote_ns is not None and now_ns - market.quote_ns >= stale_ns:
            silent_ms, limit_ms = (now_ns - market.quote_ns) // MILLISECOND_NS, stale_ns // MILLISECOND_NS
            desk.state.breaker.trip(f"no quote of {market.symbol} for {silent_ms} ms, the threshold is {limit_ms} ms")
            return
