"""What operators may ask of runners and tell them; questions are answered between two inputs, nothing stops for them."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from common.bus.commands import CommandError
from common.config.models import Config
from common.journaled_service import JournaledService
from services.signal.core.changes import ADD, PAUSE, RELOAD, REMOVE, RESUME, THROTTLE
from services.signal.core.questions import Asked, Question, Runners
from services.signal.core.showing import BARS_SHOWN, BARS_SHOWN_MAX

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

    def __init__(self, service: JournaledService, runners: Runners, config: Config, watch: Watch) -> None:
        self._service, self._runners, self._config, self._watch = service, runners, config, watch
        self.on_change: Callable[[], None] = lambda: None
        commands = service.bus.commands
        commands.on(LIST, lambda _arguments, _id: self._list())
        commands.on(SHOW, lambda arguments, _id: self._show(arguments))
        commands.on(HISTORY, lambda arguments, _id: {"history": self._ask(Asked.HISTORY, self._known(arguments))})
        commands.on(COPY, lambda arguments, _id: self._ask(Asked.COPY, self._known(arguments)))
        service.desk.allow(PAUSE, RESUME, ADD, REMOVE, THROTTLE, RELOAD, answer=self._answer, check=self._check)

    def _list(self) -> dict[str, Any]:
        uptime_ms = self._service.bus.uptime_ms()
        return {"runners": self._ask(Asked.LIST), "uptime_ms": uptime_ms, "now_ns": self._service.bus.wall.now_ns()} | {
            "files": self._watch.status()
        }

    def _show(self, arguments: dict[str, Any]) -> dict[str, Any]:
        id_ = self._known(arguments)
        return {
            **self._ask(Asked.SHOW, id_, _bars(arguments)),
            "uptime_ms": self._service.bus.uptime_ms(),
            "now_ns": self._service.bus.wall.now_ns(),
        }

    def _ask(self, asked: Asked, id_: str = "", bars: int = BARS_SHOWN) -> Any:
        return self._runners.ask(Question(asked, id_, bars))

    def _known(self, arguments: dict[str, Any]) -> str:
        id_ = str(arguments.get("runner", ""))
        known = self._runners.specs()
        if id_ not in known:
            names = ", ".join(list(known)[:20]) or "none"
            raise CommandError(f"no runner {id_!r}; there are: {names}")
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
        if self._runners.refusal:
            raise CommandError(self._runners.refusal)
        if name in (ADD, REMOVE, RELOAD):
            self.on_change()
        id_ = str(arguments.get("runner", "")) or _id_of(arguments)
        if id_ not in self._runners.specs():
            return {"id": id_, "removed": True}
        line: dict[str, Any] = self._ask(Asked.LINE, id_)
        return line


def _bars(arguments: dict[str, Any]) -> int:
    given = arguments.get("bars", BARS_SHOWN)
    if not isinstance(given, int) or not 1 <= given <= BARS_SHOWN_MAX:
        raise CommandError(f"{SHOW}: bars: expected a number from 1 to {BARS_SHOWN_MAX}, found {given!r}")
    return given


def _id_of(arguments: dict[str, Any]) -> str:
    spec = msgspec.json.decode(str(arguments.get("spec", "{}")))
    return f"{spec.get('name', '')}:{arguments.get('symbol', '')}"
