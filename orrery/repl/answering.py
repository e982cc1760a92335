"""A command and what it answers: lines for people, and the same as plain data for programs."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, Protocol

from orrery.repl.errors import ReplError


class Answer(NamedTuple):
    """What a command brought."""

    lines: list[str]
    data: dict[str, Any]


type Do = Callable[[str], Answer]
"""Does a command; told what stands behind its name."""


class Command(NamedTuple):
    """One command. usage: what may stand behind its name; help: one sentence; names: others that it goes by."""

    usage: str
    help: str
    do: Do
    others: tuple[str, ...] = ()


class Session(Protocol):
    """What is talked to: a trip through data, or a runner of a running stack."""

    commands: dict[str, Command]

    def prompt(self) -> str:
        """Return what stands before the cursor."""
        ...

    def evaluate(self, line: str) -> Answer:
        """Evaluate Lua at the present moment."""
        ...

    def words(self) -> list[str]:
        """Return names that a line of Lua may have."""
        ...

    def ready(self) -> None:
        """Forget an earlier stop: the next line is about to be read."""
        ...

    def stop(self) -> None:
        """Come to rest: somebody pressed Ctrl-C."""
        ...


def named(commands: Mapping[str, Command], name: str) -> Command | None:
    """Return a command by its name or another one it goes by."""
    if name in commands:
        return commands[name]
    return next((each for each in commands.values() if name in each.others), None)


def whole(text: str, what: str, default: int, least: int = 0) -> int:
    """Return a whole number that was typed, `default` for nothing."""
    if not text:
        return default
    digits = text.replace(",", "").replace("_", "")
    if not digits.isdecimal() or int(digits) < least:
        raise ReplError(f"{what}: expected a number from {least} on, found {text!r}")
    return int(digits)


def one_of(text: str, known: list[str], what: str) -> str:
    """Return what was typed if it is known; a name in full, or its only beginning."""
    begun = [each for each in known if each.startswith(text)]
    if text in known or len(begun) == 1:
        return text if text in known else begun[0]
    close = get_close_matches(text, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ReplError(f"{what}: expected {', '.join(known)}, found {text!r}{hint}")


def help_of(commands: Mapping[str, Command], name: str) -> Answer:
    """Return the list of commands, or one in full."""
    if name:
        command = named(commands, name)
        if command is None:
            raise ReplError(f"help: no command {name!r}")
        full = next(key for key, each in commands.items() if each is command)
        others = f" (also {', '.join(command.others)})" if command.others else ""
        return Answer([f"{full} {command.usage}".rstrip() + others, f"  {command.help}"], {"help": command.help})
    lines = [f"  {f'{key} {each.usage}'.rstrip():<24} {each.help}" for key, each in commands.items()]
    lua = "  = EXPRESSION             Lua at this moment, on a copy; so is what is no command"
    return Answer([*lines, lua], {"commands": {key: each.help for key, each in commands.items()}})
