"""What is said of a runner that does not exist, and of a stack that does not answer."""

from pathlib import Path

import pytest

from orrery.__main__ import main
from orrery.errors import CommandLineError
from orrery.venue.knowing import refuse_unknown

KNOWN = ["ema_crossover:BTCUSDT", "ema_crossover:ETHUSDT", "rsi:BTCUSDT"]


def test_a_runner_that_exists_passes() -> None:
    refuse_unknown("rsi:BTCUSDT", "BTCUSDT", KNOWN)


@pytest.mark.parametrize(
    ("runner", "symbol", "told"),
    [
        (
            "ema_crosover:BTCUSDT",
            "BTCUSDT",
            "expected ema_crossover:BTCUSDT, rsi:BTCUSDT; did you mean ema_crossover:BTCUSDT",
        ),
        ("ema_crossover:ETHUSDT", "BTCUSDT", "does not trade BTCUSDT; expected ema_crossover:BTCUSDT, rsi:BTCUSDT$"),
        ("zzz", "XRPUSDT", "no runner 'zzz'; no runner trades XRPUSDT$"),
    ],
)
def test_others_are_refused_with_those_there_are(runner: str, symbol: str, told: str) -> None:
    with pytest.raises(CommandLineError, match=told):
        refuse_unknown(runner, symbol, KNOWN)


def test_following_nobody_says_so_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sections = ("market_data", "signal", "risk", "execution", "event_store", "alerts")
    places = [
        f"{name}.zmq_{kind}_address=ipc://{tmp_path}/{name}.{kind}"
        for name in sections
        for kind in ("publish", "command")
    ]
    settings = [part for place in places for part in ("--set", place)]
    assert main(["events", "follow", "--duration", "0.5", *settings]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("no stack answers; waiting for one") == 1
