"""A host that somebody looks over the shoulder of is shown what the other one is shown: greeks, and signals from outside."""

from typing import Any

import pytest

from common.instruments import Instruments
from common.messages import OperatorCommand
from orrery.redrive.watch import Watch
from services.signal.core.changes import RELOAD, described
from services.signal.core.host import AccountView, Function, OrderView, PassingHost, PositionView, StrategyHost
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from tests.unit.signal.support import MINUTE_NS, NO_MORE, bar, runner_spec
from tests.unit.signal.test_facts import greeks, mood, printed

SHOWN = f"""
function detect_opportunity(market_data, context, indicators)
  local mood = market_data.signals.mood
  print(market_data.delta, mood and mood.value)
end
{NO_MORE}
"""


def spec(source: str = SHOWN) -> RunnerSpec:
    return runner_spec(StrategySpec(name="demo", script="demo.lua", source=source.encode(), greeks=""))


def shown(core: SignalCore) -> str:
    core.handle(greeks(MINUTE_NS, delta=0.25), MINUTE_NS)
    core.handle(mood(MINUTE_NS, 7.5), MINUTE_NS)
    core.handle(bar(0), MINUTE_NS)
    return printed(core)


def test_hosts_that_pass_on_show_greeks_and_signals() -> None:
    made = lua_factory(LuaLimits())
    assert shown(SignalCore([spec()], lambda wanted: PassingHost(made(wanted)), Instruments())) == "0.25 7.5"


def test_watched_runners_see_them_after_a_reload_too() -> None:
    core, watch = SignalCore([spec()], lua_factory(LuaLimits()), Instruments()), Watch()
    watch.prepare(core)
    arguments = {"runner": spec().id, **described(spec(f"-- another version\n{SHOWN}"))}
    command = OperatorCommand(id="r", service="signal", name=RELOAD, arguments=arguments, event_ns=1, received_ns=1)
    core.handle(command, 1)
    assert not core.refusal
    watch.prepare(core)
    core.roster.reorder(())
    assert shown(core) == "0.25 7.5"
    assert not watch.asked
    watch.note(1, MINUTE_NS, "")
    assert len(watch.asked[spec().id]) == 1


class _Plain:
    """A host that shows nothing more than bars and quotes."""

    def evaluate(self, _function: Function, _arguments: Any) -> None: ...

    def set_position(self, _position: PositionView | None) -> None: ...

    def set_order(self, _order: OrderView | None, _other: OrderView | None = None) -> None: ...

    def set_account(self, _account: AccountView) -> None: ...

    def save(self) -> bytes:
        return b""

    def restore(self, _saved: bytes) -> None: ...


def test_a_host_that_cannot_show_them_is_not_told() -> None:
    plain: StrategyHost = _Plain()
    host = PassingHost(plain)
    host.set_greeks(greeks(1, delta=0.1))
    host.set_signal(mood(1, 2.0))
    with pytest.raises(AttributeError):
        _ = plain.set_greeks  # type: ignore[attr-defined]  # that is the point
