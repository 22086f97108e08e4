"""POST of JSON to one address that the operator set: a bounded answer in bounded time."""

import json
from http import HTTPStatus
from typing import Any

from studio.bounded_http import BoundedBody, client_options

_MAX_ANSWER_BYTES = 64 * 1024


class JsonClient:
    """Safe for many threads."""

    def __init__(self, url: str, *, token: str | None = None, timeout_seconds: float = 10.0) -> None:
        import httpx  # most instances have no such server

        self._url = url
        self._timeout_seconds = timeout_seconds
        self._client = httpx.Client(**client_options(token=token, timeout_seconds=timeout_seconds))

    def post(self, data: Any) -> Any:
        """Raises `httpx.HTTPError`, or ValueError for an answer that is late, long or no JSON."""
        with self._client.stream("POST", self._url, json=data) as response:
            if response.status_code != HTTPStatus.OK:
                raise ValueError(f"the server answered {response.status_code}")
            body = BoundedBody(
                response.headers, limit_bytes=_MAX_ANSWER_BYTES, timeout_seconds=self._timeout_seconds
            )
            for part in response.iter_raw():
                body.add(part)
        return json.loads(body.content)
