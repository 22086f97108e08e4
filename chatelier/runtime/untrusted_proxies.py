"""Connections that send a proxy's headers and are no trusted proxy: noted by the web page, read by the doctor."""

import json
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from studio.bounded_dict import BoundedDict
from studio.clock import now

log = logging.getLogger(__name__)

_FILE = "unknown-proxies.json"
_MOST_ADDRESSES = 20
_WRITE_AGAIN_SECONDS = 600.0
_PAUSE_SECONDS = 10.0  # between two writes, from any sender


class UntrustedProxies:
    """Keeps a file in the home folder. Called from one thread."""

    def __init__(self, home: Path) -> None:
        self._path = home / _FILE
        self._written_at: BoundedDict[str, float] = BoundedDict(_MOST_ADDRESSES)
        self._last_write_at = -_PAUSE_SECONDS

    def report(self, address: str) -> None:
        """Write down when `address` was seen last. Repeated reports and a rush of addresses cost nothing."""
        at = time.monotonic()
        recent = at - self._written_at.get(address, -_WRITE_AGAIN_SECONDS) < _WRITE_AGAIN_SECONDS
        if recent or at - self._last_write_at < _PAUSE_SECONDS:
            return
        self._last_write_at = at
        if address not in self._written_at:
            log.warning("proxy headers ignored: the sender is no trusted proxy address=%s", address)
        self._written_at[address] = at
        seen = {**read_untrusted_proxies(self._path.parent), address: now()}
        latest = sorted(seen.items(), key=lambda item: item[1])[-_MOST_ADDRESSES:]
        with suppress(OSError):  # it is a hint only
            self._write({sender: seen_at.isoformat() for sender, seen_at in latest})

    def _write(self, seen: Mapping[str, str]) -> None:
        fresh = self._path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(seen, file)
        fresh.replace(self._path)


def read_untrusted_proxies(home: Path) -> dict[str, datetime]:
    """Addresses and when they were seen last; nothing when there is no file that can be read."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        found = json.loads((home / _FILE).read_text())
        return {str(address): datetime.fromisoformat(at) for address, at in found.items()}
    return {}
