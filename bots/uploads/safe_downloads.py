"""Where downloads may lead, to the platform's own hosts at public addresses, and how long they may be."""

import ipaddress
import socket
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

# Pictures are compressed already, and what a server packs once more could unpack to more than the limit.
UNCOMPRESSED = {"Accept-Encoding": "identity"}
_CHUNK_BYTES = 64 * 1024


class ForeignAddressError(OSError):
    """A download was led to where it has no business."""


class TooManyBytesError(Exception):
    """A download is longer than allowed."""


class PublicResolver(ThreadedResolver):
    """The names in `guarded` lead to public addresses only, whatever the name server says.

    A connection is made to one of the addresses that were looked at, so the name cannot change its mind in between.
    """

    def __init__(self, guarded: frozenset[str]) -> None:
        super().__init__()
        self._guarded = guarded

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises `ForeignAddressError`, and OSError for a name that leads nowhere."""
        found = await super().resolve(host, port, family)
        if host in self._guarded and not all(is_public(address["host"]) for address in found):
            raise ForeignAddressError(f"{host} resolves to an address that is not public")
        return found


async def read_within(response: aiohttp.ClientResponse, *, most_bytes: int) -> bytes:
    """The body, given up as soon as it is longer, whatever the server said of its length.

    Raises `TooManyBytesError`, and what aiohttp raises.
    """
    if (response.content_length or 0) > most_bytes:
        raise TooManyBytesError
    data = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        data += chunk
        if len(data) > most_bytes:
            raise TooManyBytesError
    return bytes(data)


def is_public(address: str) -> bool:
    """Not this machine's, nor a neighbour's, nor one that stands for many."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or is_public(str(inner)))


def redirects_within(allows: Callable[[str], bool]) -> aiohttp.TraceConfig:
    """Each redirect is looked at like the first address; a foreign one raises `ForeignAddressError`."""

    async def look(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, asked: aiohttp.TraceRequestRedirectParams
    ) -> None:
        headers = asked.response.headers
        location = URL(headers.get("Location") or headers.get("URI") or "")
        if not allows(str(asked.url.join(location))):
            raise ForeignAddressError("the redirect leads to a URL that is not allowed")

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(look)
    return trace
