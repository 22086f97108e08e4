"""The signer: signature, mark and credentials, in this order, so that nothing changes after the last."""

import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image

from moderation.metrics import SIGNING_FAILURES
from moderation.provenance.content_credentials import CredentialSigner
from moderation.provenance.visible_signature import sign_visibly
from moderation.provenance.watermark import watermark
from studio.domain.requests import Operation
from studio.errors import SigningError

log = logging.getLogger(__name__)
T = TypeVar("T")

# The mark of a smaller picture is so many short steps that two threads, which hand the interpreter to each other
# between them, take as long as one and nearly twice its work. Those are marked one after the other.
_LARGE_PIXELS = 384 * 384


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSettings:
    """What is put into pictures. `required`: one that cannot be signed is not shown."""

    signature: bool = True
    mark: bool = True
    required: bool = False


class ImageSigner:
    """Implements `studio.ports.Signer`. Safe for many threads. Without a notary, no credentials.

    Each part that fails is left out and counted, unless signing is required: then `SigningError`.
    """

    def __init__(self, settings: SignerSettings, *, notary: CredentialSigner | None) -> None:
        self._settings = settings
        self._notary = notary
        self._small = threading.Lock()

    def mark(self, picture: Image.Image, *, picture_id: str) -> Image.Image:
        """RGB, with signature and mark."""
        return self._attempt("mark", lambda: self._add_watermark(picture, picture_id), otherwise=picture)

    def certify(self, png: bytes, *, picture_id: str, operation: Operation) -> bytes:
        notary = self._notary
        if notary is None:
            return png
        return self._attempt(
            "credentials",
            lambda: notary.sign(png, picture_id=picture_id, operation=operation),
            otherwise=png,
        )

    def _add_watermark(self, picture: Image.Image, picture_id: str) -> Image.Image:
        if self._settings.signature:
            picture = sign_visibly(picture)
        if self._settings.mark:
            small = picture.width * picture.height < _LARGE_PIXELS
            with self._small if small else nullcontext():
                picture = watermark.embed(picture, picture_id)
        return picture

    def _attempt(self, part: str, act: Callable[[], T], *, otherwise: T) -> T:
        try:
            return act()
        except Exception as error:
            SIGNING_FAILURES.labels(part).inc()
            log.error("image signing failed: part=%s error=%s", part, type(error).__name__)
            if self._settings.required:
                raise SigningError from error
            return otherwise
