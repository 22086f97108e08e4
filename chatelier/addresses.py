"""Hosts and ports of this machine."""

import socket
import sys
import urllib.request

from chatelier.settings import Loaded
from studio.errors import Misconfigured

HEALTH_PATH = "/healthz"
_PORTS_TRIED = 50
_ALL_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_held_ports: list[socket.socket] = []


def choose_web_port(loaded: Loaded) -> int:
    """The port that is set, which must be free; else the first free one from the default upwards.

    Raises `Misconfigured`.
    """
    web = loaded.settings.web
    if web.port and (loaded.origin("web.port") != "default" or is_free(web.host, web.port)):
        require_free(web.host, web.port)
        return web.port
    above = range(web.port + 1, web.port + _PORTS_TRIED) if web.port else ()
    return next((port for port in above if is_free(web.host, port)), None) or free_port()


def require_free(host: str, port: int, *, setting: str = "CHATELIER_WEB__PORT") -> None:
    """Raises `Misconfigured` when somebody else listens there."""
    if port and not is_free(host, port):
        raise Misconfigured(f"Port {port} on {host} is taken. Close what uses it, or set another {setting}.")


def is_free(host: str, port: int) -> bool:
    """Whether this process may listen there now. Raises `Misconfigured` when it never may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, past closing connections
        try:
            probe.bind((host, port))
        except PermissionError:
            raise Misconfigured(
                f"Port {port} needs more rights than this user has. Set CHATELIER_WEB__PORT to 1024 or more."
            ) from None
        except socket.gaierror:
            raise Misconfigured(f"CHATELIER_WEB__HOST: {host} is no address of this machine.") from None
        except OSError:
            return False
    return True


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


def let_go_of_ports() -> None:
    while _held_ports:
        _held_ports.pop().close()


def local_url(host: str, port: int) -> str:
    """An address under which this machine reaches a server of its own."""
    host = _ALL_HOSTS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}{HEALTH_PATH}", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False
