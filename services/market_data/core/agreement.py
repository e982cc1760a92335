"""Whether a book that was put together here shows the same top as the venue's own quote at the same update number."""

from services.market_data.core.book import Top

MAX_TICKERS = 1_024
"""Quotes of the venue kept for books to come: they run ahead of the book by a tenth of a second or so."""
MAX_TOPS = 64
"""Tops of the book kept for quotes that come later."""


class Agreement:
    """Compares whenever both are known; `checks` and `mismatches` count."""

    __slots__ = ("_tickers", "_tops", "checks", "mismatches")

    def __init__(self) -> None:
        self._tickers: dict[int, Top] = {}
        self._tops: dict[int, Top] = {}
        self.checks = 0
        self.mismatches = 0

    def ticker(self, update_id: int, top: Top) -> bool:
        """Take the venue's quote; return False if the book showed something else at that number."""
        return self._meet(update_id, top, self._tickers, MAX_TICKERS, self._tops.get(update_id))

    def book(self, update_id: int, top: Top) -> bool:
        """Take the top of the book; return False if the venue's quote said something else at that number."""
        return self._meet(update_id, top, self._tops, MAX_TOPS, self._tickers.get(update_id))

    def forget(self) -> None:
        """Forget all of a connection that is gone, or of a book that was thrown away."""
        self._tickers.clear()
        self._tops.clear()

    def _meet(self, update_id: int, top: Top, kept: dict[int, Top], most: int, other: Top | None) -> bool:
        kept[update_id] = top
        if len(kept) > most:
            del kept[next(iter(kept))]
        if other is None:
            return True
        self.checks += 1
        if top == other:
            return True
        self.mismatches += 1
        return False
