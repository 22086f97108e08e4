"""Which person confirmed for which picture that the people in it agreed: by sending it again within 15 minutes."""

import threading
from collections.abc import Callable
from time import monotonic

from studio.bounded_dict import BoundedDict

_SECONDS = 15 * 60
_MOST = 10_000  # pictures that are remembered; the oldest are forgotten first


class ConsentBook:
    """For one process, which is enough: all uploads of a front end come to one. Nothing of the picture is kept."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: BoundedDict[tuple[str, bytes], float] = BoundedDict(_MOST)

    def is_given(self, person_key: str, picture: bytes) -> bool:
        """Whether the person was asked about this picture (its digest) a short while ago. Asks otherwise."""
        with self._lock:
            asked_at = self._asked.get((person_key, picture))
            if asked_at is not None and self._clock() - asked_at <= _SECONDS:
                return True
            self._asked[person_key, picture] = self._clock()
            return False
