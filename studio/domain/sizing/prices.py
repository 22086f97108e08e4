"""What a picture costs: pixels times steps, with a megapixel at thirty steps as one credit.

The pixels are those that a model made for a megapixel paints, since the worker alone knows the model.
"""

import math

from studio.domain.requests import PRICED_PIXELS, Source
from studio.domain.sizing.canvases import EDITED_AREAS, LARGEST_AREAS, Box, window_around


def pixels_like(source: Source) -> int | None:
    """Of a picture as large as what it starts from; None: as large as the model likes.

    So are those that start from an upload, or from a picture that is too large to be painted at once.
    """
    if source.size is None or source.picture_id is None:
        return None
    pixels = source.size[0] * source.size[1]
    return pixels if pixels <= LARGEST_AREAS * PRICED_PIXELS else None


def pixels_around(source: Source, box: Box) -> int | None:
    """Of the part that is painted to change what lies in `box`; None where the size of the picture is not known."""
    if source.size is None:
        return None
    left, top, right, bottom = window_around(box, source.size, native_area=PRICED_PIXELS)
    return min((right - left) * (bottom - top), math.floor(LARGEST_AREAS * PRICED_PIXELS))


def pixels_edited(source: Source) -> int | None:
    """Of a whole picture that is changed by words; None where its size is not known."""
    if source.size is None:
        return None
    return min(source.size[0] * source.size[1], math.floor(EDITED_AREAS * PRICED_PIXELS))


def pixels_enlarged(source: Source, factor: int) -> int | None:
    if source.size is None:
        return None
    return source.size[0] * factor * source.size[1] * factor
