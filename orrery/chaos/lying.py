"""The venue that lies beside a chaos run, in a process of its own; and its truth held against what the stack told."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Final

import msgspec
import zmq

from common.codec import decode
from common.journal import read_folder
from common.messages import Fill, PositionChanged
from common.routes import EXECUTION, RISK_MANAGER
from orrery.lying_venue.lies import MILLISECOND, SECOND, Lies
from orrery.lying_venue.truth import BE_HONEST, TRUTH, Truth

LIES: Final = Lies(
    not_sent=0, swallowed=0.03, late=0.03, mute=0.05, error=0.05, limited=0.02, garbled=0.02, lost=0.1, doubled=0.1, slow=0.2,
    ignored=0.1, stale=0.1, cut=0.05, restarted=0.05, slow_ns=500 * MILLISECOND, lag_ns=20 * MILLISECOND, away_ns=SECOND,
    rest_ns=500 * MILLISECOND,
)  # fmt: skip
ANSWER_MS: Final = 20_000
NAMED: Final = 5
"""Cases named of each kind of problem."""


class NoTruthError(Exception):
    """The lying venue's process does not answer."""


class LyingProcess:
    """Started by `start`; it is never killed, for what it did would be gone with it."""

    def __init__(self, folder: Path, project: Path, seed: int) -> None:
        self.address, self._questions = f"ipc://{folder}/venue", f"ipc://{folder}/venue.truth"
        self._folder, self._project, self._seed = folder, project, seed
        self._process: subprocess.Popen[bytes] | None = None
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()

    def start(self) -> None:
        """Start it; its words go to <folder>/venue.log."""
        words = (self.address, self._questions, str(self._seed), msgspec.json.encode(LIES).decode())
        with (self._folder / "venue.log").open("ab") as log:
            command = [sys.executable, "-m", "orrery.lying_venue", *words]
            self._process = subprocess.Popen(command, cwd=self._project, stdout=log, stderr=log)

    def stop(self) -> None:
        """Freeze it."""
        if self._process is not None:
            self._process.send_signal(SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(SIGCONT)

    def truth(self, *, be_honest: bool = False) -> Truth:
        """Return what it did so far; `be_honest`: it lies no more. Raises NoTruthError."""
        with self._context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect(self._questions)
            socket.send(BE_HONEST if be_honest else TRUTH)
            if not socket.poll(ANSWER_MS):
                raise NoTruthError(f"the lying venue does not answer within {ANSWER_MS / 1_000:g} s")
            return msgspec.json.decode(socket.recv(), type=Truth)

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self.go_on()
            self._process.kill()
            self._process.wait()
        self._context.destroy(linger=0)


def lost_and_doubled(data: Path, truth: Truth) -> Iterator[str]:
    """Yield where the fills that execution told, or risk's positions, are not what the venue really did."""
    told = [message for message in _said(data, EXECUTION) if isinstance(message, Fill)]
    ours = Counter((fill.order_id, fill.quantity, fill.price, fill.fee) for fill in told)
    theirs = Counter((name, quantity, price, fee) for name, _, quantity, price, fee in truth.fills)
    for what, fills in (("lost", theirs - ours), ("told without the venue", ours - theirs)):
        if fills:
            shown = ", ".join(f"{fill[0]}: {fill[1]}" for fill in list(fills)[:NAMED])
            yield f"the lying venue: {fills.total()} fills {what}: {shown}"
    if truth.repeated:
        yield f"the lying venue: {len(truth.repeated)} orders reached it twice: {', '.join(truth.repeated[:NAMED])}"
    held: dict[str, Decimal] = {}
    latest = {
        (message.runner, message.symbol): message.quantity
        for message in _said(data, RISK_MANAGER)
        if isinstance(message, PositionChanged)
    }
    for (_, symbol), quantity in latest.items():
        held[symbol] = held.get(symbol, Decimal(0)) + quantity
    for symbol in sorted(held.keys() | truth.positions.keys()):
        found, true = held.get(symbol, Decimal(0)), truth.positions.get(symbol, Decimal(0))
        if found != true:
            yield f"risk holds {found} {symbol}, the lying venue {true}"
    paid = sum((-fill.side.sign * fill.quantity * fill.price - fill.fee for fill in told), Decimal(0))
    if paid != truth.cash:
        yield f"the fills cost {-paid}, at the lying venue {-truth.cash}"


def _said(data: Path, service: str) -> Iterator[object]:
    for _, payload in read_folder(data / service / "outbox"):
        yield decode(payload)
