"""What a typed line means: a command, or Lua."""

import re
from difflib import get_close_matches

from orrery.repl.answering import Answer, Session, named
from orrery.repl.errors import ReplError

QUIT = ("quit", "exit", "q")
LONGEST_LINE = 10_000
"""Characters of a line."""
_NAME = re.compile(r"\b[A-Za-z_]\w*")
_RESERVED = {"and", "or", "not", "nil", "true", "false"}
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|--.*")
_USED = re.compile(r"\b(?!(?:and|or|not)\b)[A-Za-z_]\w*\s*[.:\[({'\"]")
_WORD = re.compile(r"(\?|[A-Za-z_]+)(?![\w(.\[:])\s*(?!=)(.*)", re.DOTALL)


def do(session: Session, line: str) -> Answer:
    """Do what a line says: a command by its name; `= expression` and all else is Lua.

    Raises:
        ReplError: it cannot be done.
    """
    text = line.strip()
    if len(text) > LONGEST_LINE:
        raise ReplError(f"expected at most {LONGEST_LINE} characters, found {len(text)}")
    if text.startswith("="):
        return session.evaluate(text[1:])
    match = _WORD.fullmatch(text)
    command = None if match is None else named(session.commands, match[1])
    if match is not None and command is not None:
        return command.do(match[2].strip())
    close = get_close_matches(match[1], session.commands, n=1) if match is not None else []
    try:
        answer = session.evaluate(text)
    except ReplError as error:
        raise ReplError(f"{error}; did you mean the command {close[0]}?" if close else str(error)) from None
    if answer.data.get("values") == [None] and text != "nil" and (close or _NAME.fullmatch(text)):
        hint = f"did you mean {close[0]}?" if close else f"commands: {', '.join(session.commands)}"
        raise ReplError(f"{text}: no such command, and nil in Lua; {hint}")
    return answer


def bare_names(expression: str) -> list[str]:
    """Return the names that an expression of Lua only reads, none where it also indexes or calls one."""
    plain = _TEXT.sub(" '' ", expression)
    if _USED.search(plain):
        return []
    return [name for name in dict.fromkeys(_NAME.findall(plain)) if name not in _RESERVED]


def parts(script: str) -> list[str]:
    """Return the lines of a script given in one text: at line ends, and at `;` that stand in no quotes and no brackets."""
    found, depth, quote, part = [], 0, "", ""
    for letter in script:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "\n" or (letter == ";" and depth <= 0):
            found.append(part)
            part, depth = "", 0
            continue
        part += letter
    return [each.strip() for each in [*found, part] if each.strip()]


def is_quit(line: str) -> bool:
    """Return whether a line ends the session."""
    return line.strip() in QUIT


def is_remark(line: str) -> bool:
    """Return whether a line of a script says nothing."""
    return not line.strip() or line.lstrip().startswith(("#", "--"))
