"""Any number of workers says what one core says, and stands where it stands, whatever happens and wherever it is cut."""

from decimal import Decimal
from random import Random
from typing import Any

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from common.messages import (
    AccountChanged,
    AnyMessage,
    CancelIntent,
    ExternalSignal,
    Greeks,
    InputGap,
    MarketState,
    MarketStatus,
    OperatorCommand,
    OrderIntent,
    PositionChanged,
)
from services.signal.core.changes import (
    ADD,
    FLATTEN,
    KEEP,
    PAUSE,
    RELOAD,
    REMOVE,
    RESUME,
    STOP,
    THROTTLE,
    described,
)
from services.signal.core.describe import counts_of
from services.signal.core.questions import Asked, OwnRunners, Question
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.loading import load_source
from services.signal.workers.sharded import ShardedCore
from services.signal.workers.sharing import share_of
from tests.unit.signal.support import MINUTE_NS, SYMBOL, bar, cancelled, fill, quote, refused, runner_spec
from tests.unit.signal.workers.local import plain_core, sharded_core

BODY = """
function detect_opportunity(market_data, context, indicators)
  context.seen = (context.seen or 0) + (market_data.bid or 0)
  context.cash = context.account and context.account.cash
  context.news = market_data.signals and market_data.signals.mood
  context.delta = market_data.delta
  if math.random() < 0.4 then return { signal = "NAME", average = indicators.sma(3) } end
end
function filter_commitment(market_data, context, indicators)
  if math.random() < 0.2 then error("now and then") end
  return { action = "enter_long", quantity = 1, price = market_data.price, stop_loss = 0.05,
    order_type = math.random() < 0.5 and "limit" or "market" }
end
function manage_position(market_data, context, indicators)
  context.held = (context.held or 0) + 1
  if math.random() < 0.3 then return { action = "exit", reason = "NAME" } end
  if math.random() < 0.2 then return { action = "trailing_stop", fraction = 0.01 } end
end
"""
TICKING = 'strategy = { evaluate_on = "tick", analyzing_timeout = 3 }'
LISTENING = "strategy = { greeks = true }"


READING = 'local function other(indicators) return indicators.sma(2, "5m"), indicators.sma(2, "", "ETHUSDT") end'
ASKS = "  context.others = { other(indicators) }"
FAR = 'local function other(indicators) return indicators.sma(2, "5m", "BTCUSDT"), indicators.sma(2, "", "BTCUSDT") end'
LATE = "  if market_data.symbol == 'ETHUSDT' and context.seen > 150 then context.others = { other(indicators) } end"


def spec(name: str, top: str = "", timeframe: str = "1m", symbol: str = SYMBOL, asks: str = "") -> RunnerSpec:
    body = BODY.replace("NAME", name).replace("  context.cash", f"{asks}\n  context.cash") if asks else BODY
    source = (f"{top}\n{body.replace('NAME', name)}").encode()
    return runner_spec(load_source(source, f"strategies/{name}.lua", name=name), timeframe=timeframe, symbol=symbol)


FIRST = (
    spec("a"),
    spec("b", TICKING),
    spec("c", READING, asks=ASKS),
    spec("d", timeframe="5m"),
    spec("e", LISTENING),
    spec("k", FAR, symbol="ETHUSDT", asks=LATE),
    spec("l", f"{TICKING} {READING}", asks=ASKS),
    spec("m", symbol="ETHUSDT"),
)
LATER = (
    spec("f"),
    spec("g", TICKING),
    spec("h", LISTENING),
    spec("i", timeframe="5m"),
    spec("a"),
    spec("n", READING, asks=ASKS),
    spec("o", FAR, symbol="ETHUSDT", asks=LATE),
)
QUIET = b"""
function detect_opportunity(market_data, context, indicators)
  context.n = (context.n or 0) + 1
  if market_data.symbol == "ETHUSDT" and context.n > 30 then context.far = indicators.sma(2, "5m", "BTCUSDT") end
end
function filter_commitment() end
function manage_position() end
"""
LATE_ONES = ("k:ETHUSDT", "o:ETHUSDT")
CHANGED = tuple(spec(each.strategy.name, "-- changed\n") for each in (*FIRST, *LATER))
IDS = sorted({each.id for each in (*FIRST, *LATER)})
type Core = SignalCore | ShardedCore


def command(name: str, number: int, **arguments: str) -> OperatorCommand:
    return OperatorCommand(
        id=f"command-{number}", service="signal", name=name, arguments=arguments, event_ns=1, received_ns=1
    )


def commands(number: int, pick: int) -> list[AnyMessage]:
    runner, changed = IDS[pick % len(IDS)], CHANGED[pick % len(CHANGED)]
    made: list[tuple[str, dict[str, str]]] = [
        (ADD, described(LATER[pick % len(LATER)])),
        (RELOAD, {"runner": changed.id, **described(changed)}),
        (REMOVE, {"runner": runner, "how": (KEEP, FLATTEN, "when_flat")[number % 3]}),
        (PAUSE, {"runner": runner}),
        (RESUME, {"runner": runner}),
        (STOP, {"runner": runner, "error": "it hung"}),
        (THROTTLE, {"runner": runner, "interval_ms": str(pick)}),
        (ADD, {"spec": "[]", "source": ""}),
    ]
    name, arguments = made[(pick + number) % len(made)]
    return [command(name, number, **arguments)]


def shared(number: int, pick: int) -> list[AnyMessage]:
    at: dict[str, Any] = {"event_ns": number, "received_ns": number}
    made: list[AnyMessage] = [
        MarketStatus(symbol=SYMBOL, state=list(MarketState)[pick % len(MarketState)], reason="", **at),
        AccountChanged(
            currency="USDT", cash=Decimal(pick), realised_pnl=Decimal(1), fees=Decimal(2), open_positions=1, cause="", **at
        ),
        Greeks(symbol=SYMBOL, delta=pick / 7, **at),
        ExternalSignal(name="mood", symbol=("", SYMBOL)[pick % 2], value=float(pick), text="", **at),
        InputGap(topic="quotes", missing=pick, **at),
        PositionChanged(
            runner=IDS[pick % len(IDS)], strategy="x", symbol=SYMBOL, currency="USDT", quantity=Decimal(pick % 2),
            average_price=Decimal(100), realised_pnl=Decimal(0), fees=Decimal(0), cause="", stop_price=Decimal(90), **at,
        ),
    ]  # fmt: skip
    return [made[pick % len(made)]]


def inputs(what: str, number: int, pick: int) -> list[AnyMessage]:
    """Return what happens in a step."""
    close = 100.0 + (number * 7 + pick) % 11
    if what == "bar":
        return [quote(number, close, number), bar(number, close=close)]
    if what == "slow":
        ends_ns = {"start_ns": (number // 5) * 5 * MINUTE_NS, "end_ns": (number // 5 + 1) * 5 * MINUTE_NS}
        return [bar(number, close=close, timeframe="5m", partial=pick % 5 == 0, **ends_ns)]
    if what == "other":
        each = msgspec.structs.replace(quote(number, close, number), symbol="ETHUSDT")
        return [each, bar(number - pick % 2, close=close, symbol="ETHUSDT", partial=pick % 7 == 0)]
    if what == "old":
        return [bar(max(0, number - pick), close=close)]
    if what == "quote":
        return [quote(number, close, number)]
    return commands(number, pick) if what == "command" else shared(number, pick)


def answers(message: AnyMessage, pick: int) -> list[AnyMessage]:
    """Return what other services say to what the core said."""
    if isinstance(message, CancelIntent) or not isinstance(message, OrderIntent):
        return []
    return [
        (fill(message), fill(message, quantity="0.5", remaining="0.5"), refused(message), cancelled(message))[pick % 4]
    ]


def step(core: Core, what: str, number: int, pick: int) -> list[AnyMessage]:
    """Return all that a core says in a step."""
    now_ns, said = (number + 1) * 60_000_000_000, list[AnyMessage]()
    queue = inputs(what, number, pick)
    while queue:
        out = core.handle(queue.pop(0), now_ns)
        said += out
        for message in out:
            queue += answers(message, pick + len(said))
    return said


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "bar",
                "bar",
                "bar",
                "slow",
                "slow",
                "other",
                "other",
                "old",
                "quote",
                "quote",
                "command",
                "command",
                "shared",
                "shared",
            ]
        ),
        st.integers(0, 30),
    ),
    min_size=5,
    max_size=60,
)


def views(core: Core) -> Any:
    """Return all that people may ask, without where a runner lives."""
    runners: Any = OwnRunners(core) if isinstance(core, SignalCore) else core
    ids = list(runners.specs())
    found = [runners.ask(Question(Asked.LIST)), [runners.ask(Question(Asked.SHOW, id_, 5)) for id_ in ids]]
    for lines in found:
        for line in lines:
            line.pop("worker", None)
            line.pop("worker_pid", None)
            line["memory_bytes"] = None
    return [*found, [runners.ask(Question(Asked.HISTORY, id_)) for id_ in ids], core.required_bars(), runners.specs()]


@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(STEPS, st.integers(0, 5), st.integers(0, 5), st.integers(0, 60))
def test_any_number_of_workers_says_what_one_core_says(
    steps: list[tuple[str, int]], count: int, later: int, cut: int
) -> None:
    whole: SignalCore = plain_core(FIRST)
    core: Core = make(count)
    for number, (what, pick) in enumerate(steps):
        if number == cut:
            saved = core.snapshot()
            assert saved == whole.snapshot()
            core = make(later)
            core.restore(saved)
            assert core.snapshot() == saved
        assert step(core, what, number, pick) == step(whole, what, number, pick)
    assert core.snapshot() == whole.snapshot()
    assert views(core) == views(whole)
    counts = counts_of(whole.roster)
    assert {name: core.status()[name] for name in counts} == counts


def test_a_series_that_only_another_worker_has_is_there_when_it_is_first_read() -> None:
    slow = spec("d", timeframe="5m")
    late = runner_spec(load_source(QUIET, "strategies/j.lua", name="j"), symbol="ETHUSDT")
    assert share_of(slow.id, 2) != share_of(late.id, 2)
    assert late.other_series == ()
    core, whole = sharded_core([slow, late], 2), plain_core([slow, late])
    for number in range(100):
        what = "slow" if number % 5 == 4 else "other"
        assert step(core, what, number, 2) == step(whole, what, number, 2)
    assert ("BTCUSDT", "5m") in whole.roster.runners[late.id].asker.readings.all
    assert core.snapshot() == whole.snapshot()
    assert core.counters()["worker_restarts"] == 1


def make(count: int) -> Core:
    return sharded_core(FIRST, count) if count else plain_core(FIRST)


def test_the_random_run_does_everything() -> None:
    core, kinds, met, generator = plain_core(FIRST), set[str](), set[str](), Random(2)
    for number in range(500):
        what = generator.choice(["bar", "bar", "bar", "quote", "slow", "command", "shared", "other"])
        roster = core.roster
        states = {
            "held": roster.shared.held,
            "retired": roster.retired,
            "stopped": roster.stopped,
            "left": roster.leaving,
        }
        late = [each for id_ in LATE_ONES if id_ in roster.runners for each in roster.runners[id_].asker.readings.all]
        met |= {name for name, there in {**states, "late": late}.items() if there}
        kinds |= {type(message).__name__ for message in step(core, what, number, generator.randrange(31))}
    assert kinds >= {"OrderIntent", "CancelIntent", "StopUpdate", "RunnerTransitioned", "RunnerFailed"}
    counters = core.roster.counters
    assert counters.changes > 10
    assert counters.changes_refused > 5
    assert counters.strangers > 0
    assert met == {"held", "retired", "stopped", "late"}
