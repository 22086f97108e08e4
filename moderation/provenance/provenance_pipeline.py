"""The signer: signature, mark and credentials, in this order, so that nothing changes after the last."""

import logging
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from PIL import Image

from moderation.metrics import SIGNING_FAILURES
from moderation.provenance.c2pa_credentials import CredentialSigner
from moderation.provenance.manifest_assertions import PictureClaim, digital_source_type
from moderation.provenance.visible_signature import label_visibly, sign_visibly
from moderation.provenance.watermark import watermark
from moderation.provenance.xmp_packet import add_xmp
from studio.domain.provenance import CredentialSource
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
    label: bool = False  # the letters AI
    mark: bool = True
    metadata: bool = True
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

    def certify(
        self, png: bytes, *, picture_id: str, operation: Operation, sources: Sequence[CredentialSource] = ()
    ) -> bytes:
        if self._settings.metadata:
            described = partial(add_xmp, png, source_type=digital_source_type(operation))
            png = self._attempt("metadata", described, otherwise=png)
        notary = self._notary
        if notary is None:
            return png
        marked = self._settings.mark and watermark.has_room(_size_of(png))
        claim = PictureClaim(picture_id=picture_id, operation=operation, sources=sources, marked=marked)
        return self._attempt("credentials", lambda: notary.sign(png, claim), otherwise=png)

    def _add_watermark(self, picture: Image.Image, picture_id: str) -> Image.Image:
        if self._settings.signature:
            picture = sign_visibly(picture)
        if self._settings.label:
            picture = label_visibly(picture)
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


def _size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG; nothing for what is none."""
    return struct.unpack(">II", png[16:24]) if len(png) >= 24 else (0, 0)
