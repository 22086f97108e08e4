"""What the pictures of a task shall follow: the maps of its structure pictures, as large as what is painted."""

from collections.abc import Sequence
from dataclasses import replace

from engine.batching.sampling_params import ControlMap
from engine.catalog.geometry import Layout
from engine.generation.generation_inputs import GenerationInputs
from engine.generation_task import GenerationTask
from engine.imaging.structure.structure_maps import StructureMaps
from studio.domain.requests import PaintRequest, ReferenceKind
from studio.errors import NotSupportedError


def add_structures(
    drawings: Sequence[GenerationInputs],
    task: GenerationTask,
    *,
    model: str,
    layout: Layout,
    maps: StructureMaps,
) -> list[GenerationInputs]:
    """The inputs with the task's maps, each made once for a size.

    Raises `NotSupportedError` for a model that cannot follow them, and `ModelLoadError`.
    """
    if not task.structures:
        return list(drawings)
    wanted = list(zip(task.request.structures, task.structures, strict=True))
    for source, _ in wanted:
        if source.reference not in layout.structures:
            raise NotSupportedError("structure", model=model, kind=str(source.reference))
    made: dict[tuple[int, int], tuple[ControlMap, ...]] = {}
    for drawing in drawings:
        size = drawing.width, drawing.height
        if size not in made:
            made[size] = tuple(
                ControlMap(
                    kind=str(source.reference),
                    picture=maps.make(ReferenceKind(source.reference or ""), picture, size),
                    amount=source.weight,
                )
                for source, picture in wanted
            )
    return [replace(drawing, controls=made[drawing.width, drawing.height]) for drawing in drawings]


def ratio_of_structure(request: PaintRequest) -> float | None:
    """Width to height of the first picture that is followed: its frame is that of what is painted."""
    size = next((source.size for source in request.structures if source.size), None)
    return size[0] / size[1] if size else None
