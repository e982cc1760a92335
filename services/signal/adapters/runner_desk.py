"""What operators may ask of runners and tell them; questions are answered between two inputs, nothing stops for them."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from common.bus.commands import CommandError
from common.config.models import Config
from common.journaled_service import JournaledService
from services.signal.core.changes import ADD, PAUSE, RELOAD, REMOVE, RESUME, THROTTLE, described
from services.signal.core.copying import copy_of
from services.signal.core.showing import BARS_SHOWN, BARS_SHOWN_MAX, history_of, line_of, show_runner
from services.signal.core.signal_core import SignalCore

LIST, SHOW, HISTORY, COPY = "runner.list", "runner.show", "runner.history", "runner.copy"
"""Questions; all but the first name a runner in `runner`. `runner.show` takes `bars`, how many of the latest to show."""
ARGUMENT_BYTES_MAX = 1_000_000


class Watch(Protocol):
    """Whoever watches the strategy files."""

    def status(self) -> dict[str, Any]:
        """Return what is watched and what failed, as plain data."""
        ...


class RunnerDesk:
    """Answers operators. on_change: called after runners came, went or changed."""

    def __init__(self, service: JournaledService, core: SignalCore, config: Config, watch: Watch) -> None:
        self._service, self._core, self._config, self._watch = service, core, config, watch
        self.on_change: Callable[[], None] = lambda: None
        commands = service.bus.commands
        commands.on(LIST, lambda _arguments, _id: self._list())
        commands.on(SHOW, lambda arguments, _id: self._show(arguments))
        commands.on(HISTORY, lambda arguments, _id: {"history": history_of(core.roster, self._known(arguments))})
        commands.on(COPY, lambda arguments, _id: self._copy(arguments))
        service.desk.allow(PAUSE, RESUME, ADD, REMOVE, THROTTLE, RELOAD, answer=self._answer, check=self._check)

    def _list(self) -> dict[str, Any]:
        uptime_ms = self._service.bus.uptime_ms()
        runners = [line_of(self._core.roster, id_) for id_ in self._core.roster.runners]
        return {"runners": runners, "uptime_ms": uptime_ms, "now_ns": self._service.bus.wall.now_ns()} | {
            "files": self._watch.status()
        }

    def _show(self, arguments: dict[str, Any]) -> dict[str, Any]:
        id_ = self._known(arguments)
        roster = self._core.roster
        return {
            **show_runner(roster, id_, _bars(arguments)),
            "remembers": remembered(roster.runners[id_].asker.host.save()),
            "uptime_ms": self._service.bus.uptime_ms(),
            "now_ns": self._service.bus.wall.now_ns(),
        }

    def _copy(self, arguments: dict[str, Any]) -> dict[str, Any]:
        id_ = self._known(arguments)
        spec = self._core.roster.runners[id_].spec
        return {**described(spec), "currency": spec.currency, "state": copy_of(self._core.roster, id_)}

    def _known(self, arguments: dict[str, Any]) -> str:
        id_ = str(arguments.get("runner", ""))
        if id_ not in self._core.roster.runners:
            known = ", ".join(list(self._core.roster.runners)[:20]) or "none"
            raise CommandError(f"no runner {id_!r}; there are: {known}")
        return id_

    def _check(self, name: str, arguments: dict[str, Any]) -> None:
        size = max((len(str(value)) for value in arguments.values()), default=0)
        if size > ARGUMENT_BYTES_MAX:
            raise CommandError(f"{name}: expected arguments of at most {ARGUMENT_BYTES_MAX} characters, found {size}")
        followed = self._config.market_data.symbols
        if name != ADD:
            self._known(arguments)
        elif arguments.get("symbol") not in followed:
            text = f"expected a symbol of market_data.symbols ({', '.join(followed)})"
            raise CommandError(f"{name}: {text}, found {arguments.get('symbol')}")

    def _answer(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        core = self._core
        if core.refusal:
            raise CommandError(core.refusal)
        if name in (ADD, REMOVE, RELOAD):
            self.on_change()
        id_ = str(arguments.get("runner", "")) or _id_of(arguments)
        if id_ not in core.roster.runners:
            return {"id": id_, "removed": True}
        return line_of(core.roster, id_)


def remembered(saved: bytes) -> dict[str, Any]:
    """Return what a strategy keeps in its context of its own, and its variables that changed, from what a host saved."""
    if not saved:
        return {}
    state = msgspec.msgpack.decode(saved)
    context, detected = _plain(state.get("context") or {}), state.get("detected") or []
    changes = {_plain(path): _value(packed) for path, packed in dict(state.get("changes") or {}).items()}
    return {"context": context, "detected": _plain(detected), "variables": changes}


def _bars(arguments: dict[str, Any]) -> int:
    given = arguments.get("bars", BARS_SHOWN)
    if not isinstance(given, int) or not 1 <= given <= BARS_SHOWN_MAX:
        raise CommandError(f"{SHOW}: bars: expected a number from 1 to {BARS_SHOWN_MAX}, found {given!r}")
    return given


def _value(packed: Any) -> Any:
    return _plain(msgspec.msgpack.decode(packed)) if isinstance(packed, bytes) else _plain(packed)


def _plain(value: Any) -> Any:
    """Return data that JSON can tell: bytes as text, keys as text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _id_of(arguments: dict[str, Any]) -> str:
    spec = msgspec.json.decode(str(arguments.get("spec", "{}")))
    return f"{spec.get('name', '')}:{arguments.get('symbol', '')}"
