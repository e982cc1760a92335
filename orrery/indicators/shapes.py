"""What the other libraries' functions look like to us, and what putting indicators together from theirs needs."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
Function = Callable[..., tuple[Column, ...]]
"""Called with the table and the parameters, by position; returns our outputs in our order."""


def before(column: Column) -> Column:
    """Return a column one bar late."""
    return np.concatenate(([np.nan], column[:-1]))


def around(middle: Column, reach: Column) -> tuple[Column, Column, Column]:
    """Return upper, middle and lower band, where both have a value."""
    known = np.where(np.isnan(reach), np.nan, middle)
    return known + reach, known, known - reach
