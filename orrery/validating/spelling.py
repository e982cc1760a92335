"""Names that a strategy asks the host for and that are not there: found in the text, so in lines no trial comes to as well.

How it works: comments and strings are blanked, then each `market_data.NAME` and the like is looked up, under the names that the
file itself gives the three parameters. Lua answers nil for a field that is not there; a misspelt one fails without a word.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from services.signal.core.host import AccountView, MarketView, OrderView
from services.signal.core.indicators import REGISTRY
from services.signal.core.model import MODEL_KEY
from services.signal.hosts.pandas_ta import READER, catalogue, close_names
from services.signal.loading import Problem

MARKET = (
    "symbol", *MarketView._fields, "time_since_open", "signals", "delta", "gamma", "vega", "theta", "iv", "mark",
    "underlying",
)  # fmt: skip
POSITION = ("side", "quantity", "entry_price", "entry", "pnl", "stop", "target")
ORDER = OrderView._fields
ACCOUNT = ("currency", *AccountView._fields)
ACTIONS = (
    "enter_long", "enter_short", "oco", "cancel_analysis", "hold", "exit", "exit_partial", "update_stop",
    "update_target", "trailing_stop", "breakeven_stop", "amend", "cancel",
)  # fmt: skip

_COMMENT = r"--\[(?P<level>=*)\[.*?\](?P=level)\]|--[^\n]*"
_STRING = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
_CODE = re.compile(rf"(?P<string>{_STRING})|{_COMMENT}", re.DOTALL)
_SIGNATURE = re.compile(
    r"\b(?:detect_opportunity|filter_commitment|manage_position)\s*(?:=\s*function\s*)?\(([\w\s,]*)\)"
)
_ACTION = re.compile(r"\baction\s*=\s*[\"'](\w*)[\"']")


def misspelt(script: str, source: str) -> list[Problem]:
    """Return a warning for each name that is not there, by line; `script` is how the file is called."""
    found = sorted({*_fields(source), *_actions(source), *_library(source)})
    return [Problem(f"{script}:{line}: {text}", line, hint, is_fatal=False) for line, text, hint in found]


def _fields(source: str) -> Iterator[tuple[int, str, str]]:
    code = _blanked(source, strings=True)
    for names, known in _holders(code):
        for match in re.finditer(rf"(?<![\w.:]){names}\s*\.\s*(\w+)", code):
            name = match.group(1)
            if name not in known:
                text = f"{' '.join(match.group(0).split())}: no such name; there are {', '.join(known)}"
                yield _line(code, match.start(1)), text, _hint(name, known)


def _holders(code: str) -> list[tuple[str, Sequence[str]]]:
    given = [[name.strip() for name in match.group(1).split(",")] for match in _SIGNATURE.finditer(code)]
    market, context, indicators = (
        "(?:" + "|".join(sorted({names[at] for names in given if len(names) > at and names[at]} | {usual})) + ")"
        for at, usual in enumerate(("market_data", "context", "indicators"))
    )
    return [
        (market, MARKET),
        (rf"{context}\s*\.\s*position", POSITION),
        (rf"{context}\s*\.\s*order", ORDER),
        (rf"{context}\s*\.\s*account", ACCOUNT),
        (indicators, sorted({*REGISTRY, *REGISTRY.unlisted, MODEL_KEY.name, READER})),
    ]


def _library(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield what is wrong with the names in `indicators.ta("…")`."""
    code = _blanked(source, strings=False)
    for match in re.finditer(rf"\b\w+\s*\.\s*{READER}\s*\(\s*[\"'](\w*)[\"']", code):
        name = match.group(1)
        entry = catalogue().get(name)
        if entry is None:
            hint = f"did you mean {' or '.join(close_names(name))}?" if close_names(name) else ""
            yield _line(code, match.start(1)), f'indicators.ta("{name}"): pandas-ta has no such indicator', hint
        elif entry.refused:
            yield _line(code, match.start(1)), f'indicators.ta("{name}"): refused: {entry.refused}', ""


def _actions(source: str) -> Iterator[tuple[int, str, str]]:
    code = _blanked(source, strings=False)
    for match in _ACTION.finditer(code):
        if match.group(1) not in ACTIONS:
            text = f'action "{match.group(1)}": no such action; there are {", ".join(ACTIONS)}'
            yield _line(code, match.start(1)), text, _hint(match.group(1), ACTIONS)


def _blanked(source: str, *, strings: bool) -> str:
    """Return a source of the same length in lines without comments, and without strings where that is wanted."""

    def blank(match: re.Match[str]) -> str:
        if match["string"] is not None and not strings:
            return match.group(0)
        return "\n" * match.group(0).count("\n") or " "

    return _CODE.sub(blank, source)


def _line(code: str, at: int) -> int:
    return code.count("\n", 0, at) + 1


def _hint(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else ""
