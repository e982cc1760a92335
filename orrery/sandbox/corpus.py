"""The attempts, read from `corpus/*.lua`: one theme a file, each attempt below a line `--@ EXPECTED [load] [CALLS]: NAME`.

`load` says that the text is the whole file; else it is the body of `detect_opportunity`. CALLS is how often that is called.
What an attempt gets hold of it hands to `escaped`, which the corpus provides.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).parent / "corpus"
DEFAULT_CALLS = 2

_HEAD = re.compile(r"--@ (?P<expected>\w+)(?P<load> load)?(?: (?P<calls>\d+))?: (?P<name>.+)")
_PRELUDE = (
    "local kept = {} local function escaped(what) return { escaped = tostring(what) } end "
    "function detect_opportunity(market_data, context, indicators)\n"
)
_REST = "\nfunction filter_commitment() end function manage_position() end\n"
_BINARY = {
    "byte code of Lua 5.5": b"\x1bLua\x55\x00\x19\x93\r\n\x1a\n",
    "byte code of Lua 5.4": b"\x1bLua\x54\x00\x19\x93\r\n\x1a\n",
    "byte code of LuaJIT": b"\x1bLJ\x02\x00",
    "byte code behind a first line for the shell": b"#!/usr/bin/lua\n\x1bLua\x55\x00",
    "byte code behind a byte order mark": b"\xef\xbb\xbf\x1bLua\x55\x00",
    "zero bytes": b"\x00" * 64,
    "text that is not UTF-8": b"\xff\xfe\x00r\x00e\x00t",
}


class Verdict(StrEnum):
    """How an attempt ended."""

    REFUSED = "refused"
    """An ordinary error, with file and line."""
    STOPPED = "stopped"
    """A limit ended it: instructions, processor time or memory."""
    NOTHING = "nothing"
    """It ran, and got hold of nothing."""
    ESCAPED = "escaped"
    """It got hold of something, or ended what must go on."""


class Attempt(NamedTuple):
    """source: the strategy file that makes it. calls: of `detect_opportunity`; 0 where loading is the attempt."""

    theme: str
    name: str
    expected: Verdict
    source: bytes
    calls: int = 0


def attempts() -> list[Attempt]:
    """Return all attempts, by theme and in the order of the files."""
    binary = [Attempt("binary", name, Verdict.REFUSED, text) for name, text in _BINARY.items()]
    return [*binary, *(attempt for path in sorted(CORPUS.glob("*.lua")) for attempt in _read(path))]


def _read(path: Path) -> Iterator[Attempt]:
    head, body = None, list[str]()
    for line in path.read_text(encoding="utf-8").splitlines():
        found = _HEAD.fullmatch(line)
        assert found or not line.startswith("--@"), f"{path.name}: expected `--@ EXPECTED: NAME`, found {line!r}"
        if found and head:
            yield _attempt(path.stem, head, body)
        if found:
            head, body = found, []
        else:
            body.append(line)
    if head:
        yield _attempt(path.stem, head, body)


def _attempt(theme: str, head: re.Match[str], body: list[str]) -> Attempt:
    text, is_file = "\n".join(body).rstrip(), head["load"] is not None
    source = text if is_file else f"{_PRELUDE}{text}\nend{_REST}"
    calls = 0 if is_file else int(head["calls"] or DEFAULT_CALLS)
    return Attempt(theme, head["name"], Verdict(head["expected"]), source.encode(), calls)
