"""Figures for Prometheus, on an address of their own."""

from typing import TYPE_CHECKING

import typer

from studio.errors import ConfigurationError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

METRICS = typer.Option(
    None,
    "--metrics",
    metavar="HOST:PORT",
    help="Serve figures for Prometheus there, such as 127.0.0.1:9100.",
    show_default=False,
)


def serve_figures(address: str | None, *, registry: "CollectorRegistry | None" = None) -> None:
    """In a thread of its own, until the process ends; of the whole process, or of `registry`.

    Raises `ConfigurationError` for an address that cannot be had.
    """
    if address is None:
        return
    from prometheus_client import REGISTRY, start_http_server

    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigurationError(f"--metrics {address}: write it as HOST:PORT, such as 127.0.0.1:9100.")
    try:
        start_http_server(int(port), addr=host or "127.0.0.1", registry=registry or REGISTRY)
    except OSError as error:
        raise ConfigurationError(
            f"--metrics {address}: nothing can be served there ({error.strerror}). Choose another port."
        ) from error
