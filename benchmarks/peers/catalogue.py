"""Which engines are compared, on which strategies, and what has to be known to read their figures."""

from typing import NamedTuple


class Engine(NamedTuple):
    """An engine as it is run. package: what is installed, and its requirements file; empty for ours."""

    name: str
    package: str
    module: str
    kind: str
    note: str
    mode: str = ""
    is_event_driven: bool = True
    fills_at_next_open: bool = True
    is_same_strategy: bool = True


class Workload(NamedTuple):
    """A strategy: long one unit while EMA(fast) is above EMA(slow). owed, aim: times the fastest event-driven peer."""

    name: str
    fast: int
    slow: int
    owed: float
    aim: float


WORKLOADS = (
    Workload("an order every 22 bars or so", 10, 20, 2, 5),
    Workload("an order in a thousand bars or so", 450, 900, 5, 20),
)

OURS = Engine(
    "orrery",
    "",
    "ours",
    "event driven, strategy in Lua",
    "Signal, risk and execution cores of the running stack; exact money, digest of the order flow.",
)

PEERS = (
    Engine(
        "backtesting.py",
        "backtesting",
        "backtesting_py",
        "loop in Python",
        "Its statistics are inside run(). The EMAs are columns made by pandas beforehand. finalize_trades is off, so that "
        "what is open at the end is valued at the last close, as elsewhere. It counts trades, not orders: ours is twice "
        "its trades, plus the entry of a position still open.",
    ),
    Engine(
        "nautilus_trader",
        "nautilus_trader",
        "nautilus",
        "event driven, strategy in Python, engine in Rust",
        "Fills at the close of the bar that signals, not at the next open: another equity by intent. Its EMA starts from the first "
        "close instead of a mean, so that the first crosses may lie elsewhere and their number may differ. Its time "
        "grows faster than the number of orders: long runs are repeated less often.",
        mode="bars",
        fills_at_next_open=False,
    ),
    Engine(
        "nautilus_trader, native",
        "nautilus_trader",
        "nautilus",
        "event driven, its own EmaCross in Rust",
        "The strategy that comes with the engine, on one quote a bar: it turns from long to short and back instead of standing aside, "
        "so orders and equity are others.",
        mode="native",
        fills_at_next_open=False,
        is_same_strategy=False,
    ),
    Engine(
        "backtrader",
        "backtrader",
        "backtrader_py",
        "loop in Python, indicators made beforehand (its default)",
        "Orders are those completed; one decided on the last bar never fills, as with us.",
        mode="once",
    ),
    Engine(
        "backtrader, by event",
        "backtrader",
        "backtrader_py",
        "event driven (runonce=False)",
        "The same strategy with indicators updated bar by bar, as a running stack would.",
        mode="next",
    ),
    Engine(
        "vectorbt",
        "vectorbt",
        "vectorbt_py",
        "vectorised: the bound, not a peer",
        "Whole columns at once in compiled code; signals are shifted by a bar by hand. No event, order object or risk check.",
        is_event_driven=False,
    ),
)


def chosen(names: str) -> list[Engine]:
    """Return the peers whose package, or whole name, stands in a list with commas; all for an empty one.

    Raises:
        ValueError: a name is nobody's.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {engine.package for engine in PEERS} | {engine.name for engine in PEERS}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"--peers {unknown[0]}: expected some of {', '.join(sorted(known))}")
    return [engine for engine in PEERS if not wanted or engine.package in wanted or engine.name in wanted]
