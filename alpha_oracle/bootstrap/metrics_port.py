"""Where a process answers Prometheus: a port of its own, on this machine unless told otherwise."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Info, ProcessCollector, start_http_server

from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator


def process_registry() -> CollectorRegistry:
    """Return a registry with what every process tells: its version, memory, CPU, open files.

    The standard `process_*` names, so that dashboards made for any process show ours too.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Info("alpha_oracle_build", "The version of the product.", registry=registry)
    build.info({"version": version("alpha-oracle")})
    return registry


@contextmanager
def served(
    registry: CollectorRegistry, port: int | None, *, host: str, setting: str
) -> Iterator[None]:
    """Answer `GET /metrics` while the block runs; `port` None: nobody is answered.

    `setting` is what the port is called in the settings.

    Raises:
        ConfigurationError: the port is taken, or the host is not this machine's.
    """
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise ConfigurationError(
            f"{setting} {port} cannot be served on {host}: {error}; set another, or none"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
