"""How large an image is generated: the size asked for, the source's size, and what the model can do."""

import math

from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout, fit_within, size_near, size_of_area
from engine.generation_task import GenerationTask
from studio.domain.requests import PaintRequest, parse_aspect
from studio.domain.sizing.canvases import LARGEST_AREAS
from studio.domain.sizing.drafts import draft_factor
from studio.errors import BadParameterError


def native_area(entry: ModelEntry) -> int:
    return entry.width * entry.height


def requested_size(
    request: PaintRequest, entry: ModelEntry, layout: Layout, *, ratio: float | None
) -> tuple[int, int]:
    """The size asked for, else the ratio asked for, else `ratio`, else the model's own size."""
    width, height = request.width or request.height or 0, request.height or request.width or 0
    if width and layout.can.fixed_pixels:
        ratio = width / height
    elif width:
        if width * height > LARGEST_AREAS * native_area(entry):
            most = round(math.sqrt(LARGEST_AREAS * native_area(entry)))
            raise BadParameterError("width", "too_large_for_model", model=entry.name, most=most)
        return fit_within(width, height, area_pixels=width * height, multiple=layout.grid)
    elif request.aspect:
        across, down = parse_aspect(request.aspect)
        ratio = across / down
    if layout.can.sizes:
        return layout.snap(*((ratio, 1) if ratio else (entry.width, entry.height)))
    if layout.can.fixed_pixels:
        ratio = ratio or entry.width / entry.height
        return _fixed_size(layout, ratio)
    if ratio is None:
        return layout.snap(entry.width, entry.height)
    return size_near(native_area(entry), ratio, multiple=min(layout.multiple, 64))


def draft_size(size: tuple[int, int], entry: ModelEntry, layout: Layout) -> tuple[int, int]:
    """Of a draft of a picture of `size`."""
    factor = draft_factor(entry.width, entry.height)
    return layout.snap(size[0] // factor, size[1] // factor) if factor > 1 else size


def size_like(task: GenerationTask, entry: ModelEntry, layout: Layout) -> tuple[int, int]:
    """The size asked for, else that of the first source: as it is if it was painted here, else its ratio."""
    request, source = task.request, task.sources[0]
    asked = bool(request.width or request.height or request.aspect)
    painted_here = bool(request.starts and request.starts[0].picture_id)
    if painted_here and not asked and source.width * source.height <= LARGEST_AREAS * native_area(entry):
        return layout.snap(*source.size)
    return requested_size(request, entry, layout, ratio=source.width / source.height)


def working_size(size: tuple[int, int], entry: ModelEntry, layout: Layout) -> tuple[int, int]:
    """The picture's own size as far as latents can have it, or the same ratio within what the model can do."""
    if layout.can.sizes:
        return layout.snap(*size)
    if layout.can.fixed_pixels:
        return _fixed_size(layout, size[0] / size[1])
    most = round(LARGEST_AREAS * native_area(entry))
    return fit_within(*size, area_pixels=most, multiple=layout.grid)


def _fixed_size(layout: Layout, ratio: float) -> tuple[int, int]:
    can = layout.can
    return size_of_area(can.fixed_pixels, ratio, multiple=layout.grid, rounds_up=can.rounds_up)
