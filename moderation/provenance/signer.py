"""The house's signer: signature, mark and credentials, in this order, so that nothing changes after the last."""

import io
import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image

from moderation.metrics import SIGNING_FAILURES
from moderation.provenance import mark
from moderation.provenance.credentials import Notary
from moderation.provenance.signature import sign_visibly
from moderation.provenance.text import with_id
from studio.errors import SigningFailed
from studio.requests import Operation

log = logging.getLogger(__name__)
T = TypeVar("T")

# Repeated bytes are looked for next to each other only: quicker and smaller for what is painted.
_PNG_STRATEGY = zlib.Z_RLE


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSettings:
    """What is put into pictures. `required`: one that cannot be signed is not shown."""

    signature: bool = True
    mark: bool = True
    required: bool = False


class HouseSigner:
    """Implements `studio.ports.Signer`. Safe for many threads. Without a notary, no credentials."""

    def __init__(self, settings: SignerSettings, *, notary: Notary | None) -> None:
        self._settings = settings
        self._notary = notary

    def sign(self, png: bytes, *, picture_id: str, operation: Operation) -> bytes:
        """Each part that fails is left out and counted, unless signing is required: then `SigningFailed`."""
        notary, drawn = (
            self._notary,
            self._attempt("mark", lambda: self._drawn(png, picture_id), otherwise=png),
        )
        if notary is None:
            return drawn
        return self._attempt(
            "credentials",
            lambda: notary.sign(drawn, picture_id=picture_id, operation=operation),
            otherwise=drawn,
        )

    def _drawn(self, png: bytes, picture_id: str) -> bytes:
        """With signature, mark and id; the text that the PNG holds is kept."""
        with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
            picture, text = opened.convert("RGB"), with_id(opened, picture_id)
        if self._settings.signature:
            picture = sign_visibly(picture)
        if self._settings.mark:
            picture = mark.embed(picture, picture_id)
        picture.info = {}
        out = io.BytesIO()
        picture.save(out, "PNG", compress_type=_PNG_STRATEGY, compress_level=1, pnginfo=text)
        return out.getvalue()

    def _attempt(self, part: str, act: Callable[[], T], *, otherwise: T) -> T:
        try:
            return act()
        except Exception as error:
            SIGNING_FAILURES.labels(part).inc()
            log.error("a picture could not be signed: %s, %s", part, type(error).__name__)
            if self._settings.required:
                raise SigningFailed from error
            return otherwise
