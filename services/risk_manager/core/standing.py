"""What is used of each limit that is in force, for people; nothing is decided here."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from common.messages import RejectReason
from common.money import HUNDRED, ZERO, figure, ratio, use_money_context
from services.risk_manager.core.desk import Desk

PERCENT_PLACES = Decimal("0.01")


class Use(msgspec.Struct, frozen=True):
    """One limit. reason: the rule that refuses by it. of: what it is about, such as a symbol. used_percent: of the limit."""

    reason: str
    of: str
    limit: str
    used: str
    free: str
    unit: str
    used_percent: str


def standing(desk: Desk, now_ns: int) -> list[Use]:
    """Return every limit in force with its use, as the rules reckon: all that is on its way counts."""
    use_money_context()
    return [*_account(desk, now_ns), *_symbols(desk), *_strategies(desk), *_groups(desk), *_losses(desk)]


def _use(reason: RejectReason, of: str, limit: Decimal, used: Decimal, unit: str) -> Use:
    percent = ratio(used * HUNDRED, limit).quantize(PERCENT_PLACES) if limit else ZERO
    return Use(reason.value, of, figure(limit), figure(used), figure(limit - used), unit, figure(percent))


def _account(desk: Desk, now_ns: int) -> Iterator[Use]:
    limits, state, valuation = desk.limits, desk.state, desk.valuation
    currency, exposure, equity = limits.account_currency, valuation.exposure(), valuation.equity()
    yield _use(
        RejectReason.OPEN_POSITIONS,
        "account",
        Decimal(limits.max_open_positions),
        Decimal(state.open_positions),
        "runners",
    )
    yield _use(RejectReason.NOTIONAL, "account", limits.max_notional_exposure, exposure, currency)
    if limits.max_leverage:
        used = ratio(exposure, equity) if equity > ZERO else ZERO
        yield _use(RejectReason.LEVERAGE, "account", limits.max_leverage, used, "x equity")
    if limits.max_orders:
        count = state.approvals.within(now_ns, limits.order_window_ns)
        yield _use(RejectReason.ORDER_RATE, "account", Decimal(limits.max_orders), Decimal(count), "orders")


def _symbols(desk: Desk) -> Iterator[Use]:
    limits, valuation = desk.limits, desk.valuation
    share = limits.max_account_risk * valuation.equity()
    for symbol, market in desk.state.markets.items():
        own = limits.symbols.get(symbol)
        if not market.open_positions and own is None:
            continue
        instrument, reach = desk.instruments[symbol], desk.reaches[symbol].largest
        worth = reach * valuation.mark(market) * valuation.rate(instrument.quote)
        yield _use(RejectReason.POSITION_SIZE, symbol, limits.max_position_size, reach, instrument.base)
        yield _use(RejectReason.POSITION_SIZE, symbol, share, worth, limits.account_currency)
        if own is not None and own.max_position_size:
            yield _use(RejectReason.SYMBOL_LIMIT, symbol, own.max_position_size, reach, instrument.base)
        if own is not None and own.max_notional:
            yield _use(RejectReason.SYMBOL_LIMIT, symbol, own.max_notional, worth, limits.account_currency)


def _strategies(desk: Desk) -> Iterator[Use]:
    for name, limit in desk.limits.strategies.items():
        worth, count = desk.usage.now_of_strategy(name)
        if limit.max_notional:
            yield _use(RejectReason.STRATEGY_LIMIT, name, limit.max_notional, worth, desk.limits.account_currency)
        if limit.max_open_positions:
            yield _use(RejectReason.STRATEGY_LIMIT, name, Decimal(limit.max_open_positions), Decimal(count), "runners")


def _groups(desk: Desk) -> Iterator[Use]:
    for group in desk.limits.groups:
        worth = desk.usage.now_of_symbols(group.symbols)
        yield _use(RejectReason.CORRELATION_GROUP, group.name, group.max_notional, worth, desk.limits.account_currency)


def _losses(desk: Desk) -> Iterator[Use]:
    limits, lines, currency = desk.limits, desk.state.account_lines, desk.limits.account_currency
    pnl = desk.losses.pnl()
    if limits.breaker_enabled:
        yield _use(RejectReason.BREAKER_OPEN, "loss", limits.max_loss, desk.state.breaker.baseline - pnl, currency)
    if limits.fuses.losing_streak:
        streak, limit = Decimal(desk.state.fuses.losing_streak), Decimal(limits.fuses.losing_streak)
        yield _use(RejectReason.BREAKER_OPEN, "losing streak", limit, streak, "positions")
    if limits.max_daily_loss:
        yield _use(RejectReason.DAILY_LOSS, "today", limits.max_daily_loss, lines.day_start - pnl, currency)
    peak = lines.peak + limits.initial_cash
    if limits.drawdown_share and peak > ZERO:
        fall = max(lines.peak - pnl, ZERO)
        used = ratio(fall * HUNDRED, peak).quantize(PERCENT_PLACES)
        yield _use(RejectReason.DRAWDOWN, "from the peak", limits.drawdown_share * HUNDRED, used, "%")
