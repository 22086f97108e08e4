"""Sizes of what is painted, worked out before anything is: canvases around pictures, and windows within them."""

import math
from collections.abc import Collection

from studio.domain.requests import Margins, parse_aspect
from studio.errors import BadParameterError

GRID_PIXELS = 8
MAX_SIDE_PIXELS = 4096
SIDES = ("left", "top", "right", "bottom")
DEFAULT_PERCENT = 50
# Pictures up to so many times the model's native area are painted at their own size.
LARGEST_AREAS = 4.0
# Whole pictures are edited at about the area that a model was made for: beyond it, things double.
EDITED_AREAS = 1.25
# A larger picture is edited in a window around the mask, with half the mask's size around it to look at.
WINDOW_AREAS = 2.25
CONTEXT_SHARE = 0.5

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


def margins_for(
    size: tuple[int, int], *, aspect: str | None, sides: Collection[str], amount_percent: int | None
) -> Margins:
    """What an expansion adds to a picture of `size`: up to the `aspect` where one is given.

    Raises `BadParameterError`.
    """
    if aspect:
        return margins_for_aspect(size, parse_aspect(aspect))
    return margins_for_sides(size, sides, amount_percent or DEFAULT_PERCENT)


def margins_for_sides(size: tuple[int, int], sides: Collection[str], amount_percent: int) -> Margins:
    """`amount_percent` of the picture's width or height on each named side; on all four if none is named."""
    if unknown := sorted(set(sides) - set(SIDES)):
        raise BadParameterError("sides", "unknown_side", side=unknown[0][:16], sides=SIDES)
    if amount_percent < 1:
        raise BadParameterError("amount", "least_amount")
    width, height = size
    wanted = set(sides) or set(SIDES)
    wide, tall = (max(1, round(side * amount_percent / 100)) for side in (width, height))
    return snap(
        size,
        Margins(
            left=wide if "left" in wanted else 0,
            top=tall if "top" in wanted else 0,
            right=wide if "right" in wanted else 0,
            bottom=tall if "bottom" in wanted else 0,
        ),
    )


def margins_for_aspect(size: tuple[int, int], aspect: tuple[int, int]) -> Margins:
    """The smallest margins, equal on both sides, that give the picture this ratio of width to height."""
    width, height = size
    ratio = aspect[0] / aspect[1]
    new_width = max(width, round(height * ratio))
    new_height = max(height, round(width / ratio))
    wide, tall = new_width - width, new_height - height
    if wide + tall < GRID_PIXELS:
        raise BadParameterError("aspect", "aspect_unchanged", across=aspect[0], down=aspect[1])
    return snap(size, Margins(left=wide // 2, top=tall // 2, right=wide - wide // 2, bottom=tall - tall // 2))


def snap(size: tuple[int, int], margins: Margins) -> Margins:
    """Margins grown so that the canvas has multiples of 8; raises `BadParameterError` when it gets too large."""
    left, right = _snap_pair(size[0], margins.left, margins.right)
    top, bottom = _snap_pair(size[1], margins.top, margins.bottom)
    width, height = size[0] + left + right, size[1] + top + bottom
    if max(width, height) > MAX_SIDE_PIXELS:
        raise BadParameterError(
            "amount", "canvas_too_large", width=width, height=height, most=MAX_SIDE_PIXELS
        )
    return Margins(left=left, top=top, right=right, bottom=bottom)


def _snap_pair(length: int, before: int, after: int) -> tuple[int, int]:
    """The missing pixels go to the side that grows anyway, to the far side when neither or both do."""
    missing = -(length + before + after) % GRID_PIXELS
    return (before + missing, after) if before and not after else (before, after + missing)


def area_with(size: tuple[int, int], margins: Margins) -> int:
    """Pixels of a picture of `size` with these margins."""
    width, height = size[0] + margins.left + margins.right, size[1] + margins.top + margins.bottom
    return width * height


def window_around(box: Box, size: tuple[int, int], *, native_area: float) -> Box:
    """The part of a picture that is painted to change what lies in `box`, by a model made for `native_area` pixels.

    A large picture is painted in part: the box, something around it, and no less than the model's size.
    """
    width, height = size
    if width * height <= WINDOW_AREAS * native_area:
        return 0, 0, width, height
    least = round(math.sqrt(native_area))
    left, right = _span(box[0], box[2], least, width)
    top, bottom = _span(box[1], box[3], least, height)
    return left, top, right, bottom


def _span(first: int, last: int, least: int, length: int) -> tuple[int, int]:
    wanted = min(length, max(least, round((last - first) * (1 + 2 * CONTEXT_SHARE))))
    start = min(max(0, (first + last - wanted) // 2), length - wanted)
    return start, start + wanted
