"""What every section of the configuration is, and what those of the services share."""

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of the configuration: an unknown key is an error, a loaded value never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class EndpointSection(Section):
    """Where a service is found. Unset addresses come from the table of ports on 127.0.0.1."""

    zmq_publish_address: str = Field(
        "", description="PUB endpoint to bind, such as tcp://127.0.0.1:5555 or ipc:///run/x."
    )
    zmq_command_address: str = Field("", description="Command endpoint to bind.")
    host: str = Field("", description="Host by which others reach this service; 127.0.0.1 if empty.")
    metrics_port: int = Field(0, ge=0, le=65_535, description="Prometheus port; 0 takes the port of the table.")
    metrics_host: str = Field("127.0.0.1", description="Address the metrics server binds.")
