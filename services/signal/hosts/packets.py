"""What comes back from Lua as bytes: what a file is, and what a call brought."""

from typing import Any

import msgspec

from services.signal.core.host import ErrorKind, Outcome, StrategyError
from services.signal.core.indicator import IndicatorKey


class Description(msgspec.Struct):
    """What a file turned out to be when it was run: its `strategy` table, its functions as (Lua type, line), its globals."""

    error: tuple[str, str] | None = None
    strategy: Any = None
    functions: dict[str, tuple[str, int]] = {}
    names: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class _Wanted(msgspec.Struct, array_like=True):
    name: str
    parameters: Any  # none come as an empty map
    timeframe: str = ""
    symbol: str = ""


class _Packet(msgspec.Struct):
    answer: Any = None
    error: tuple[str, str] | None = None
    wanted: list[_Wanted] = []
    lines: tuple[str, ...] = ()


_decode_packet = msgspec.msgpack.Decoder(_Packet, strict=True).decode
decode_description = msgspec.msgpack.Decoder(Description).decode
"""Return what a file turned out to be."""


def flat_answer(values: tuple[Any, ...]) -> dict[str, Any]:
    """Return the answer that came back as key, value, key, value; in the order of the keys."""
    if len(values) == 2:  # as many as most opportunities and exits have
        key, value = values
        return {key.decode(): value.decode() if type(value) is bytes else value}
    parts = iter(values)
    answer = {
        key.decode(): value.decode() if type(value) is bytes else value for key, value in zip(parts, parts, strict=True)
    }
    return dict(sorted(answer.items()))


def outcome_of(packed: bytes) -> Outcome:
    """Return what a call brought, from its bytes."""
    packet = _decode_packet(packed)
    error = None if packet.error is None else StrategyError(ErrorKind(packet.error[0]), packet.error[1])
    wanted = tuple(IndicatorKey(key.name, tuple(key.parameters), key.timeframe, key.symbol) for key in packet.wanted)
    return Outcome(packet.answer, error, wanted, packet.lines)
