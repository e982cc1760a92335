"""The kill switch: from the command to the last cancel acknowledged by the paper venue, while strategies are frozen."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zmq

from benchmarks.figures import Figure
from common.bus.frames import decode_header
from common.codec import decode
from common.config.load import load_config
from common.config.models import Config
from common.messages import OrderCancelled
from common.routes import EXECUTION, RISK_MANAGER, SERVICES, SIGNAL
from orrery.health import ask_all
from orrery.ports import free_ports
from orrery.telling import tell

RESTING = """
strategy = { name = "resting", evaluate_on = "tick" }
function detect_opportunity(m, c, i) return { signal = "any", confidence = 1 } end
function filter_commitment(m, c, i)
  return { action = "enter_long", order_type = "limit", price = m.bid * 0.5, quantity = 1 }
end
function manage_position(m, c, i) return nil end
"""
ORDERS = 100
ROUNDS = 3
GIVE_UP_S = 60.0


def run() -> list[Figure]:
    """Measure ROUNDS stacks with ORDERS resting orders each; the best and the worst."""
    taken = [_round() for _ in range(ROUNDS)]
    name = f"kill -> last of {ORDERS} cancels acknowledged, signal frozen"
    return [
        Figure(f"{name}, best", min(taken), "ms", "< 100 ms"),
        Figure(f"{name}, worst of {ROUNDS}", max(taken), "ms", "< 100 ms"),
    ]


def _round() -> float:
    folder = Path(tempfile.mkdtemp(prefix="orr-"))
    path = folder / "config.toml"
    (folder / "resting.lua").write_text(RESTING)
    path.write_text(_config(folder))
    processes = {
        name: subprocess.Popen([sys.executable, "-m", f"services.{name}", "--config", str(path)]) for name in SERVICES
    }
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    reports = context.socket(zmq.SUB)
    try:
        reports.subscribe(b"reports")
        reports.connect(f"ipc://{folder}/{EXECUTION}.pub")
        config = load_config(path).config
        _wait_until_all_rest(config)
        processes[SIGNAL].send_signal(signal.SIGSTOP)
        return _kill(config, reports)
    finally:
        processes[SIGNAL].send_signal(signal.SIGCONT)
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(10)
        reports.close(linger=0)
        context.term()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_all_rest(config: Config) -> None:
    give_up = time.monotonic() + GIVE_UP_S
    while time.monotonic() < give_up:
        core = ask_all(config).get(EXECUTION, {}).get("core", {})
        if core.get("open_orders") == ORDERS:
            return
    raise RuntimeError(f"{ORDERS} orders did not rest within {GIVE_UP_S} s")


def _kill(config: Config, reports: "zmq.Socket[bytes]") -> float:
    """Return the milliseconds from the command to when execution sent the last acknowledgement, one wall clock."""
    began_ns = time.time_ns()
    told = tell(config, "kill", {RISK_MANAGER: {"flatten": "yes"}, EXECUTION: {}}, 10.0)
    assert all(each.ok for each in told.values()), told
    sent_ns: list[int] = []
    while len(sent_ns) < ORDERS and reports.poll(5_000):
        _, header, payload = reports.recv_multipart()
        if isinstance(decode(payload), OrderCancelled):
            sent_ns.append(decode_header(header)[2])
    assert len(sent_ns) == ORDERS, f"{len(sent_ns)} of {ORDERS} orders were cancelled"
    return (max(sent_ns) - began_ns) / 1e6


def _config(folder: Path) -> str:
    symbols = [f"S{number}USDT" for number in range(ORDERS)]
    sections = "".join(
        f'[{section}]\nzmq_publish_address = "ipc://{folder}/{service}.pub"\n'
        f'zmq_command_address = "ipc://{folder}/{service}.cmd"\nmetrics_port = {port}\n'
        for service, section, port in zip(
            SERVICES, ("market_data", "signal", "risk", "execution"), free_ports(len(SERVICES)), strict=True
        )
    )
    sections = sections.replace("[market_data]\n", f"[market_data]\nsymbols = {symbols}\n")
    sections = sections.replace("[risk]\n", f"[risk]\nmax_open_positions = {ORDERS}\nmax_position_size = 1000\n")
    return (
        f'[engine]\ndata_dir = "{folder}/data"\nlog_level = "warning"\n{sections}'
        '[data_source]\ntype = "simulated"\n[data_source.simulated]\ntick_rate = 2\n'
        f'[[strategies]]\nname = "resting"\nscript = "{folder}/resting.lua"\n'
    )
