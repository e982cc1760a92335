"""What to run a backtest on recorded events with: everything that decides its outcome, except the events themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from common.config.models import ExecutionSection, RiskSection
from common.instruments import Instruments
from common.timeframes import timeframe_ns
from services.backtest.plan import PlanError
from services.backtest.result import DataTier, Provenance
from services.signal.core.host import HostFactory
from services.signal.core.roster import SignalLimits
from services.signal.core.spec import RunnerSpec, StrategySpec


@dataclass(frozen=True, kw_only=True)
class EventPlan:
    """One account and its runners, in the order of the configuration. Instruments, risk and execution are taken as they are.

    start_ns: before it runners are paused, and what is recorded feeds their indicators; end_ns: where the run ends, not
    included; None does not limit. trade_spread: for a recording of trades alone, show after each trade a quote around
    its price, that fraction of it wide; None shows what was recorded and nothing else. events: how many there are, if
    that is known, for the progress that is told.

    Raises:
        PlanError: no runner, two of one id, or an empty range.
    """

    name: str
    runners: Sequence[RunnerSpec]
    make_host: HostFactory
    tier: DataTier = DataTier.QUOTES
    risk: RiskSection = field(default_factory=RiskSection)
    execution: ExecutionSection = field(default_factory=ExecutionSection)
    instruments: Instruments = field(default_factory=Instruments)
    limits: SignalLimits = field(default_factory=SignalLimits)
    provenance: tuple[Provenance, ...] = ()
    start_ns: int | None = None
    end_ns: int | None = None
    trade_spread: float | None = None
    settings: dict[str, str] = field(default_factory=dict)
    events: int = 0

    def __post_init__(self) -> None:
        ids = [runner.id for runner in self.runners]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise PlanError(f"runner: expected each once, found {', '.join(twice)} again")
        if not ids:
            raise PlanError("expected a strategy for the symbols of the recording, found none")
        if self.start_ns is not None and self.end_ns is not None and self.start_ns >= self.end_ns:
            raise PlanError(f"expected an end after the start {self.start_ns}, found {self.end_ns}")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that runners trade, in their order."""
        return tuple(dict.fromkeys(runner.symbol for runner in self.runners))

    @property
    def strategies(self) -> tuple[StrategySpec, ...]:
        """Return the strategies, each once, in the order of their runners."""
        return tuple({runner.strategy.name: runner.strategy for runner in self.runners}.values())

    @property
    def required_bars(self) -> list[tuple[str, str]]:
        """Return the (symbol, timeframe) pairs that a market-data core must build, sorted, as signal asks for them."""
        own = {(runner.symbol, runner.timeframe) for runner in self.runners}
        return sorted(own.union(*(runner.other_series for runner in self.runners)))

    @property
    def step_ns(self) -> int:
        """Return the distance of two points of the equity curve: the shortest bar."""
        return min(timeframe_ns(runner.timeframe) for runner in self.runners)

    @property
    def initial_cash(self) -> Decimal:
        """Return what the account begins with."""
        return self.risk.initial_cash
