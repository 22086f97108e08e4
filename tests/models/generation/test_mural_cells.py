"""A small mural by the bundled model, and what a cell asks of the sampler."""

import pytest
from PIL import Image

from engine.benchmarks.mural import MOST_RATIO, measure_mural
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.catalog.geometry import Layout
from engine.generation.device_settings import DeviceSettings
from engine.generation.generator import ImageGenerator
from engine.generation.prepare_inputs import asked_steps, prepare_inputs
from engine.generation_task import GenerationTask
from studio.domain.requests import MuralCell, Operation, PaintRequest
from studio.errors import BadParameterError

ENTRY = ModelEntry(name="fast", source="nowhere", family="sd", width=32, height=32, steps=4)
LAYOUT = Layout(factor=8, grid=8, multiple=8, latent_channels=4, input_channels=4, sample_pixels=32)


def task_of(softly: bool = True, *places: tuple[int, int], **changes: object) -> GenerationTask:
    cell = MuralCell(places=places, words="a boat", softly=softly)
    sources = [Image.new("RGB", (32, 32), (90, 120, 200)) for _ in places]
    values = {"width": 32, "height": 32, "mural_cell": cell, **changes}
    request = PaintRequest(operation=Operation.EXPAND, seed=7, prompt="the sea, a boat", **values)  # type: ignore[arg-type]
    return GenerationTask(job_id="j", person="ana", request=request, sources=sources)


def test_a_cell_takes_at_least_twelve_steps() -> None:
    assert asked_steps(task_of().request, entry=ENTRY, prior=None) == 12
    assert asked_steps(task_of(steps=20).request, entry=ENTRY, prior=None) == 20
    plain = PaintRequest(operation=Operation.IMAGINE, seed=7)
    assert asked_steps(plain, entry=ENTRY, prior=None) == 4


def test_a_cell_is_painted_with_half_of_its_neighbours_around_it() -> None:
    inputs = prepare_inputs(
        task_of(True, (-1, 0), (0, -1), (0, 0)), 0, entry=ENTRY, layout=LAYOUT, prior=None
    )
    assert (inputs.width, inputs.height) == (48, 48)
    assert inputs.finish(Image.new("RGB", (48, 48))).size == (32, 32)


def test_something_new_leaves_nothing_of_the_guess() -> None:
    softly, new = (
        prepare_inputs(task_of(how, (-1, 0)), 0, entry=ENTRY, layout=LAYOUT, prior=None)
        for how in (True, False)
    )
    assert softly.strength < new.strength == 1.0


def test_a_cell_without_a_size_is_refused() -> None:
    with pytest.raises(BadParameterError):
        prepare_inputs(task_of(True, (-1, 0), width=None), 0, entry=ENTRY, layout=LAYOUT, prior=None)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_cells_of_the_bundled_model_join_without_a_seam() -> None:
    generator = ImageGenerator(ModelCatalogue.load(), DeviceSettings(device="cpu"))
    try:
        figures = measure_mural(generator, columns=2, rows=2)
    finally:
        generator.close()
    assert figures.beside_borders > 0
    assert figures.ratio <= MOST_RATIO
