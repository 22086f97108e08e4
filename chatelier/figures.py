"""Figures for Prometheus, from the processes that have no door of their own."""

import typer

from studio.errors import Misconfigured

METRICS = typer.Option(
    None,
    "--metrics",
    metavar="HOST:PORT",
    help="Serve figures for Prometheus there, such as 127.0.0.1:9100.",
    show_default=False,
)


def serve_figures(address: str | None) -> None:
    """In a thread of its own, until the process ends. Raises `Misconfigured` for an address that cannot be had."""
    if address is None:
        return
    from prometheus_client import start_http_server

    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise Misconfigured(f"--metrics {address}: write it as HOST:PORT, such as 127.0.0.1:9100.")
    try:
        start_http_server(int(port), addr=host or "127.0.0.1")
    except OSError as error:
        raise Misconfigured(
            f"--metrics {address}: nothing can be served there ({error.strerror}). Choose another port."
        ) from error
