"""The stand-in's REST: Binance's answers for what a recording knows, and Binance's errors for the rest."""

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from orrery.stand_in.faults import Fault, FaultKind, FaultPlan
from orrery.stand_in.tape import Tape

DEFAULT_LEVELS, MOST_LEVELS = 100, 5_000
"""Levels a side of a book if no limit is asked for, and at most.
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book"""

_encode = msgspec.json.Encoder().encode


class Answer(NamedTuple):
    """An HTTP answer with a JSON body. delay_s: how long it is held back."""

    status: HTTPStatus
    body: bytes
    retry_after_s: float | None = None
    delay_s: float = 0.0


class Rest:
    """Answers to GET requests. `now_ms` tells the venue's time, which is the recording's."""

    def __init__(self, tape: Tape, faults: FaultPlan, now_ms: Callable[[], int]) -> None:
        self._tape = tape
        self._faults = faults
        self._now_ms = now_ms
        self.requests = 0

    def answer(self, target: str) -> Answer:
        """Return the answer to a request's path and query."""
        self.requests += 1
        answer = self._plain_answer(target)
        for fault in self._faults.take(self.requests):
            answer = _spoilt(answer, fault)
        return answer

    def _plain_answer(self, target: str) -> Answer:
        parts = urlsplit(target)
        match parts.path:
            case "/api/v3/ping" | "/api/v1/ping":
                return Answer(HTTPStatus.OK, b"{}")
            case "/api/v3/time" | "/api/v1/time":
                return Answer(HTTPStatus.OK, b'{"serverTime":%d}' % self._now_ms())
            case "/api/v3/exchangeInfo" | "/api/v1/exchangeInfo":
                body = self._tape.exchange_info()
                return Answer(HTTPStatus.OK, body) if body else _not_recorded("exchangeInfo")
            case "/api/v3/depth" | "/api/v1/depth":
                return self._depth(parse_qs(parts.query))
            case _:
                return _error(HTTPStatus.NOT_FOUND, -1000, f"This stand-in has no {parts.path}.")

    def _depth(self, query: dict[str, list[str]]) -> Answer:
        symbol, limit = query.get("symbol", [""])[0], query.get("limit", [str(DEFAULT_LEVELS)])[0]
        if not symbol:
            text = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
            return _error(HTTPStatus.BAD_REQUEST, -1102, text)
        if not limit.isdecimal() or int(limit) < 1:
            text = "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'."
            return _error(HTTPStatus.BAD_REQUEST, -1100, text)
        if symbol not in self._tape.symbols:
            return _error(HTTPStatus.BAD_REQUEST, -1121, "Invalid symbol.")
        book = self._tape.books.book(symbol)
        if book is None:
            return _not_recorded(f"a snapshot of {symbol}'s book")
        return Answer(HTTPStatus.OK, book.body(min(int(limit), MOST_LEVELS)))


def _error(status: HTTPStatus, code: int, text: str) -> Answer:
    return Answer(status, _encode({"code": code, "msg": text}))


def _not_recorded(what: str) -> Answer:
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, -1001, f"{what} was not recorded.")


def _spoilt(answer: Answer, fault: Fault) -> Answer:
    match fault.kind:
        case FaultKind.REST_STALL:
            return answer._replace(delay_s=fault.number)
        case FaultKind.REST_500:
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, -1000, "An unknown error occurred.")
        case FaultKind.REST_429:
            refusal = _error(HTTPStatus.TOO_MANY_REQUESTS, -1003, "Too many requests.")
            return refusal._replace(retry_after_s=fault.number)
        case _:
            # 418 is how Binance says that an address is banned.
            refusal = _error(HTTPStatus.IM_A_TEAPOT, -1003, "Way too many requests; IP banned.")
            return refusal._replace(retry_after_s=fault.number)
