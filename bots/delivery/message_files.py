"""The files of a message's images, as a platform uploads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from bots.delivery.attachments import Attachment, fit_attachment, pixelate
from bots.drawing.lineage_tree import draw_family
from bots.drawing.picture_strip import StripTile, draw_strip
from bots.presentation.compose.provenance.attribution import FAMILY_TREE
from bots.presentation.message import FileKind, Image, Message, number_images
from studio.commands.results import Answer, Family
from studio.errors import NotFoundError
from studio.ports import Ports, Store

_IN_A_ROW = 4
_NO_FILES: Mapping[str, Attachment] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFiles:
    """Files by the names of their images; `missing` are the names of those that are gone from the storage."""

    files: dict[str, Attachment] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


def load_files(
    ports: Ports, message: Message, *, limit_bytes: int, made: Mapping[str, Attachment] = _NO_FILES
) -> MessageFiles:
    """`limit_bytes` is for each file. `made` are previews and drawings. Raises `StorageError`."""
    found = MessageFiles()
    for image in message.files:
        if image.name in made:
            found.files[image.name] = made[image.name]
        elif image.data:
            found.files[image.name] = Attachment(data=image.data, suffix=image.suffix)
        elif image.tiles:
            found.files[image.name] = Attachment(data=draw_sheet(image.tiles, ports.store), suffix=".png")
        elif image.key:
            try:
                found.files[image.name] = _load(ports, image, limit_bytes)
            except NotFoundError:
                found.missing.add(image.name)
    return found


def draw_images(ports: Ports, answer: Answer) -> dict[str, Attachment]:
    """The images that are drawn for an answer, by their names."""
    if isinstance(answer, Family) and len(answer.relatives) > 1:
        return {FAMILY_TREE: Attachment(data=draw_family(answer, ports.store), suffix=".png")}
    return {}


def draw_sheet(tiles: Sequence[Image], store: Store) -> bytes:
    """A PNG with the number of each below it, as its job counts them."""
    numbers = number_images(tiles)
    shown = [
        StripTile(
            key=image.key,
            caption=numbers.get(image.name, ""),
            pixelated=image.kind is FileKind.PIXELATED,
        )
        for image in tiles
    ]
    return draw_strip(shown, store, in_a_row=_IN_A_ROW)


def _load(ports: Ports, image: Image, limit_bytes: int) -> Attachment:
    """Raises `NotFoundError`, also for a file that is no picture."""
    data = ports.store.get(image.key)
    if image.kind is FileKind.GRID:
        data = ports.image_tools.overlay(data)
    if image.kind is FileKind.PIXELATED:
        pixelated = pixelate(data)
        if pixelated is None:
            raise NotFoundError("file")
        return Attachment(data=pixelated, suffix=".png")
    fitted = fit_attachment(ports, data, limit_bytes=limit_bytes)
    return replace(fitted, suffix=PurePosixPath(image.key).suffix) if fitted.data is data else fitted
