"""Hosts and ports of this machine."""

import socket
import sys
import urllib.request
from contextlib import ExitStack
from http.client import HTTPException

from chatelier.settings import Loaded
from studio.errors import ConfigurationError

HEALTH_PATH = "/healthz"
_PORTS_TRIED = 50
_MOST_WAITING = 2048  # as uvicorn has it
_ALL_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_held_ports: list[socket.socket] = []


def open_web_port(loaded: Loaded) -> socket.socket:
    """Listens on the port that is set, which must be free; else on the first free one from the default upwards.

    From here on nobody else can take it, and a client that connects waits until a server accepts. Raises
    `ConfigurationError`.
    """
    web = loaded.settings.web
    is_set = loaded.origin("web.port") != "default"
    ports = (web.port,) if is_set else (*range(web.port, web.port + _PORTS_TRIED), 0)
    listener = next(filter(None, (_listen(web.host, port) for port in ports)), None)
    if listener is None:
        raise _address_in_use_error(web.host, web.port)
    return listener


def require_free(host: str, port: int, *, setting: str = "CHATELIER_WEB__PORT") -> None:
    """Raises `ConfigurationError` when another process listens there."""
    if port and not is_free(host, port):
        raise _address_in_use_error(host, port, setting=setting)


def is_free(host: str, port: int) -> bool:
    """Whether this process may listen there now. Raises `ConfigurationError` when it never may."""
    bound = _bind(host, port)
    if bound is not None:
        bound.close()
    return bound is not None


def _address_in_use_error(
    host: str, port: int, *, setting: str = "CHATELIER_WEB__PORT"
) -> ConfigurationError:
    return ConfigurationError(
        f"Port {port} on {host} is taken. Close what uses it, or set another {setting}."
    )


def _listen(host: str, port: int) -> socket.socket | None:
    bound = _bind(host, port)
    if bound is not None:
        try:
            bound.listen(_MOST_WAITING)
        except OSError:  # two may bind a port at once, and one of them listens
            bound.close()
            return None
    return bound


def _bind(host: str, port: int) -> socket.socket | None:
    """None where another process listens. Raises `ConfigurationError` when this process never may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as stack:
        bound = stack.enter_context(socket.socket(family))
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, past closing connections
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # as asyncio does
        try:
            bound.bind((host, port))
        except PermissionError:
            raise ConfigurationError(
                f"Port {port} needs more rights than this user has. Set CHATELIER_WEB__PORT to 1024 or more."
            ) from None
        except socket.gaierror:
            raise ConfigurationError(f"CHATELIER_WEB__HOST: {host} is no address of this machine.") from None
        except OSError:
            return None
        stack.pop_all()
    return bound


def free_port() -> int:
    """A port of the loopback on which nobody listens, and that nobody else is given while this process lives.

    It stays bound here, without listening. Servers bind it all the same, because they set SO_REUSEADDR as well;
    until one does, and while one is started again, a connection is refused.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port: int = held.getsockname()[1]
    if sys.platform.startswith("linux"):
        _held_ports.append(held)
    else:
        held.close()  # elsewhere no two sockets may be bound to one port, whether they listen or not
    return port


def local_url(host: str, port: int) -> str:
    """An address under which this machine reaches a server of its own."""
    host = _ALL_HOSTS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}{HEALTH_PATH}", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, ValueError, HTTPException):  # no server, or one with another protocol
        return False
