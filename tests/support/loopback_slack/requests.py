"""Reading the requests of an app: their arguments, their client, and links that Slack would not take."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web


def check_links(arguments: Mapping[str, Any]) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage alone says what becomes of links."""
    assert not {"unfurl_links", "unfurl_media"} & arguments.keys(), "this method does not take it"


def client_of(authorization: str) -> dict[str, str]:
    """The app's id and secret from HTTP's basic authentication."""
    found = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    client_id, _, secret = found.partition(":")
    return {"client_id": client_id, "client_secret": secret}


async def read_arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        found: dict[str, Any] = json.loads(await request.text() or "{}")
        return found
    return {**request.query, **await request.post()}  # type: ignore[dict-item]
