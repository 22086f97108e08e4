"""What moderators see of the pictures of a case."""

from collections.abc import Sequence
from contextlib import suppress

from bots.blurring import pixelate
from bots.prints import Print, fitted
from studio.cases import Exhibit
from studio.errors import NotFound
from studio.ports import Ports


def prints_of(ports: Ports, exhibits: Sequence[Exhibit], *, limit_bytes: int) -> list[Print]:
    """As far as their files are there. `limit_bytes` is for each of them. Raises `StorageFailed`."""
    found = []
    for exhibit in exhibits:
        with suppress(NotFound):
            data = ports.store.get(exhibit.key)
            found.append(fitted(ports, data, limit_bytes=limit_bytes))
    return found


def mosaic_of(ports: Ports, exhibit: Exhibit) -> bytes | None:
    """PNG bytes; None where no file is there to make it of. Raises `StorageFailed`."""
    for key in (exhibit.thumbnail_key, exhibit.key):
        with suppress(NotFound):
            if mosaic := pixelate(ports.store.get(key)):
                return mosaic
    return None
