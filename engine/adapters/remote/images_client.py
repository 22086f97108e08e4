"""A client of OpenAI's images API (``/images/generations``, ``/images/edits``), as many servers speak it.

https://platform.openai.com/docs/api-reference/images; SGLang-Diffusion, vLLM-Omni and LocalAI take further parameters.
"""

import asyncio
import base64
import binascii
import io
import json
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from engine.batching.sampling_params import SamplingParams
from engine.catalog.remote_entry import PARAMETERS, RemoteEntry
from engine.imaging.codecs.encoding import encode_png
from studio.bounded_http import BoundedBody, OversizedAnswerError, client_options
from studio.errors import GenerationError
from studio.parsing.prompt_weights import plain_words

if TYPE_CHECKING:
    import httpx
    from PIL import Image

ATTEMPTS = 4
# A picture of 20 MiB in base64, with what stands around it.
_MAX_ANSWER_BYTES = 28 * 1024**2
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_CONNECT_SECONDS = 10.0
# Behind a gateway that lost the answer (502, 504), the picture may have been painted and billed.
_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_KEY_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_ABSENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
# What is said where a person gave a picture and no words: the API takes no empty prompt.
_WITHOUT_WORDS = "Another version of this picture"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    content: bytes
    retry_after_seconds: float | None


class ImagesClient:
    """For one model and one event loop. `pause` waits between two attempts."""

    def __init__(
        self,
        url: str,
        remote: RemoteEntry,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Raises `ModelLoadError` without its key."""
        import httpx

        self._url = url.rstrip("/")
        self._remote = remote
        self._pause = pause
        options = client_options(token=remote.key(), timeout_seconds=remote.timeout_seconds)
        options["timeout"] = httpx.Timeout(remote.timeout_seconds, connect=_CONNECT_SECONDS)
        self._client = httpx.AsyncClient(**options)

    async def close(self) -> None:
        await self._client.aclose()

    async def generate(self, params: SamplingParams) -> bytes:
        """The encoded picture, which nobody looked at yet. Raises `GenerationError`; cancelling closes the connection.

        A call that may have been made is repeated only where the server says that it was not.
        """
        try:
            async with asyncio.timeout(self._remote.timeout_seconds):
                return await asyncio.to_thread(_image_in, await self._ask(params))
        except TimeoutError as error:
            raise GenerationError(
                reason="remote_slow", seconds=round(self._remote.timeout_seconds)
            ) from error

    async def _ask(self, params: SamplingParams) -> bytes:
        import httpx

        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            wait_seconds = None
            try:
                answer = await self._post(params)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if last:
                    raise GenerationError(reason="remote_away") from error
            except httpx.TimeoutException as error:
                raise TimeoutError from error
            except OversizedAnswerError as error:
                raise GenerationError(reason="remote_no_image") from error
            except (httpx.HTTPError, ValueError) as error:
                raise GenerationError(reason="remote_broken") from error
            else:
                if answer.status not in _AGAIN or last:
                    return _content_of(answer)
                wait_seconds = answer.retry_after_seconds
            await self._pause(_pause_seconds(attempt, wait_seconds))
        raise AssertionError("the last attempt returns or raises")

    async def _post(self, params: SamplingParams) -> _Answer:
        options = self._options(params)
        images = images_of(params)
        if images:
            request: dict[str, Any] = {
                "data": {name: str(value) for name, value in options.items()},
                "files": await asyncio.to_thread(_files, images, params.mask),
            }
            path = "/images/edits"
        else:
            request, path = {"json": options}, "/images/generations"
        async with self._client.stream("POST", f"{self._url}{path}", **request) as response:
            body = BoundedBody(
                response.headers,
                limit_bytes=_MAX_ANSWER_BYTES,
                timeout_seconds=self._remote.timeout_seconds,
            )
            async for part in response.aiter_raw():
                body.add(part)
        return _Answer(
            status=response.status_code, content=body.content, retry_after_seconds=_retry_after(response)
        )

    def _options(self, params: SamplingParams) -> dict[str, Any]:
        options: dict[str, Any] = {
            "prompt": plain_words(params.prompt).strip() or _WITHOUT_WORDS,
            "n": 1,
            "size": f"{params.width}x{params.height}",
        }
        if self._remote.model:
            options["model"] = self._remote.model
        if self._remote.asks_base64:
            options["response_format"] = "b64_json"
        for name in self._remote.sends:
            value = getattr(params, PARAMETERS[name])
            options[name] = plain_words(value) if isinstance(value, str) else value
        return options


def images_of(params: SamplingParams) -> "tuple[Image.Image, ...]":
    """What the server is to see: the picture to change first. None: it paints from words alone."""
    if params.start is None:
        return params.references
    mixed = tuple(weighted.picture for weighted in params.mixed)
    # With a region, the first reference is the start once more, at another size.
    beside = params.references[1:] if params.mask is not None else params.references
    return (params.start, *mixed, *beside)


def _files(
    images: "tuple[Image.Image, ...]", mask: "Image.Image | None"
) -> list[tuple[str, tuple[str, bytes, str]]]:
    field = "image" if len(images) == 1 else "image[]"
    files = [
        (field, (f"image-{number}.png", _png(image), "image/png"))
        for number, image in enumerate(images, start=1)
    ]
    if mask is not None:
        # Transparent where the picture may change.
        shown = images[0].convert("RGB")
        shown.putalpha(mask.convert("L").point(lambda value: 0 if value else 255))
        files.append(("mask", ("mask.png", _png(shown), "image/png")))
    return files


def _png(image: "Image.Image") -> bytes:
    if image.mode == "RGBA":
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1)
        return out.getvalue()
    return encode_png(image.convert("RGB"))


def _content_of(answer: _Answer) -> bytes:
    """The body of an answer that is one. Raises `GenerationError`, with no word of the server's in it."""
    if answer.status == HTTPStatus.OK:
        return answer.content
    log.warning("remote model failed: status=%s", answer.status)
    if answer.status in _KEY_REFUSED:
        raise GenerationError(reason="remote_key_refused")
    if answer.status in _ABSENT:
        raise GenerationError(reason="remote_absent")
    if answer.status in _AGAIN:
        raise GenerationError(reason="remote_busy")
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise GenerationError(reason="remote_refused")
    raise GenerationError(reason="remote_broken")


def _image_in(content: bytes) -> bytes:
    """Only what is in the answer itself: an address in it could lead anywhere."""
    try:
        encoded = json.loads(content)["data"][0]["b64_json"]
        return base64.b64decode(encoded, validate=True)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError, binascii.Error) as error:
        raise GenerationError(reason="remote_no_image") from error


def _retry_after(response: "httpx.Response") -> float | None:
    """Seconds only: dates depend on two clocks."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if seconds >= 0 else None  # also what is not a number


def _pause_seconds(attempt: int, asked_seconds: float | None) -> float:
    """Twice as long each time, spread, so that many jobs do not come back at once."""
    usual = _FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)
    wanted = usual if asked_seconds is None else max(usual, asked_seconds)
    return min(wanted, _LONGEST_PAUSE_SECONDS)
