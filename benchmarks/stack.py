"""Signal, risk manager and execution as real processes, with us in the place of market data."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import zmq

from benchmarks.hops import Arrival
from common.bus.commands import CommandClient, CommandError
from common.bus_service import BusService
from common.clock import WallClock
from common.codec import decode
from common.config.load import load_config
from common.messages import AnyMessage, Bar, BarSource, Fill, OrderAccepted, Quote
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SERVICES, SIGNAL
from common.runner import EventLoop
from common.timeframes import NS_PER_SECOND
from orrery.ports import free_ports

STRATEGY = """
strategy = { name = "ping_pong", evaluate_on = "tick" }
function detect_opportunity(market_data, context, indicators)
  return { signal = "any", confidence = 1 }
end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", price = market_data.ask, quantity = 0.01 }
end
function manage_position(market_data, context, indicators)
  return { action = "exit", price = market_data.bid, reason = "pong" }
end
"""
SYMBOL = "BTCUSDT"


class TradingStack:
    """Three services that trade on every quote; `tick` sends one and waits for the fill.

    data: where their journals are. arrivals: when reports came, by intent, for whoever wants to clear it now and then.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.data = folder, folder / "data"
        self.arrivals: dict[str, Arrival] = {}
        (folder / "ping_pong.lua").write_text(STRATEGY)
        (folder / "config.toml").write_text(_config(folder))
        self.loop = EventLoop()
        self.bus = BusService(self.loop, load_config(folder / "config.toml").config, MARKET_DATA)
        self.bus.commands.on("require_bars", lambda _arguments, _request_id: "building")
        self.processes = [
            subprocess.Popen([sys.executable, "-m", f"services.{name}", "--config", str(folder / "config.toml")])
            for name in (SIGNAL, RISK_MANAGER, EXECUTION)
        ]
        self._reports = self.bus.context.socket(zmq.SUB)
        self._reports.subscribe(b"reports")
        self._reports.connect(f"ipc://{folder}/{EXECUTION}.pub")
        self._number = 0

    def wait_ready(self) -> None:
        """Turn our side of the bus until all three are ready; RuntimeError after 30 s."""
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            self.loop.turn(50)
            if all(self._is_ready(name) for name in (SIGNAL, RISK_MANAGER, EXECUTION)):
                self._publish_bar()
                return
        raise RuntimeError("the services were not ready within 30 s")

    def _is_ready(self, name: str) -> bool:
        client = CommandClient(self.bus.context, f"ipc://{self._folder}/{name}.cmd", WallClock())
        try:
            return bool(client.request("status", timeout_ms=200)["state"] == "ready")
        except CommandError:
            return False
        finally:
            client.close()

    def _publish_bar(self) -> None:
        """Give the strategy the closed bar that stands behind every quote."""
        now_ns = time.time_ns()
        bar = Bar(
            symbol=SYMBOL, timeframe="1s", start_ns=now_ns - NS_PER_SECOND, end_ns=now_ns, open=60000.0, high=60001.0,
            low=59999.0, close=60000.0, volume=1.0, trade_count=1, source=BarSource.TRADES, event_ns=now_ns,
            received_ns=now_ns,
        )  # fmt: skip
        self.bus.publisher.publish(bar)

    def tick(self) -> float | None:
        """Send a quote; return the microseconds until its fill is here, None if it brought none."""
        self._number += 1
        now_ns = time.time_ns()
        quote = Quote(
            symbol=SYMBOL, bid=60000.0, bid_size=1.0, ask=60000.01, ask_size=1.0, update_id=self._number,
            event_ns=now_ns, received_ns=now_ns,
        )  # fmt: skip
        start_ns = time.perf_counter_ns()
        self.bus.publisher.publish(quote)
        accepted_ns = 0
        # A tick that overtakes the fill of the one before finds the runner still waiting, and brings no order.
        while self._reports.poll(20):
            report = self._receive()
            if isinstance(report, Fill):
                taken_us = (time.perf_counter_ns() - start_ns) / 1e3
                self.arrivals[report.intent_id] = Arrival(accepted_ns, time.time_ns())
                return taken_us
            if isinstance(report, OrderAccepted):
                accepted_ns = time.time_ns()
        return None

    def _receive(self) -> AnyMessage:
        return decode(self._reports.recv_multipart()[2])

    def close(self) -> None:
        """End the services."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)
        self._reports.close(linger=0)
        self.bus.close()
        self.loop.close()


@contextlib.contextmanager
def trading_stack() -> Iterator[TradingStack]:
    """Yield a stack that is ready; its folder and processes are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="orr-"))
    stack = TradingStack(folder)
    try:
        stack.wait_ready()
        yield stack
    finally:
        stack.close()
        shutil.rmtree(folder, ignore_errors=True)


def _config(folder: Path) -> str:
    sections = "".join(
        f'[{section}]\nzmq_publish_address = "ipc://{folder}/{service}.pub"\n'
        f'zmq_command_address = "ipc://{folder}/{service}.cmd"\nmetrics_port = {port}\n'
        for service, section, port in zip(
            SERVICES, ("market_data", "signal", "risk", "execution"), free_ports(len(SERVICES)), strict=True
        )
    )
    return (
        f'[engine]\ndata_dir = "{folder}/data"\nlog_level = "warning"\n{sections}'
        f'[[strategies]]\nname = "ping_pong"\nscript = "{folder}/ping_pong.lua"\nsymbols = ["{SYMBOL}"]\n'
    )
