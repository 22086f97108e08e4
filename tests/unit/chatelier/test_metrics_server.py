"""Figures for Prometheus from workers, the beat and front ends."""

from urllib.request import urlopen

import pytest

from bots.web.metrics import WebMetrics
from chatelier.runtime.metrics_server import serve_figures
from moderation.metrics import VERDICTS
from studio.errors import ConfigurationError
from tests.conftest import free_port


def test_figures_are_served_where_they_are_asked_for() -> None:
    port = free_port()
    serve_figures(f"127.0.0.1:{port}")
    VERDICTS.labels("picture", "allow", "", "").inc()
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=300) as answer:
        text = answer.read().decode()
    assert "chatelier_verdicts_total" in text
    with pytest.raises(ConfigurationError, match="Choose another port"):
        serve_figures(f"127.0.0.1:{port}")


def test_the_web_servers_figures_come_with_those_of_its_process() -> None:
    port = free_port()
    figures = WebMetrics()
    serve_figures(f"127.0.0.1:{port}", registry=figures.registry)
    figures.sockets.inc()
    VERDICTS.labels("picture", "allow", "", "").inc()
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=300) as answer:
        text = answer.read().decode()
    assert "chatelier_web_sockets 1.0" in text
    assert "chatelier_verdicts_total" in text


def test_an_address_without_a_port_is_explained() -> None:
    with pytest.raises(ConfigurationError, match="HOST:PORT"):
        serve_figures("localhost")


def test_without_an_address_nothing_is_served() -> None:
    serve_figures(None)
