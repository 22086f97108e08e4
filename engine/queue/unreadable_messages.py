"""What is done with a message from Redis that cannot be read: damaged, or from another version."""

import logging

from prometheus_client import Counter

_UNREADABLE = Counter(
    "chatelier_unreadable_messages_total",
    "Messages from Redis that were passed over because they cannot be read.",
    ["stream"],
)

log = logging.getLogger(__name__)


def note_unreadable(stream: str, error: Exception) -> None:
    """Count and log it, without its content. `stream` is ``events``, ``progress`` or ``tasks``."""
    _UNREADABLE.labels(stream=stream).inc()
    log.error("message skipped: unreadable", extra={"stream": stream, "error": type(error).__name__})
