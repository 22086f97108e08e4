"""An RFC 3161 time stamping authority, which may be slow or away without anybody having to wait for it."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from moderation.metrics import SIGNING_FAILURES

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 8.0
PAUSE_SECONDS = 300.0  # after a failure


class TimestampAuthority:
    """Safe for many threads. The library that asks knows no timeout: a thread that hangs is left behind."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._paused_until = 0.0

    def ask(self, sign: Callable[[str], bytes], otherwise: Callable[[], bytes]) -> bytes:
        """What `sign` makes with the authority's address, or `otherwise` makes without, when there is no answer."""
        import c2pa

        if time.monotonic() < self._paused_until:
            return otherwise()
        result: Future[bytes] = Future()
        threading.Thread(target=_run, args=(result, sign, self._url), daemon=True).start()
        try:
            return result.result(self._timeout_seconds)
        except (c2pa.C2paError, OSError, ValueError) as error:  # OSError: also a timeout
            SIGNING_FAILURES.labels("timestamp").inc()
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            log.warning("time stamp failed: error=%s pause_seconds=%d", type(error).__name__, PAUSE_SECONDS)
            return otherwise()


def _run(result: Future[bytes], sign: Callable[[str], bytes], url: str) -> None:
    try:
        result.set_result(sign(url))
    except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
        result.set_exception(error)
