"""The router's settings, in nanoseconds."""

from typing import Self

import msgspec

from common.config.models import ExecutionSection

MILLISECOND: int = 1_000_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How long the router waits and how often it tries.

    timeout_ns: after which an answer counts as lost. validity_ns: how long the venue may take an order that was sent.
    cancels_unknown: an order at the venue that is not ours is cancelled, not halted on.
    """

    requests_per_second: int
    retries: int
    delay_ns: int
    timeout_ns: int
    validity_ns: int
    reconcile_ns: int
    cancels_unknown: bool

    @classmethod
    def of(cls, section: ExecutionSection) -> Self:
        """Return the settings of a configuration."""
        return cls(
            requests_per_second=section.rate_limit_per_second,
            retries=section.retry_attempts,
            delay_ns=section.retry_delay_ms * MILLISECOND,
            timeout_ns=section.request_timeout_ms * MILLISECOND,
            validity_ns=section.order_validity_ms * MILLISECOND,
            reconcile_ns=section.reconcile_interval_ms * MILLISECOND,
            cancels_unknown=section.unknown_orders == "cancel",
        )
