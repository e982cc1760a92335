"""The page where Prometheus reads a process's metrics."""

from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Self
from wsgiref.simple_server import WSGIServer

from prometheus_client import REGISTRY, start_http_server
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import CollectorRegistry

from common.config.checks import SECTIONS

LATENCY_BUCKETS_SECONDS = (
    1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0, 5.0,
)  # fmt: skip
"""Bucket bounds from a microsecond to seconds, for every latency histogram of the stack."""


class MetricsError(Exception):
    """The metrics page cannot be served; the text names service, key, address and reason."""


def by_labels[M: MetricWrapperBase](metric: M) -> Callable[..., M]:
    """Return what gives a metric's part for label values, kept: `labels` makes texts of them and locks, at every message.

    As many are kept as the metric itself keeps.
    """
    return cache(metric.labels)


class MetricsServer:
    """A running metrics page; close it to free the port."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        server, self._thread = start_http_server(port, host, registry)
        assert isinstance(server, WSGIServer), "prometheus_client serves by wsgiref"
        self._server = server

    @property
    def port(self) -> int:
        """Return the port that is bound, also where 0 was asked for."""
        return self._server.server_port

    def close(self) -> None:
        """Stop serving and free the port; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve_metrics(host: str, port: int, *, service: str, registry: CollectorRegistry = REGISTRY) -> MetricsServer:
    """Serve a registry at `http://host:port/metrics` from a thread of its own; port 0 takes a free one.

    The default registry also holds the process's own figures: CPU seconds, resident memory, open files, garbage.

    Raises:
        MetricsError: the address cannot be bound.
    """
    try:
        return MetricsServer(host, port, registry)
    except OSError as error:
        key = f"{SECTIONS.get(service, service)}.metrics_port"
        reason = error.strerror or str(error)
        raise MetricsError(f"{service}: {key}: expected a free address, found {host}:{port}: {reason}") from error
