"""Greeks and signals from outside: shown to whom they are for, the latest only, never from behind the update, kept in snapshots."""

from pathlib import Path
from typing import Any

import pytest

from common.config.models import Config, MarketDataSection, StrategySection
from common.messages import AnyMessage, ExternalSignal, Greeks
from services.signal.core.facts import MAX_SIGNALS
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import StrategySpec
from services.signal.hosts.metadata import Metadata, MetadataError
from services.signal.loading import StrategyFileError, build_runners
from tests.unit.signal.support import MINUTE_NS, NO_MORE, bar, intents, lua_core, runner_spec

OPTION = "BTC-29MAR24-60000-C"
SHOWN = """
function detect_opportunity(market_data, context, indicators)
  local m = market_data
  local mood = m.signals.mood
  print(m.delta, m.gamma, m.iv, m.mark, m.underlying, mood and mood.value, mood and mood.text, mood and mood.age_seconds)
end
"""


def core_of(source: str = SHOWN, greeks: str | None = "") -> SignalCore:
    """Return a core with one runner that prints what it is shown."""
    text = (source if "filter_commitment" in source else f"{source}\n{NO_MORE}").encode()
    return lua_core(runner_spec(StrategySpec(name="demo", script="demo.lua", source=text, greeks=greeks)))


def printed(core: SignalCore) -> str:
    """Return the latest printed line, its fields separated by blanks."""
    (runner,) = core.status()["runners"]
    assert runner["errors"] == 0, runner["last_error"]
    return " ".join(runner["lines"][-1].split())


def greeks(at_ns: int, symbol: str = "BTCUSDT", **values: float) -> Greeks:
    """Return greeks."""
    return Greeks(symbol=symbol, event_ns=at_ns, received_ns=at_ns, **values)


def mood(at_ns: int, value: float, symbol: str = "", text: str = "calm", name: str = "mood") -> ExternalSignal:
    """Return a signal from outside."""
    return ExternalSignal(name=name, symbol=symbol, value=value, text=text, event_ns=at_ns, received_ns=at_ns)


def tell(core: SignalCore, message: AnyMessage) -> None:
    """Hand a message in at its time; nothing follows from it."""
    assert list(core.handle(message, message.received_ns)) == []


def test_what_is_not_known_is_nil() -> None:
    core = core_of()
    core.handle(bar(0), MINUTE_NS)
    assert printed(core) == "nil nil nil nil nil nil nil nil"


def test_the_latest_of_each_is_shown_with_its_age() -> None:
    core = core_of()
    tell(core, greeks(1, delta=0.5, gamma=0.25, iv=60.0))
    tell(core, greeks(2, delta=0.625, iv=61.5, mark=0.125, underlying=60_000.0))
    tell(core, mood(MINUTE_NS // 4, 0.5))
    tell(core, mood(MINUTE_NS // 2, -0.25, text="uneasy"))
    core.handle(bar(0), MINUTE_NS)
    assert printed(core) == "0.625 nil 61.5 0.125 60000.0 -0.25 uneasy 30.0"
    core.handle(bar(1), 2 * MINUTE_NS)
    assert printed(core) == "0.625 nil 61.5 0.125 60000.0 -0.25 uneasy 90.0"


@pytest.mark.parametrize(("wanted", "shown"), [(OPTION, "0.5"), ("", "nil"), (None, "nil")])
def test_greeks_come_from_the_option_that_the_strategy_names(wanted: str | None, shown: str) -> None:
    core = core_of(greeks=wanted)
    tell(core, greeks(1, OPTION, delta=0.5))
    core.handle(bar(0), MINUTE_NS)
    assert printed(core).split()[0] == shown


def test_signals_go_to_their_symbol_or_to_all() -> None:
    core = core_of()
    tell(core, mood(1, 1.0, "ETHUSDT"))
    core.handle(bar(0), MINUTE_NS)
    assert printed(core).split()[5] == "nil"
    tell(core, mood(2, 2.0, "BTCUSDT"))
    core.handle(bar(1), 2 * MINUTE_NS)
    assert printed(core).split()[5] == "2.0"
    tell(core, mood(3, 3.0))
    core.handle(bar(2), 3 * MINUTE_NS)
    assert printed(core).split()[5] == "3.0"


def test_a_core_from_a_snapshot_shows_the_same() -> None:
    core, again = core_of(), core_of()
    tell(core, greeks(1, delta=0.5, gamma=0.25))
    tell(core, mood(2, 1.5))
    tell(core, mood(3, 2.5, "BTCUSDT"))
    core.handle(bar(0), MINUTE_NS)
    again.restore(core.snapshot())
    assert again.snapshot() == core.snapshot()
    for each in (core, again):
        each.handle(bar(1), 2 * MINUTE_NS)
    assert printed(again) == printed(core)
    assert again.snapshot() == core.snapshot()


def test_the_number_of_signals_is_bounded_and_what_is_left_out_counted() -> None:
    core = core_of()
    for number in range(MAX_SIGNALS + 3):
        tell(core, mood(number, 1.0, name=f"s{number}"))
    tell(core, mood(MAX_SIGNALS + 3, 2.0, name="s0"))
    status = core.status()
    assert (status["signals"], status["signals_left_out"]) == (MAX_SIGNALS, 3)


def test_a_strategy_can_neither_write_nor_break_what_it_is_shown() -> None:
    source = """
function detect_opportunity(market_data, context, indicators)
  local ok1 = pcall(function() market_data.signals.mood.value = 7 end)
  local ok2 = pcall(function() market_data.signals.other = 7 end)
  local ok3 = pcall(function() market_data.delta = 7 end)
  print(ok1, ok2, ok3, getmetatable(market_data.signals.mood), market_data.signals.mood.value)
end
"""
    core = core_of(source)
    tell(core, mood(1, 1.5))
    core.handle(bar(0), MINUTE_NS)
    assert printed(core) == "false false false false 1.5"


def test_an_entry_may_wait_for_a_signal() -> None:
    source = """
function detect_opportunity(market_data, context, indicators)
  local mood = market_data.signals.mood
  return mood and mood.value > 0.5 and mood.age_seconds < 90 and { signal = "bullish" } or nil
end
function filter_commitment(m, c, i) return { action = "enter_long", price = m.price, quantity = 1 } end
function manage_position(m, c, i) end
"""
    core = core_of(source)
    assert intents(core.handle(bar(0), MINUTE_NS)) == []
    tell(core, mood(MINUTE_NS + 1, 0.75))
    later: Any = core_of(source)
    tell(later, mood(1, 0.75))
    assert intents(later.handle(bar(2), 3 * MINUTE_NS)) == []  # older than 90 s
    assert len(intents(core.handle(bar(1), 2 * MINUTE_NS))) == 1


@pytest.mark.parametrize("wanted", ["nowhere", 7, "period"])
def test_greeks_of_what_is_no_parameter_are_refused(wanted: object) -> None:
    table = {"greeks": wanted, "params": {"period": 3}}
    with pytest.raises(MetadataError, match=r"demo\.lua: strategy\.greeks: expected true, or the name of a parameter"):
        Metadata("demo.lua", "", table).spec("", b"", {})


def test_an_option_must_be_followed() -> None:
    script = str(Path(__file__).resolve().parents[3] / "strategies" / "gamma_scalp.lua")
    section = StrategySection(name="hedge", script=script, symbols=["BTCUSDT"], params={"option": OPTION})
    with pytest.raises(StrategyFileError, match=rf"strategy\.greeks: expected symbols .*\(BTCUSDT\), found {OPTION}"):
        build_runners(Config(strategies=[section], market_data=MarketDataSection(symbols=["BTCUSDT"])))
    both = MarketDataSection(symbols=["BTCUSDT", OPTION])
    (runner,) = build_runners(Config(strategies=[section], market_data=both))
    assert (runner.symbol, runner.strategy.greeks) == ("BTCUSDT", OPTION)
