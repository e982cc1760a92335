"""What strategy runners did, for people and pages; nothing trades on it."""

from common.messages.base import Message
from common.messages.enums import RunnerState


class RunnerTransitioned(Message, frozen=True, kw_only=True, tag="runner_transitioned", gc=False):
    """A runner changed its state because of `cause`; `reason` is the table's event name or the strategy's word."""

    runner: str
    strategy: str
    symbol: str
    before: RunnerState
    after: RunnerState
    reason: str
    cause: str


class RunnerFailed(Message, frozen=True, kw_only=True, tag="runner_failed", gc=False):
    """A strategy function failed. `paused` when the runner has failed too often and is asked no more."""

    runner: str
    strategy: str
    symbol: str
    error: str
    error_count: int
    paused: bool
    cause: str
