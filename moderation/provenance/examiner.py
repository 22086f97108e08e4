"""Looks at a file of any origin for everything that tells where it comes from."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PIL import Image

from moderation.provenance.c2pa_credentials import MIME_TYPES, offline_context, read_credentials
from moderation.provenance.generation_claims import read_claim
from moderation.provenance.metadata_text import named_id, recipe_software
from moderation.provenance.upload_credentials import extract_credentials
from moderation.provenance.watermark import watermark
from moderation.vision.pdq import USABLE_QUALITY, pdq_of_turns, pdq_with_flips
from studio.domain.provenance import GenerationClaim, Traces
from studio.errors import BadImageError

if TYPE_CHECKING:
    from moderation.provenance.certificates import Chain

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class ProvenanceExaminer:
    """Implements `studio.ports.Examiner`. Safe for many threads.

    `find_chains` gives this studio's own certificates, by which credentials are known as its own.
    It is asked each time: a worker may make them after this began.
    """

    def __init__(self, find_chains: "Callable[[], Sequence[Chain]]") -> None:
        self._find_chains = find_chains

    def extract_credentials(self, data: bytes) -> bytes:
        return credentials_inside(data)

    def examine(self, data: bytes, *, png: bytes) -> Traces:
        """Nothing is kept. Raises `BadImageError` for what cannot be read."""
        chains = self._find_chains()
        return examine(data, png, trusted="".join(chain.certificates for chain in chains) or None)


def credentials_inside(data: bytes) -> bytes:
    """See `moderation.provenance.upload_credentials`. Empty for what is no picture."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            mime_type = MIME_TYPES.get(opened.format or "")
    except (OSError, SyntaxError, ValueError):
        return b""
    return extract_credentials(data, mime_type, offline_context()) if mime_type else b""


def examine(data: bytes, png: bytes, *, trusted: str | None) -> Traces:
    """`png` is the same picture, made harmless; `trusted` are the studio's certificates. Raises `BadImageError`."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            kind, named, software = opened.format or "", named_id(opened), recipe_software(opened)
            generation, generator = read_claim(opened)
        with Image.open(io.BytesIO(png), formats=("PNG",)) as clean:
            picture = clean.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise BadImageError("unreadable") from error
    credentials = read_credentials(data, kind, trusted=trusted)
    if credentials and credentials.intact and credentials.generated:
        generation, generator = GenerationClaim.CREDENTIALS, credentials.generator
    fingerprint, *views = pdq_with_flips(picture)
    usable = fingerprint.quality >= USABLE_QUALITY
    return Traces(
        credentials=credentials.picture_id if credentials and credentials.ours else None,
        mark=watermark.find(picture),
        named=named,
        fingerprint=fingerprint.hex if usable else "",
        views=tuple(view.hex for view in views) if usable else (),
        turned=tuple(view.hex for view in pdq_of_turns(picture)) if usable else (),
        software=software,
        signed_by=credentials.organization if credentials and credentials.intact else "",
        tampered=credentials is not None and not credentials.intact,
        generation=generation,
        generator=generator,
    )
