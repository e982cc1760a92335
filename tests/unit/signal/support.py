"""What the tests of the signal service share: bars, quotes, answers of the other services, hosts, a small market."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from common.instruments import Instrument, Instruments
from common.messages import (
    AnyMessage,
    Bar,
    BarSource,
    CancelIntent,
    Fill,
    IntentKind,
    Liquidity,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    Quote,
    RejectReason,
    Side,
)
from services.signal.core.host import AccountView, Function, OrderView, Outcome, PositionView
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.lua import LuaHost, LuaLimits, lua_factory

MINUTE_NS = 60_000_000_000
SYMBOL = "BTCUSDT"
FACTS = Instrument(symbol=SYMBOL, base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
INSTRUMENTS = Instruments((FACTS,))
MARKET = [1_700_000_000.0, 1.0, 2.0, 0.5, 1.5, 10.0, 1.4, 1.6, 1.5]
"""The fields of a MarketView."""
NO_MORE = "function filter_commitment(m, c, i) end function manage_position(m, c, i) end"


def bar(number: int, close: float = 100.0, **changes: Any) -> Bar:
    """Return the closed one-minute bar of a number."""
    start_ns = number * MINUTE_NS
    fields: dict[str, Any] = {
        "event_ns": start_ns + MINUTE_NS,
        "received_ns": start_ns + MINUTE_NS,
        "symbol": SYMBOL,
        "timeframe": "1m",
        "start_ns": start_ns,
        "end_ns": start_ns + MINUTE_NS,
        "open": close,
        "high": close + 1.0,
        "low": close - 1.0,
        "close": close,
        "volume": 10.0,
        "trade_count": 1,
        "source": BarSource.TRADES,
    }
    return Bar(**fields | changes)


def quote(at_ns: int, mid: float = 100.0, number: int = 1) -> Quote:
    """Return a quote with a spread of 0.2."""
    return Quote(
        event_ns=at_ns,
        received_ns=at_ns,
        symbol=SYMBOL,
        bid=mid - 0.1,
        bid_size=1.0,
        ask=mid + 0.1,
        ask_size=1.0,
        update_id=number,
    )


def fill(intent: OrderIntent, quantity: str = "", price: str = "", remaining: str = "0", number: int = 1) -> Fill:
    """Return a fill of an intent, whole unless said otherwise."""
    return Fill(
        id=f"{intent.id}-f{number}",
        order_id=intent.id,
        intent_id=intent.id,
        runner=intent.runner,
        strategy=intent.strategy,
        symbol=intent.symbol,
        kind=intent.kind,
        side=intent.side,
        quantity=Decimal(quantity) if quantity else asked(intent),
        price=Decimal(price) if price else intent.reference_price,
        fee=Decimal("0.1"),
        fee_currency="USDT",
        liquidity=Liquidity.TAKER,
        remaining_quantity=Decimal(remaining),
        venue="paper",
        cause=intent.id,
        event_ns=intent.event_ns,
        received_ns=intent.event_ns,
    )


def stop_fill(runner: str, side: Side, quantity: Decimal, price: str, at_ns: int, number: int = 1) -> Fill:
    """Return the fill of a protective exit that risk made."""
    order = f"{runner}-stop-{number}"
    return Fill(
        id=f"{order}-f1",
        order_id=order,
        intent_id=order,
        runner=runner,
        strategy=runner.partition(":")[0],
        symbol=SYMBOL,
        kind=IntentKind.EXIT,
        side=side,
        quantity=quantity,
        price=Decimal(price),
        fee=Decimal(0),
        fee_currency="USDT",
        liquidity=Liquidity.TAKER,
        remaining_quantity=Decimal(0),
        venue="paper",
        cause=order,
        event_ns=at_ns,
        received_ns=at_ns,
    )


def refused(intent: OrderIntent) -> OrderRefused:
    """Return risk's refusal of an intent."""
    return OrderRefused(
        intent_id=intent.id,
        runner=intent.runner,
        symbol=intent.symbol,
        reason=RejectReason.NOTIONAL,
        limit="1",
        found="2",
        detail="too much",
        cause=intent.id,
        event_ns=intent.event_ns,
        received_ns=intent.event_ns,
    )


def asked(intent: OrderIntent) -> Decimal:
    """Return the quantity that a strategy named."""
    assert intent.quantity is not None, f"{intent.id} leaves its size to risk"
    return intent.quantity


def cancelled(intent: OrderIntent, remaining: str = "") -> OrderCancelled:
    """Return the end of an order that was not filled, or not to its end."""
    return OrderCancelled(
        order_id=intent.id,
        intent_id=intent.id,
        runner=intent.runner,
        symbol=intent.symbol,
        venue="paper",
        remaining_quantity=Decimal(remaining) if remaining else asked(intent),
        cause=intent.id,
        event_ns=intent.event_ns,
        received_ns=intent.event_ns,
    )


def intents(messages: Sequence[AnyMessage]) -> list[OrderIntent]:
    """Return the order intents among messages."""
    return [message for message in messages if isinstance(message, OrderIntent)]


def cancels(messages: Sequence[AnyMessage]) -> list[CancelIntent]:
    """Return the cancel intents among messages."""
    return [message for message in messages if isinstance(message, CancelIntent)]


class ScriptedHost:
    """A strategy in Python: each function answers what the test put there for it, nil by default."""

    def __init__(self) -> None:
        self.answers: dict[Function, Any] = {}
        self.asked: list[Function] = []
        self.position: PositionView | None = None
        self.order: OrderView | None = None
        self.other: OrderView | None = None
        self.account: AccountView | None = None

    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        """Answer as told; a callable is called with the arguments."""
        self.asked.append(function)
        answer = self.answers.get(function)
        if callable(answer):
            answer = answer(arguments)
        return answer if answer is None or isinstance(answer, Outcome) else Outcome(answer=answer)

    def set_position(self, position: PositionView | None) -> None:
        """Remember the position."""
        self.position = position

    def set_order(self, order: OrderView | None, other: OrderView | None = None) -> None:
        """Remember the order."""
        self.order, self.other = order, other

    def set_account(self, account: AccountView) -> None:
        """Remember the account."""
        self.account = account

    def save(self) -> bytes:
        """Return nothing: the script is the test's."""
        return b""

    def restore(self, saved: bytes) -> None:
        """Take nothing over."""
        assert saved == b""


def strategy(name: str = "demo", **changes: Any) -> StrategySpec:
    """Return the spec of a strategy without a file."""
    return StrategySpec(name=name, script="strategies/demo.lua", source=b"", **changes)


def runner_spec(spec: StrategySpec, symbol: str = SYMBOL, timeframe: str = "1m") -> RunnerSpec:
    """Return the spec of a strategy's runner."""
    return RunnerSpec(strategy=spec, symbol=symbol, timeframe=timeframe, currency="USDT")


def scripted_core(limits: SignalLimits | None = None, **changes: Any) -> tuple[SignalCore, ScriptedHost]:
    """Return a core with one runner, `demo:BTCUSDT`, and its host."""
    host = ScriptedHost()
    core = SignalCore([runner_spec(strategy(**changes))], lambda _spec: host, INSTRUMENTS, limits)
    return core, host


def lua_host(source: str, limits: LuaLimits = LuaLimits(memory_mib=16), **changes: Any) -> LuaHost:  # noqa: B008 - a frozen value
    """Return a host of Lua source, configured; missing functions are filled in."""
    text = (source if "filter_commitment" in source else f"{source}\n{NO_MORE}").encode()
    spec = StrategySpec(name="demo", script="strategies/demo.lua", source=text, **changes)
    host = LuaHost(text, spec.script, limits)
    host.configure(runner_spec(spec))
    return host


def detecting(body: str, before: str = "") -> str:
    """Return source whose detect_opportunity has this body, on the second line of the file."""
    top = before.replace("\n", " ")
    return f"{top}\nfunction detect_opportunity(market_data, context, indicators) {body}\nend"


def ask(host: LuaHost, function: Function = Function.DETECT, values: Sequence[float | None] = ()) -> Outcome:
    """Call a function; nil is an empty outcome."""
    return host.evaluate(function, [*MARKET, *values]) or Outcome()


def answer_of(body: str, before: str = "") -> dict[str, Any]:
    """Return what detect_opportunity answers; fails on an error."""
    outcome = ask(lua_host(detecting(body, before)))
    assert outcome.error is None, outcome.error
    assert outcome.answer is not None
    return outcome.answer


def lua_core(*specs: RunnerSpec, limits: SignalLimits | None = None) -> SignalCore:
    """Return a core of Lua strategies."""
    return SignalCore(specs, lua_factory(LuaLimits()), INSTRUMENTS, limits)


def trade(core: SignalCore, bars: Sequence[Bar], each: Callable[[int], None] | None = None) -> list[AnyMessage]:
    """Feed bars; fill every intent at once at its reference price. Return all that the core said."""
    said: list[AnyMessage] = []
    for number, each_bar in enumerate(bars):
        if each is not None:
            each(number)
        queue = list(core.handle(each_bar, each_bar.end_ns))
        while queue:
            message = queue.pop(0)
            said.append(message)
            if isinstance(message, OrderIntent):
                queue += core.handle(fill(message), each_bar.end_ns)
    return said
