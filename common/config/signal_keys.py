"""What the process of a runner is told of `[signal]`.

It is a plain struct: pydantic and the whole schema would take a third of the processor time in which such a process starts,
and what it is told has been checked.
"""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from common.config.signal import SignalSection


class RunnerKeys(msgspec.Struct, frozen=True):
    """Some keys of `[signal]`, named and meant as there."""

    model_path: str
    model_sha256: str
    allow_pickle: bool
    features: list[str]
    max_errors: int
    instruction_limit: int
    memory_limit_mb: int
    window: int
    indicators: list[str]
    indicator_backend: str
    indicator_verify_every: int
    indicator_deadline_ms: int


type SignalKeys = SignalSection | RunnerKeys
"""Where such a key may be read."""


def runner_keys(section: "SignalSection") -> RunnerKeys:
    """Return what the process of a runner is told."""
    return msgspec.convert(section, RunnerKeys, from_attributes=True)
