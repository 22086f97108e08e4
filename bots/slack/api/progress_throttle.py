"""Limits progress updates, so that they leave room for answers in Slack's rate limits."""

import time
from collections import deque
from collections.abc import Callable

from studio.bounded_dict import BoundedDict

_CHANNEL_EVERY_SECONDS = 1.0
_STEPS_A_MINUTE = 40  # of the fifty and more that `chat.update` allows a workspace
_KEPT_CHANNELS = 1000
# (age of the job, seconds between its steps): the longer it takes, the calmer it is.
_CALMER = ((60.0, 2.0), (300.0, 5.0))
_CALMEST_SECONDS = 15.0


class ProgressThrottle:
    """`clock` is a monotonic one, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: deque[float] = deque()
        self._channels: BoundedDict[str, float] = BoundedDict(_KEPT_CHANNELS)

    def allows(self, channel: str, *, age_seconds: float, since_seconds: float) -> bool:
        """Whether a job of that age may show progress now. A yes is counted."""
        now = self._clock()
        every = next((pause for age, pause in _CALMER if age_seconds < age), _CALMEST_SECONDS)
        if since_seconds < every or now - self._channels.get(channel, -1e9) < _CHANNEL_EVERY_SECONDS:
            return False
        while self._recent and now - self._recent[0] > 60:
            self._recent.popleft()
        if len(self._recent) >= _STEPS_A_MINUTE:
            return False
        self._recent.append(now)
        self._channels[channel] = now
        return True
