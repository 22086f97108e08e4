"""Addresses for mail, as people type them."""

import re

_LONGEST = 200  # characters
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)


def is_mail_address(text: str) -> bool:
    """Whether mail can be sent to it: one plain address, nothing that could be read as more than that."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None
