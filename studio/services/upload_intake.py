"""An upload on its way in: made harmless, inspected, stored."""

import logging

from studio.domain.people import Person
from studio.domain.provenance import Traces
from studio.domain.requests import PromptConcern, Source
from studio.domain.verdicts import Ruling
from studio.errors import ConsentNeededError, ExaminationError
from studio.operations.storage_limits import require_free_disk
from studio.parsing.png_chunks import UPLOAD_CREDENTIALS, add_chunk
from studio.ports import Inspected, Inspection, Ports

_C2PA = b"c2pa"  # every manifest store is labelled so
log = logging.getLogger(__name__)


def accept_upload(ports: Ports, person: Person, data: bytes) -> Source:
    """What is held is taken in: the first request that needs it waits for a moderator.

    Raises `BannedError`, `RateLimitedError`, `BadImageError`, `ConsentNeededError`, `PolicyRefusalError`,
    `InspectionError` or `StorageError`.
    """
    ports.gate.admit_upload(person)
    require_free_disk(ports)
    clean = ports.image_tools.clean(data)
    verdict = ports.gate.inspect(
        Inspection(kind=Inspected.UPLOAD, person=person, png=clean.png, original=data)
    )
    if verdict.asks_consent:
        raise ConsentNeededError
    verdict.raise_if_refused()
    doubt = None
    if verdict.ruling is Ruling.HOLD:
        doubt = PromptConcern(rule=verdict.rule, category=verdict.category, evidence=verdict.evidence)
    png = _with_credentials(ports, clean.png, data)
    key = ports.store.put(png, suffix=".png")
    mask_key = ports.store.put(clean.mask_png, suffix=".png") if clean.mask_png else None
    as_mask_key = ports.store.put(clean.as_mask_png, suffix=".png") if clean.as_mask_png else None
    return Source(
        key=key,
        mask_key=mask_key,
        as_mask_key=as_mask_key,
        width=clean.width,
        height=clean.height,
        shows_person=verdict.shows_person,
        doubt=doubt,
        fingerprint=verdict.fingerprint,
        size_bytes=sum(len(file) for file in (png, clean.mask_png, clean.as_mask_png) if file),
    )


def _with_credentials(ports: Ports, png: bytes, original: bytes) -> bytes:
    """The upload as it is stored, with a summary of the content credentials that it brought along in a chunk."""
    if _C2PA not in original:
        return png
    try:
        credentials = ports.examiner.extract_credentials(original)
    except ExaminationError:
        log.warning("credentials of an upload not kept: the examination failed")
        return png
    return add_chunk(png, UPLOAD_CREDENTIALS, credentials) if credentials else png


def examine_upload(ports: Ports, person: Person | None, data: bytes) -> Traces:
    """What a file tells of where it comes from. Nothing is kept.

    Raises `BannedError`, `RateLimitedError`, `BadImageError` and `ExaminationError`.
    `person` None is somebody without a name here, whom the caller has counted.
    """
    if person is not None:
        ports.gate.admit_upload(person)
    return ports.examiner.examine(data, png=ports.image_tools.clean(data).png)
