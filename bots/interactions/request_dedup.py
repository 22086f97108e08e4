"""Repeated requests: a double click, or one that a platform delivers again."""

import math
import time
from collections.abc import Hashable

from studio.bounded_dict import BoundedDict


class RequestDedup:
    """Remembers what came lately.

    What concerns one message comes to one process on Discord, so remembering it here is enough there; a process that
    Slack tells again remembers it, and another one makes the same job of it.
    """

    def __init__(self, *, remembered: int = 2000) -> None:
        self._seen: BoundedDict[Hashable, tuple[float, str]] = BoundedDict(remembered)

    def key_of(self, what: Hashable, *, fresh: str, within_seconds: float = math.inf) -> str:
        """The request key of something that a person does: `fresh`, or that of what it repeats within this time."""
        now = time.monotonic()
        first_at, key = self._seen.pop(what, (now, fresh))
        if now - first_at > within_seconds:
            first_at, key = now, fresh
        self._seen[what] = (first_at, key)
        return key

    def is_new(self, key: str) -> bool:
        """Of a request whose own key is the same whenever it is delivered."""
        is_new = key not in self._seen
        self.key_of(key, fresh=key)
        return is_new
