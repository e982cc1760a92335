"""Where other libraries do otherwise than we do, and how they are asked all the same.

Conventions that differ are met by parameters where a library has them (population deviation, Wilder's average), and by
putting an indicator together from others of the library where it has it in another form only. What is left is seeding.
"""

NOTES = {
    ("adx", "pandas-ta"): "its averages begin with the first change, ours with sums and means of the first n",
    (
        "atr",
        "pandas-ta",
    ): "its average takes the first bar's range, which has no close before it; ours begins one later",
    ("cci", "pandas-ta"): "put together from its hlc3, sma and mad: its own cci() divides the mean alone (0.4.71b0)",
    (
        "keltner",
        "pandas-ta",
    ): "put together from its ema and atr: its own kc() has another range; begins as its atr does",
    ("keltner", "ta-lib"): "put together from its EMA and ATR",
    ("macd", "pandas-ta"): "its fast average begins with the first f closes, ours with the f closes up to bar s",
    ("obv", "pandas-ta"): "begins with 0; the first bar's volume, with which ours begins, is added",
    ("rsi", "pandas-ta"): "its averages begin with the first change, ours with the mean of the first n",
    ("vwap", "pandas-ta"): "vwap by day; a rolling one is its vwma of hlc3",
    ("vwap", "ta-lib"): "does not have it",
}
"""What differs between an indicator of ours and another's, by both their names."""

SEEDED = frozenset((name, "pandas-ta") for name in ("adx", "atr", "keltner", "macd", "rsi"))
"""Those of NOTES that begin otherwise than ours and come together with it as the beginning is forgotten."""
