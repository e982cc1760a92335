"""The section of the signal service."""

from typing import Literal

from pydantic import Field

from common.config.section import EndpointSection


class SignalSection(EndpointSection):
    """Strategies and their runners."""

    model_path: str = Field("", description="Model file for strategies that use one.")
    model_sha256: str = Field("", description="SHA-256 of the model file, hex; a model without it is refused.")
    allow_pickle: bool = Field(False, description="Load a model from pickle, which runs code of its author.")
    features: list[str] = Field(default_factory=list, description="Feature names for a model.")
    update_interval_ms: int = Field(
        1_000, ge=10, le=86_400_000, description="Bar length for strategies that name no timeframe, ms."
    )
    zmq_subscribe_address: str = Field(
        "", description="Market data's stream; market_data.zmq_publish_address if empty."
    )
    max_errors: int = Field(5, ge=1, description="Failures in a row after which a runner is paused.")
    instruction_limit: int = Field(1_000_000, ge=1_000, description="Lua instructions per call.")
    memory_limit_mb: int = Field(64, ge=1, le=4_096, description="Lua memory per strategy, MiB.")
    workers: int = Field(
        1, ge=0, le=64, description="Processes that runners live in; 0: the service's own, where nothing watches them."
    )
    worker_timeout_ms: int = Field(
        2_000, ge=50, le=60_000, description="Longest call of a runner, after which its worker is killed, ms."
    )
    window: int = Field(1_000, ge=10, le=1_000_000, description="Bars kept per symbol and timeframe.")
    reload: bool = Field(True, description="Take over strategy files that change, once they are found good.")
    indicators: list[str] = Field(
        default_factory=list, description="Plug-in indicators: Python or Lua files, found as scripts are."
    )
    indicator_backend: Literal["native", "ocaml"] = Field(
        "native", description="What computes the built-in indicators: this process, or the OCaml program beside it."
    )
    indicator_verify_every: int = Field(
        20, ge=0, le=1_000_000, description="Bars after which OCaml is asked about the values once more; 0: never."
    )
    indicator_deadline_ms: int = Field(
        100, ge=2, le=60_000, description="How long a bar may wait for OCaml as backend, both attempts together, ms."
    )
