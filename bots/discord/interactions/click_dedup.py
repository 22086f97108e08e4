"""Double clicks: the same person doing the same thing within a moment means it once."""

import time

from studio.bounded_dict import BoundedDict

_REMEMBERED = 2000


class ClickDedup:
    """A message's events all come to the process of its shard, so remembering them here is enough."""

    def __init__(self, *, moment_seconds: float) -> None:
        self._moment_seconds = moment_seconds
        self._seen: BoundedDict[tuple[int, int, str], tuple[float, str]] = BoundedDict(_REMEMBERED)

    def key_of(self, message_id: int, user_id: int, what: str, *, fresh: str) -> str:
        """The request key of a click: `fresh`, or that of the click which it repeats."""
        click = (message_id, user_id, what)
        now = time.monotonic()
        clicked_at, key = self._seen.pop(click, (now, fresh))
        if now - clicked_at > self._moment_seconds:
            clicked_at, key = now, fresh
        self._seen[click] = (clicked_at, key)
        return key
