"""From a painted picture to one that people may see: inspected, its recipe written in, signed, stored.

Two files are kept of a picture. The master is what was painted, pixel by pixel: variations, edits and expansions
start from it. The copy is signed and marked, and is all that people ever get.
"""

from dataclasses import dataclass, field, replace

from PIL import Image

from engine.orders import Painted
from engine.pictures.encoding import decode, encode_png
from engine.pictures.grid import make_grid
from engine.pictures.png import write_recipe
from engine.pictures.thumbnails import make_thumbnail
from studio.identifiers import picture_id
from studio.jobs import Job
from studio.pictures import Recipe
from studio.ports import Gate, Inspected, Inspection, Signer, Store
from studio.verdicts import Ruling, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A stored picture. `index` counts from 1, over the pictures that were asked for; `image` is the copy.

    `master_key` is None when the copy is the master, because nothing signs here.
    """

    index: int
    recipe: Recipe
    verdict: Verdict
    key: str
    master_key: str | None
    thumbnail_key: str
    perceptual_hash: str | None
    width: int
    height: int
    size_bytes: int
    image: Image.Image = field(repr=False)


def finish(
    job: Job, index: int, painted: Painted, *, gate: Gate, store: Store, signer: Signer | None = None
) -> Finished | Verdict:
    """Inspect, sign, then store. A refused picture is not stored: its verdict comes back instead.

    Raises `InspectionFailed` when the picture cannot be judged, `SigningFailed` when it must be signed and cannot,
    and `StorageFailed` when it cannot be kept.
    """
    parents = tuple(source.picture_id for source in job.request.sources if source.picture_id)
    recipe = replace(painted.recipe, parents=parents)
    png = write_recipe(painted.image, recipe)
    inspection = Inspection(
        kind=Inspected.OUTPUT, person=job.person, png=png, request=job.request, job_id=job.id
    )
    verdict = gate.inspect(inspection)
    if verdict.ruling is Ruling.REFUSE:
        return verdict
    signed, image = png, painted.image
    if signer is not None:
        child = picture_id(job.id, index)
        signed = signer.sign(png, picture_id=child, operation=recipe.operation)
        image = decode(signed)
    return Finished(
        index=index,
        recipe=recipe,
        verdict=verdict,
        key=store.put(signed, suffix=".png"),
        master_key=store.put(png, suffix=".png") if signed != png else None,
        thumbnail_key=store.put(make_thumbnail(image), suffix=".webp"),
        perceptual_hash=verdict.fingerprint or None,
        width=painted.image.width,
        height=painted.image.height,
        size_bytes=len(signed),
        image=image,
    )


def store_grid(pictures: list[Finished], store: Store) -> str | None:
    """The numbered grid of a job's pictures; None for a single picture, which needs none."""
    if len(pictures) < 2:
        return None
    grid = make_grid([each.image for each in pictures], [each.index for each in pictures])
    return store.put(encode_png(grid), suffix=".png")
