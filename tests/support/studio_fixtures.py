"""The studio on fakes and a SQLite file, for every suite that needs no services."""

import logging
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

# Imported where they are used: the process that only hands out the tests starts without them.
if TYPE_CHECKING:
    from studio.commands.spec import Call
    from studio.ports import Ports
    from tests.support.web_client import WebServer

_calls = count(1)


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Commands set logging up for their process, which here is everybody's."""
    import structlog

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets no time pass for a module that reads the clock as `time`: what it counts by time is counted exactly."""
    clock = SimpleNamespace(monotonic=lambda: 1e12, time=lambda: 1e9)
    return lambda module: monkeypatch.setattr(f"{module}.time", clock)


@pytest.fixture
def ports(tmp_path: Path) -> "Iterator[Ports]":
    from tests.support.fakes import fake_ports

    made = fake_ports(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield made
    made.database.close()


@pytest.fixture
def call() -> "Call":
    """Ana asks for something, once."""
    from studio.commands.spec import Call
    from tests.support.fakes import someone, somewhere

    return Call(person=someone("ana"), address=somewhere(), request_key=f"test:{next(_calls)}")


@pytest.fixture
def web_server(ports: "Ports") -> "Iterator[WebServer]":
    """The web page, open, on the fakes; its moderators' word is ``keys``."""
    from tests.support.web_client import WebServer, web_settings

    with WebServer(ports, web_settings(moderator_secret="keys")) as opened:
        yield opened
