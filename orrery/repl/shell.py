"""Where lines come from and answers go: a terminal with history and completion, or a script.

How it works: a script stops at the first line that fails, and so does the process, with exit code 1; on a terminal an
error is a line and one goes on. Ctrl-C stops what is under way between two steps, so nothing is left half done.
"""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.interrupts import handled
from orrery.repl.answering import Answer, Session
from orrery.repl.errors import ReplError
from orrery.repl.language import QUIT, do, is_quit, is_remark

HISTORY_FILE = ".orrery_history"
HISTORY_LINES = 1_000
REPEATED = ("step", "s", "n", "tick", "back", "b", "until")
"""Commands that an empty line does once more."""


def run_script(session: Session, lines: Iterable[str], *, is_json: bool) -> int:
    """Do one line after the other; return the exit code. With is_json one object a line is printed."""
    interrupts, each = Interrupts(session), _joined(lines)
    with interrupts.heard():
        while True:
            with interrupts.as_exceptions():
                line = next(each, QUIT[0])
            if is_quit(line):
                return EXIT_OK
            if is_remark(line):
                continue
            try:
                answer = do(session, line)
            except (ReplError, CommandLineError) as error:
                _print_error(line.strip(), str(error), is_json=is_json)
                return EXIT_FAILED
            _print(line.strip(), answer, is_json=is_json)
            if interrupts.is_pressed:
                raise KeyboardInterrupt


def run_terminal(session: Session, folder: Path | None) -> int:
    """Talk to somebody at a terminal until they go; return the exit code. folder: where the history is kept."""
    last, interrupts = "", Interrupts(session)
    with interrupts.heard(), _line_editor(session, folder):
        while True:
            try:
                with interrupts.as_exceptions():
                    line = _read(session.prompt())
            except EOFError:
                print()
                return EXIT_OK
            except KeyboardInterrupt:
                print()
                continue
            if is_quit(line):
                return EXIT_OK
            line = line if line.strip() else last
            last = line if line.split(maxsplit=1)[:1] and line.split()[0] in REPEATED else ""
            if not is_remark(line):
                _answer(session, line)


def _answer(session: Session, line: str) -> None:
    try:
        answer = do(session, line)
    except (ReplError, CommandLineError) as error:
        print(f"! {error}")
    else:
        _print(line, answer, is_json=False)


def _read(prompt: str) -> str:
    line = input(prompt)
    while line.endswith("\\"):
        line = line[:-1] + "\n" + input("... ")
    return line


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, those that end in a backslash with the next ones."""
    held = ""
    for line in lines:
        text = held + line.rstrip("\n")
        if text.endswith("\\"):
            held = text[:-1] + "\n"
            continue
        held = ""
        yield text
    if held:
        yield held


def _print(line: str, answer: Answer, *, is_json: bool) -> None:
    if is_json:
        print(_json({"command": line, "ok": True, **answer.data}), flush=True)
        return
    for each in answer.lines:
        print(each)
    sys.stdout.flush()


def _print_error(line: str, error: str, *, is_json: bool) -> None:
    if is_json:
        print(_json({"command": line, "ok": False, "error": error}), flush=True)
    else:
        sys.stdout.flush()
        print(f"orrery: {line}: {error}", file=sys.stderr)


def _json(data: dict[str, Any]) -> str:
    return msgspec.json.encode(data).decode()


class Interrupts:
    """What Ctrl-C does: it takes away a line that is being typed, and stops what is under way between two steps.

    Broken off inside a step, the cores would stand nowhere; and one pressed between a line and its first step counts.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_typing = False
        self.is_pressed = False

    def heard(self) -> AbstractContextManager[None]:
        """Listen to Ctrl-C as long as this lasts."""
        return handled(self._press, signal.SIGINT)

    @contextmanager
    def as_exceptions(self) -> Iterator[None]:
        """Let it raise KeyboardInterrupt: a line is read, and nothing is under way."""
        self._session.ready()
        self.is_pressed, self._is_typing = False, True
        try:
            yield
        finally:
            self._is_typing = False

    def _press(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_typing:
            self._is_typing = False  # before it leaves: what catches it is not to be broken off by another one
            raise KeyboardInterrupt
        self.is_pressed = True
        self._session.stop()


@contextmanager
def _line_editor(session: Session, folder: Path | None) -> Iterator[None]:
    """Have history and completion, where the platform has readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    place = None if folder is None else folder / HISTORY_FILE
    if place is not None and place.is_file():
        readline.read_history_file(place)
    readline.set_history_length(HISTORY_LINES)
    readline.set_completer_delims(" \t\n=+-*/%<>~,;")
    readline.set_completer(completer(session))
    readline.parse_and_bind("tab: complete")
    try:
        yield
    finally:
        readline.set_completer(None)
        if place is not None:
            readline.write_history_file(place)


def completer(session: Session) -> Callable[[str, int], str | None]:
    """Return what readline asks: the n-th word that begins so; commands, then names of Lua."""
    found: list[str] = []

    def complete(begun: str, number: int) -> str | None:
        nonlocal found
        if number == 0:
            words = [*(f"{name} " for name in (*session.commands, QUIT[0])), *session.words()]
            found = sorted({word for word in words if word.startswith(begun)})
        return found[number] if number < len(found) else None

    return complete
