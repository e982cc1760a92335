"""Which recordings each example strategy is run on, and the run itself."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from common.config.load import load_config
from orrery.backtesting.options import Options
from orrery.backtesting.runs import make_run
from orrery.backtesting.shown import run_shown
from orrery.strategy_pages.outcomes import write_outcomes
from services.backtest.metrics import Metrics, compute
from services.backtest.result import RunResult
from services.signal.core.indicators import unregister
from services.signal.core.model import MODEL

ROOT = Path(__file__).resolve().parents[2]
SPY = Path("stocks_lean/equity/usa/hour/spy.zip")
BTC_DAY = Path("history_lean/crypto/coinbase/daily/btcusd_trade.zip")
BTC_BOOK = Path("binance/com/hb_20240808_btcusdt_ws.jsonl.gz")
BTC_NEXT_DAY = Path("binance/com/hb_20240809_btcusdt_ws.jsonl.gz")
OPTION = "ETH-9APR21-1950-C"
MODEL_FILE = "strategies/models/btcusdt_1s.onnx"


class Recording(NamedTuple):
    """Data and what is said of it. make: writes the file, where it is made from others; given the data folder."""

    title: str
    paths: Sequence[Path]
    options: Mapping[str, str] = MappingProxyType({})
    params: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    make: Callable[[Path, Path], None] | None = None


class Outcome(NamedTuple):
    """What came of a strategy on a recording."""

    recording: Recording
    result: RunResult
    metrics: Metrics


_USUAL = (
    Recording("SPY, hours, 1998 to 2021 (Lean sample data)", [SPY]),
    Recording("BTCUSD on Coinbase, days, 2014 to 2018 (Lean sample data)", [BTC_DAY]),
    Recording("BTCUSDT on Binance, books and trades, 2024-08-08, bars of 1 s", [BTC_BOOK], {"timeframe": "1s"}),
)


def model_overrides() -> tuple[str, ...]:
    """Return the settings that name the example model and its digest."""
    digest = hashlib.sha256((ROOT / MODEL_FILE).read_bytes()).hexdigest()
    return (f"signal.model_path={MODEL_FILE}", f"signal.model_sha256={digest}")


def recordings() -> dict[str, Sequence[Recording]]:
    """Return the recordings of each strategy, by its name."""
    hedge = (f"option={OPTION}", "contracts=2", "band=0.001", "smallest=0.0001")
    option = ROOT / "tests" / "fixtures" / "deribit" / "eth_9apr21_1950_c.jsonl"
    return {
        **dict.fromkeys(("ema_crossover", "momentum", "range_breakout", "rsi_mean_reversion", "template"), _USUAL),
        "gamma_scalp": (
            Recording(
                f"{OPTION} on Deribit, two minutes of 2021-04-05, bars of 1 s", [option], {"timeframe": "1s"}, hedge
            ),
        ),
        "ml_signal": (
            Recording(
                "BTCUSDT on Binance, 2024-08-09, bars of 1 s: the five minutes after those the model learnt",
                [BTC_BOOK, BTC_NEXT_DAY],
                {"timeframe": "1s", "start": "2024-08-09"},
                ("threshold=0.5",),
                model_overrides(),
            ),
        ),
        "polymarket_mean_reversion": (
            Recording(
                "fair values of five-minute markets on bitcoin, one an hour, 2026-07-24, bars of 5 s",
                [Path("outcomes.jsonl")],
                {"timeframe": "5s"},
                make=write_outcomes,
            ),
        ),
    }


def run_on(name: str, recording: Recording, data: Path) -> Outcome:
    """Return what a strategy does on a recording below `data`, by the code of `orrery backtest`."""
    with _files_of(recording, data) as paths:
        loaded = load_config(None, overrides=list(recording.overrides)).config if recording.overrides else None
        options = Options(
            strategies=[ROOT / "strategies" / f"{name}.lua"],
            data=paths,
            symbols=[],
            cash="100000",
            fee="0.001",
            slippage="0",
            params=recording.params,
            loaded=loaded,
            **{"start": "", "end": "", **recording.options},  # type: ignore[arg-type] # the few options that are texts
        )
        try:
            result = run_shown(make_run(options), is_shown=False)
        finally:
            if recording.overrides:
                unregister(MODEL)
    return Outcome(recording, result, compute(result))


@contextmanager
def _files_of(recording: Recording, data: Path) -> Iterator[Sequence[Path]]:
    if recording.make is None:
        yield [data / path for path in recording.paths]
        return
    with tempfile.TemporaryDirectory() as folder:
        (path,) = (Path(folder) / path for path in recording.paths)
        recording.make(data, path)
        yield [path]
