"""One strategy on one symbol: asks its functions at each update, drives its state machine, turns answers into intents.

How it works: an update is a closed bar (or a quote, where the strategy wants that). Idle asks detect_opportunity; an
answer leads to Analyzing and asks filter_commitment on the same update; Analyzing asks it again on each update until
it decides or the timeout is reached; InPosition asks manage_position. While an intent is on its way nothing is asked.
Positions are made and ended by fills alone.
"""

from collections.abc import Sequence
from typing import assert_never

from common.instruments import Instrument
from common.messages import AnyMessage, Bar, Fill, PositionChanged, Quote, RunnerState, RunnerTransitioned
from services.signal.core.answers import (
    BreakEven,
    CancelAnalysis,
    ChangeOrder,
    Decision,
    Enter,
    Exit,
    Hold,
    MoveLevels,
    Pair,
    TakeBack,
    TrailStop,
    decide,
)
from services.signal.core.asker import MARKET_FIELDS, Asker
from services.signal.core.desk import Desk, order_views
from services.signal.core.host import Function, StrategyHost
from services.signal.core.orders import Levels, Origin, is_asked_about, stop_of, trailed_stop
from services.signal.core.pairing import ask_pair
from services.signal.core.position import Position
from services.signal.core.reading import AnswerError
from services.signal.core.readings import Shared
from services.signal.core.series import Series
from services.signal.core.spec import RunnerSpec, Update
from services.signal.core.state_machine import Event, StateMachine

_NOTHING: tuple[AnyMessage, ...] = ()
_NS_PER_SECOND = 1e9


class Runner:
    """A runner. `trusted` on each call says whether the symbol's market data can be trusted for entries.

    held: a bar whose update waits for bars of other series, until `held_until_ns` at the latest.
    """

    __slots__ = (
        "asker", "desk", "facts", "held", "held_until_ns", "id", "last_tick_ns", "machine", "on_ticks", "shared", "spec",
    )  # fmt: skip

    def __init__(
        self, spec: RunnerSpec, host: StrategyHost, series: Series, facts: Instrument, max_errors: int, shared: Shared
    ) -> None:
        self.spec = spec
        self.id = spec.id
        self.facts = facts
        self.asker = Asker(spec, host, series, max_errors, shared)
        self.shared = shared
        self.held: Bar | None = None
        self.held_until_ns = 0
        self.machine = StateMachine(spec.strategy.analyzing_timeout)
        self.desk = Desk(Position())
        self.on_ticks = any(update is Update.TICK for update in spec.strategy.evaluate_on.values())
        self.last_tick_ns = 0

    def on_bar(self, bar: Bar, cause: str, quote: Quote | None, now_ns: int, *, trusted: bool) -> Sequence[AnyMessage]:
        """Take a closed bar, whose id is `cause`; return what follows."""
        before = release(self, quote, now_ns, trusted=trusted) if self.held is not None else _NOTHING
        bank, readings = self.asker.bank, self.asker.readings
        if bank.of_sizes and quote is not None:
            for see in bank.of_sizes:
                see(quote.bid_size, quote.ask_size)
        bank.update(bar)
        if readings.all:
            if _is_asked_by_bars(self) and readings.lacks(bar.end_ns):
                hold(self, bar, now_ns + self.shared.wait_ns)
                return before
            readings.show(bar.end_ns, bank)
        out = self.hear(market_of(bar, quote), bar.close, cause, now_ns, trusted=trusted)
        return [*before, *out] if before else out

    def hear(
        self, market: tuple[float | None, ...], close: float, cause: str, now_ns: int, *, trusted: bool
    ) -> Sequence[AnyMessage]:
        """Take a closed bar that the indicators have seen, as the fields of `MarketView`; return what follows."""
        if not _is_asked_by_bars(self):
            return _NOTHING
        self.asker.arguments[:MARKET_FIELDS] = market
        return self._update(self._origin(cause, now_ns), close, trusted=trusted)

    def on_quote(self, quote: Quote, cause: str, now_ns: int, *, trusted: bool) -> Sequence[AnyMessage]:
        """Take a quote, whose id is `cause`; return what follows. Only for strategies that want quotes in some state."""
        asker, strategy = self.asker, self.spec.strategy
        bar = asker.series.latest
        if asker.paused or self.held is not None or bar is None or asker.series.count < strategy.warmup:
            return _NOTHING
        if strategy.updates_on(self.machine.state) is not Update.TICK:
            return _NOTHING
        if now_ns - self.last_tick_ns < strategy.tick_interval_ns:
            return _NOTHING
        self.last_tick_ns = now_ns
        if asker.readings.all:
            asker.readings.show(quote.event_ns, asker.bank)
        price, at = quote.mid, quote.event_ns / _NS_PER_SECOND
        market = (at, bar.open, bar.high, bar.low, bar.close, bar.volume, quote.bid, quote.ask, price)
        asker.arguments[:MARKET_FIELDS] = market
        return self._update(self._origin(cause, now_ns), price, trusted=trusted)

    def _update(self, origin: Origin, price: float, *, trusted: bool) -> Sequence[AnyMessage]:
        desk, state, asker = self.desk, self.machine.state, self.asker
        out: list[AnyMessage] = []
        if desk.pending is not None or desk.working is not None:
            out += desk.age(origin, self.machine.timeout_updates)
            if desk.pending is not None and not is_asked_about(desk.pending, state):
                return out
            asker.show_order(*order_views(desk))
        elif asker.told_order is not None:
            asker.show_order(None)
        errors, evaluations = asker.errors, asker.evaluations
        if state is RunnerState.IN_POSITION:
            self._consult(Function.MANAGE, origin, price, out)
        elif state is RunnerState.ANALYZING:
            self._analyze(origin, price, out, trusted=trusted)
        elif trusted:
            self._detect(origin, price, out)
        if asker.errors == errors and asker.evaluations > evaluations:
            asker.errors_in_row = 0
        return out

    def _detect(self, origin: Origin, price: float, out: list[AnyMessage]) -> None:
        answer = self.asker.ask(Function.DETECT, origin, out)
        if answer is None:
            return
        self.machine.remember(answer)
        signal = answer.get("signal")
        self._fire(Event.OPPORTUNITY, origin, out, signal if isinstance(signal, str) else "")
        self._consult(Function.FILTER, origin, price, out)

    def _analyze(self, origin: Origin, price: float, out: list[AnyMessage], *, trusted: bool) -> None:
        is_last = self.machine.count_update()
        if trusted:
            self._consult(Function.FILTER, origin, price, out)
        if is_last and self.machine.state is RunnerState.ANALYZING and self.desk.pending is None:
            self._fire(Event.ANALYSIS_TIMED_OUT, origin, out)

    def _consult(self, function: Function, origin: Origin, price: float, out: list[AnyMessage]) -> None:
        answer = self.asker.ask(function, origin, out)
        if answer is None:
            return
        try:
            self._carry_out(decide(function, answer), origin, price, out)
        except AnswerError as error:
            self.asker.blame(function, str(error), origin, out)

    def _carry_out(  # noqa: C901 - a table in the form of a match, one row a decision
        self, decision: Decision, origin: Origin, price: float, out: list[AnyMessage]
    ) -> None:
        desk, strategy, position = self.desk, self.spec.strategy, self.desk.position
        match decision:  # what asks for orders first: a class is tried after the other
            case Enter():
                levels = Levels(strategy.stop_loss, strategy.take_profit)
                out.append(desk.enter(origin, decision, price, levels, self.facts))
            case Exit():
                out += desk.leave(origin, decision, price, self.facts)
            case Hold():
                pass
            case ChangeOrder() | TakeBack():
                out += desk.see_to_order(origin, decision, self.facts)
            case CancelAnalysis() if desk.pending is not None:
                out += desk.take_back(origin, decision.reason)
            case CancelAnalysis():
                self._fire(Event.ANALYSIS_CANCELLED, origin, out, decision.reason)
            case Pair():
                levels = Levels(strategy.stop_loss, strategy.take_profit)
                out += ask_pair(desk, origin, decision, price, levels, self.facts)
            case BreakEven():
                self._move(origin, float(position.entry_price), None, out)
            case TrailStop():
                self._move(origin, trailed_stop(position, price, decision), None, out)
            case MoveLevels():
                self._move(origin, decision.stop, decision.target, out, allow_widen=decision.allow_widen)
            case _:
                assert_never(decision)

    def _move(
        self,
        origin: Origin,
        stop: float | None,
        target: float | None,
        out: list[AnyMessage],
        *,
        allow_widen: bool = False,
    ) -> None:
        new_stop = None if stop is None else stop_of(self.facts, stop, "price")
        new_target = None if target is None else stop_of(self.facts, target, "price")
        moved = self.desk.move(origin, new_stop, new_target, allow_widen=allow_widen)
        if moved:
            self.asker.show_position(self.desk.position.view())
            out += moved

    def on_fill(self, fill: Fill, now_ns: int) -> Sequence[AnyMessage]:
        """Take a fill; return what follows."""
        origin = self._origin(fill.id, now_ns)
        out = self.desk.fill(fill, origin)
        position, is_known = self.desk.position, self.machine.state is RunnerState.IN_POSITION
        if bool(position.quantity) is not is_known:
            self._fire(Event.POSITION_CLOSED if is_known else Event.POSITION_OPENED, origin, out)
        self.asker.show_position(position.view())
        return out

    def on_order_ended(self, intent_id: str, reason: str, now_ns: int) -> Sequence[AnyMessage]:
        """Learn that an order was refused, rejected or cancelled; return what follows."""
        out: list[AnyMessage] = []
        desk, pending = self.desk, self.desk.pending
        then_exit = pending.then_exit if pending is not None and pending.intent_id == intent_id else None
        if desk.end(intent_id) and self.machine.state is RunnerState.ANALYZING:
            self._fire(Event.ENTRY_ENDED, self._origin(intent_id, now_ns), out, reason)
        latest = self.asker.series.latest
        if then_exit is not None and desk.position.is_open and latest is not None:
            out += desk.leave(self._origin(intent_id, now_ns), Exit(None, None, then_exit), latest.close, self.facts)
        return out

    def on_position_changed(self, changed: PositionChanged) -> None:
        """Learn the levels that risk watches."""
        if self.desk.learn_levels(changed.quantity, changed.stop_price, changed.target_price):
            self.asker.show_position(self.desk.position.view())

    def _fire(self, event: Event, origin: Origin, out: list[AnyMessage], reason: str = "") -> None:
        transition = self.machine.fire(event, origin.now_ns)
        if transition is None:
            return
        out.append(
            RunnerTransitioned(
                runner=origin.runner,
                strategy=origin.strategy,
                symbol=origin.symbol,
                before=transition.before,
                after=transition.after,
                reason=reason or event._value_,
                cause=origin.cause,
                event_ns=origin.now_ns,
                received_ns=origin.now_ns,
            )
        )

    def _origin(self, cause: str, now_ns: int) -> Origin:
        return Origin(self.id, self.spec.strategy.name, self.spec.symbol, cause, now_ns)


def hold(runner: Runner, bar: Bar, until_ns: int) -> None:
    """Let the update of a bar, which the indicators have seen, wait for bars of other series."""
    runner.held, runner.held_until_ns = bar, until_ns
    runner.shared.held.add(runner.id)


def release(runner: Runner, quote: Quote | None, now_ns: int, *, trusted: bool) -> Sequence[AnyMessage]:
    """Carry out the update that is held, with the bars of other series that are there; return what follows."""
    bar, asker = runner.held, runner.asker
    assert bar is not None, f"{runner.id}: expected an update that is held"
    runner.held, runner.held_until_ns = None, 0
    runner.shared.held.discard(runner.id)
    asker.readings.show(bar.end_ns, asker.bank)
    return runner.hear(market_of(bar, quote), bar.close, bar.id, now_ns, trusted=trusted)


def _is_asked_by_bars(runner: Runner) -> bool:
    asker, strategy = runner.asker, runner.spec.strategy
    if asker.paused or asker.series.count < strategy.warmup:
        return False
    return not runner.on_ticks or strategy.updates_on(runner.machine.state) is Update.BAR


def market_of(bar: Bar, quote: Quote | None) -> tuple[float | None, ...]:
    """Return a closed bar, with the latest quote, as the fields of `MarketView`."""
    bid, ask = (None, None) if quote is None else (quote.bid, quote.ask)
    close, ended = bar.close, bar.end_ns / _NS_PER_SECOND
    return (ended, bar.open, bar.high, bar.low, close, bar.volume, bid, ask, close)
