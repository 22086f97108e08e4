"""A cell of a mural: painted on a canvas with half of each neighbour, and cut out of it."""

from PIL import Image

from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout
from engine.generation.generation_inputs import RESIZE, GenerationInputs
from engine.generation.inpainting import EXPAND_STRENGTH
from engine.generation.sizing import working_size
from engine.generation_task import GenerationTask
from engine.imaging.canvas import mural_canvas
from engine.imaging.masks import masks
from engine.imaging.masks.masks import cover_cells
from engine.layout_prior.layout_prior import LayoutPrior
from studio.errors import BadParameterError

LEAST_MURAL_STEPS = 12  # fewer leave seams


def prepare_cell(
    task: GenerationTask, index: int, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    """Raises `BadParameterError` for a request without a size or with sources that have no places."""
    request, cell = task.request, task.request.mural_cell
    if cell is None or not (request.width and request.height) or len(cell.places) != len(task.sources):
        raise BadParameterError("size", "not_a_size")
    pictures = dict(zip(cell.places, task.sources, strict=True))
    tone = pictures.pop((0, 0), None)
    canvas = mural_canvas.surround((request.width, request.height), pictures)
    size = working_size(canvas.picture.size, entry, layout)
    start = canvas.picture.resize(size, RESIZE)
    hole = cover_cells(canvas.mask.resize(size, Image.Resampling.BOX), layout.grid)
    strength = EXPAND_STRENGTH if cell.softly and pictures else 1.0
    if prior is not None:
        start = prior.composer.place(cell.words, seed=request.seed_of(index), canvas=start, mask=hole)
        strength = prior.edit_strength

    def finish(painted: Image.Image) -> Image.Image:
        return mural_canvas.join(canvas, painted.resize(canvas.picture.size, RESIZE), tone=tone)

    return GenerationInputs(
        width=size[0],
        height=size[1],
        start=start,
        mask=masks.soften(hole, layout.grid),
        strength=request.strength or strength,
        references=(canvas.picture,) if layout.can.edits_by_words else (),
        finish=finish,
    )
