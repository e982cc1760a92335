"""How much a symbol moves: the exponentially weighted variance of its returns, from the marks that risk sees.

How it works: time is cut into stretches of `sample_ns`. The first mark of a stretch is held against the first mark of an
earlier one; its squared return counts once, spread over the stretches between both. The weights are those of RiskMetrics
(J.P. Morgan and Reuters, Technical Document, 4th edition 1996, section 5.2: sigma² = l * sigma² + (1 - l) * r², mean
return taken as zero), and while few returns are known, all of them count alike.
"""

import math

import msgspec


class Volatility(msgspec.Struct, gc=False):
    """Of one symbol. stretch: number of the one that `mark` opened, -1 before the first. variance: of a stretch's return."""

    stretch: int = -1
    mark: float = 0.0
    variance: float = 0.0
    samples: int = 0

    def see(self, mark: float, stretch: int, decay: float) -> None:
        """Take in a mark; only the first of a stretch counts."""
        passed = stretch - self.stretch
        if passed <= 0 or not mark > 0.0:
            return
        if self.stretch >= 0:
            change = (mark - self.mark) / self.mark
            self.samples += 1
            weight = max(1.0 - decay, 1.0 / self.samples)
            self.variance += weight * (change * change / passed - self.variance)
        self.stretch, self.mark = stretch, mark

    def deviation(self, stretches: float) -> float:
        """Return the standard deviation of the return over so many stretches, a fraction of the price."""
        return math.sqrt(self.variance * stretches)
