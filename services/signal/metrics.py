"""The signal service's metrics: a projection of the messages it hears and says."""

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.registry import CollectorRegistry

from common.messages import (
    AnyMessage,
    Bar,
    CancelIntent,
    Fill,
    InputGap,
    OperatorCommand,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    RunnerFailed,
    RunnerTransitioned,
    StopUpdate,
)
from common.metrics import by_labels

_COUNTED = frozenset(
    {
        OperatorCommand,
        OrderIntent,
        CancelIntent,
        StopUpdate,
        RunnerTransitioned,
        RunnerFailed,
        Bar,
        Fill,
        OrderRefused,
        OrderRejected,
        OrderCancelled,
        InputGap,
    }
)
"""The types that `observe` counts; what is not among them is most of what comes."""

WORKER_CAUSES = ("hung", "killed", "failed", "stalled")
"""How workers are lost."""


class SignalMetrics:
    """Counts messages into a registry; labels are strategies, symbols and enum members only."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        runner = ["strategy", "symbol"]
        self._intents = Counter("signal_intents", "Intents sent.", [*runner, "kind"], registry=registry)
        self._cancels = Counter("signal_cancels", "Cancels asked for.", ["symbol"], registry=registry)
        self._levels = Counter("signal_stop_updates", "Stops and targets moved.", ["symbol"], registry=registry)
        self._transitions = Counter(
            "signal_transitions", "Changes of a runner's state.", ["before", "after"], registry=registry
        )
        self._errors = Counter("signal_strategy_errors", "Failures of strategy functions.", runner, registry=registry)
        self._paused = Counter("signal_runners_paused", "Runners given up after failures.", runner, registry=registry)
        self._bars = Counter("signal_bars", "Bars heard.", ["symbol", "timeframe"], registry=registry)
        self._fills = Counter("signal_fills", "Fills heard.", ["symbol"], registry=registry)
        self._ended = Counter("signal_orders_ended", "Orders that ended unfilled.", ["reason"], registry=registry)
        self._reloads = Counter(
            "signal_reloads", "Strategy files taken over while running, by runner.", registry=registry
        )
        self._reload_failures = Counter(
            "signal_reload_failures", "Changed strategy files that were not taken over.", registry=registry
        )
        self._missing = Counter("signal_inputs_missing", "Messages lost for good.", registry=registry)
        self._checks = Counter(
            "signal_indicator_checks", "Live indicators compared with OCaml's.", ["result"], registry=registry
        )
        for result in ("equal", "different", "unanswered"):
            self._checks.labels(result)
        self._program = Counter(
            "signal_indicator_program_events", "What befell the OCaml program.", ["event"], registry=registry
        )
        for event in ("start", "death", "hang", "fallback"):
            self._program.labels(event)
        self._apart = Gauge(
            "signal_indicator_difference_largest", "Largest difference found, as a fraction.", registry=registry
        )
        self._intents_of, self._transitions_of = by_labels(self._intents), by_labels(self._transitions)
        self._fills_of, self._bars_of = by_labels(self._fills), by_labels(self._bars)
        self._largest = 0.0
        self._workers = Gauge("signal_workers", "Worker processes that runners live in.", registry=registry)
        self._restarts = Counter(
            "signal_worker_restarts", "Workers that were lost and brought back.", ["cause"], registry=registry
        )
        for cause in WORKER_CAUSES:
            self._restarts.labels(cause)
        self._stopped = Counter(
            "signal_runners_stopped", "Runners stopped because their worker was lost at them.", registry=registry
        )

    def worker_lost(self, cause: str, *, stopped: bool) -> None:
        """Count a worker that was lost and brought back; stopped: and a runner stopped for it."""
        self._restarts.labels(cause).inc()
        self._stopped.inc(stopped)

    def workers_alive(self, count: int) -> None:
        """Note how many workers there are."""
        self._workers.set(count)

    def indicator_checked(self, result: str, apart: float) -> None:
        """Count a live indicator that was compared with OCaml's, how far they were apart as a fraction of their size."""
        self._checks.labels(result).inc()
        if apart > self._largest:
            self._largest = apart
            self._apart.set(apart)

    def indicator_program(self, event: str, count: int) -> None:
        """Count what befell the OCaml program: starts, hangs, deaths, values of our own in place of its."""
        self._program.labels(event).inc(count)

    def reload_failed(self) -> None:
        """Count a changed strategy file that was not taken over."""
        self._reload_failures.inc()

    def observe(self, message: AnyMessage) -> None:  # noqa: C901, PLR0912 - a table in the form of a match, one row a type
        """Count a message; most are of no interest here."""
        if type(message) not in _COUNTED:
            return
        match message:
            case OperatorCommand(name="strategy.reload"):
                self._reloads.inc()
            case OrderIntent():
                self._intents_of(message.strategy, message.symbol, message.kind).inc()
            case CancelIntent():
                self._cancels.labels(message.symbol).inc()
            case StopUpdate():
                self._levels.labels(message.symbol).inc()
            case RunnerTransitioned():
                self._transitions_of(message.before, message.after).inc()
            case RunnerFailed():
                self._errors.labels(message.strategy, message.symbol).inc()
                if message.paused:
                    self._paused.labels(message.strategy, message.symbol).inc()
            case Bar():
                self._bars_of(message.symbol, message.timeframe).inc()
            case Fill():
                self._fills_of(message.symbol).inc()
            case OrderRefused() | OrderRejected():
                self._ended.labels(message.reason).inc()
            case OrderCancelled():
                self._ended.labels("cancelled").inc()
            case InputGap():
                self._missing.inc(message.missing)
            case _:
                pass
