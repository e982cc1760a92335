"""A runner of a running stack: looked at and asked on a copy; nothing of it stops or changes but by `pause` and `resume`."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from common.config.models import Config
from common.journal import JournalError
from orrery.errors import CommandLineError
from orrery.events.follow import USUAL, Wanted, follow_events
from orrery.events.follow_text import as_json, as_line
from orrery.redrive.moments import moment_of
from orrery.redrive.session import Session
from orrery.repl import text as t
from orrery.repl.answering import Answer, Command, help_of, one_of
from orrery.repl.errors import ReplError
from orrery.repl.glass import Copied
from orrery.repl.inspecting import BARS, Inspector
from orrery.runners.asking import ask
from orrery.why.standing import standing_of
from orrery.why.standing_text import lines as standing_lines
from services.signal.core.changes import digest_of
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.plugin_files import PluginError, install
from services.signal.loading import StrategyFileError, limits_of, use_model

FOLLOWED = (*USUAL, "bar")
"""Kinds that `follow` shows."""
FOLLOW_SECONDS_MAX = 86_400.0

type Ask = Callable[[str, dict[str, Any]], Any]
"""Asks the signal service: the name of the question, its arguments."""


class OnStack:
    """A runner of a running stack."""

    def __init__(self, config: Config, runner: str) -> None:
        self.config, self.runner = config, runner
        self.limits = limits_of(config.signal)
        self._has_model = False

    def ask(self, name: str, arguments: dict[str, Any] | None = None) -> Any:
        """Ask the signal service about the runner."""
        return ask(self.config, name, {"runner": self.runner, **(arguments or {})}).result

    def shown(self, bars: int = BARS) -> dict[str, Any]:
        """Return what `runner.show` answers."""
        found: dict[str, Any] = self.ask("runner.show", {"bars": bars})
        return found

    def history(self) -> list[list[Any]]:
        """Return the transitions."""
        found: list[list[Any]] = self.ask("runner.history")["history"]
        return found

    def copied(self) -> Copied:
        """Return a copy to ask."""
        told = self.ask("runner.copy")
        source = str(told["source"]).encode()
        if digest_of(source) != told["sha256"]:
            raise ReplError("the source that came is not the one that was meant: its SHA-256 differs")
        strategy = msgspec.structs.replace(msgspec.json.decode(told["spec"], type=StrategySpec), source=source)
        if not self._has_model:
            self._load_model(strategy)
        spec = RunnerSpec(
            strategy=strategy, symbol=told["symbol"], timeframe=told["timeframe"], currency=told["currency"]
        )
        return Copied(spec, told["state"])

    def _load_model(self, strategy: StrategySpec) -> None:
        try:
            use_model([strategy], self.config.signal)
        except StrategyFileError as error:
            raise ReplError(str(error)) from error
        self._has_model = True

    def account(self) -> dict[str, Any]:
        """Return the account as the runner was told it."""
        return self.shown(1)["account"] or {}

    def orders(self) -> dict[str, Any]:
        """Return what the runner waits for."""
        shown = self.shown(1)
        return {name: shown[key] for name, key in (("waits for", "pending"), ("works", "working")) if shown[key]}

    def answered(self) -> str:
        """Return the function that its state asks."""
        asked = {"idle": "detect_opportunity", "analyzing": "filter_commitment", "in_position": "manage_position"}
        return asked.get(str(self.shown(1)["state"]), "")


class AttachedSession:
    """What is typed, on a runner of a running stack."""

    def __init__(self, subject: OnStack, *, is_json: bool) -> None:
        """is_json: `follow` prints one JSON object a line."""
        self._subject = subject
        self._is_json = is_json
        self._inspector = Inspector(subject)
        self._stopped = threading.Event()
        self.commands = {
            "follow": Command("[SECONDS]", "what it does, as it happens; Ctrl-C ends", self.follow, ("f",)),
            **self._inspector.commands,
            "why": Command("", "why it did not trade at the latest bar, by its journal", self.why, ("w",)),
            "pause": Command("", "ask its strategy nothing until it is resumed", self.pause),
            "resume": Command("", "ask its strategy again", self.resume),
            "use": Command("[RUNNER]", "look at another runner", self.use),
            "help": Command("[COMMAND]", "this list, or one command", self.help, ("h", "?")),
        }

    def prompt(self) -> str:
        """Return what stands before the cursor."""
        return f"({self._subject.runner} live) "

    def evaluate(self, line: str) -> Answer:
        """Evaluate Lua on a copy."""
        return self._inspector.evaluate(line)

    def words(self) -> list[str]:
        """Return names that a line of Lua may have."""
        return self._inspector.words()

    def ready(self) -> None:
        """Forget an earlier stop."""
        self._stopped.clear()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped.set()

    def follow(self, rest: str) -> Answer:
        """Show what the runner does, and its bars, as it happens."""
        shown, count = self._subject.shown(1), 0
        wanted = Wanted(FOLLOWED, self._subject.runner, shown["symbol"])
        for event in follow_events(self._subject.config, wanted, _seconds(rest)):
            if self._stopped.is_set():
                break
            if event is not None and _is_its(event.message, shown["timeframe"]):
                print(as_json(event) if self._is_json else _fitting(as_line(event)), flush=True)
                count += 1
        return Answer([f"{count} events"], {"events": count})

    def why(self, _rest: str) -> Answer:
        """Tell how the runner stands by its session's journals."""
        folder = Path(self._subject.config.engine.data_dir)
        try:
            session = Session(folder)
            standing = standing_of(session, self._subject.runner, moment_of(session, "end"))
        except (JournalError, CommandLineError) as error:
            raise ReplError(f"the journals of the stack are needed here, in {folder}: {error}") from error
        return Answer(list(standing_lines(standing)), {"standing": msgspec.to_builtins(standing, str_keys=True)})

    def pause(self, _rest: str) -> Answer:
        """Pause the runner."""
        return self._tell("runner.pause", "paused")

    def resume(self, _rest: str) -> Answer:
        """Resume the runner."""
        return self._tell("runner.resume", "resumed")

    def _tell(self, name: str, done: str) -> Answer:
        told = self._subject.ask(name)
        return Answer([f"{self._subject.runner}: {done}"], {"paused": told["paused"]})

    def use(self, rest: str) -> Answer:
        """Look at another runner."""
        known = runners_of(self._subject.config)
        if rest:
            self._subject.runner = one_of(rest, known, "use")
        lines = [f"{'>' if id_ == self._subject.runner else ' '} {id_}" for id_ in known]
        return Answer(lines, {"runner": self._subject.runner, "runners": known})

    def help(self, rest: str) -> Answer:
        """Tell what can be typed."""
        return help_of(self.commands, rest)


def attached(config: Config, runner: str, *, is_json: bool) -> AttachedSession:
    """Return a session on a runner, the first if none is named.

    Raises:
        CommandLineError: no stack answers, or it has no such runner.
    """
    try:
        install([Path(name) for name in config.signal.indicators])
    except PluginError as error:
        raise CommandLineError(f"signal.indicators: {error}") from error
    known = runners_of(config)
    if not known:
        raise CommandLineError("repl: the stack has no runner")
    try:
        return AttachedSession(
            OnStack(config, one_of(runner, known, "--runner") if runner else known[0]), is_json=is_json
        )
    except ReplError as error:
        raise CommandLineError(str(error)) from error


def runners_of(config: Config) -> list[str]:
    """Return the ids of the runners of a running stack."""
    return [str(each["id"]) for each in ask(config, "runner.list").result["runners"]]


def _seconds(text: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds <= FOLLOW_SECONDS_MAX:
        raise ReplError(f"follow: expected seconds up to {FOLLOW_SECONDS_MAX:,.0f}, found {text!r}")
    return seconds


def _fitting(line: str) -> str:
    return line[: t.width()] if sys.stdout.isatty() else line


def _is_its(message: dict[str, Any], timeframe: str) -> bool:
    return message.get("type") != "bar" or message.get("timeframe") == timeframe
