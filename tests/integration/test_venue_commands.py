"""`orrery preview`, `reconcile` and `resume` on real processes, with a venue over a socket that changes its mind."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.config.load import load_config
from common.routes import EXECUTION, RISK_MANAGER
from orrery.errors import CommandLineError
from orrery.lying_venue.lies import HONEST
from orrery.lying_venue.server import Server
from orrery.venue.knowing import check_runner
from tests.integration.harness import Stack, wait_until
from tests.integration.test_kill import orrery

ONCE = """
strategy = { name = "once", evaluate_on = "tick" }
function detect_opportunity(m, c, i) return { signal = "any", confidence = 1 } end
function filter_commitment(m, c, i) return { action = "enter_long", price = m.ask, quantity = 1 } end
function manage_position(m, c, i) return nil end
"""
CONFIG = """
[data_source]
type = "simulated"
[data_source.simulated]
seed = 11
volatility = 0.0005
tick_rate = 50
initial_price = 100
[market_data]
symbols = ["AAAUSDT"]
[signal]
update_interval_ms = 100
[risk]
max_position_size = 10
max_open_positions = 2
max_notional_exposure = 1000
[[strategies]]
name = "once"
script = "once.lua"
"""
GATEWAY = """
[execution]
venue = "gateway"
exchange_api_url = "{address}"
rate_limit_per_second = 1000
request_timeout_ms = 1000
reconcile_interval_ms = 60000
"""
ORDER = ("preview", "--symbol", "AAAUSDT", "--side")


def is_invested(stack: Stack) -> bool:
    """Return whether one unit is held, however many fills that took, and both know it."""
    held = stack.core(EXECUTION)["holdings"], [each["quantity"] for each in stack.core(RISK_MANAGER)["positions"]]
    return held == ({"AAAUSDT": "1"}, ["1"])


def start(config: str) -> Stack:
    running = Stack(config)
    (running.folder / "once.lua").write_text(ONCE)
    try:
        running.start()
        running.wait_ready()
        wait_until(lambda: is_invested(running), "one unit is held")
    except BaseException:
        running.close()
        raise
    return running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(f"ipc://{tmp_path}/venue", 7, HONEST)
    yield running
    running.close()


@pytest.fixture
def stack(server: Server, tmp_path: Path) -> Iterator[Stack]:
    running = start(CONFIG + GATEWAY.replace("{address}", f"ipc://{tmp_path}/venue"))
    yield running
    running.close()


@pytest.fixture
def simulated() -> Iterator[Stack]:
    running = start(CONFIG)
    yield running
    running.close()


def decisions(stack: Stack) -> Any:
    risk, execution = stack.core(RISK_MANAGER), stack.core(EXECUTION)
    return [risk[key] for key in ("approved", "refused", "working_orders", "repeated_intents")], execution["orders"]


def refuses_strangers(stack: Stack) -> None:
    """Hold that who holds nothing cannot reduce, and that a runner which does not exist is refused, with the one that was meant."""
    flat = orrery(stack, *ORDER, "sell", "--quantity", "1", "--reduce", code=1)
    assert flat["refused_by"].startswith("nothing_to_reduce: ")
    config = load_config(stack.config, stack.overrides).config
    with pytest.raises(
        CommandLineError, match="no runner 'onec:AAAUSDT'; expected once:AAAUSDT; did you mean once:AAAUSDT"
    ):
        check_runner(config, "onec:AAAUSDT", "AAAUSDT")


def test_a_preview_tells_what_would_happen_and_changes_nothing(simulated: Stack) -> None:
    before = decisions(simulated)
    passing = orrery(simulated, *ORDER, "buy", "--quantity", "2")
    assert passing["passes"] is True
    assert (passing["position"], passing["position_after"]) == ("1", "3")
    assert passing["trigger"] is None
    taken, average = Decimal(passing["cost"]["takes"]), Decimal(passing["cost"]["average_price"] or 0)
    assert taken + Decimal(passing["cost"]["unknown"]) == 2
    assert 50 < average < 200
    assert Decimal(passing["cost"]["fee"]) == taken * average * Decimal("0.001")
    assert Decimal(passing["exposure_after"]) > Decimal(passing["rules"]["exposure"]) * 2
    names = [rule["rule"] for rule in passing["rules"]["rules"]]
    assert names.index("stale_market") < names.index("position_size") < names.index("notional")
    refused = orrery(simulated, *ORDER, "buy", "--quantity", "9.5", code=1)
    assert refused["passes"] is False
    assert refused["refused_by"].startswith("position_size: ")
    resting = orrery(simulated, *ORDER, "buy", "--quantity", "1", "--limit", "50")
    assert (resting["cost"]["takes"], resting["cost"]["rests"]) == ("0", "1")
    stop = orrery(simulated, *ORDER, "sell", "--quantity", "1", "--type", "stop", "--trigger", "50")
    assert (stop["trigger"]["level"], Decimal(stop["cost"]["average_price"])) == ("50", Decimal(50))
    bare = orrery(simulated, *ORDER, "sell", "--quantity", "1", "--type", "stop", code=1)
    assert bare["refused_by"].startswith("order_terms: ")
    own = orrery(simulated, *ORDER, "sell", "--quantity", "5", "--reduce", "--runner", "once:AAAUSDT")
    assert own["rules"]["quantity"] in ("1", "5")
    assert own["passes"] is True
    refuses_strangers(simulated)
    assert decisions(simulated) == before
    assert simulated.ask(RISK_MANAGER, "kill", {"reason": "test"}, timeout_ms=30_000) is not None
    killed = orrery(simulated, *ORDER, "buy", "--quantity", "1", code=1)
    assert killed["refused_by"].startswith("kill_switch: ")


def test_a_stack_with_the_simulated_venue_has_nothing_to_reconcile(simulated: Stack) -> None:
    with pytest.raises(AssertionError, match="which cannot differ"):
        orrery(simulated, "reconcile")


def test_a_difference_is_shown_halts_and_is_left_by_resume(stack: Stack, server: Server) -> None:
    assert orrery(stack, "reconcile")["differences"] == []
    with server.lock:
        server.venue.book.positions["AAAUSDT"] += 5
    found = orrery(stack, "reconcile", code=1)
    (difference,) = found["differences"]
    assert (difference["kind"], difference["action"]) == ("position", "halted")
    assert (difference["ours"], difference["theirs"]) == ("1", "6")
    assert found["halted"]
    refused = orrery(stack, *ORDER, "buy", "--quantity", "1", code=1)
    assert refused["refused_by"].startswith("execution is halted")
    with server.lock:
        server.venue.book.positions["AAAUSDT"] -= 5
    assert orrery(stack, "reconcile", code=1)["differences"] == []
    assert orrery(stack, "resume") == {"ok": True, "was": found["halted"], "halted": ""}
    assert orrery(stack, "reconcile")["complete"] is True
    assert orrery(stack, *ORDER, "buy", "--quantity", "1")["passes"] is True
