"""Totals to rates: how much a second over the last few seconds."""

from collections import deque
from collections.abc import Mapping

WINDOW_NS = 5_000_000_000
_MOST_SAMPLES = 1_000


class Rates:
    """Remembers totals for a few seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, Mapping[str, int]]] = deque(maxlen=_MOST_SAMPLES)

    def take(self, now_ns: int, totals: Mapping[str, int]) -> dict[str, float]:
        """Learn totals at a monotonic time; return each one's rate per second, 0 before the second look."""
        self._samples.append((now_ns, totals))
        while len(self._samples) > 1 and now_ns - self._samples[1][0] >= WINDOW_NS:
            self._samples.popleft()
        then_ns, before = self._samples[0]
        if then_ns == now_ns:
            return dict.fromkeys(totals, 0.0)
        seconds = (now_ns - then_ns) / 1_000_000_000
        return {name: (total - before.get(name, 0)) / seconds for name, total in totals.items()}
