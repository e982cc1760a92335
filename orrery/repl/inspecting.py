"""Commands that look at a runner and change nothing: the same on data and on a running stack."""

import re
from typing import Any, Protocol

from orrery.repl import text as t
from orrery.repl.answering import Answer, Command, one_of, whole
from orrery.repl.errors import ReplError
from orrery.repl.glass import Copied, evaluate
from orrery.runners.text import clock
from services.signal.core.host import FUNCTION_NAMES
from services.signal.core.indicators import REGISTRY
from services.signal.core.spec import StrategySpec
from services.signal.hosts.lua import LuaLimits

BARS = 10
"""Bars shown if nobody says how many."""
SOURCE_LINES = 30
"""Lines of source shown at most."""
MARKET = (
    "symbol", "timestamp", "open", "high", "low", "close", "volume", "bid", "ask", "price", "time_since_open()", "signals",
)  # fmt: skip


class Subject(Protocol):
    """A runner that can be looked at. limits: what evaluating a line may cost."""

    limits: LuaLimits

    def shown(self, bars: int = BARS) -> dict[str, Any]:
        """Return what `runner.show` answers."""
        ...

    def history(self) -> list[list[Any]]:
        """Return the transitions."""
        ...

    def copied(self) -> Copied:
        """Return a copy to ask."""
        ...

    def account(self) -> dict[str, Any]:
        """Return the account's figures."""
        ...

    def orders(self) -> dict[str, Any]:
        """Return what the runner waits for."""
        ...

    def answered(self) -> str:
        """Return the name of the function that was asked last, empty if none was."""
        ...


class Inspector:
    """The commands, on a subject."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.commands = {
            "state": Command("", "the runner: state, warm-up, counts, errors", self.state),
            "bar": Command("", "the latest bar, bid and ask", self.bar),
            "bars": Command("[N]", "the latest bars", self.bars),
            "indicators": Command("", "those the strategy uses, with their values", self.indicators),
            "context": Command("", "what was detected, own keys, variables", self.context),
            "position": Command("", "side, quantity, entry, stop, target, profit", self.position, ("p",)),
            "orders": Command("", "what is on its way", self.orders),
            "account": Command("", "cash, equity, profit, fees", self.account),
            "history": Command("", "changes of state", self.history),
            "prints": Command("", "lines the strategy printed", self.prints),
            "list": Command("[FUNCTION|LINE]", "the source of the function asked last", self.list_, ("l",)),
        }

    def evaluate(self, line: str) -> Answer:
        """Evaluate a line of Lua on a copy."""
        found = evaluate(self._subject.copied(), line, self._subject.limits)
        values = [each.value if each.kind in ("number", "boolean") else each.text for each in found.values]
        nothing = [None if each.kind == "nil" else value for each, value in zip(found.values, values, strict=True)]
        return Answer([*found.lines, *(each.text for each in found.values)], {"values": nothing, "prints": found.lines})

    def words(self) -> list[str]:
        """Return names that a line of Lua may have."""
        keys = self._subject.shown(1)["context"]
        return [
            *(f"indicators.{name}(" for name in REGISTRY),
            *(f"market_data.{name}" for name in MARKET),
            *(f"context.{name}" for name in ("position", "order", "account", "params", *keys)),
            *(f"{name}(market_data, context, indicators)" for name in FUNCTION_NAMES),
        ]

    def state(self, _rest: str) -> Answer:
        """Tell how the runner stands."""
        shown = self._subject.shown(1)
        warm = f" of {shown['warmup']} for its warm-up" if shown["bars"] < shown["warmup"] else ""
        keys = ("evaluations", "decisions", "transitions", "errors")
        found = {
            "runner": shown["id"],
            "file": f"{shown['script']} {shown['sha256'][:12]}, timeframe {shown['timeframe']}",
            "params": shown["params"],
            "state": f"{shown['state']} for {shown['updates_in_state']} updates{', paused' if shown['paused'] else ''}",
            "bars": f"{shown['bars']:,}{warm}",
            "counts": ", ".join(f"{shown[key]:,} {key}" for key in keys),
        }
        if shown["last_error"]:
            found["last error"] = shown["last_error"]
        return Answer(t.rows(found), {key: shown[key] for key in ("state", "paused", "bars", *keys, "last_error")})

    def bar(self, _rest: str) -> Answer:
        """Tell the latest bar."""
        shown = self._subject.shown(1)
        if not shown["recent_bars"]:
            raise ReplError("no bar has closed yet")
        start_ns, *figures = shown["recent_bars"][-1]
        names = ("open", "high", "low", "close", "volume")
        found = {"begins": t.moment(start_ns), **dict(zip(names, figures, strict=True)), **self._market()}
        return Answer(t.rows(found), {"start_ns": start_ns, **found})

    def _market(self) -> dict[str, Any]:
        copied = self._subject.copied()
        quoted = evaluate(copied, "market_data.bid, market_data.ask", self._subject.limits).values
        return {name: each.value for name, each in zip(("bid", "ask"), quoted, strict=True)}

    def bars(self, rest: str) -> Answer:
        """Show the latest bars."""
        count = whole(rest, "bars", BARS, 1)
        found = self._subject.shown(count)["recent_bars"][-count:]
        lines = t.table(
            ("begins", "open", "high", "low", "close", "volume"),
            [(t.moment(start_ns), *figures) for start_ns, *figures in found],
        )
        return Answer(lines, {"bars": found})

    def indicators(self, _rest: str) -> Answer:
        """Show the indicators that the strategy uses."""
        found = self._subject.shown(1)["indicators"]
        return Answer(t.rows(found) or ["none yet; `= indicators.ema(10)` computes one"], {"indicators": found})

    def context(self, _rest: str) -> Answer:
        """Show what the strategy remembers."""
        shown = self._subject.shown(1)
        remembers = shown["remembers"]
        found = {
            "detected": shown["context"],
            "own keys": {k: v for k, v in remembers.get("context", {}).items() if k not in shown["context"]},
            "variables": remembers.get("variables", {}),
            "params": shown["params"],
        }
        return Answer(t.rows({name: value or "nothing" for name, value in found.items()}), found)

    def position(self, _rest: str) -> Answer:
        """Show the position."""
        found = self._subject.shown(1)["position"]
        return Answer(["flat"] if found is None else t.rows(found), {"position": found})

    def orders(self, _rest: str) -> Answer:
        """Show what is on its way."""
        found = self._subject.orders()
        return Answer(t.rows(found) or ["nothing is on its way"], {"orders": found})

    def account(self, _rest: str) -> Answer:
        """Show the account."""
        found = self._subject.account()
        return Answer(t.rows(found) or ["not told yet: an account is told with its first fill"], {"account": found})

    def history(self, _rest: str) -> Answer:
        """Show the changes of state."""
        found = self._subject.history()
        lines = [f"{clock(at_ns)}  {before:>11} -> {after:<11}  {event}" for at_ns, before, after, event in found]
        return Answer(lines or ["no change of state yet"], {"history": found})

    def prints(self, _rest: str) -> Answer:
        """Show what the strategy printed."""
        found = self._subject.shown(1)["lines"]
        return Answer(list(found) or ["nothing was printed"], {"lines": list(found)})

    def list_(self, rest: str) -> Answer:
        """Show source."""
        strategy, shown = self._subject.copied().spec.strategy, self._subject.shown(1)
        source = strategy.source.decode(errors="replace").splitlines()
        if rest.isdecimal():
            first = max(1, int(rest) - SOURCE_LINES // 3)
            last = min(len(source), first + SOURCE_LINES - 1)
        else:
            name = one_of(rest, list(FUNCTION_NAMES), "list") if rest else self._subject.answered() or FUNCTION_NAMES[0]
            first, last = _extent(strategy, source, name)
        marked = _error_line(strategy, str(shown["last_error"])) or (int(rest) if rest.isdecimal() else 0)
        if first > len(source):
            raise ReplError(f"list: the file has {len(source)} lines")
        lines = [f"{n:>4} {'>' if n == marked else ' '} {source[n - 1]}".rstrip() for n in range(first, last + 1)]
        return Answer(lines, {"script": strategy.script, "first": first, "source": source[first - 1 : last]})


def _extent(strategy: StrategySpec, source: list[str], name: str) -> tuple[int, int]:
    """Return the first and last line of a function: it ends with an `end` that stands as far left as it does."""
    first = strategy.lines.get(name, 1)
    indent = len(source[first - 1]) - len(source[first - 1].lstrip())
    for number in range(first + 1, min(len(source), first + SOURCE_LINES) + 1):
        line = source[number - 1]
        if line.strip().startswith("end") and len(line) - len(line.lstrip()) == indent:
            return first, number
    return first, min(len(source), first + SOURCE_LINES - 1)


def _error_line(strategy: StrategySpec, error: str) -> int:
    found = re.match(rf"{re.escape(strategy.script)}:(\d+):", error)
    return int(found[1]) if found else 0
