"""Risk's parameters that change under the running service: by the configuration's file, or by an operator's word.

How it works: twice a second the loop looks at the file's time and size. A changed file is read and validated as a whole,
with the environment and the --set that the service was started with; what it says of [risk] becomes a journaled command
that carries the parameters themselves, so redoing the journal needs no file. What cannot be used is told and counted, and
everything stays as it is. A start does the same with a file that changed meanwhile: what was in force before it, an
operator's changes included, holds until the file says something new.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from common.bus.commands import CommandError
from common.bus_service import ServiceError
from common.config.conform import conform
from common.config.load import LoadedConfig, load_config
from common.config.models import Config
from common.config.overrides import apply_settings
from common.config.risk import RiskSection
from common.config.tree import ConfigError, Tree, dotted
from common.journaled_service import JournaledService
from common.logs import get_logger
from common.messages import LimitChange
from common.money import decimal_of
from common.runner import EventLoop
from common.sessions import read_starts
from services.risk_manager.core.parameters import (
    ADDRESSES,
    CHANGE,
    FILE,
    FIXED,
    OPERATOR,
    changes,
    fixed_changes,
    flat,
    section_of,
    text_of,
)
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.metrics import RiskMetrics

POLL_NS = 400_000_000
"""Between two looks at the file. It is read at the second look that finds it as it was: half a file may be a whole one."""
SHOW, RELOAD, SET = "risk.show", "risk.reload", "risk.set"
"""What operators may ask: what is in force and used; to read the file now; to change `settings`, each `key=value`."""

_log = get_logger("reload")


def section_of_session(folder: Path, section: RiskSection) -> RiskSection:
    """Return the [risk] section that a service's journal begins with: of the latest start before its first input.

    Raises:
        JournalError: the starts cannot be read.
    """
    first = [start for start in read_starts(folder) if start.inputs == 0]
    return Config.model_validate(first[-1].config).risk if first else section


class LimitsReloader:
    """Watches the file; answers operators who ask for parameters or change them."""

    def __init__(self, service: JournaledService, core: RiskCore, loaded: LoadedConfig, metrics: RiskMetrics) -> None:
        self._service, self._core, self._loaded, self._metrics = service, core, loaded, metrics
        self._seen = self._settling = self._look()
        self._failure = ""
        self._reloaded = self._failed = 0
        commands = service.bus.commands
        commands.on(SHOW, lambda _arguments, _id: self._show())
        commands.on(RELOAD, lambda _arguments, id_: self._reload_now(id_), changes_state=True)
        commands.on(SET, self._set, changes_state=True)

    def begin(self, loop: EventLoop) -> None:
        """Take over what the file says by now, then watch it.

        Raises:
            ServiceError: it changes what holds as long as the state does.
        """
        try:
            self._change(text_of(self._loaded.config.risk), FILE, "")
        except CommandError as error:
            raise ServiceError(f"{self._loaded.path or 'the configuration'}: {error}") from error
        if self._loaded.path is not None:
            loop.every(POLL_NS, self.poll)

    def poll(self) -> None:
        """Look at the file; take over what it says if it is another one than at the last look."""
        seen = self._look()
        is_settled, self._settling = seen == self._settling, seen
        if seen is None or seen == self._seen or not is_settled:
            return
        self._seen = seen
        try:
            self._change(self._read(), FILE, "")
        except CommandError as error:
            self._fail(str(error))

    def _look(self) -> tuple[int, int, int] | None:
        """Return what tells one file from another; a file that is not there now may be under way."""
        try:
            stat = None if self._loaded.path is None else self._loaded.path.stat()
        except OSError:
            return None
        return None if stat is None else (stat.st_mtime_ns, stat.st_size, stat.st_ino)

    def _read(self) -> str:
        """Return what the file says now; CommandError names file, line, key, expected and found."""
        loaded = self._loaded
        try:
            section = load_config(loaded.path, loaded.overrides, os.environ).config.risk
        except ConfigError as error:
            raise CommandError(str(error)) from error
        moved = [
            key for key in ADDRESSES - {"metrics_port"} if getattr(section, key) != getattr(loaded.config.risk, key)
        ]
        if moved:
            names = ", ".join(f"risk.{key}" for key in sorted(moved))
            raise CommandError(
                f"{loaded.path}: {names}: expected no change while the service runs, found one; restart it"
            )
        return text_of(section)

    def _change(self, after: str, origin: str, request_id: str) -> list[LimitChange]:
        """Bring other parameters into force; return what changes, nothing if there is nothing new.

        Raises:
            CommandError: they change what holds as long as the state does, or the journal refuses writes.
        """
        in_force, in_file = self._core.parameters()
        if origin == FILE and not changes(in_file, after):
            self._failure = ""  # the file was put back as it was
            return []
        if origin == OPERATOR and not changes(in_force, after):
            return []
        fixed = fixed_changes(in_force, after)
        if fixed:
            raise CommandError(
                "; ".join(
                    f"risk.{each.key}: expected {each.before}, with which the books were opened, found {each.after}"
                    for each in fixed
                )
                + "; start with a new engine.data_dir"
            )
        id_ = request_id or f"limits:{self._service.ledger.inbox.last_number}"
        self._service.desk.obey(CHANGE, {"before": in_force, "after": after, "origin": origin}, id_)
        self._failure = ""
        self._reloaded += 1
        found = changes(in_force, after)
        shown = ", ".join(f"{each.key} {each.before or 'none'} -> {each.after or 'none'}" for each in found)
        _log.info("limits changed", origin=origin, changes=shown or "none")
        return found

    def _fail(self, text: str) -> None:
        self._failed += 1
        self._failure = text
        self._metrics.limits_refused()
        _log.error("limits not changed, the old ones hold", error=text)

    def _reload_now(self, request_id: str) -> dict[str, Any]:
        try:
            self._seen = self._look()
            return _told(self._change(self._read(), FILE, request_id))
        except CommandError as error:
            self._fail(str(error))
            raise

    def _set(self, arguments: dict[str, Any], request_id: str) -> dict[str, Any]:
        settings = arguments.get("settings")
        if not isinstance(settings, list) or not settings or not all(isinstance(each, str) for each in settings):
            raise CommandError(f"{SET}: expected settings, each key=value, found {settings!r}")
        try:
            return _told(self._change(self._with(settings), OPERATOR, request_id))
        except CommandError as error:
            self._fail(str(error))
            raise

    def _with(self, settings: Sequence[str]) -> str:
        """Return what is in force with some keys set; CommandError names each that cannot be."""
        in_force, _ = self._core.parameters()
        tree = Tree({"risk": _raw(section_of(in_force).model_dump())}, {}, "what is in force")
        lines = list(apply_settings(tree, [f"risk.{each.removeprefix('risk.')}" for each in settings]))
        conformed = conform(tree.values)
        if not isinstance(conformed, Config):
            lines += [f"{tree.origin(each.path)}: {dotted(each.path)}: {each.text}" for each in conformed]
        if lines or not isinstance(conformed, Config):
            raise CommandError("\n".join(lines))
        return text_of(conformed.risk)

    def _show(self) -> dict[str, Any]:
        in_force, in_file = self._core.parameters()
        return {
            "in_force": flat(in_force),
            "not_as_in_file": [
                {"key": each.key, "file": each.before, "in_force": each.after} for each in changes(in_file, in_force)
            ],
            "fixed": list(FIXED),
            "file": "" if self._loaded.path is None else str(self._loaded.path),
            "usage": [msgspec.structs.asdict(each) for each in self._core.standing(self._service.ledger.now_ns())],
            "reloaded": self._reloaded,
            "failed": self._failed,
            "failure": self._failure,
        }


def _told(found: list[LimitChange]) -> dict[str, Any]:
    return {"changes": [{"key": each.key, "before": each.before, "after": each.after} for each in found]}


def _raw(value: Any) -> Any:
    """Return values as the reader of a file gives them: every fraction a Decimal."""
    if isinstance(value, dict):
        return {key: _raw(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_raw(item) for item in value]
    return decimal_of(value) if isinstance(value, float) else value
