"""Figures as people read them."""

NS_PER_SECOND = 1_000_000_000
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_MS_PER_S = 1_000
_TEN_MILLION = 10_000_000
NOTHING = "-"


def count(value: int) -> str:
    """Return a whole number with thousands apart."""
    return f"{value:,}"


def short_count(value: int) -> str:
    """Return a count that fits nine characters: exact below ten million, else in millions."""
    return f"{value:,}" if value < _TEN_MILLION else f"{value / 1_000_000:,.1f}M"


def money(value: float | None, *, signed: bool = False) -> str:
    """Return an amount to the cent."""
    if value is None:
        return NOTHING
    text = f"{value:+,.2f}" if signed else f"{value:,.2f}"
    return text.replace("-0.00", "0.00").replace("+0.00", "0.00") if abs(value) < 0.005 else text


def price(value: float | None) -> str:
    """Return a price with the digits its size calls for."""
    if value is None:
        return NOTHING
    if abs(value) >= 1_000:
        return f"{value:,.2f}"
    return f"{value:,.4f}" if abs(value) >= 1 else f"{value:.8f}"


def quantity(value: float) -> str:
    """Return a quantity without needless zeros."""
    return f"{value:,.8f}".rstrip("0").rstrip(".") or "0"


def age(milliseconds: int | None) -> str:
    """Return how long ago: `3 ms`, `1.4 s`, `2:05`."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < _MS_PER_S:
        return f"{milliseconds} ms"
    if milliseconds < _MINUTE_S * _MS_PER_S:
        return f"{milliseconds / _MS_PER_S:.1f} s"
    return duration(milliseconds / _MS_PER_S)


def duration(seconds: float) -> str:
    """Return a span of time as a clock shows it: `0:07`, `1:02:03`, `2d 03:04:05`."""
    whole = int(seconds)
    days, rest = divmod(whole, _DAY_S)
    hours, rest = divmod(rest, _HOUR_S)
    minutes, left = divmod(rest, _MINUTE_S)
    if days:
        return f"{days}d {hours:02}:{minutes:02}:{left:02}"
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def spread_bps(bid: float | None, ask: float | None) -> str:
    """Return the distance between bid and ask in hundredths of a percent."""
    if bid is None or ask is None or bid <= 0:
        return NOTHING
    return f"{(ask - bid) / ((ask + bid) / 2) * 10_000:.1f}"
