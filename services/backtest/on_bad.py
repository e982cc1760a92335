"""What to do with rows of a data file that no bar can be made of; apart from the checks, which need numpy."""

from enum import StrEnum


class OnBad(StrEnum):
    """What to do with rows that no bar can be made of."""

    ERROR = "error"
    """Refuse the file at the first of them; gaps are reported."""
    DROP = "drop"
    """Leave them out; rows out of order are sorted; of bars at one time, the first is kept; gaps are reported."""
    FILL = "fill"
    """As DROP, then fill every gap with bars that repeat the close before it, with volume 0."""
