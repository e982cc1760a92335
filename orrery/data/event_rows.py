"""Trades and quotes out of files of rows and columns, as messages in the order of their times."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from common.messages import Quote, Side, Trade
from orrery.data.errors import DataFileError
from orrery.data.options import ReadOptions
from orrery.data.rows import Rows, columns_of, require, rows_of
from orrery.data.sheets import Content, Sheet
from services.backtest.data_quality import moment
from services.backtest.on_bad import OnBad

SELLERS = frozenset({"sell", "s", "ask", "a", "-1", "true", "1"})
"""What the column of the side, or `is_buyer_maker`, says where the seller was the one who took."""
_QUOTES = ("bid", "bid_size", "ask", "ask_size")
_TRADES = ("price", "size", "side", "is_buyer_maker")


class EventRows(NamedTuple):
    """The events of one symbol in a sheet. notes: what had to be assumed or dropped."""

    symbol: str
    times: npt.NDArray[np.int64]
    columns: dict[str, npt.NDArray[Any]]
    sells: npt.NDArray[np.bool_] | None
    notes: tuple[str, ...]

    @property
    def usual_gap_ns(self) -> int:
        """Return the median distance of two rows, nanoseconds; 0 for fewer than two."""
        return int(np.median(np.diff(self.times))) if len(self.times) > 1 else 0

    def messages(self) -> Iterator[Trade | Quote]:
        """Yield the events as messages, numbered from 1."""
        return self._quotes() if "bid" in self.columns else self._trades()

    def _quotes(self) -> Iterator[Quote]:
        rows = zip(self.times.tolist(), *(self.columns[name].tolist() for name in _QUOTES), strict=True)
        for number, (at_ns, bid, bid_size, ask, ask_size) in enumerate(rows, 1):
            yield Quote(
                symbol=self.symbol, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size, update_id=number,
                event_ns=at_ns, received_ns=at_ns,
            )  # fmt: skip

    def _trades(self) -> Iterator[Trade]:
        sells = np.zeros(len(self.times), dtype=np.bool_) if self.sells is None else self.sells
        rows = zip(
            self.times.tolist(), self.columns["price"].tolist(), self.columns["size"].tolist(), sells.tolist(),
            strict=True,
        )  # fmt: skip
        for number, (at_ns, price, size, is_sell) in enumerate(rows, 1):
            yield Trade(
                symbol=self.symbol, price=price, size=size, side=Side.SELL if is_sell else Side.BUY, trade_id=number,
                first_trade_id=number, event_ns=at_ns, received_ns=at_ns,
            )  # fmt: skip


def event_rows(path: Path, options: ReadOptions) -> EventRows:
    """Return the trades or quotes of one symbol of a file.

    Raises:
        DataFileError: a cell is no figure or no time; the symbol is not there; or a row is bad and the policy refuses that.
    """
    sheet = Content(path).sheet()
    columns = columns_of(path, sheet, (*_QUOTES, *_TRADES), options.mapping)
    is_of_quotes = "bid" in columns and "ask" in columns
    figures = [name for name in (_QUOTES if is_of_quotes else ("price", "size")) if name in columns]
    require(path, sheet, columns, ("bid", "ask") if is_of_quotes else ("price", "size"))
    wanted = {name: column for name, column in columns.items() if name not in (*_QUOTES, *_TRADES) or name in figures}
    texts = [name for name in ("side", "is_buyer_maker") if name in columns and not is_of_quotes][:1]
    wanted |= {name: columns[name] for name in texts}
    rows = rows_of(path, sheet, wanted, figures, options)
    sells = _sells(rows, texts[0]) if texts else None
    values = {name: rows.figures[name] for name in figures}
    for name in _QUOTES if is_of_quotes else ():
        values.setdefault(name, np.zeros(len(rows.row)))
    return _kept(path, sheet, EventRows(rows.symbol, rows.time_ns, values, sells, rows.notes), rows, options)


def _sells(rows: Rows, name: str) -> npt.NDArray[np.bool_]:
    return np.array([str(cell).strip().lower() in SELLERS for cell in rows.others[name].to_pylist()], dtype=np.bool_)


def _kept(path: Path, sheet: Sheet, events: EventRows, rows: Rows, options: ReadOptions) -> EventRows:
    columns, times = events.columns, events.times
    if "bid" in columns:
        bad = ~((columns["bid"] > 0) & (columns["ask"] > columns["bid"]) & np.isfinite(columns["ask"]))
        expected = "0 < bid < ask"
    else:
        bad = ~((columns["price"] > 0) & np.isfinite(columns["price"]) & (columns["size"] >= 0))
        expected = "a price above 0 and a size of 0 or more"
    late = np.zeros(len(times), dtype=np.bool_)
    late[1:] = times[1:] < np.maximum.accumulate(times)[:-1]
    if options.on_bad is OnBad.ERROR:
        _refuse(path, sheet, rows, late, "time: expected one no earlier than in the row before")
        _refuse(path, sheet, rows, bad, f"expected {expected}")
    wanted = ~bad
    if options.end_ns is not None:
        wanted &= times < options.end_ns
    kept, notes = np.flatnonzero(wanted), list(events.notes)
    if bad.any():
        notes.append(f"{np.count_nonzero(bad)} rows without {expected}: dropped")
    if late.any():
        notes.append(f"{np.count_nonzero(late)} rows earlier than one before them: sorted")
        kept = kept[np.argsort(times[kept], kind="stable")]
    return EventRows(
        events.symbol,
        times[kept],
        {name: column[kept] for name, column in columns.items()},
        None if events.sells is None else events.sells[kept],
        tuple(notes),
    )


def _refuse(path: Path, sheet: Sheet, rows: Rows, bad: npt.NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        index = int(np.argmax(bad))
        found = ", ".join(f"{name} {column[index]}" for name, column in rows.figures.items())
        at = moment(int(rows.time_ns[index]))
        raise DataFileError(path, sheet.place(int(rows.row[index])), f"{expected}, found {found} at {at}")
