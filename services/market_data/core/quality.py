"""What a symbol's data is worth at the moment, and the counts by which to judge its feed."""

from typing import Any

from common.messages import MarketState, MarketStatus

MAX_AHEAD_NS = 86_400_000_000_000
"""A venue's clock that seems to be more than a day ahead of ours is a damaged number."""


class Quality:
    """State and counters of one symbol. Staleness is judged by our own clock, from when something last arrived."""

    __slots__ = (
        "_stale_after_ns",
        "_symbol",
        "crossed",
        "gaps",
        "heard_at_ns",
        "impossible_times",
        "latency_ns_last",
        "latency_ns_min",
        "resyncs",
        "stales",
        "state",
        "updates",
    )

    def __init__(self, symbol: str, stale_after_ns: int) -> None:
        """Make a symbol that nothing was heard of; it is stale after stale_after_ns of silence."""
        self._symbol = symbol
        self._stale_after_ns = stale_after_ns
        self.heard_at_ns = 0
        self.state = MarketState.DISCONNECTED
        self.updates = self.gaps = self.resyncs = self.crossed = self.stales = self.impossible_times = 0
        self.latency_ns_last: int | None = None
        self.latency_ns_min: int | None = None

    def heard(self, now_ns: int) -> None:
        """Count something that arrived."""
        self.updates += 1
        self.heard_at_ns = now_ns

    def latency(self, sent_ns: int, received_ns: int) -> bool:
        """Note the way from the venue's clock to ours; negative where the clocks differ by more than the way takes.

        Returns False, and counts, if the venue's time is so far ahead that it cannot be one: bars would run away with it.
        """
        latency_ns = received_ns - sent_ns
        if latency_ns < -MAX_AHEAD_NS:
            self.impossible_times += 1
            return False
        self.latency_ns_last = latency_ns
        if self.latency_ns_min is None or latency_ns < self.latency_ns_min:
            self.latency_ns_min = latency_ns
        return True

    def turn(self, state: MarketState, reason: str, now_ns: int) -> list[MarketStatus]:
        """Enter a state; return the message that says so, nothing if it was entered before."""
        if state is self.state:
            return []
        self.state = state
        return [MarketStatus(symbol=self._symbol, state=state, reason=reason, event_ns=now_ns, received_ns=now_ns)]

    def deadline_ns(self) -> int | None:
        """Return when the symbol goes stale unless something arrives; None where it is not live."""
        return self.heard_at_ns + self._stale_after_ns if self.state is MarketState.LIVE else None

    def on_deadline(self, now_ns: int) -> list[MarketStatus]:
        """Flag the symbol stale if it has been silent for too long."""
        deadline_ns = self.deadline_ns()
        if deadline_ns is None or now_ns < deadline_ns:
            return []
        self.stales += 1
        silent_ms = (now_ns - self.heard_at_ns) // 1_000_000
        return self.turn(MarketState.STALE, f"silent for {silent_ms} ms", now_ns)

    def status(self) -> dict[str, Any]:
        """Return state and counters for people; latencies in ms."""
        return {
            "state": self.state.value,
            "updates": self.updates,
            "gaps": self.gaps,
            "resyncs": self.resyncs,
            "crossed": self.crossed,
            "stales": self.stales,
            "impossible_times": self.impossible_times,
            "latency_ms_last": _ms(self.latency_ns_last),
            "latency_ms_min": _ms(self.latency_ns_min),
        }


def _ms(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e6
