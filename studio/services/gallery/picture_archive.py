"""The pictures of a list as a ZIP, with the recipe of each as JSON beside it, made while it is sent."""

import io
import json
from collections.abc import Iterator
from zipfile import ZIP_STORED, ZipFile

from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.errors import NotFoundError
from studio.ports import Ports
from studio.serialization import to_data
from studio.services.gallery.picture_list import PictureFilter, Position, list_pictures
from studio.services.visibility import Audience, without_hidden_parents

MOST_PICTURES = 5000
_AT_ONCE = 50


class _Blocks(io.RawIOBase):
    """A file that is only written to: `take` gives away what was written since."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        written, self._written = self._written, []
        return b"".join(written)


def write_archive(ports: Ports, viewer: Person, wanted: PictureFilter) -> Iterator[bytes]:
    """The bytes of a ZIP of at most 5,000 pictures, newest first. One file at a time is in memory.

    A picture that is deleted meanwhile is left out. Blocking.
    """
    blocks = _Blocks()
    with ZipFile(blocks, "w", ZIP_STORED) as archive:
        for picture in _pictures(ports, viewer, wanted):
            try:
                image = ports.store.get(picture.key)
            except NotFoundError:
                continue
            name = f"chatelier-{picture.id.replace('.', '-')}"
            archive.writestr(f"{name}.png", image)
            archive.writestr(f"{name}.json", json.dumps(_description(picture), ensure_ascii=False, indent=1))
            yield blocks.take()
    yield blocks.take()


def _pictures(ports: Ports, viewer: Person, wanted: PictureFilter) -> Iterator[Picture]:
    audience = Audience.of_person(viewer)
    after = None
    for _ in range(MOST_PICTURES // _AT_ONCE):
        with ports.database.read() as session:
            found = list_pictures(session, viewer, wanted, after=after, limit=_AT_ONCE)
            pictures = [without_hidden_parents(session, entry.picture, audience) for entry in found]
        yield from pictures
        if len(pictures) < _AT_ONCE:
            return
        after = Position(pictures[-1].created_at, pictures[-1].id)


def _description(picture: Picture) -> dict[str, object]:
    return {
        "id": picture.id,
        "created_at": picture.created_at.isoformat(),
        "alt_text": picture.alt_text,
        "description": picture.description,
        "recipe": to_data(picture.recipe),
    }
