"""Asks execution what it holds, at the start and from time to time; tells the core what differs.

How it works: figures of two processes can be held against each other only at one point of the stream of reports. So an
answer counts when risk has taken exactly as many reports as execution had published with it and none is on its way; else it
is asked again. What differs counts once several answers in a row say the same.
"""

from typing import Any, Protocol

import msgspec
import zmq

from common.bus.commands import CommandError
from common.bus.deadlines import request_for
from common.bus.frames import COMMAND_HIGH_WATER_MARK, bound_socket
from common.clock import monotonic_ns
from common.codec import UndecodableError, decode_reply, encode
from common.journaled_service import JournaledService
from common.logs import get_logger
from common.runner import EventLoop
from services.risk_manager.core.reconciliation import Held, Reconciliation
from services.risk_manager.core.reconciling import COMPARED, RECONCILE, encoded

LOOK_NS = 20_000_000
"""Between two looks for an answer."""
ANSWER_NS = 500_000_000
"""How long an answer may take."""
AGAIN_NS = 100_000_000
"""Between two questions while there is no outcome, or a bad one."""
CALM_NS = 5_000_000_000
"""Between two questions while both agree."""
SAME_ANSWERS = 5
"""Answers in a row that must show the same difference before it counts."""
GATE_NS = 3_000_000_000
"""How long market data waits for the outcome: stops need quotes, whoever is away."""
REPORTS = "reports"

_log = get_logger("reconcile")


class Compares(Protocol):
    """The core, as far as it knows what it holds."""

    @property
    def reconciliation(self) -> Reconciliation:
        """Return what came of the latest comparison."""
        ...

    def differences(self, held: dict[str, dict[str, str]]) -> list[Held]:
        """Return where holdings, by symbol and runner, are not the core's."""
        ...


class Answer(msgspec.Struct):
    """What matters of execution's status."""

    outputs: int
    held: dict[str, dict[str, str]]
    on_their_way: int


class Reconciler:
    """Takes over a DEALER that is connected to execution's command socket."""

    def __init__(self, service: JournaledService, core: Compares, socket: "zmq.Socket[bytes]") -> None:
        self._service, self._core, self._socket = service, core, socket
        bound_socket(socket, COMMAND_HIGH_WATER_MARK, linger_ms=0)
        self._began_ns = monotonic_ns()
        self._asked = ""
        self._asked_ns = self._answered_ns = 0
        self._last: list[Held] = []
        self._same = 0

    def begin(self, loop: EventLoop) -> None:
        """Keep entries out, and ask until there is an outcome."""
        self._tell(RECONCILE, {})
        self._service.intake.may_open = self._may_open
        loop.every(LOOK_NS, self.look)

    def _may_open(self) -> bool:
        return not self._core.reconciliation.is_pending or monotonic_ns() - self._began_ns > GATE_NS

    def look(self) -> None:
        """Take an answer if there is one; ask if it is time."""
        if self._service.ledger.blocked:
            return
        while self._socket.poll(0):
            self._take(self._socket.recv_multipart()[-1])
        now_ns, state = monotonic_ns(), self._core.reconciliation
        if self._asked and now_ns - self._asked_ns < ANSWER_NS:
            return
        is_calm = not (state.is_pending or state.differences or self._last)
        if now_ns - self._answered_ns >= (CALM_NS if is_calm else AGAIN_NS):
            self._ask(now_ns)

    def _ask(self, now_ns: int) -> None:
        request = request_for("status", None, ANSWER_NS, self._service.bus.wall)
        try:
            self._socket.send(encode(request), zmq.NOBLOCK)
        except zmq.Again:
            return  # not connected: execution is not there, or not yet
        self._asked, self._asked_ns = request.id, now_ns

    def _take(self, payload: bytes) -> None:
        try:
            reply = decode_reply(payload)
        except UndecodableError:
            return
        if reply.id != self._asked:
            return
        self._asked, self._answered_ns = "", monotonic_ns()
        answer = _answer_of(reply.result) if reply.ok else None
        if answer is not None and not answer.on_their_way and self._is_at(answer.outputs):
            self._judge(self._core.differences(answer.held))

    def _is_at(self, outputs: int) -> bool:
        """Return whether risk has taken all that execution had published, and nothing more."""
        return self._service.ledger.cursors.get(REPORTS, (0, 0))[1] == outputs

    def _judge(self, found: list[Held]) -> None:
        self._same = self._same + 1 if found == self._last else 1
        self._last = found
        state = self._core.reconciliation
        is_sure = not found or self._same >= SAME_ANSWERS
        if is_sure and (state.is_pending or found != state.differences):
            self._tell(COMPARED, {"differences": encoded(found)})
            shown = [f"{each.runner}: ours {each.ours}, theirs {each.theirs}" for each in found]
            say = _log.warning if found else _log.info
            say("held against execution", differences=shown)

    def _tell(self, name: str, arguments: dict[str, Any]) -> None:
        number = self._service.ledger.inbox.last_number
        try:
            self._service.desk.obey(name, arguments, f"{name}:{number}")
        except CommandError as error:
            _log.error("not written down, tried again", error=str(error))


def _answer_of(status: Any) -> Answer | None:
    """Return what execution's status says, None if it does not say it."""
    try:
        core = status["core"]
        return msgspec.convert(
            {
                "outputs": status["outputs"],
                "held": core["held_by"],
                "on_their_way": core.get("reports_on_their_way", 0),
            },
            Answer,
        )
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError):
        return None
