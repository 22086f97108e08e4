"""Which port the instance listens on: one that is its own from the moment it is chosen."""

import socket
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from chatelier.runtime import network
from studio.errors import ConfigurationError
from tests.conftest import free_port

HOST = "127.0.0.1"


def settled(port: int, origin: str) -> Any:
    web = SimpleNamespace(host=HOST, port=port)
    return SimpleNamespace(settings=SimpleNamespace(web=web), origin=lambda _name: origin)


def listens(port: int) -> socket.socket:
    return socket.create_server((HOST, port))


def test_a_chosen_port_is_the_instances_own() -> None:
    port = free_port()
    with network.open_web_port(settled(port, "environment")) as listener:
        assert listener.getsockname() == (HOST, port)
        assert not network.is_free(HOST, port)
        with pytest.raises(ConfigurationError, match=f"Port {port} on {HOST} is taken"):
            network.open_web_port(settled(port, "environment"))
        with socket.create_connection((HOST, port)) as early:  # before there is a server
            served, _ = listener.accept()
            with served:
                assert served.getpeername() == early.getsockname()


def test_where_no_port_is_set_the_next_free_one_is_taken() -> None:
    port = free_port()
    with listens(port), network.open_web_port(settled(port, "default")) as listener:
        assert listener.getsockname()[1] not in (0, port)


@pytest.mark.parametrize("origin", ["default", "environment"])
def test_a_port_that_somebody_takes_between_two_lines_is_left_to_them(
    monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    wanted, bind, rivals = free_port(), network._bind, []

    def bind_and_lose(host: str, port: int) -> socket.socket | None:
        bound = bind(host, port)
        if port == wanted:
            rivals.append(listens(port))
        return bound

    monkeypatch.setattr(network, "_bind", bind_and_lose)
    try:
        if origin == "default":
            with network.open_web_port(settled(wanted, origin)) as listener:
                assert listener.getsockname()[1] != wanted
        else:
            with pytest.raises(ConfigurationError, match="is taken"):
                network.open_web_port(settled(wanted, origin))
        assert len(rivals) == 1
    finally:
        for rival in rivals:
            rival.close()


def test_any_port_will_do_where_none_is_named() -> None:
    with network.open_web_port(settled(0, "environment")) as listener:
        assert listener.getsockname()[1]


def test_what_answers_in_another_language_is_not_healthy() -> None:
    with listens(0) as listener, ThreadPoolExecutor(1) as other:
        port = listener.getsockname()[1]

        def speak_otherwise() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(1024)
                line.sendall(b"220 mail ready\r\n")

        spoken = other.submit(speak_otherwise)
        assert not network.is_healthy(f"http://{HOST}:{port}")
        spoken.result()
