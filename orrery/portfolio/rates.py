"""What a unit of another currency is worth in the account's: the last mark of a symbol between the two."""

from collections.abc import Mapping

from common.instruments import Instruments

ONE = 1.0


class Rates:
    """marks: the last price of each symbol that was seen, which whoever folds keeps up to date."""

    def __init__(self, currency: str, instruments: Instruments, marks: Mapping[str, float]) -> None:
        self._currency, self._instruments, self._marks = currency, instruments, marks
        self._pairs: dict[str, tuple[str, bool]] = {}

    def see(self, symbol: str) -> None:
        """Take notice of a symbol that has a mark for the first time; of two between the same currencies the first counts."""
        instrument = self._instruments[symbol]
        if instrument.quote == self._currency:
            self._pairs.setdefault(instrument.base, (symbol, False))
        elif instrument.base == self._currency:
            self._pairs.setdefault(instrument.quote, (symbol, True))

    def of(self, currency: str) -> float | None:
        """Return the account's currency per unit of another; None where no symbol between them was seen."""
        if currency == self._currency:
            return ONE
        pair = self._pairs.get(currency)
        if pair is None:
            return None
        mark = self._marks[pair[0]]
        return ONE / mark if pair[1] else mark
