"""Proxies in front of the web page, and whether the settings name them."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address, ip_network

from bots.texts.languages.formats import format_moment
from chatelier.doctor.findings import Finding, good, note
from chatelier.runtime.untrusted_proxies import read_untrusted_proxies
from chatelier.settings import Loaded
from studio.clock import now

_REMEMBERED = timedelta(days=7)
_SETTING = "CHATELIER_WEB__TRUSTED_PROXIES"


def proxies(loaded: Loaded) -> Iterator[Finding]:
    trusted = loaded.settings.web.trusted_proxies
    if trusted:
        yield good(
            "proxies", "{addresses} may say who a client of the web page is", addresses=", ".join(trusted)
        )
    for address, seen_at in read_untrusted_proxies(loaded.settings.home).items():
        if now() - seen_at < _REMEMBERED and not _is_named(address, trusted):
            yield note(
                "proxies",
                "requests with a proxy's headers came from {address}, last on {when}; they count as"
                " visitors from that address, without HTTPS",
                "If it is your proxy, set {setting}={address}. If not, another host sends proxy headers.",
                address=address,
                when=format_moment(seen_at),
                setting=_SETTING,
            )


def _is_named(address: str, trusted: tuple[str, ...]) -> bool:
    try:
        return any(ip_address(address) in ip_network(network) for network in trusted)
    except ValueError:
        return address in trusted
