"""What a strategy sees of its order that rests: in Lua, through its life, and after a restart."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from common.messages import OperatorCommand, OrderAmended, OrderIntent
from services.signal.core.changes import RELOAD, described
from services.signal.core.host import Function, OrderView
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from tests.unit.signal.support import (
    ScriptedHost,
    ask,
    bar,
    cancelled,
    detecting,
    fill,
    intents,
    lua_core,
    lua_host,
    runner_spec,
    scripted_core,
)

DETECT, FILTER, MANAGE = Function.DETECT, Function.FILTER, Function.MANAGE
LIMIT = {"action": "enter_long", "order_type": "limit", "price": 99.0, "quantity": 1.5, "manage": True}
SHOWN = OrderView("entry", "buy", "limit", 1.5, 0.0, 99.0, None, 1, cancelling=False)
FIELDS = (
    "kind",
    "side",
    "order_type",
    "quantity",
    "filled",
    "price",
    "trigger_price",
    "age",
    "cancelling",
    "amending",
    "leg",
)
LUA = """
strategy = { analyzing_timeout = 100 }
function detect_opportunity(m, c, i) return { signal = "any" } end
function filter_commitment(m, c, i)
  if c.order then print(c.order.age, c.order.price, c.order.kind) return nil end
  return { action = "enter_long", order_type = "limit", price = 99, quantity = 1, manage = true }
end
function manage_position(m, c, i) print(c.order and c.order.filled) end
"""


def step(core: SignalCore, number: int) -> list[Any]:
    each = bar(number, 100.0)
    return list(core.handle(each, each.end_ns))


def resting(**changes: Any) -> tuple[SignalCore, ScriptedHost, OrderIntent]:
    """Return a core whose managed entry was sent on bar 0 and has been seen on bar 1."""
    core, host = scripted_core(analyzing_timeout=20)
    host.answers = {DETECT: {"signal": "any"}, FILTER: {**LIMIT, **changes}}
    (intent,) = intents(step(core, 0))
    assert host.order is None
    host.answers = {}
    step(core, 1)
    return core, host, intent


def amended(intent: OrderIntent, price: str) -> OrderAmended:
    return OrderAmended(
        order_id=intent.id,
        intent_id=intent.id,
        runner=intent.runner,
        symbol=intent.symbol,
        quantity=Decimal(2),
        remaining_quantity=Decimal(2),
        limit_price=Decimal(price),
        trigger_price=None,
        venue="paper",
        cause=intent.id,
        event_ns=1,
        received_ns=1,
    )


def spec(more: str = "") -> RunnerSpec:
    return runner_spec(
        StrategySpec(name="demo", script="demo.lua", source=(more + LUA).encode(), analyzing_timeout=100)
    )


def printed(core: SignalCore) -> str:
    return next(iter(core.roster.runners.values())).asker.lines[-1].replace("\t", " ")


def test_lua_sees_every_field_and_nil_without_an_order() -> None:
    body = ", ".join(f"{name} = o.{name}" for name in FIELDS)
    host = lua_host(
        detecting(f"local o = context.order if not o then return {{ none = true }} end return {{ {body} }}")
    )
    assert ask(host).answer == {"none": True}
    order = OrderView("exit", "sell", "stop_limit", None, 0.5, 98.5, 99.0, 3, cancelling=True)
    host.set_order(order)
    assert ask(host).answer == {name: value for name, value in order._asdict().items() if value is not None}
    host.set_order(SHOWN)
    assert ask(host).answer == {name: value for name, value in SHOWN._asdict().items() if value is not None}
    host.set_order(None)
    assert ask(host).answer == {"none": True}


def test_the_order_is_the_hosts_and_cannot_be_written() -> None:
    for body in ("context.order = { }", "context.order.price = 1", "return { order = 1 }"):
        host = lua_host(detecting(f"{body}\n"))
        host.set_order(SHOWN)
        assert ask(host).error is not None, body


def test_what_an_older_version_kept_under_the_name_is_dropped() -> None:
    old, host = lua_host(detecting("context.ordex = 5")), lua_host(detecting("return { none = context.order == nil }"))
    ask(old)
    host.restore(old.save().replace(b"ordex", b"order"))
    assert ask(host).answer == {"none": True}


def test_an_order_that_rests_is_shown_with_its_age() -> None:
    core, host, _ = resting()
    assert host.order == SHOWN
    step(core, 2)
    assert host.order == SHOWN._replace(age=2)


def test_a_market_order_and_one_that_is_not_managed_are_never_shown() -> None:
    for changes in ({"order_type": "market"}, {"time_in_force": "ioc"}, {"manage": False}):
        assert resting(**changes)[1].order is None, changes


def test_an_amend_shows_once_the_venue_has_made_it() -> None:
    core, host, intent = resting()
    host.answers = {FILTER: {"action": "amend", "price": 99.5}}
    step(core, 2)
    host.answers = {}
    step(core, 3)
    assert host.order == SHOWN._replace(age=3, amending=True)
    change = core.roster.runners[intent.runner].desk.pending
    assert change is not None
    core.handle(replace(amended(intent, "99.50"), cause=change.amending), 4)
    step(core, 4)
    assert host.order == SHOWN._replace(age=4, price=99.5, quantity=2.0)


def test_what_has_filled_shows_until_all_has() -> None:
    core, host, intent = resting()
    core.handle(fill(intent, "0.5", remaining="1.0"), 2)
    step(core, 2)
    assert host.asked[-1] is MANAGE
    assert host.order == SHOWN._replace(age=2, filled=0.5)
    core.handle(fill(intent, "1.0", number=2), 3)
    step(core, 3)
    assert host.order is None


def test_an_order_on_its_way_out_says_so_and_then_is_gone() -> None:
    core, host, intent = resting()
    core.handle(fill(intent, "0.5", remaining="1.0"), 2)
    host.answers = {MANAGE: {"action": "cancel"}}
    step(core, 2)
    host.answers = {}
    step(core, 3)
    assert host.order == SHOWN._replace(age=3, filled=0.5, cancelling=True)
    core.handle(cancelled(intent, "1.0"), 4)
    step(core, 4)
    assert host.order is None


def test_an_exit_that_rests_is_shown() -> None:
    core, host, intent = resting()
    core.handle(fill(intent), 2)
    host.answers = {MANAGE: {"action": "exit", "order_type": "stop", "trigger_price": 98.0}}
    step(core, 2)
    host.answers = {}
    step(core, 3)
    assert host.order == OrderView("exit", "sell", "stop", 1.5, 0.0, None, 98.0, 1, cancelling=False)


def test_a_restored_runner_sees_its_order_and_leaves_the_same_snapshot() -> None:
    core = lua_core(spec())
    for number in range(3):
        step(core, number)
    other = lua_core(spec())
    other.restore(core.snapshot())
    assert other.snapshot() == core.snapshot()
    shown = next(iter(other.roster.runners.values())).asker.told_order
    assert shown == OrderView("entry", "buy", "limit", 1.0, 0.0, 99.0, None, 2, cancelling=False)
    for each in (core, other):
        step(each, 3)
    assert printed(core) == printed(other) == "3 99.0 entry"
    assert other.snapshot() == core.snapshot()


def test_a_reloaded_file_sees_the_order() -> None:
    core = lua_core(spec())
    (intent,) = intents(step(core, 0))
    arguments = {"runner": spec().id, **described(spec("-- another version\n"))}
    core.handle(
        OperatorCommand(id="r", service="signal", name=RELOAD, arguments=arguments, event_ns=1, received_ns=1), 1
    )
    assert not core.refusal
    step(core, 1)
    assert printed(core) == "1 99.0 entry"
    core.handle(fill(intent), 2)
    step(core, 2)
    assert printed(core) == "nil"
