"""The real execution process on a venue that lies over a socket, killed on the way: every fill is booked, once."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from orrery.chaos.market import FAST_MARKET
from orrery.lying_venue.lies import HONEST, MILLISECOND, SECOND, Lies
from orrery.lying_venue.server import Server
from orrery.parity.session_report import redrive_session
from tests.integration.harness import Stack, is_through, wait_until

CONFIG = f"""{FAST_MARKET}
[[instruments]]
symbol = "AAAUSDT"
lot_size = 0.001

[[instruments]]
symbol = "BBBUSDT"
lot_size = 0.001

[execution]
venue = "gateway"
exchange_api_url = "{{address}}"
rate_limit_per_second = 1000
retry_delay_ms = 50
request_timeout_ms = 200
order_validity_ms = 300
reconcile_interval_ms = 500
"""
LIES = Lies(
    not_sent=0, swallowed=0.05, mute=0.1, error=0.1, garbled=0.05, lost=0.2, doubled=0.2, slow=0.2, stale=0.1, cut=0.1,
    slow_ns=300 * MILLISECOND, lag_ns=20 * MILLISECOND, away_ns=SECOND, rest_ns=200 * MILLISECOND,
)  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(f"ipc://{tmp_path}/venue", 7, LIES)
    yield running
    running.close()


@pytest.fixture
def stack(server: Server, tmp_path: Path) -> Iterator[Stack]:
    running = Stack(CONFIG.replace("{address}", f"ipc://{tmp_path}/venue"))
    yield running
    running.close()


def settled(stack: Stack, server: Server) -> bool:
    """Return whether every order has ended and what was told is what was traded."""
    audit = stack.audit()
    with server.lock:
        return is_through(audit) and audit.fills == len(server.venue.book.fills)


def test_every_fill_is_booked_once_though_the_venue_lies_and_execution_dies(stack: Stack, server: Server) -> None:
    stack.start()
    stack.wait_ready()
    wait_until(lambda: stack.audit().fills >= 4, "four fills")
    stack.kill(EXECUTION)
    stack.start(EXECUTION)
    stack.wait_ready()
    before = stack.audit().fills
    wait_until(lambda: stack.audit().fills >= before + 4, "four more fills")
    server.be(HONEST)
    stack.stop(MARKET_DATA, SIGNAL)
    wait_until(lambda: settled(stack, server), f"rest: {stack.audit()}")
    with server.lock:
        book = server.venue.book
        assert {name: Decimal(amount) for name, amount in stack.audit().net_positions.items()} == book.positions
        assert all(held.arrivals == 1 for held in book.orders.values())
    status = stack.core(EXECUTION)
    assert status["venue"]["halted"] == ""
    assert status["venue"]["links"] >= 2
    assert stack.stop(EXECUTION) == {EXECUTION: 0}
    stack.stop(RISK_MANAGER)
    redone = {each.service: each.equal for each in redrive_session(stack.data_dir, None).services}
    assert redone[EXECUTION], redone
