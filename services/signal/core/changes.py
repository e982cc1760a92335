"""Runners that come, go and change while the service runs: operators' commands, each an input like any other.

How it works: a command carries all that it needs, the strategy's source too, so that redoing it needs no file. What
cannot be done is refused, with a sentence in `refusal`. A runner that goes leaves its desk behind: its position and the
number of its latest decision, so that a runner of the same id that comes later makes no order id a second time.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import msgspec

from common.instruments import Instruments
from common.messages import AnyMessage, OperatorCommand, RunnerTransitioned
from services.signal.core.desk import Desk
from services.signal.core.host import HostError, HostFactory
from services.signal.core.indicator import BadParametersError
from services.signal.core.leaving import Leaving, is_flat
from services.signal.core.orders import Origin
from services.signal.core.position import Position
from services.signal.core.roster import Changed, Roster
from services.signal.core.runner import Runner
from services.signal.core.saving import load_runner, save_runner
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.core.state_machine import Event
from services.signal.core.stopping import stop

RESUME, PAUSE = "runner.resume", "runner.pause"
ADD, REMOVE, THROTTLE = "runner.add", "runner.remove", "runner.throttle"
RELOAD = "strategy.reload"
"""Operator commands; all but `runner.add` name a runner by its id in `runner`."""
STOP = "runner.stop"
"""The watchdog's command: nothing of the runner is called any more. `error` says why."""

WHEN_FLAT, FLATTEN, KEEP = "when_flat", "flatten", "keep_position"
"""How a runner is removed: only if it holds and asks for nothing; after its position is closed; at once, as it stands."""

RETIRED_LIMIT = 10_000
"""Runners that have gone whose desks are remembered."""
NS_PER_MS = 1_000_000
INTERVAL_MS_MAX = 86_400_000


class RefusedError(Exception):
    """A change that cannot be made; the text is for the operator."""


_decode_spec = msgspec.json.Decoder(StrategySpec).decode


def digest_of(source: bytes) -> str:
    """Return the SHA-256 of a strategy's source, hex."""
    return hashlib.sha256(source).hexdigest()


def described(spec: RunnerSpec) -> dict[str, str]:
    """Return the arguments of a command that tell a runner's strategy, whole; the source must be UTF-8."""
    bare = msgspec.structs.replace(spec.strategy, source=b"")
    source = spec.strategy.source
    return {
        "symbol": spec.symbol,
        "timeframe": spec.timeframe,
        "spec": msgspec.json.encode(bare, order="sorted").decode(),
        "source": source.decode(),
        "sha256": digest_of(source),
    }


class Changes:
    """Changes a roster by command. refusal: why the latest command was not obeyed, empty if it was.

    retired_elsewhere: runners that have gone from rosters which together with this one are one service's.
    """

    def __init__(self, roster: Roster, make_host: HostFactory, instruments: Instruments) -> None:
        self._roster = roster
        self._make_host = make_host
        self._instruments = instruments
        self._leaving = Leaving(roster)
        self.refusal = ""
        self.retired_elsewhere = 0
        self._commands: dict[str, Callable[[Mapping[str, str], OperatorCommand, int], Sequence[AnyMessage]]] = {
            RESUME: self._resume,
            PAUSE: self._pause,
            ADD: self._add,
            REMOVE: self._remove,
            THROTTLE: self._throttle,
            RELOAD: self._reload,
            STOP: self._stop,
        }

    def obey(self, command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        """Do what a command says, or refuse it; return what follows."""
        todo = self._commands.get(command.name)
        if todo is None:
            return ()
        self.refusal = ""
        counters = self._roster.counters
        try:
            out = todo(command.arguments, command, now_ns)
        except RefusedError as error:
            self.refusal = str(error)
            counters.changes_refused += 1
            return ()
        counters.changes += 1
        return out

    def settle(self, runner: Runner, cause: str, now_ns: int) -> Sequence[AnyMessage]:
        """Go on with a runner that is leaving, after news of its orders; return what follows."""
        return self._leaving.go_on(runner, cause, now_ns)

    def restored(self, changed: Mapping[str, Changed], retired: Mapping[str, Desk]) -> None:
        """Have the runners that a saved state speaks of, not those of the configuration.

        Raises:
            ValueError: a strategy cannot be loaded by this version.
        """
        roster = self._roster
        for id_, desk in retired.items():
            roster.retired[id_] = desk
            if id_ in roster.runners:
                roster.remove(id_)
        for id_, change in changed.items():
            if change.is_added or id_ in roster.runners:
                self._put(id_, change)

    def _put(self, id_: str, change: Changed) -> None:
        spec = change.spec
        try:
            self._roster.put(self._made(spec))
        except RefusedError as error:
            raise ValueError(f"{id_}: {error}") from error
        self._roster.changed[id_] = change

    def _named(self, arguments: Mapping[str, str]) -> Runner:
        id_ = arguments.get("runner", "")
        runner = self._roster.runners.get(id_)
        if runner is None:
            raise RefusedError(f"no runner {id_!r}; `orrery runner list` shows those there are")
        return runner

    def _resume(self, arguments: Mapping[str, str], _command: OperatorCommand, _now_ns: int) -> Sequence[AnyMessage]:
        runner = self._named(arguments)
        if runner.id in self._roster.leaving:
            raise RefusedError(f"{runner.id} is being removed")
        if runner.id in self._roster.stopped:
            runner = self._successor(runner, runner.spec)
            self._roster.put(runner)
        runner.asker.resume()
        return ()

    def _stop(self, arguments: Mapping[str, str], command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        runner, roster = self._named(arguments), self._roster
        origin = Origin(runner.id, runner.spec.strategy.name, runner.spec.symbol, command.id, now_ns)
        out = stop(runner, arguments.get("error", ""), origin)
        roster.stopped.add(runner.id)
        roster.reorder(())
        return out

    def _pause(self, arguments: Mapping[str, str], _command: OperatorCommand, _now_ns: int) -> Sequence[AnyMessage]:
        self._named(arguments).asker.paused = True
        return ()

    def _add(self, arguments: Mapping[str, str], command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        roster, spec = self._roster, self._spec(arguments)
        if spec.id in roster.runners:
            raise RefusedError(f"{spec.id} is there already; another `name` makes another runner")
        if not spec.symbol or not spec.timeframe:
            raise RefusedError(f"{spec.id}: expected a symbol and a timeframe")
        runner = self._made(spec)
        roster.put(runner)
        roster.changed[spec.id] = Changed(is_added=True, at_ns=now_ns, spec=spec)
        runner.asker.bank.restore([], runner.asker.window)
        runner.asker.account = roster.accounts.get(spec.currency)
        desk = roster.retired.pop(spec.id, None)
        return [] if desk is None else _take_over(runner, desk, command.id, now_ns)

    def _remove(self, arguments: Mapping[str, str], command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        runner, how = self._named(arguments), arguments.get("how", WHEN_FLAT)
        if how not in (WHEN_FLAT, FLATTEN, KEEP):
            raise RefusedError(f"how: expected {WHEN_FLAT}, {FLATTEN} or {KEEP}, found {how!r}")
        if len(self._roster.retired) + self.retired_elsewhere >= RETIRED_LIMIT:
            raise RefusedError(f"{RETIRED_LIMIT} runners have gone already; no more are remembered")
        if how == FLATTEN:
            return self._leaving.begin(runner, command.id, now_ns)
        if how == WHEN_FLAT and not is_flat(runner):
            raise RefusedError(
                f"{runner.id} holds a position or has an order; --flatten closes it, --keep-position leaves it"
            )
        self._roster.retire(runner.id)
        return ()

    def _throttle(self, arguments: Mapping[str, str], _command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        runner, text = self._named(arguments), arguments.get("interval_ms", "")
        if not text.isdecimal() or int(text) > INTERVAL_MS_MAX:
            raise RefusedError(f"interval_ms: expected a whole number from 0 to {INTERVAL_MS_MAX}, found {text!r}")
        self._roster.throttles[runner.id] = int(text) * NS_PER_MS
        known = self._roster.changed.get(runner.id)
        strategy = msgspec.structs.replace(runner.spec.strategy, tick_interval_ns=int(text) * NS_PER_MS)
        runner.spec = msgspec.structs.replace(runner.spec, strategy=strategy)
        is_added = known is not None and known.is_added
        at_ns = now_ns if known is None else known.at_ns
        self._roster.changed[runner.id] = Changed(is_added=is_added, at_ns=at_ns, spec=runner.spec)
        return ()

    def _reload(self, arguments: Mapping[str, str], _command: OperatorCommand, now_ns: int) -> Sequence[AnyMessage]:
        roster, runner, spec = self._roster, self._named(arguments), self._spec(arguments)
        spec = msgspec.structs.replace(
            spec, symbol=runner.spec.symbol, timeframe=spec.timeframe or runner.spec.timeframe
        )
        if spec.id != runner.id:
            raise RefusedError(f"{runner.id}: expected a file of that strategy, found {spec.strategy.name}")
        throttle = roster.throttles.get(runner.id)
        if throttle is not None:
            strategy = msgspec.structs.replace(spec.strategy, tick_interval_ns=throttle)
            spec = msgspec.structs.replace(spec, strategy=strategy)
        new = self._successor(runner, spec)
        roster.put(new)
        known = roster.changed.get(runner.id)
        is_added = known is not None and known.is_added
        roster.changed[runner.id] = Changed(is_added=is_added, at_ns=now_ns, spec=spec)
        return ()

    def _successor(self, old: Runner, spec: RunnerSpec) -> Runner:
        """Return a runner with the new file that goes on where the old one stands."""
        saved, new, roster = save_runner(old), self._made(spec), self._roster
        if old.id in roster.stopped:
            saved.asker.bank = []  # they missed what came meanwhile; the window has it
            roster.stopped.discard(old.id)
        try:
            load_runner(new, saved)
        except ValueError:
            # What the old file remembered does not fit the new one: state and position go on without it.
            new = self._made(spec)
            load_runner(new, saved, remembers=False)
        new.asker.account = roster.accounts.get(spec.currency)
        if new.asker.errors_in_row >= new.asker.max_errors:
            new.asker.resume()
        new.asker.errors_in_row = 0
        return new

    def _spec(self, arguments: Mapping[str, str]) -> RunnerSpec:
        source = arguments.get("source", "").encode()
        found, expected = digest_of(source), arguments.get("sha256", "")
        if found != expected:
            raise RefusedError(f"source: expected SHA-256 {expected[:12]!r}, found {found[:12]}")
        try:
            strategy = _decode_spec(arguments.get("spec", "").encode())
        except msgspec.MsgspecError as error:
            raise RefusedError(f"spec: {error}") from error
        symbol = arguments.get("symbol", "")
        return RunnerSpec(
            strategy=msgspec.structs.replace(strategy, source=source),
            symbol=symbol,
            timeframe=arguments.get("timeframe", ""),
            currency=self._instruments[symbol].quote,
        )

    def _made(self, spec: RunnerSpec) -> Runner:
        try:
            return self._roster.make(spec, self._make_host(spec), self._instruments[spec.symbol])
        except (HostError, BadParametersError) as error:
            raise RefusedError(f"{spec.strategy.script}: {error}") from error


def _take_over(runner: Runner, desk: Desk, cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """Give a runner the desk of one that had its id; return what follows."""
    runner.desk = desk
    position: Position = desk.position
    runner.asker.show_position(position.view())
    transition = runner.machine.fire(Event.POSITION_OPENED, now_ns) if position.is_open else None
    if transition is None:
        return []
    return [
        RunnerTransitioned(
            runner=runner.id,
            strategy=runner.spec.strategy.name,
            symbol=runner.spec.symbol,
            before=transition.before,
            after=transition.after,
            reason="position taken over",
            cause=cause,
            event_ns=now_ns,
            received_ns=now_ns,
        )
    ]
