"""The address and the scheme of a request: those of the connection, or what a proxy says that the settings name."""

import ipaddress
from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from studio.listen_addresses import is_loopback

# What a proxy adds to a request that it passes on. Browsers do not send any of them.
_FORWARDING_HEADERS = frozenset(
    {
        b"forwarded",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)
_DIRECT_FROM_LOOPBACK = "chatelier.direct_from_loopback"
_IPV6_NETWORK_BITS = 64  # what a provider gives one subscriber at the least (RFC 6177)


class TrustedProxies:
    """ASGI middleware in front of everything that reads ``scope["client"]`` or ``scope["scheme"]``.

    X-Forwarded-For and X-Forwarded-Proto are believed of the addresses in `proxies` only, and then the rightmost
    address that is none of them is the client's. `report_unknown` gets the address of every other connection
    that sends such headers: a proxy that nobody named, or a client that pretends to be one.
    """

    def __init__(
        self, app: ASGIApp, *, proxies: Sequence[str], report_unknown: Callable[[str], None]
    ) -> None:
        self._app = app
        self._resolver = ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type]
        self._report_unknown = report_unknown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        peer, port = scope.get("client") or ("", 0)
        peer = plain_address(peer)
        forwarded = any(name in _FORWARDING_HEADERS for name, _ in scope["headers"])
        trusted = peer in self._resolver.trusted_hosts
        scope["client"] = (peer, port)
        scope[_DIRECT_FROM_LOOPBACK] = is_loopback(peer) and not forwarded and not trusted
        if forwarded and not trusted:
            self._report_unknown(peer)
        await self._resolver(scope, receive, send)  # type: ignore[arg-type]


def came_directly_from_loopback(scope: Scope) -> bool:
    """Whether the client runs on this machine. A request that a proxy on this machine passes on does not count."""
    return bool(scope.get(_DIRECT_FROM_LOOPBACK))


def plain_address(host: str) -> str:
    """An IPv4 address that came through an IPv6 socket (``::ffff:192.0.2.1``), as IPv4; other hosts unchanged."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def network_of(host: str) -> str:
    """What one subscriber has at the least: an IPv4 address, or the /64 of an IPv6 address."""
    plain = plain_address(host)
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return plain
    if address.version == 4:
        return plain
    return str(ipaddress.ip_network((int(address), _IPV6_NETWORK_BITS), strict=False))
