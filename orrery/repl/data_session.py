"""A strategy on data: the commands of a trip, those that look, and those that change the strategy."""

from collections.abc import Callable
from typing import Any

from common.messages import OperatorCommand
from common.routes import SIGNAL
from orrery.repl import text as t
from orrery.repl.answering import Answer, Command, help_of, one_of
from orrery.repl.deciding import why
from orrery.repl.drivers import counted
from orrery.repl.errors import ReplError
from orrery.repl.glass import Copied
from orrery.repl.inspecting import BARS, Inspector
from orrery.repl.opening import path_of
from orrery.repl.repeating import Condition
from orrery.repl.travelling import Traveller, check_names
from orrery.repl.trip import Trip
from orrery.runners.adding import parameters
from services.signal.core.changes import RELOAD, described
from services.signal.core.copying import copy_of
from services.signal.core.remembering import remembered
from services.signal.core.showing import history_of, show_runner
from services.signal.core.spec import ParameterValue, StrategySpec
from services.signal.hosts.lua import LuaLimits
from services.signal.loading import StrategyFileError, read_source, validate_source

KEEP = "keep"
"""Word behind `set` and `reload`: from here on, as a running stack would, in place of all anew."""


class OnData:
    """A runner on a trip, to be looked at."""

    def __init__(self, trip: Trip) -> None:
        self.trip = trip
        self.limits: LuaLimits = trip.opened.limits

    def shown(self, bars: int = BARS) -> dict[str, Any]:
        """Return what `runner.show` answers."""
        roster, runner = self.trip.driver.signal.roster, self.trip.runner
        return {**show_runner(roster, runner.id, bars), "remembers": remembered(runner.asker.host.save())}

    def history(self) -> list[list[Any]]:
        """Return the transitions."""
        return history_of(self.trip.driver.signal.roster, self.trip.focus)

    def copied(self) -> Copied:
        """Return a copy to ask."""
        return Copied(self.trip.runner.spec, copy_of(self.trip.driver.signal.roster, self.trip.focus))

    def account(self) -> dict[str, Any]:
        """Return cash, equity, profit and fees, by risk's books."""
        status = self.trip.driver.risk.status()
        names = ("cash", "equity", "exposure", "realised_pnl", "unrealised_pnl", "fees", "open_positions", "trading")
        return {name.replace("_", " "): status[name] for name in names}

    def orders(self) -> dict[str, Any]:
        """Return what the runner waits for, and what the venue gets next."""
        desk = self.trip.runner.desk
        found = {
            name: order.intent_id
            for name, order in (("waits for", desk.pending), ("or", desk.other), ("works", desk.working))
            if order
        }
        sent = [said[1] for said in map(t.said, self.trip.driver.on_the_way()) if said is not None]
        return {**found, **({"with the next event": ", ".join(sent)} if sent else {})}

    def answered(self) -> str:
        """Return the name of the function that was asked last."""
        asked = self.trip.asked
        return asked[-1].function if asked else ""


class DataSession:
    """What is typed, on a trip."""

    def __init__(self, trip: Trip) -> None:
        self.trip = trip
        self._subject = OnData(trip)
        self._inspector = Inspector(self._subject)
        self._traveller = Traveller(trip, self._condition)
        self.commands = {
            **self._traveller.commands,
            "set": Command("NAME=VALUE… [keep]", "other parameters: all anew to here, or from here on", self.set),
            "reload": Command("[keep]", "the file as it is now: all anew, or from here on", self.reload),
            **self._inspector.commands,
            "why": Command("", "the latest decision: answers, risk's figures, fills", self.why, ("w",)),
            "result": Command("", "figures; at the end those of `orrery backtest`", self.result),
            "use": Command("[RUNNER]", "look at another runner, of several symbols", self.use),
            "help": Command("[COMMAND]", "this list, or one command", self.help, ("h", "?")),
        }  # fmt: skip

    def prompt(self) -> str:
        """Return what stands before the cursor."""
        return f"({self.trip.focus} {self.trip.bar:,} {self.trip.runner.machine.state.value}) "

    def evaluate(self, line: str) -> Answer:
        """Evaluate Lua on a copy."""
        return self._inspector.evaluate(line)

    def words(self) -> list[str]:
        """Return names that a line of Lua may have."""
        return self._inspector.words()

    def ready(self) -> None:
        """Forget an earlier stop."""
        self.trip.is_stopped = False

    def stop(self) -> None:
        """Come to rest after the present step."""
        self.trip.is_stopped = True

    def _condition(self, expression: str) -> Callable[[], bool]:
        check_names(expression, self.evaluate, self.trip.runner.spec.strategy.source)
        return Condition(self.trip, expression, self._subject.limits).holds

    def why(self, _rest: str) -> Answer:
        """Tell the latest decision."""
        return why(self.trip)

    def help(self, rest: str) -> Answer:
        """Tell what can be typed."""
        return help_of(self.commands, rest)

    def use(self, rest: str) -> Answer:
        """Look at another runner."""
        known = [each.id for each in self.trip.opened.runners]
        if rest:
            self.trip.focus = one_of(rest, known, "use")
        return Answer([f"{'>' if id_ == self.trip.focus else ' '} {id_}" for id_ in known], {"runner": self.trip.focus})

    def result(self, _rest: str) -> Answer:
        """Tell the figures."""
        trip = self.trip
        if not trip.is_over:
            found = counted(trip.driver)
            lines = [*t.rows({name.replace("_", " "): each for name, each in found.items()}), "so far; `run` goes on"]
            return Answer(lines, {**found, "is_complete": False})
        from orrery.backtesting.output import as_lines
        from services.backtest.metrics import compute

        result = trip.twin_at_end().result()
        data = {"digest": result.digest, "fills": result.fills, "final_equity": str(result.final_equity)}
        return Answer(list(as_lines(result, compute(result), t.width())), {**data, "is_complete": result.is_complete})

    def set(self, rest: str) -> Answer:
        """Change parameters."""
        words = rest.split()
        keeps = KEEP in words
        given = parameters([word for word in words if word != KEEP]) if words else {}
        strategy = self.trip.runner.spec.strategy
        if not given:
            return Answer(t.rows(dict(strategy.params)), {"params": dict(strategy.params)})
        unknown = [name for name in given if name not in strategy.declared]
        if unknown:
            one_of(unknown[0], sorted(strategy.declared) or ["no parameter"], "set")
        return self._take(strategy.source, {**strategy.params, **given}, keeps=keeps)

    def reload(self, rest: str) -> Answer:
        """Take the file as it is now."""
        if rest not in ("", KEEP):
            raise ReplError(f"reload: expected nothing or `{KEEP}`, found {rest!r}")
        strategy = self.trip.runner.spec.strategy
        try:
            source = read_source(path_of(self.trip.opened))
        except StrategyFileError as error:
            raise ReplError(f"reload: {error}") from error
        return self._take(source, dict(strategy.params), keeps=rest == KEEP)

    def _take(self, source: bytes, params: dict[str, ParameterValue], *, keeps: bool) -> Answer:
        spec = self._checked(source, params)
        trip, bar, before = self.trip, self.trip.bar, counted(self.trip.driver)
        if keeps:
            for runner in trip.opened.runners:
                trip.tell(_command(trip, runner.id, spec))
            lines = ["taken over from here on: state, position and context stay"]
        else:
            trip.opened.use(spec)
            trip.forget()
            trip.again(bar)
            after = counted(trip.driver)
            changed = [f"{name} {before[name]} -> {after[name]}" for name in ("fills", "equity")]
            lines = t.folded(f"everything anew to bar {bar:,}: {', '.join(changed)}")
        place = t.folded(self._traveller.place())
        return Answer([*lines, *place], {"bar": trip.bar, "params": dict(spec.params), "before": before})

    def _checked(self, source: bytes, params: dict[str, ParameterValue]) -> StrategySpec:
        strategy, path = self.trip.runner.spec.strategy, path_of(self.trip.opened)
        report = validate_source(source, path, name=strategy.name, limits=self._subject.limits)
        declared = {} if report.spec is None else report.spec.declared
        own = {name: value for name, value in params.items() if name in declared}
        if report.ok:
            report = validate_source(source, path, name=strategy.name, params=own, limits=self._subject.limits)
        if report.spec is None or not report.ok:
            fatal = [problem.text for problem in report.problems if problem.is_fatal]
            raise ReplError("\n".join([*fatal, "the version before stays"]))
        return report.spec


def _command(trip: Trip, runner: str, spec: StrategySpec) -> OperatorCommand:
    own = next(each for each in trip.opened.runners if each.id == runner)
    arguments = described(type(own)(strategy=spec, symbol=own.symbol, timeframe=own.timeframe, currency=own.currency))
    now_ns = trip.driver.now_ns
    return OperatorCommand(
        id=f"{RELOAD}:{runner}:{trip.steps}", service=SIGNAL, name=RELOAD, arguments={"runner": runner, **arguments},
        event_ns=now_ns, received_ns=now_ns,
    )  # fmt: skip
