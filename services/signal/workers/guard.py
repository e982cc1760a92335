"""What becomes of a worker that was lost, and of the runner that it was at.

How it works: another worker takes its place, made to stand where it stood, and does again what was under way. A runner whose
call did not end is stopped before that, by a command that the ledger writes down before the input, so that redoing the
journal in one process meets the same: a stopped runner and an input that ends. A worker that died gets a second chance; the
runner at which it dies again, on the same input, is stopped too. An operator's command that cannot be done is taken back.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from common.bus_service import ServiceError
from common.core import UnheardError
from common.messages import AnyMessage, OperatorCommand
from common.routes import SIGNAL
from services.signal.core.changes import STOP
from services.signal.core.questions import Question
from services.signal.workers.frames import ASK, OPINION, LostError, News, Told, chunk_of, pack, unpack_plain
from services.signal.workers.keeper import Keeper
from services.signal.workers.process import HUNG
from services.signal.workers.second import Opinion

TRIES_MAX = 3
"""Workers that may be lost in a row at one input, or at one start, before the service gives up."""
_WHY = {
    "hung": "did not answer in time",
    "killed": "its process was killed twice at it",
    "failed": "its process failed twice at it",
    "stalled": "its process was stopped from outside twice at it",
}
_REMEDY = "put back the plug-in or model that wrote it, or start with a new engine.data_dir"
_decode_opinion = msgspec.msgpack.Decoder(Opinion).decode


class WorkerError(ServiceError):
    """Workers are lost again and again; the text says how."""


class Loss(msgspec.Struct, frozen=True):
    """A worker that was lost and brought back. runner: the one it was at. stopped: whether that is called no more.

    told: the input that it was lost at, by its id, or what it is where it has none; empty if it was none.
    """

    worker: int
    cause: str
    runner: str
    text: str
    stopped: bool
    told: str = ""


class Guard:
    """Collects answers and brings workers back. live: whether commands may be put before inputs."""

    def __init__(self, report: Callable[[Loss], None] = lambda _loss: None) -> None:
        self.report = report
        self.live = False
        self.interposed: list[OperatorCommand] = []

    def begun(self, keeper: Keeper) -> News:
        """Return what runners a worker has made; raises WorkerError."""
        try:
            return keeper.begun()
        except LostError as lost:
            raise WorkerError(f"worker {keeper.number} cannot begin: {lost}") from lost

    def restore(self, keeper: Keeper, state: bytes) -> News:
        """Let a worker that has just begun take over a state; raises ValueError if it does not fit, and WorkerError."""
        return self._try(keeper, lambda: keeper.restore(state))

    def collect(self, keeper: Keeper, message: AnyMessage | None, now_ns: int) -> Told:
        """Return what follows from an input that a worker was told.

        Raises:
            UnheardError: a command cannot be done; the worker stands where it stood before.
            WorkerError: nor can anything else.
        """
        losses: dict[str, int] = {}
        stopped: set[str] = set()
        while True:
            try:
                return keeper.collect()
            except LostError as lost:
                runner = lost.culprit
                losses[runner] = losses.get(runner, 0) + 1
                is_guilty = bool(runner) and (lost.cause == HUNG or losses[runner] > 1)
                stops = is_guilty and self.live and runner not in stopped and type(message) is not OperatorCommand
                told = "" if message is None else str(getattr(message, "id", "")) or type(message).__name__
                self.report(Loss(keeper.number, lost.cause, runner, str(lost), stops, told))
                self._revive(keeper)
                if stops:
                    stopped.add(runner)
                    keeper.squeeze_in(self._stop(lost, now_ns))
                elif self.live and type(message) is OperatorCommand and (is_guilty or losses[runner] >= TRIES_MAX):
                    self._take_back(keeper)
                    raise UnheardError(f"worker {keeper.number}: {lost}; all stands as before") from lost
                elif losses[runner] >= TRIES_MAX or runner in stopped:
                    raise self._lost_for_good(keeper, lost, told) from lost
                keeper.tell_again()

    def go_back(self, keeper: Keeper) -> None:
        """Let a worker stand where it stood before what was collected last, which is under way again; raises WorkerError."""
        keeper.undo()
        self._revive(keeper)

    def save(self, keeper: Keeper) -> bytes:
        """Return a worker's state; raises WorkerError."""
        return self._try(keeper, keeper.save)

    def ask(self, keeper: Keeper, question: Question) -> Any:
        """Return a worker's answer to a question; raises WorkerError."""
        return unpack_plain(self._try(keeper, lambda: keeper.request(ASK + pack(question))))

    def opinion(self, keeper: Keeper) -> Opinion:
        """Return what a worker has to tell of its indicators, and bring it back if it has ended; raises WorkerError."""
        return _decode_opinion(self._try(keeper, lambda: keeper.request(OPINION)))

    def _try[Answer](self, keeper: Keeper, what: Callable[[], Answer]) -> Answer:
        tries = 0
        while True:
            try:
                return what()
            except LostError as lost:
                tries += 1
                if tries == TRIES_MAX:
                    raise WorkerError(f"worker {keeper.number}: lost again and again: {lost}") from lost
                self.report(Loss(keeper.number, lost.cause, lost.culprit, str(lost), stopped=False))
                self._revive(keeper)

    def _revive(self, keeper: Keeper) -> None:
        tries = 0
        while True:
            try:
                keeper.revive()
            except LostError as lost:
                tries += 1
                if tries == TRIES_MAX:
                    raise WorkerError(f"worker {keeper.number}: cannot be brought back: {lost}") from lost
            else:
                return

    def _lost_for_good(self, keeper: Keeper, lost: LostError, told: str) -> WorkerError:
        text = f"worker {keeper.number}: lost again and again at one input, {told or 'what it was told'}: {lost}"
        if self.live:
            return WorkerError(text)
        return WorkerError(
            f"{text}; the journal is being redone, where nothing can be stopped before an input: {_REMEDY}"
        )

    def _stop(self, lost: LostError, now_ns: int) -> bytes:
        command = OperatorCommand(
            id=f"watchdog:{lost.culprit}:{now_ns}",
            service=SIGNAL,
            name=STOP,
            arguments={
                "runner": lost.culprit,
                "error": f"stopped: {_WHY[lost.cause]}; `orrery runner resume` lets it try again",
            },
            event_ns=now_ns,
            received_ns=now_ns,
        )
        self.interposed.append(command)
        return chunk_of(command, now_ns)

    def _take_back(self, keeper: Keeper) -> None:
        keeper.drop_last()
        keeper.tell_again()
        keeper.collect()
