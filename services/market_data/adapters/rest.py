"""A venue's REST beside the event loop: requests go to worker threads, answers come back through something to poll."""

import os
import queue
import ssl
import threading
from dataclasses import dataclass

import httpx

from common.clock import monotonic_ns
from services.market_data.core.inputs import DepthFailed, DepthReply

_NS_PER_S = 1_000_000_000
_TOO_MANY_REQUESTS, _BANNED, _OK = 429, 418, 200
_PAUSE_S = {_TOO_MANY_REQUESTS: 10.0, _BANNED: 120.0}
"""Pause where the venue names none; Binance's shortest ban is two minutes."""
_LONGEST_PAUSE_S = 3 * 86_400.0
_SHOWN_BYTES = 200

_Job = tuple[str, str]
_Body = tuple[str, bytes]
_STOP: _Job = ("", "")


@dataclass(frozen=True, slots=True)
class RestSettings:
    """Bounds of the requests, in seconds, bytes and numbers."""

    timeout_s: float = 10.0
    max_body_bytes: int = 16_777_216
    max_waiting: int = 1_024
    workers: int = 2


class RestFetcher:
    """GET requests for whole books. Each ends in a reply or a failure; the caller decides about repeating it.

    After a 429 or 418 nothing is sent until the venue's Retry-After has passed; requests made meanwhile fail at once.
    """

    def __init__(self, settings: RestSettings, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls = tls or ssl.create_default_context()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._results: list[_Body | DepthFailed] = []
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ringing = threading.Lock()
        self._stopping = self._closed = False
        self._paused_until_ns = 0
        self._threads = [
            threading.Thread(target=self._work, name=f"market-data-rest-{number}", daemon=True)
            for number in range(settings.workers)
        ]
        for thread in self._threads:
            thread.start()

    def fileno(self) -> int:
        """Return the file descriptor to poll for reading; it stays the same for the fetcher's life."""
        return self._bell

    def get(self, symbol: str, url: str) -> None:
        """Fetch `url`, the whole book of `symbol`; never blocks."""
        assert all(thread.is_alive() for thread in self._threads), "a REST worker died"
        if self._jobs.qsize() >= self._settings.max_waiting:
            self._finish(DepthFailed(symbol, f"{self._settings.max_waiting} requests wait already"))
        else:
            self._jobs.put((symbol, url))

    def drain(self, now_ns: int) -> list[DepthReply | DepthFailed]:
        """Return the outcomes since the last call, in the order they came; `now_ns` is when they count as received."""
        with self._ringing:
            if not self._results:
                return []
            os.eventfd_read(self._bell)
            results, self._results = self._results, []
        return [result if isinstance(result, DepthFailed) else DepthReply(*result, now_ns) for result in results]

    def close(self, timeout_s: float) -> None:
        """End for good; requests under way get `timeout_s` in all, their outcomes are lost."""
        self._stopping = True
        for _ in self._threads:
            self._jobs.put(_STOP)
        deadline_ns = monotonic_ns() + int(timeout_s * _NS_PER_S)
        for thread in self._threads:
            thread.join(max(0.0, (deadline_ns - monotonic_ns()) / _NS_PER_S))
        with self._ringing:
            self._closed = True
            os.close(self._bell)

    def _work(self) -> None:
        with httpx.Client(verify=self._tls, timeout=self._settings.timeout_s, trust_env=False) as client:
            while (job := self._jobs.get()) != _STOP and not self._stopping:
                self._finish(self._fetch(client, *job))

    def _finish(self, result: _Body | DepthFailed) -> None:
        with self._ringing:
            if not self._closed:
                self._results.append(result)
                os.eventfd_write(self._bell, 1)

    def _fetch(self, client: httpx.Client, symbol: str, url: str) -> _Body | DepthFailed:
        left_ns = self._paused_until_ns - monotonic_ns()
        if left_ns > 0:
            return DepthFailed(symbol, f"GET {url}: paused for another {left_ns / _NS_PER_S:.1f} s, as the venue asked")
        try:
            with client.stream("GET", url) as response:
                body = self._body(response)
        except (httpx.HTTPError, httpx.InvalidURL, _TooMuchError) as error:
            return DepthFailed(symbol, f"GET {url}: {type(error).__name__}: {error}")
        if response.status_code == _OK:
            return symbol, body
        return DepthFailed(symbol, f"GET {url}: {self._refusal(response, body)}")

    def _body(self, response: httpx.Response) -> bytes:
        body = b""
        deadline_ns = monotonic_ns() + int(self._settings.timeout_s * _NS_PER_S)
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._settings.max_body_bytes:
                raise _TooMuchError(f"expected at most {self._settings.max_body_bytes} bytes")
            if monotonic_ns() > deadline_ns:
                raise _TooMuchError(f"the body took longer than {self._settings.timeout_s} s")
        return body

    def _refusal(self, response: httpx.Response, body: bytes) -> str:
        status = response.status_code
        text = f"status {status}: {body[:_SHOWN_BYTES].decode(errors='replace')}"
        if status not in _PAUSE_S:
            return text
        asked = response.headers.get("Retry-After", "")
        pause_s = min(float(asked) if asked.isdecimal() else _PAUSE_S[status], _LONGEST_PAUSE_S)
        self._paused_until_ns = monotonic_ns() + int(pause_s * _NS_PER_S)
        return f"{text}; retry after {pause_s:g} s"


class _TooMuchError(Exception):
    """A body larger or slower than allowed."""
