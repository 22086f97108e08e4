"""HTTP with servers that the operator named: no redirects, no proxy, a bounded answer in bounded time."""

import time
from collections.abc import Callable, Mapping
from typing import Any


class OversizedAnswerError(ValueError):
    """The server sends more than it may."""


class SlowAnswerError(ValueError):
    """The server has not finished its answer in time."""


def client_options(*, token: str | None, timeout_seconds: float) -> dict[str, Any]:
    """For `httpx.Client` and `httpx.AsyncClient`.

    Answers are not compressed: a few bytes of those could become any number in memory.
    """
    headers = {"Accept-Encoding": "identity"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return {
        "headers": headers,
        "timeout": timeout_seconds,
        "follow_redirects": False,
        "trust_env": False,  # no proxy from the environment sees what is sent
    }


class BoundedBody:
    """Takes in the parts of an answer. A server that drips bytes never times out by itself."""

    def __init__(
        self,
        headers: Mapping[str, str],
        *,
        limit_bytes: int,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises `ValueError` for an answer that is compressed after all."""
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise ValueError("the answer is compressed")
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._latest = clock() + timeout_seconds
        self._body = bytearray()

    def add(self, part: bytes) -> None:
        """Raises `OversizedAnswerError` or `SlowAnswerError`."""
        self._body += part
        if len(self._body) > self._limit_bytes:
            raise OversizedAnswerError("the answer is too long")
        if self._clock() > self._latest:
            raise SlowAnswerError("the answer takes too long")

    @property
    def content(self) -> bytes:
        return bytes(self._body)
