"""What a symbol is: its currencies, and the steps of its price and quantity."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import msgspec

QUOTE_CURRENCIES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
"""Suffixes tried in this order when a symbol is in no table."""

DEFAULT_STEP = Decimal("0.00000001")

MAX_PLACES = 30
"""Places up to which a float divided by a step is exact in the digits of the money context."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """Trading facts of a symbol. tick_size: quote units; lot_size: base units; min_notional: quote units.

    tick_places and lot_places follow from the steps and are not given: decimal places of a step that is a power of ten,
    -1 of any other.
    """

    symbol: str
    base: str
    quote: str
    tick_size: Decimal = DEFAULT_STEP
    lot_size: Decimal = DEFAULT_STEP
    min_notional: Decimal = Decimal(0)
    tick_places: int = -1
    lot_places: int = -1

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "tick_places", _places(self.tick_size))
        msgspec.structs.force_setattr(self, "lot_places", _places(self.lot_size))

    def price(self, value: float | Decimal) -> Decimal:
        """Return `value` as a price on the tick, half to even."""
        if isinstance(value, float):
            return _float_to_step(value, self.tick_size, self.tick_places, ROUND_HALF_EVEN)
        return _to_step(value, self.tick_size, ROUND_HALF_EVEN)

    def quantity(self, value: float | Decimal) -> Decimal:
        """Return `value` as a quantity on the lot, towards zero, so that nobody trades more than was wanted."""
        if isinstance(value, float):
            return _float_to_step(value, self.lot_size, self.lot_places, ROUND_DOWN)
        return _to_step(value, self.lot_size, ROUND_DOWN)


def _float_to_step(value: float, step: Decimal, places: int, rounding: str) -> Decimal:
    # repr gives the shortest decimal that is this float: 0.1 is meant, not 0.1000000000000000055.
    text = repr(value)
    point = text.find(".")
    if point > 0 and len(text) - point <= places + 1 and "e" not in text:
        return Decimal(text)  # it has no more places than the step, so it lies on it
    return _to_step(Decimal(text), step, rounding)


def _to_step(value: float | Decimal, step: Decimal, rounding: str) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(value)
    return (exact / step).to_integral_value(rounding=rounding) * step


def _places(step: Decimal) -> int:
    _, digits, exponent = step.as_tuple()
    is_power_of_ten = digits == (1,) and isinstance(exponent, int) and -MAX_PLACES <= exponent <= 0
    return -int(exponent) if is_power_of_ten else -1


def split_symbol(symbol: str) -> tuple[str, str]:
    """Return (base, quote) of a symbol such as BTCUSDT, BTC-USD or BTC/USD; an unknown quote gives (symbol, "").

    So does a name of more than two parts, as options have: BTC-29MAR24-60000-C.
    """
    for separator in ("-", "/", "_"):
        base, found, quote = symbol.partition(separator)
        if found:
            return (symbol, "") if separator in quote else (base, quote)
    for quote in QUOTE_CURRENCIES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote), quote
    return symbol, ""


class Instruments(dict[str, Instrument]):
    """The instruments of a run: those of the config, and for any other symbol one with the finest steps.

    A dict, because looking one up is part of every order: `instruments[symbol]` never fails.
    """

    def __init__(self, known: tuple[Instrument, ...] = ()) -> None:
        super().__init__((instrument.symbol, instrument) for instrument in known)

    def __missing__(self, symbol: str) -> Instrument:
        base, quote = split_symbol(symbol)
        instrument = self[symbol] = Instrument(symbol=symbol, base=base, quote=quote)
        return instrument
