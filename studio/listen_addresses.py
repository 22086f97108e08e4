"""Addresses to listen on."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there. Other names than localhost may lead anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def plain_network(text: str) -> str:
    """An address or a network in its usual form. Raises `ValueError` for everything else, such as a name."""
    try:
        return str(ipaddress.ip_network(text) if "/" in text else ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(
            f"{text} is neither an address nor a network: write 192.0.2.7, 2001:db8::7 or 172.18.0.0/16"
        ) from None
