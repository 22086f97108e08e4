"""POST of JSON to one address that the operator set: no redirects, no proxy, a bounded answer in bounded time."""

import json
import time
from http import HTTPStatus
from typing import Any

_MAX_ANSWER_BYTES = 64 * 1024


class JsonClient:
    """Safe for many threads."""

    def __init__(self, url: str, *, token: str | None = None, timeout_seconds: float = 10.0) -> None:
        import httpx  # most instances have no such server

        self._url = url
        self._timeout_seconds = timeout_seconds
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,  # no proxy from the environment sees what is judged
        )

    def post(self, data: Any) -> Any:
        """Raises `httpx.HTTPError`, or ValueError for an answer that is late, long or no JSON."""
        latest = (
            time.monotonic() + self._timeout_seconds
        )  # a server that drips bytes never times out by itself
        with self._client.stream("POST", self._url, json=data) as response:
            if response.status_code != HTTPStatus.OK:
                raise ValueError(f"the safety model answered {response.status_code}")
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _MAX_ANSWER_BYTES:
                    raise ValueError("the safety model's answer is too long")
                if time.monotonic() > latest:
                    raise ValueError("the safety model's answer takes too long")
        return json.loads(body)
