"""Whether the server of a remote model answers, accepts the key and has the model. Paints nothing, loads no torch."""

import json
from http import HTTPStatus

from engine.catalog.entries import ModelEntry
from engine.catalog.remote_entry import RemoteEntry
from studio.bounded_http import BoundedBody, client_options
from studio.errors import ModelLoadError

_MAX_LIST_BYTES = 4 * 1024**2
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def probe(entry: ModelEntry, *, timeout_seconds: float = 10.0) -> str:
    """What was found, in words. Asks for the list of models, which costs nothing.

    Raises `ModelLoadError` with one sentence.
    """
    remote = entry.remote or RemoteEntry()
    status, content = _get_models(entry, remote.key(), timeout_seconds)
    if status in _REFUSED:
        raise ModelLoadError(f"The server of {entry.name} refuses the API key ({status}).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ModelLoadError(f"The server of {entry.name} is in trouble: it answers with {status}.")
    known = _names_in(content) if status == HTTPStatus.OK else None
    if known is None:
        return "its server answers, without a list of its models"
    if remote.model and remote.model not in known:
        raise ModelLoadError(f"The server of {entry.name} has no model {remote.model}.")
    return f"its server answers and has {remote.model or 'its model'}"


def _get_models(entry: ModelEntry, key: str | None, timeout_seconds: float) -> tuple[int, bytes]:
    import httpx

    url = f"{entry.source.rstrip('/')}/models"
    try:
        with (
            httpx.Client(**client_options(token=key, timeout_seconds=timeout_seconds)) as client,
            client.stream("GET", url) as response,
        ):
            body = BoundedBody(response.headers, limit_bytes=_MAX_LIST_BYTES, timeout_seconds=timeout_seconds)
            for part in response.iter_raw():
                body.add(part)
            return response.status_code, body.content
    except (httpx.HTTPError, ValueError) as error:
        raise ModelLoadError(
            f"The server of {entry.name} at {entry.source} does not answer as it should "
            f"({type(error).__name__}). Check the address and the connection."
        ) from error


def _names_in(content: bytes) -> set[str] | None:
    """The names in a list of models; None for anything else."""
    try:
        models = json.loads(content)["data"]
        return {str(model["id"]) for model in models}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
