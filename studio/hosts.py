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
