"""From a painted picture to one that people may see: inspected, marked, its recipe written in, certified, stored.

Two files are kept of a picture. The master is what was painted, pixel by pixel: variations, edits and expansions
start from it. The copy is signed and marked, and is all that people ever get.

The pictures of a job go side by side, in rounds: each is judged and marked, then made a copy of, and when nothing
can fail any more but the storage, all is stored.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass, field, replace
from functools import partial

from PIL import Image

from engine.generation_task import GeneratedImage
from engine.imaging.codecs.encoding import THUMBNAIL_SUFFIX, make_thumbnail, thumbnail_sides
from engine.imaging.codecs.recipe_metadata import write_recipe
from studio.domain.identifiers import picture_id
from studio.domain.jobs import Job
from studio.domain.pictures import Recipe
from studio.domain.provenance import CredentialSource, SourceRole
from studio.domain.requests import PaintRequest, Source
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import NotFoundError, StorageError
from studio.parsing.png_chunks import UPLOAD_CREDENTIALS, read_chunk
from studio.ports import Gate, Inspected, Inspection, Signer, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedImage:
    """A picture that is not refused. `index` counts from 1, over the pictures that were asked for.

    `master` is the PNG of what was painted; `image` has the pixels of the copy.
    """

    index: int
    recipe: Recipe
    verdict: Verdict
    master: bytes = field(repr=False)
    image: Image.Image = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """A stored picture. `master_key` is None when the copy is the master, because nothing signs here."""

    index: int
    recipe: Recipe
    verdict: Verdict
    key: str
    master_key: str | None
    thumbnail_keys: dict[int, str]  # by size in pixels, see `thumbnail_sides`
    perceptual_hash: str | None
    width: int
    height: int
    size_bytes: int  # of all its files


def judge(
    job: Job, index: int, painted: GeneratedImage, *, gate: Gate, signer: Signer | None = None
) -> JudgedImage | Verdict:
    """Inspect and mark. Of a refused picture only its verdict comes back.

    Raises `InspectionError` when the picture cannot be judged, and `SigningError` when it must be signed and cannot.
    """
    parents = tuple(source.picture_id for source in job.request.sources if source.picture_id)
    recipe = replace(painted.recipe, parents=parents)
    master = write_recipe(
        painted.image, painted.recipe
    )  # files travel: those who get one may not know the parents
    verdict = gate.inspect(
        Inspection(
            kind=Inspected.OUTPUT,
            person=job.person,
            png=master,
            pixels=painted.image,
            request=job.request,
            job_id=job.id,
            address=job.address,
        )
    )
    if verdict.ruling is Ruling.REFUSE:
        return verdict
    image = painted.image
    if signer is not None:
        image = signer.mark(image, picture_id=picture_id(job.id, index))
    return JudgedImage(index=index, recipe=recipe, verdict=verdict, master=master, image=image)


def store_pictures(
    job: Job,
    pictures: Sequence[JudgedImage],
    *,
    store: Store,
    executor: Executor,
    signer: Signer | None = None,
) -> list[StoredImage]:
    """Raises `SigningError` before anything is stored, and `StorageError` when nothing more is being stored."""
    sources = credential_sources(job.request, store) if signer else []
    copies = list(executor.map(partial(_copy_of, job, signer=signer, sources=sources), pictures))
    masters = [picture.master for picture in pictures] if signer else []
    putting = {data: executor.submit(store.put, data, suffix=".png") for data in (*copies, *masters)}
    shrinking = [
        {
            side: executor.submit(_put_thumbnail, picture.image, side, store)
            for side in thumbnail_sides(*picture.image.size)
        }
        for picture in pictures
    ]
    wait(putting.values())
    wait([upload for sizes in shrinking for upload in sizes.values()])
    keys = {data: upload.result() for data, upload in putting.items()}
    return [
        StoredImage(
            index=picture.index,
            recipe=picture.recipe,
            verdict=picture.verdict,
            key=keys[copy],
            master_key=keys[picture.master] if signer else None,
            thumbnail_keys={side: put.result()[0] for side, put in sizes.items()},
            perceptual_hash=picture.verdict.fingerprint or None,
            width=picture.image.width,
            height=picture.image.height,
            size_bytes=len(copy)
            + (len(picture.master) if signer else 0)
            + sum(put.result()[1] for put in sizes.values()),
        )
        for picture, copy, sizes in zip(pictures, copies, shrinking, strict=True)
    ]


def copy_of(
    image: Image.Image, recipe: Recipe, child: str, signer: Signer, sources: Sequence[CredentialSource] = ()
) -> bytes:
    """The PNG that people get of a marked picture, `child` being its id. Raises `SigningError`."""
    png = write_recipe(image, recipe, picture_id=child)
    return signer.certify(png, picture_id=child, operation=recipe.operation, sources=sources)


def credential_sources(request: PaintRequest, store: Store | None = None) -> list[CredentialSource]:
    """What the credentials say of the pictures that a request starts from or refers to.

    The `store` has the uploads, in which the credentials are that they brought along.
    """
    start = SourceRole.PARENT if len(request.starts) == 1 else SourceRole.COMPONENT
    roles = [(start, source) for source in request.starts]
    roles += [(SourceRole.INPUT, source) for source in request.references]
    return [
        CredentialSource(
            role=role,
            uploaded=source.picture_id is None,
            credentials=_credentials_of(source, store) if source.picture_id is None and store else b"",
        )
        for role, source in roles
    ]


def _credentials_of(upload: Source, store: Store) -> bytes:
    try:
        return read_chunk(store.get(upload.key), UPLOAD_CREDENTIALS)
    except (NotFoundError, StorageError) as error:
        log.warning("credentials of an upload left out: error=%s", type(error).__name__)
        return b""


def _copy_of(
    job: Job, picture: JudgedImage, *, signer: Signer | None, sources: Sequence[CredentialSource]
) -> bytes:
    if signer is None:
        return picture.master
    published = replace(picture.recipe, parents=())
    child = picture_id(job.id, picture.index)
    return copy_of(picture.image, published, child, signer, sources)


def _put_thumbnail(image: Image.Image, side_pixels: int, store: Store) -> tuple[str, int]:
    """Its key, and its size in bytes."""
    data = make_thumbnail(image, side_pixels=side_pixels)
    return store.put(data, suffix=THUMBNAIL_SUFFIX), len(data)
