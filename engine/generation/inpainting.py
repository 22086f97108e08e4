"""Holes in pictures and canvases around them: what is painted there, and how it goes back."""

import math

from PIL import Image

from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout, fit_within
from engine.generation.generation_inputs import RESIZE, STRENGTH, GenerationInputs, TiledRefinement
from engine.generation.sizing import native_area, working_size
from engine.generation_task import GenerationTask
from engine.imaging.canvas import outpaint_canvas
from engine.imaging.canvas.windows import Windows
from engine.imaging.masks import masks
from engine.imaging.masks.components import islands, overlay_changes
from engine.imaging.masks.masks import cover_cells
from engine.layout_prior.layout_prior import Composer, LayoutPrior
from studio.domain.requests import PaintRequest
from studio.domain.sizing.canvases import EDITED_AREAS, LARGEST_AREAS, margins_for, window_around
from studio.errors import BadImageError

EXPAND_STRENGTH = 0.9


def edit(
    task: GenerationTask, index: int, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    source = task.sources[0]
    if task.mask is None and layout.can.edits_by_words:
        return _edit_whole(source, entry, layout)
    if task.mask is None:
        raise BadImageError("no_mask")
    mask = masks.check_mask(task.mask, source.size)
    box = window_around(mask.getbbox() or (0, 0, *mask.size), mask.size, native_area=native_area(entry))
    here, hole = source.crop(box), mask.crop(box)
    size = working_size(here.size, entry, layout)
    start, grown = (
        here.resize(size, RESIZE),
        cover_cells(hole.resize(size, Image.Resampling.BOX), layout.grid),
    )
    strength = task.request.strength or 1.0
    if prior is not None:
        start = _place(prior.composer, task.request, index, start, grown)
        strength = task.request.strength or prior.edit_strength

    def finish(painted: Image.Image) -> Image.Image:
        result = source.copy()
        weights = masks.feather(hole, max(2, min(here.size) // 32))
        result.paste(masks.overlay(here, painted.resize(here.size, RESIZE), weights), box[:2])
        return result

    return GenerationInputs(
        width=size[0],
        height=size[1],
        start=start,
        mask=grown,
        strength=strength,
        references=(here,) if layout.can.edits_by_words else (),
        finish=finish,
    )


def _edit_whole(source: Image.Image, entry: ModelEntry, layout: Layout) -> GenerationInputs:
    """By words alone: the picture is a reference. A picture beyond what the model was made for becomes smaller."""
    if layout.can.sizes:  # the picture as it comes back
        size = layout.snap(*source.size)
        shown = source.resize(size, RESIZE)
        return GenerationInputs(
            width=size[0],
            height=size[1],
            references=(shown,),
            finish=lambda painted: painted.resize(source.size, RESIZE),
        )
    most = round(EDITED_AREAS * native_area(entry))
    if layout.can.fixed_pixels:
        width, height = working_size(source.size, entry, layout)
    else:
        width, height = fit_within(*source.size, area_pixels=most, multiple=layout.grid)
    fits = source.width * source.height <= most

    def finish(painted: Image.Image) -> Image.Image:
        return painted.resize(source.size, RESIZE) if fits and painted.size != source.size else painted

    return GenerationInputs(width=width, height=height, references=(source,), finish=finish)


def _place(
    composer: Composer, request: PaintRequest, index: int, picture: Image.Image, hole: Image.Image
) -> Image.Image:
    """What the words name, on what runs through the hole anyway; what stands in it alone makes room."""
    seed = request.seed_of(index)
    emptied = composer.place("", seed=seed, canvas=picture, mask=hole)
    placed = composer.place(request.prompt_of(index), seed=seed, canvas=picture, mask=hole)
    ground = Image.composite(emptied, picture, islands(picture, hole))
    return overlay_changes(ground, emptied, placed)


def expand(
    task: GenerationTask, index: int, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    request, source = task.request, task.sources[0]
    margins = margins_for(
        source.size, aspect=request.aspect, sides=request.sides, amount_percent=request.amount_percent
    )
    wide = outpaint_canvas.expand(source, margins)
    size = working_size(wide.picture.size, entry, layout)
    start = wide.picture.resize(size, RESIZE)
    hole = cover_cells(wide.mask.resize(size, Image.Resampling.BOX), layout.grid)
    strength, detail_strength, rim_pixels = request.strength or EXPAND_STRENGTH, STRENGTH, 0
    if prior is not None:
        # What a picture shows already is not shown once more beside it: without new words, it only goes on.
        words = request.prompt_of(index) if request.own_words else ""
        start = prior.composer.place(words, seed=request.seed_of(index), canvas=start, mask=hole)
        strength = request.strength or prior.edit_strength
        detail_strength, rim_pixels = min(STRENGTH, prior.edit_strength), prior.rim_cells * layout.grid

    def finish(painted: Image.Image) -> Image.Image:
        return outpaint_canvas.join(wide, painted.resize(wide.picture.size, RESIZE))

    return GenerationInputs(
        width=size[0],
        height=size[1],
        start=start,
        mask=masks.soften(hole, layout.grid),
        strength=strength,
        finish=finish,
        detail=_detail(wide, entry, layout, detail_strength, rim_pixels=rim_pixels),
    )


def _detail(
    wide: outpaint_canvas.Canvas, entry: ModelEntry, layout: Layout, strength: float, *, rim_pixels: int
) -> TiledRefinement | None:
    """For a canvas of which the model could paint only a smaller copy."""
    width, height = wide.picture.size
    if not layout.refines_windows or width * height <= LARGEST_AREAS * native_area(entry):
        return None
    side = layout.snap(*(round(math.sqrt(native_area(entry))),) * 2)[0]
    windows = Windows(wide.picture, wide.box, window_pixels=side)
    return TiledRefinement(windows, layout=layout, strength=strength, rim_pixels=rim_pixels)
