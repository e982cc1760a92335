"""Find the line of every key in a TOML or JSON text that its parser has already accepted."""

import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

type KeyPath = tuple[str | int, ...]
"""Keys and list positions from the root to a value."""

_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")


def locate_toml(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of every table, key and array element of a valid TOML text."""
    scanner = _Scanner(text, "=", lambda raw: tomllib.loads("key = " + raw)["key"])
    scanner.document()
    return scanner.lines


def locate_json(text: str) -> tuple[dict[KeyPath, int], list[KeyPath]]:
    """Return the line (from 1) of every key and array element of a valid JSON text, and the keys given twice."""
    scanner = _Scanner(text, ":", json.loads)
    scanner.value(())
    return scanner.lines, scanner.repeated


class _Scanner:
    """Walks the text once. A JSON object reads like a TOML inline table with another separator."""

    def __init__(self, text: str, separator: str, unquote: Callable[[str], Any]) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.repeated: list[KeyPath] = []
        self._text = text
        self._at = 0
        self._separator = separator
        self._unquote = unquote
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._array_tables: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self._peek():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def value(self, path: KeyPath) -> None:
        first = self._peek()
        if first == "{":
            self._items("}", lambda _: self._pair(path))
        elif first == "[":
            self._items("]", lambda index: self._element((*path, index)))
        else:
            self._take(_STRING if first in "\"'" else _SCALAR)

    def _items(self, closing: str, read: Callable[[int], None]) -> None:
        self._at += 1
        index = 0
        while self._peek() != closing:
            read(index)
            index += 1
            if self._peek() == ",":
                self._at += 1
        self._at += 1

    def _element(self, path: KeyPath) -> None:
        self._mark(path)
        self.value(path)

    def _pair(self, table: KeyPath) -> None:
        start = self._line()
        keys = self._keys()
        for depth in range(1, len(keys)):
            self.lines.setdefault(table + keys[:depth], start)
        path = table + keys
        if path in self.lines:
            self.repeated.append(path)
        self.lines[path] = start
        self._peek()
        self._at += len(self._separator)
        self.value(path)

    def _header(self) -> KeyPath:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        *parents, last = self._keys()
        self._peek()
        path: KeyPath = ()
        for key in parents:
            path = (*path, key)
            if path in self._array_tables:
                path = (*path, self._array_tables[path])
        path = (*path, last)
        if brackets == 2:
            self.lines.setdefault(path, self._line())
            index = self._array_tables.get(path, -1) + 1
            self._array_tables[path] = index
            path = (*path, index)
        self._mark(path)
        self._at += brackets
        return path

    def _keys(self) -> KeyPath:
        keys: list[str] = []
        while True:
            quoted = self._peek() in "\"'"
            raw = self._take(_STRING if quoted else _BARE_KEY)
            keys.append(str(self._unquote(raw)) if quoted else raw)
            if self._peek() != ".":
                return tuple(keys)
            self._at += 1

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match is not None, f"a valid text has no {self._text[self._at : self._at + 20]!r} here"
        self._at = match.end()
        return match.group()

    def _peek(self) -> str:
        """Skip blanks and comments; return the next character, empty at the end."""
        blank = _BLANK.match(self._text, self._at)
        assert blank is not None, "the pattern matches nothing, too"
        self._at = blank.end()
        return self._text[self._at : self._at + 1]

    def _mark(self, path: KeyPath) -> None:
        self.lines.setdefault(path, self._line())

    def _line(self) -> int:
        return bisect_right(self._newlines, self._at - 1) + 1
