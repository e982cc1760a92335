"""Whatever a file holds, reading it gives bars or one clear error, never a crash."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.data.bars import load_bars
from orrery.data.errors import DataFileError
from services.backtest.on_bad import OnBad

PLAIN = b"""timestamp,open,high,low,close,volume
1699999980,10,12,9,11,100
1700000040,11,13,10,12,200
1700000100,12,14,11,13,300
"""
PIECES = st.sampled_from(
    [
        b"",
        b",",
        b"\n",
        b"\r",
        b'"',
        b"-",
        b"nan",
        b"inf",
        b"1e400",
        b"x",
        b"\xff",
        b"\0",
        b";",
        b"9" * 30,
        b"{",
        b" ",
        b"#",
    ]
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "BTCUSDT.csv"


@settings(max_examples=300)
@given(
    changes=st.lists(st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 6), PIECES), min_size=1, max_size=3),
    policy=st.sampled_from(OnBad),
)
def test_a_file_with_anything_in_it(changes: list[tuple[int, int, bytes]], policy: OnBad, path: Path) -> None:
    data = PLAIN
    for at, length, piece in changes:
        data = data[:at] + piece + data[at + length :]
    path.write_bytes(data)
    with contextlib.suppress(DataFileError):
        table, provenance = load_bars(path, policy=policy)
        assert len(table) == provenance.rows > 0


@settings(max_examples=100)
@given(data=st.binary(max_size=64), magic=st.sampled_from([b"", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"ARROW1", b"{"]))
def test_a_file_of_no_kind(data: bytes, magic: bytes, path: Path) -> None:
    path.write_bytes(magic + data)
    with pytest.raises(DataFileError):
        load_bars(path)
