"""The OCaml program for who never waits: questions are put into its pipe, answers are taken out when they are there."""

import os
import subprocess
from collections import deque
from collections.abc import Mapping
from typing import Any, override

import msgspec

from common.clock import monotonic_ns
from services.signal.hosts.ocaml import (
    CHUNK_BYTES,
    PROGRAM,
    Answer,
    OcamlIndicators,
    OcamlUnavailableError,
    decode_answer,
    encode_line,
)

NICENESS = 10
"""Of the process: how much it gives way to others."""


class OcamlQueue(OcamlIndicators):
    """The program with several questions under way; neither `put` nor `take` waits for it."""

    def __init__(self, command: list[str], deadline_seconds: float = 1.0) -> None:
        super().__init__(command, deadline_seconds)
        self._unsent = b""
        self._asked: deque[tuple[int, int]] = deque()

    def put(self, request: Mapping[str, Any]) -> int:
        """Ask; return the number of the question. OcamlUnavailableError if there is no program, or it died."""
        self.counters.requests += 1
        number = self.counters.requests
        self._unsent += encode_line({"id": number, **request}) + b"\n"
        self._asked.append((number, monotonic_ns() + self._deadline_ns))
        try:
            self._flush()
        except OSError as error:
            raise self._dead(str(error)) from error
        return number

    def take(self) -> list[tuple[int, Answer]]:
        """Return the answers that are there, with the numbers of their questions.

        Raises:
            OcamlUnavailableError: it died, answered something else, or not in time; whatever was asked is lost.
        """
        if not self._asked:
            return []
        try:
            self._flush()
            lines = self._lines()
        except OSError as error:
            raise self._dead(str(error)) from error
        found = [self._answer(line) for line in lines]
        if self._asked and monotonic_ns() > self._asked[0][1]:
            self.counters.hangs += 1
            self.close()
            raise OcamlUnavailableError(f"{PROGRAM}: no answer in {self._deadline_ns / 1e9:g} s; ended it")
        return found

    @override
    def _started(self) -> subprocess.Popen[bytes]:
        known = self._process
        process = super()._started()
        if process is not known:
            # Nobody waits for it, so it gives way to whoever trades.
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    @override
    def close(self) -> None:
        """End the process; the next question starts another."""
        self._unsent = b""
        self._asked.clear()
        super().close()

    def _flush(self) -> None:
        pipe = self._started().stdin
        assert pipe is not None
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(pipe.fileno(), self._unsent) :]
        except BlockingIOError:
            return  # it is busy: the rest goes with the next look

    def _lines(self) -> list[bytes]:
        pipe = self._started().stdout
        assert pipe is not None
        parts = [self._left]
        try:
            while part := os.read(pipe.fileno(), CHUNK_BYTES):
                parts.append(part)
        except BlockingIOError:
            *lines, self._left = b"".join(parts).split(b"\n")
            return lines
        raise self._dead("nothing more came")

    def _answer(self, line: bytes) -> tuple[int, Answer]:
        try:
            answer = decode_answer(line)
        except msgspec.DecodeError as error:
            raise self._dead(f"expected an answer, found {line[:80]!r}: {error}") from error
        expected = self._asked.popleft()[0] if self._asked else None
        if expected is None or answer.id != expected:
            raise self._dead(f"expected the answer to {expected}, found {answer.id}")
        self.counters.errors += answer.error is not None
        return expected, answer

    def _dead(self, reason: str) -> OcamlUnavailableError:
        self.counters.deaths += 1
        self.close()
        return OcamlUnavailableError(f"{PROGRAM}: it ended: {reason}")
