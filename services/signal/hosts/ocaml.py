"""The OCaml indicators as a process beside us: asked a line, answering a line, killed when it does not.

How it works: one process is kept alive. Every question has a deadline; both pipes are non-blocking, so that a process
that neither reads nor writes cannot hold us up. Whoever misses the deadline, dies, or answers anything but the question
is ended, counted, and started anew for the next question.
"""

import os
import select
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from common.clock import monotonic_ns
from services.signal.core.indicator import IndicatorKey

PROGRAM = "ocaml-indicators"
BUILT = Path("ocaml-indicators") / "_build" / "default" / "bin" / "main.exe"
"""Where `make ocaml` leaves the program, below the project's folder."""
DEADLINE_SECONDS = 1.0
"""Time for one answer, unless said otherwise, seconds."""
CHUNK_BYTES = 1 << 16
MAX_ANSWER_BYTES = 64 << 20

Series = list[float | None] | dict[str, list[float | None]] | None
Outputs = dict[str, list[float | None]]
"""The series of each output by name, oldest first; None where there is no value yet."""


class OcamlError(Exception):
    """The program answered with an error: the question was wrong. code: as `ocaml-indicators/lib/protocol.mli` has it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OcamlUnavailableError(Exception):
    """There is no program, it died, or it did not answer in time; the text says which."""


class OcamlCounters(msgspec.Struct):
    """requests: questions asked. errors: wrong ones. hangs: deadlines missed. deaths: ends on its own. starts: of it."""

    requests: int = 0
    errors: int = 0
    hangs: int = 0
    deaths: int = 0
    starts: int = 0


class _Fault(msgspec.Struct):
    code: str
    message: str


class Answer(msgspec.Struct):
    """ok: the series asked for, by name where there are several. state: what a session remembers, where asked for."""

    id: int | None = None
    ok: Series = None
    state: list[list[float]] | None = None
    error: _Fault | None = None


encode_line = msgspec.json.Encoder().encode
decode_answer = msgspec.json.Decoder(Answer).decode


def find_program(root: Path) -> Path | None:
    """Return the program as built below `root`, or on PATH; None where it is not."""
    if (root / BUILT).is_file():
        return root / BUILT
    found = shutil.which(PROGRAM)
    return None if found is None else Path(found)


class OcamlIndicators:
    """The program, started when it is first asked. Use `close`, or as a context manager."""

    def __init__(self, command: Sequence[str], deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._command = list(command)
        self._deadline_ns = int(deadline_seconds * 1e9)
        self._process: subprocess.Popen[bytes] | None = None
        self._left = b""
        self._free: list[int] = []
        self._numbers = count()
        self.counters = OcamlCounters()

    def compute(
        self,
        key: IndicatorKey,
        names: Sequence[str],
        outputs: Sequence[str],
        columns: Mapping[str, Sequence[float]],
        last: int | None = None,
    ) -> Outputs:
        """Return the outputs of an indicator over columns of one length, oldest first.

        names: of the parameters in `key`, by position. last: how many of the latest values are wanted; None for all.

        Raises:
            OcamlError: the indicator, its parameters or the columns are wrong.
            OcamlUnavailableError: no answer came.
        """
        params = dict(zip(names, key.parameters, strict=True))
        request: dict[str, Any] = {"indicator": key.name, "params": params, "data": columns}
        if last is not None:
            request["last"] = last
        found = self.ask(request)
        return {outputs[0]: found} if isinstance(found, list) else found

    def ask(self, request: Mapping[str, Any]) -> list[float | None] | dict[str, list[float | None]]:
        """Return what `ok` holds in the answer to a request; raises as `compute` does."""
        found = self.exchange(request).ok
        assert found is not None, "checked by exchange"
        return found

    def exchange(self, request: Mapping[str, Any], deadline_ns: int | None = None) -> Answer:
        """Return the answer to a request. deadline_ns: time for it, if not the usual; raises as `compute` does."""
        counters = self.counters
        counters.requests += 1
        line = encode_line({"id": counters.requests, **request}) + b"\n"
        limit = self._deadline_ns if deadline_ns is None else deadline_ns
        deadline = monotonic_ns() + limit
        try:
            process = self._started()
            self._send(process, line, deadline)
            answer = self._receive(process, deadline)
        except TimeoutError as error:
            counters.hangs += 1
            self.close()
            raise OcamlUnavailableError(f"{PROGRAM}: no answer in {limit / 1e9:g} s; ended it") from error
        except (OSError, EOFError) as error:
            counters.deaths += 1
            self.close()
            raise OcamlUnavailableError(f"{PROGRAM}: it ended: {error}") from error
        return self._checked(answer)

    @property
    def incarnation(self) -> int:
        """Return the number of the process that is running; 0 where none is. Sessions of another one are lost."""
        return 0 if self._process is None else self.counters.starts

    @property
    def pid(self) -> int | None:
        """Return the id of the process that is running."""
        return None if self._process is None else self._process.pid

    def session(self) -> int:
        """Return the number of a session that is not in use; `end` gives it back."""
        return heappop(self._free) if self._free else next(self._numbers)

    def end(self, session: int) -> None:
        """Let the number of a session be used again; the program forgets the old one when it is."""
        heappush(self._free, session)

    def _checked(self, line: bytes) -> Answer:
        try:
            answer = decode_answer(line)
        except msgspec.DecodeError as error:
            self.counters.deaths += 1
            self.close()
            raise OcamlUnavailableError(f"{PROGRAM}: expected an answer, found {line[:80]!r}: {error}") from error
        if answer.error is not None:
            self.counters.errors += 1
            raise OcamlError(answer.error.code, answer.error.message)
        if answer.id != self.counters.requests or answer.ok is None:
            self.counters.deaths += 1
            self.close()
            raise OcamlUnavailableError(
                f"{PROGRAM}: expected the answer to {self.counters.requests}, found {answer.id}"
            )
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                process_group=0,  # a Ctrl-C in our terminal is for us: it ends when its input does
            )
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
            self.counters.starts += 1
        return self._process

    def _send(self, process: subprocess.Popen[bytes], line: bytes, deadline: int) -> None:
        assert process.stdin is not None
        pipe, rest = process.stdin.fileno(), memoryview(line)
        while rest:
            try:
                rest = rest[os.write(pipe, rest) :]
            except BlockingIOError:
                _wait([], [pipe], deadline)

    def _receive(self, process: subprocess.Popen[bytes], deadline: int) -> bytes:
        assert process.stdout is not None
        pipe, parts, size = process.stdout.fileno(), [self._left], 0
        while b"\n" not in parts[-1]:
            _wait([pipe], [], deadline)
            part = os.read(pipe, CHUNK_BYTES)
            size += len(part)
            if not part or size > MAX_ANSWER_BYTES:
                raise EOFError("nothing more came" if not part else f"more than {MAX_ANSWER_BYTES} bytes in a line")
            parts.append(part)
        line, _, self._left = b"".join(parts).partition(b"\n")
        return line

    def close(self) -> None:
        """End the process; the next question starts another."""
        process, self._process, self._left = self._process, None, b""
        if process is not None:
            process.kill()
            process.communicate()

    def __enter__(self) -> "OcamlIndicators":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _wait(readable: list[int], writable: list[int], deadline: int) -> None:
    # Looked at even when the time is over: what came while this process had no processor has come in time.
    left = max(0.0, (deadline - monotonic_ns()) / 1e9)
    if not any(select.select(readable, writable, [], left)):
        raise TimeoutError
